"""The companions of the shipped rules: every rule is tested, by both engines, and documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.page import companions
from content.shipped import FOLDERS, files, is_default, known, rules
from lanner.analysis.companions import Kind, Report, read_suites, run
from lanner.analysis.lint import Severity, lint
from lanner.ruleset import PACKS, Rule
from support import loaded_shipped

PORTABLE, PROVIDERS, OURS = FOLDERS
EACH = [pytest.param(rule, id=rule.name) for rule in rules()]


@pytest.fixture(scope="module")
def report() -> Report:
    """The cases of all companions, judged by both engines."""
    return run(rules(), read_suites(files()))


def test_every_rule_fires_on_its_attacks_and_is_silent_on_near_misses(report: Report) -> None:
    failures = [f"{one.case.rule}, {one.case.name}: {one.problems[0].message}" for one in report.failures]
    assert failures == []
    print(f"\n{len(report.results):,} cases of {len(report.rules)} rules by both engines")


def test_every_rule_is_tested_enough(report: Report) -> None:
    assert [f"{gap.rule}: {gap.message}" for gap in report.gaps] == []


@pytest.mark.parametrize("rule", EACH)
def test_every_rule_is_documented(rule: Rule) -> None:
    tests = companions()[rule.name]
    about = tests.about
    assert about is not None
    assert about.priority
    assert about.false_positives
    assert len(about.triage) >= (2 if is_default(rule) and "Attempt Failed" not in rule.name else 1)
    assert tests.of(Kind.EVASION)


def test_falco_loads_the_portable_part_as_it_is() -> None:
    # GIVEN the rules that are marked as portable, loaded without ours, as Falco would
    marked = [path for path in files() if path.parent in (PORTABLE, PROVIDERS)]
    assert all(path.read_text().startswith("# lanner: portable\n") for path in marked)
    assert not any("# lanner: portable" in path.read_text() for path in files() if path.parent == OURS)
    found = lint(marked, portable=True)
    # THEN nothing in them is ours alone
    assert found.successful
    assert [(one.code, one.message) for one in found.findings if one.severity is not Severity.INFO] == []


def test_nothing_in_the_rules_deserves_a_warning() -> None:
    found = lint(files())
    assert [(one.code, one.message) for one in found.findings if one.severity is not Severity.INFO] == []


@pytest.mark.parametrize("path", sorted(PROVIDERS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_rule_of_a_provider_needs_what_its_log_never_has(path: Path) -> None:
    own = [rule for rule in rules() if rule.place.file == str(path)]
    assert [rule.name for rule in own if path.stem in known()[rule.name].never_on] == []


@pytest.mark.parametrize("provider", ["self-managed", "eks", "gke", "aks", "iks", "ovh"])
def test_most_rules_can_fire_on_every_provider(provider: str) -> None:
    never = [rule.name for rule in rules() if provider in known()[rule.name].never_on and is_default(rule)]
    print(f"\n{provider}: never {never}")
    # what stays unseen is what the provider's log leaves out, no more
    assert len(never) <= 12


def test_they_load_in_the_order_that_falco_would_use() -> None:
    assert loaded_shipped(*PACKS).successful
    assert [path.name for path in files() if path.parent == PORTABLE][:2] == ["00-common.yaml", "01-addons.yaml"]
