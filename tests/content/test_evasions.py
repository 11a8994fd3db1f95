"""Ways around Falco's default rules: ours see them, Falco's do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance_data import recorded_rules

from content.evasions import Evasion, evasions
from content.shipped import rules
from lanner.analysis.companions.judging import Judge
from lanner.engine import CompiledEngine
from lanner.fields import Intake, RawEvent

OFFICIAL = Path(__file__).parents[3] / "shared" / "conformance" / "official" / "k8s_audit_rules.yaml"
EACH = [pytest.param(evasion, id=evasion.case.name) for evasion in evasions()]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(rules())


@pytest.mark.parametrize("evasion", EACH)
def test_ours_see_it(evasion: Evasion, judge: Judge) -> None:
    result = judge.judge(evasion.case)  # by both engines
    assert result.problems == (), result.alerted


@pytest.fixture(scope="module")
def official() -> CompiledEngine:
    if not OFFICIAL.exists():
        pytest.skip("Falco's rules are not beside this checkout")
    return CompiledEngine(recorded_rules(OFFICIAL))


@pytest.mark.parametrize("evasion", EACH)
def test_it_is_a_way_around_the_rule_of_falco(evasion: Evasion, official: CompiledEngine) -> None:
    named = {rule.name for rule in recorded_rules(OFFICIAL)}
    assert evasion.falco in named
    found = official.judge(Intake().open(RawEvent(evasion.case.event))).matched
    assert evasion.falco not in {rule.name for rule in found}


def test_every_kind_of_evasion_is_there() -> None:
    # the catalogue of detections names these ways
    ways = " ".join(evasion.way for evasion in evasions()).lower()
    for word in ("patch", "init container", "path", "deletecollection", "list instead", "upper case", "existing"):
        assert word in ways, word
