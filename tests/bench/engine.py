"""Lanner's engine inside the process, as a function uses it. Nothing else of the benchmark touches it.

Imports stand inside the functions: cold starts are measured through this module, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

__all__ = ["PAYLOADS", "Detector", "first_verdict", "is_there"]

PAYLOADS = {
    "lines": "lanner.sources.apiserver",
    "EventList": "lanner.sources.apiserver",
    "CloudWatch": "lanner.sources.eks",
    "Pub/Sub": "lanner.sources.gke",
}
"""The module that takes each kind of payload apart."""


def is_there(module: str) -> bool:
    """Tell whether Lanner has this module."""
    from importlib.util import find_spec

    return find_spec(module) is not None


class Detector:
    """Payloads of one kind in, JSON alerts out."""

    def __init__(self, kind: str, engine: str, rules: Sequence[str]) -> None:
        from importlib import import_module
        from pathlib import Path

        from lanner.alerts import Alert, AlertFormat
        from lanner.engine import ReferenceEngine
        from lanner.fields import Intake, RawEvent
        from lanner.ruleset import load, rules_paths

        if engine != "reference":
            raise SystemExit(f"there is no {engine} engine in this version")
        ruleset = load(rules_paths([Path(path) for path in rules], explicit=True)).ruleset
        assert ruleset is not None
        judge = ReferenceEngine(ruleset.select(())).judge
        events = import_module(PAYLOADS[kind]).events
        intake, format_ = Intake(), AlertFormat()

        def alerts(payload: bytes) -> Iterable[bytes]:
            for raw in events(payload, origin="bench"):
                self.pieces += 1
                if isinstance(raw, RawEvent):
                    event = intake.open(raw)
                    for rule in judge(event).matched:
                        yield Alert(rule, event, format_).json_line()
                else:
                    self.rejects += 1

        self.pieces = 0
        self.rejects = 0
        self.alerts: Callable[[bytes], Iterable[bytes]] = alerts


def first_verdict(engine: str, path: str, *rules: str) -> None:
    """Do what the first call of a function does: load the rules, judge one event."""
    detector = Detector("lines", engine, rules)
    with open(path, "rb") as file:
        for _ in detector.alerts(file.read()):
            pass
    if not detector.pieces or detector.rejects:
        raise SystemExit("the event was not read")
