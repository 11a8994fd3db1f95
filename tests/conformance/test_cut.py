"""Lines that a provider cut: their alerts are alerts of the whole events, as far as the kept part decides."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from conformance_data import Golden, recorded_rules

from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Intake, RawEvent
from lanner.ruleset import PACKS, Rule
from lanner.sources import aks, eks
from support import shipped


def _lines(path: Path) -> list[bytes]:
    return [line for line in gzip.decompress(path.read_bytes()).splitlines() if line]


def _rulesets(whole: Golden) -> dict[str, tuple[Rule, ...]]:
    official = whole.root / "official"
    return {
        "official": recorded_rules(official / "k8s_audit_rules.yaml", official / "activate.yaml"),
        "shipped": shipped(*PACKS).select(()),
        "random": recorded_rules(whole.root / "conditions" / "rules.yaml"),
    }


@pytest.mark.parametrize("name", ["official", "shipped", "random"])
@pytest.mark.parametrize(
    ("file", "source"),
    [
        pytest.param("eks-cloudwatch-cut", eks, id="eks"),  # which marks what it cut
        pytest.param("aks-eventhub-cut", aks, id="aks"),
    ],
)
def test_cut_lines(
    whole: Golden,
    file: str,
    source: ModuleType,
    name: str,
    engine_of: type[CompiledEngine | ReferenceEngine],
    compared: Callable[..., None],
) -> None:
    # GIVEN hostile and long events, whole and as a provider cut them
    envelopes = whole.root.parent / "corpus" / "envelopes"
    plain, batches = _lines(envelopes / "cut-events.jsonl.gz"), _lines(envelopes / f"{file}.jsonl.gz")
    engine = engine_of(_rulesets(whole)[name])
    alerts = undecided = of_whole = left_open = cuts = 0
    for line, batch in zip(plain, batches, strict=True):
        wanted = {rule.name for rule in engine.judge(Intake().open(RawEvent(line, "eks"))).matched}
        (piece,) = source.events(batch, origin="batch")
        assert isinstance(piece, RawEvent)
        # WHEN both are judged
        verdict = engine.judge(Intake().open(piece))
        matched, open_ = ({rule.name for rule in rules} for rules in (verdict.matched, verdict.undecided))
        # THEN the cut one gives no alert that the whole one does not, and leaves none out that is decided
        assert matched == wanted - open_
        cuts += piece.cut is not None
        alerts += len(matched)
        of_whole += len(wanted)
        left_open += len(wanted & open_)
        undecided += len(open_)
    assert cuts == len(plain)
    compared(
        len(plain),
        f"cut events of {file}, {name} rules: {alerts} alerts of {of_whole} of the whole events, {left_open} undecided "
        f"({undecided} rules undecided in all)",
    )
