"""What lint proves of the shipped rules, held against events recorded from a real control plane."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from content.shipped import rules
from lanner.analysis.lint import LEVELS, RuleFacts, facts
from lanner.engine import CompiledEngine
from lanner.fields import Intake, RawEvent
from lanner.sources.files import read

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the recorded corpus is not beside this checkout")


@pytest.fixture(scope="module")
def engine() -> CompiledEngine:
    return CompiledEngine(rules())


@pytest.fixture(scope="module")
def known() -> dict[str, RuleFacts]:
    """The facts of every shipped rule by its name."""
    return {rule.name: facts(rule) for rule in rules()}


def matched(engine: CompiledEngine, events: Iterable[RawEvent]) -> set[str]:
    intake = Intake()
    return {rule.name for event in events for rule in engine.judge(intake.open(event)).matched}


@pytest.mark.parametrize(
    ("file", "provider"),
    [("eks-cloudwatch", "eks"), ("gke-logentries", "gke"), ("aks-eventhub", "aks"), ("ovh-ldp", "ovh")],
)
def test_what_can_never_match_on_a_provider_does_not(engine, known, file: str, provider: str) -> None:
    pieces = read([CORPUS / "envelopes" / f"{file}.jsonl.gz"], provider=provider)
    found = matched(engine, [piece for piece in pieces if isinstance(piece, RawEvent)])
    assert len(found) > 50
    assert [name for name in found if provider in known[name].never_on] == []


@pytest.mark.parametrize(("level", "without"), [(0, ("requestObject", "responseObject")), (1, ("responseObject",))])
def test_what_needs_a_level_does_not_match_below_it(engine, known, level: int, without: tuple[str, ...]) -> None:
    texts = []
    with gzip.open(CORPUS / "envelopes" / "cut-events.jsonl.gz") as file:
        for line in file:
            event = json.loads(line) | {"level": LEVELS[level]}
            texts.append(json.dumps({key: value for key, value in event.items() if key not in without}).encode())
    found = matched(engine, [RawEvent(text) for text in texts])
    assert found
    assert [name for name in found if LEVELS.index(known[name].level) > level] == []
