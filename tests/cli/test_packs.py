"""`--pack`: the shipped rules by what they are for, in a scan and when they are built."""

import json

import pytest

from lanner.ruleset import artefact
from support import shipped

MINE = """
- rule: Mine
  desc: d
  condition: ka.verb exists
  output: "%ka.verb"
  priority: NOTICE
  source: k8s_audit
"""


def listed(lanner, *options):
    """Return the names of the enabled rules, by pack (`mine` for those of none)."""
    status, out, err = lanner("rules", "list", "--format", "json", *options)
    assert (status, err) == (0, "")
    found = {}
    for rule in json.loads(out):
        if rule["enabled"]:
            packs = [tag for tag in rule["tags"] if tag.startswith("pack-")]
            found.setdefault(packs[0] if packs else "mine", set()).add(rule["rule"])
    return found


def on(pack):
    """Return the names of the shipped rules of a pack."""
    return {rule.name for rule in shipped(pack).select()}


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def test_without_rules_it_is_the_default_pack(lanner):
    assert listed(lanner) == listed(lanner, "--pack", "default") == {"pack-default": on("default")}


def test_packs_add_up(lanner):
    both = listed(lanner, "--pack", "hunting", "--pack", "audit-trail")
    assert both == {"pack-hunting": on("hunting"), "pack-audit-trail": on("audit-trail")}
    everything = listed(lanner, "--pack", "all")
    assert {name: everything[name] for name in both} == both
    assert everything.keys() - both.keys() == {"pack-default"}


def test_rules_of_ones_own_stand_alone_unless_a_pack_is_asked_for(lanner, mine):
    assert listed(lanner, "-r", mine) == {"mine": {"Mine"}}
    assert set(listed(lanner, "-r", mine, "--pack", "default")) == {"mine", "pack-default"}


def test_rules_of_ones_own_come_after_a_pack_and_change_it(lanner, mine):
    mine.write_text("- rule: Anonymous Request Allowed\n  enabled: false\n  override: {enabled: replace}\n")
    changed = listed(lanner, "-r", mine, "--pack", "default")["pack-default"]
    assert on("default") - changed == {"Anonymous Request Allowed"}


def test_a_configuration_with_rules_files_needs_no_pack(lanner, mine, tmp_path):
    config = tmp_path / "falco.yaml"
    config.write_text(f"rules_files: [{mine}]\n")
    assert listed(lanner, "-c", config) == {"mine": {"Mine"}}
    assert set(listed(lanner, "-c", config, "--pack", "hunting")) == {"mine", "pack-hunting"}
    config.write_text("priority: debug\n")
    assert set(listed(lanner, "-c", config, "--pack", "hunting")) == {"pack-hunting"}


def test_an_unknown_pack_is_named(lanner):
    status, _, err = lanner("rules", "list", "--pack", "defualt")
    assert status == 2
    assert "invalid choice: 'defualt'" in err


def test_a_pack_is_built(lanner, mine, tmp_path):
    output = tmp_path / "rules.lanner"
    assert lanner("build", mine, "--pack", "hunting", "-o", output)[0] == 0
    rules = artefact.read(output.read_bytes(), str(output)).rules
    # THEN what was built holds these rules, switched on, and none of other packs
    assert {rule.name for rule in rules} == {"Mine"} | on("hunting")
    assert all(rule.enabled for rule in rules)
    # AND it stands alone
    status, _, err = lanner("rules", "list", "-r", output, "--pack", "default")
    assert status == 2
    assert "it stands alone: leave out other -r, and --pack" in err
