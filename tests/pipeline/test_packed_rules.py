"""The rules of a function: an artefact, and the choice among its rules."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import lanner
from lanner.errors import RulesError, UsageError
from lanner.pipeline import Settings
from lanner.pipeline.rules import PACKED, packed_rules
from lanner.ruleset import artefact, load

RULES = """
- rule: One
  desc: d
  condition: ka.verb = create
  output: "%ka.verb"
  priority: WARNING
  source: k8s_audit
  tags: [k8s]
- rule: Two
  desc: d
  condition: ka.verb = get
  output: "%ka.verb"
  priority: NOTICE
  source: k8s_audit
"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    ruleset = load([tmp_path / "rules.yaml"]).ruleset
    assert ruleset is not None
    path = tmp_path / "built"
    path.write_bytes(artefact.write(ruleset))
    return path


def names(path: Path, **settings: str) -> list[str]:
    values = {f"LANNER_{name}": value for name, value in settings.items()}
    return [
        rule.name for rule in packed_rules(Settings.read({"LANNER_STDOUT": "1", "LANNER_RULES": str(path)} | values))
    ]


def test_the_choice_among_rules(built: Path) -> None:
    assert names(built) == ["One", "Two"]
    assert names(built, MINIMUM_PRIORITY="warning") == ["One"]
    assert names(built, DISABLE="O*") == ["Two"]
    assert names(built, TAGS="k8s") == ["One"]
    assert names(built, TAGS="k8s", ENABLE="Two") == ["One", "Two"]
    assert names(built, DISABLE="*", ENABLE="Two") == ["Two"]


def test_names_that_no_rule_has_are_told(built: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "lanner"):
        assert names(built, DISABLE="Three", ENABLE="One") == ["One", "Two"]
    assert caplog.messages == ["no rule has the name 'Three'"]


def test_a_function_without_rules_does_not_start(built: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rule is enabled, so nothing can be found"):
        names(built, DISABLE="*")
    with pytest.raises(UsageError, match=r"LANNER_RULES: .*missing cannot be read: No such file .*lanner build"):
        names(tmp_path / "missing")
    with pytest.raises(UsageError, match=r"LANNER_RULES: .*rules.yaml holds no rules that were built"):
        names(tmp_path / "rules.yaml")
    built.write_bytes(built.read_bytes()[:-5])
    with pytest.raises(RulesError, match="damaged"):
        names(built)


def test_the_packed_rules_lie_beside_the_package(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = built.parent / "package" / "lanner" / "__init__.py"
    monkeypatch.setattr(lanner, "__file__", str(package))
    package.parents[1].mkdir()
    (package.parents[1] / PACKED).write_bytes(built.read_bytes())
    assert len(packed_rules(Settings.read({"LANNER_STDOUT": "1"}))) == 2
