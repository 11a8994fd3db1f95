"""Ways around Falco's default rules, each an event, and the rule of ours that is not fooled: docs/evasions.md."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from content.shipped import rules
from lanner.analysis.companions import Case, read_companion
from lanner.ruleset import pack_of

__all__ = ["Evasion", "evasions", "text"]


class Evasion(NamedTuple):
    """A way around a rule of Falco's defaults, the event that takes it, and the rule of ours that must see it."""

    falco: str
    way: str
    case: Case


@cache
def evasions() -> tuple[Evasion, ...]:
    """Return the evasions of evasions.yaml, whose cases are named `<rule of Falco>: <way around it>`."""
    companion = read_companion(Path(__file__).parent / "evasions.yaml")
    return tuple(_evasions([case for tests in companion.tests for case in tests.cases]))


def _evasions(cases: list[Case]) -> Iterator[Evasion]:
    for case in cases:
        falco, colon, way = case.name.partition(": ")
        assert colon, f"{case.place}: name the rule of Falco, a colon, and the way around it"
        yield Evasion(falco, way, case)


def text() -> str:
    """Return the page."""
    packs = {rule.name: pack_of(rule.tags) for rule in rules()}
    lines = [
        "# Ways around Falco's default rules",
        "",
        "`make docs` writes this page from [evasions.yaml](../tests/content/evasions.yaml), in which each line is",
        "an event. Tests hold both engines to it: the rule on the right alerts. Where Falco's own rules file is at",
        "hand they hold that to it, too: the rule on the left is silent, although the deed is what it is there for.",
        "",
        "| rule of Falco's defaults | the way around it | seen by | pack |",
        "|---|---|---|---|",
    ]
    for evasion in sorted(evasions(), key=lambda one: one.falco):
        lines.append(f"| {evasion.falco} | {evasion.way} | {evasion.case.rule} | {packs[evasion.case.rule]} |")
    return "\n".join(lines) + "\n"
