"""Packs: which of the shipped rules are on, and what files that come later may change of that."""

from pathlib import Path

import pytest

from lanner.ruleset import PACKS, Ruleset, chosen, load, load_texts, pack_of, rules_paths, shipped_rules, without_others

RULE = """
- rule: {name}
  desc: d
  condition: ka.verb = create
  output: o
  priority: NOTICE
  source: k8s_audit
  enabled: {enabled}
  tags: [k8s, {tag}]
"""
OURS = "".join(
    [
        RULE.format(name="Today", enabled="true", tag="pack-default"),
        RULE.format(name="Query", enabled="false", tag="pack-hunting"),
        RULE.format(name="Record", enabled="false", tag="pack-audit-trail"),
        RULE.format(name="Yours", enabled="true", tag="mine"),
        RULE.format(name="Yours too", enabled="false", tag="pack-of-cards"),
    ]
)
SWITCH = "- rule: {name}\n  enabled: {enabled}\n  override: {{enabled: replace}}\n"


SHIPPED = str(shipped_rules()[0] / "execution.yaml")


def loaded(shipped: str, *texts: str, packs: frozenset[str] | None = None) -> Ruleset:
    """Load the text of a shipped file, and those of files of others after it."""
    others = [(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    result = load_texts([(SHIPPED, shipped.encode()), *others], packs=packs)
    assert result.ruleset is not None
    return result.ruleset


def enabled(ruleset: Ruleset) -> list[str]:
    return [rule.name for rule in ruleset.select()]


@pytest.mark.parametrize(
    ("packs", "expected"),
    [
        (None, ["Today", "Yours"]),
        (chosen(["default"]), ["Today", "Yours"]),
        (chosen(["hunting"]), ["Query", "Yours"]),
        (chosen(["hunting", "default"]), ["Today", "Query", "Yours"]),
        (chosen(["all"]), ["Today", "Query", "Record", "Yours"]),
    ],
)
def test_packs_switch_their_rules_on_and_others_off(packs, expected):
    assert enabled(loaded(OURS, packs=packs)) == expected


def test_a_file_that_comes_later_has_the_last_word():
    later = SWITCH.format(name="Query", enabled="false") + SWITCH.format(name="Record", enabled="true")
    assert enabled(loaded(OURS, later, packs=chosen(["hunting"]))) == ["Record", "Yours"]


def test_rules_of_others_say_for_themselves():
    # GIVEN rules of somebody who has copied ours, tags and all
    own = RULE.format(name="Mine", enabled="true", tag="pack-hunting")
    own += RULE.format(name="Off", enabled="false", tag="pack-default")
    packs = chosen(["default"])
    ruleset = loaded(OURS, own, packs=packs)
    assert enabled(ruleset) == ["Today", "Yours", "Mine"]
    assert [rule.name for rule in without_others(ruleset, packs).rules][-2:] == ["Mine", "Off"]


def test_rules_of_other_packs_are_left_out_unless_somebody_switched_them_on():
    packs = chosen(["hunting"])
    ruleset = loaded(OURS, SWITCH.format(name="Today", enabled="true"), packs=packs)
    assert [rule.name for rule in without_others(ruleset, packs).rules] == ["Today", "Query", "Yours", "Yours too"]


def test_all_means_every_pack():
    assert chosen(["all", "hunting"]) == frozenset(PACKS)


def test_the_shipped_rules_are_where_they_are_looked_for():
    files = rules_paths(shipped_rules(), explicit=True)
    assert files[0].name == "00-common.yaml"
    ruleset = load(files).ruleset
    assert ruleset is not None
    # a file says of its rules what the pack `default` makes of them: Falco, which knows no packs, reads the same
    assert enabled(ruleset) == [rule.name for rule in ruleset.rules if pack_of(rule.tags) == "default"]


def test_inside_a_wheel_the_rules_are_in_the_package(monkeypatch, tmp_path):
    import lanner

    (tmp_path / "_rules").mkdir()
    monkeypatch.setattr(lanner, "__file__", str(tmp_path / "__init__.py"))
    assert shipped_rules() == [tmp_path / "_rules" / part for part in ("portable", "providers", "lanner")]
    assert isinstance(shipped_rules()[0], Path)


def test_what_only_a_later_file_uses_is_no_remark():
    # GIVEN a file of macros, of which the next one uses one
    macros = "".join(f"- macro: {name}\n  condition: ka.verb = {name}\n" for name in ("used", "unused"))
    rule = RULE.format(name="X", enabled="true", tag="x").replace("ka.verb = create", "used")
    result = load_texts([("a.yaml", macros.encode()), ("b.yaml", rule.encode())])
    # THEN the first is called unused when it is read, as by Falco, and one of them is at the end
    assert len(result.results[0].warnings) == 2
    assert {name: len(remarks) for name, remarks in result.remarks.items()} == {"a.yaml": 0, "b.yaml": 1}
    assert load_texts([]).remarks == {}
