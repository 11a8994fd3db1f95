"""Lanner's engine inside the process, as a function uses it. Nothing else of the benchmark touches it.

Imports stand inside the functions: cold starts are measured through this module, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["PAYLOADS", "Detector", "first_verdict", "is_there"]

PAYLOADS = {
    "lines": "lanner.sources.apiserver",
    "EventList": "lanner.sources.apiserver",
    "CloudWatch": "lanner.sources.eks",
    "Pub/Sub": "lanner.sources.gke",
    "Event Hub": "lanner.sources.aks",
    "Logs Data Platform": "lanner.sources.ovh",
}
"""The module that takes each kind of payload apart."""


def is_there(module: str) -> bool:
    """Tell whether Lanner has this module."""
    from importlib.util import find_spec

    return find_spec(module) is not None


class Detector:
    """Payloads of one kind in, JSON alerts out.

    `pieces` counts what was found in them, `rejects` what of it is no event, `apart` batches not judged at once.
    """

    def __init__(self, kind: str, engine: str, rules: Sequence[str]) -> None:
        from importlib import import_module

        from lanner.alerts import Alert, AlertFormat
        from lanner.engine import CompiledEngine, ReferenceEngine
        from lanner.fields import Intake, RawEvent

        engine_class = CompiledEngine if engine == "compiled" else ReferenceEngine
        self.pieces = 0
        self.rejects = 0
        self.apart = 0
        self._engine = engine_class(_rules(rules))
        self._source: Any = import_module(PAYLOADS[kind])
        self._in_blocks = kind == "CloudWatch" and engine == "compiled"
        self._intake = Intake()
        self._event_type = RawEvent
        self._format = AlertFormat()
        self._alert = Alert

    def alerts(self, payload: bytes) -> Iterator[bytes]:
        """Yield the alerts on the events in a payload."""
        for event, verdict in self._batch(payload) if self._in_blocks else self._one_by_one(payload):
            for rule in verdict.matched:
                yield self._alert(rule, event, self._format).json_line()

    def _one_by_one(self, payload: bytes) -> Iterable[Any]:
        for piece in self._source.events(payload, origin="bench"):
            yield from self._judged(piece)

    def _batch(self, payload: bytes) -> Iterable[Any]:
        """Yield the verdicts on a CloudWatch batch, judged in blocks where that can be done."""
        for piece in self._source.blocks(payload, origin="bench"):
            if not hasattr(piece, "take"):
                yield from self._judged(piece)
                continue
            found = self._engine.judge_block(piece, self._intake)
            self.pieces += piece.events
            self.apart += found is None
            yield from found or ()

    def _judged(self, piece: Any) -> Iterable[Any]:
        self.pieces += 1
        if isinstance(piece, self._event_type):
            event = self._intake.open(piece)
            yield event, self._engine.judge(event)
        else:
            self.rejects += 1


def _rules(paths: Sequence[str]) -> Sequence[Any]:
    """Load an artefact, or rules files, and return the rules that are enabled."""
    from lanner.ruleset import artefact

    with open(paths[0], "rb") as file:
        content = file.read()
    if artefact.is_artefact(content):
        return artefact.read(content, paths[0]).select(())

    from pathlib import Path

    from lanner.ruleset import load, rules_paths

    ruleset = load(rules_paths([Path(path) for path in paths], explicit=True)).ruleset
    assert ruleset is not None
    return ruleset.select(())


def first_verdict(engine: str, path: str, *rules: str) -> None:
    """Do what the first call of a function does: load the rules, judge one event."""
    detector = Detector("lines", engine, rules)
    with open(path, "rb") as file:
        for _ in detector.alerts(file.read()):
            pass
    if not detector.pieces or detector.rejects:
        raise SystemExit("the event was not read")
