"""What rules ask of an event that depends on the events before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.language import BoundCheck
from lanner.language.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lanner.fields import BoundField
    from lanner.ruleset import Rule

__all__ = ["ask_first_time", "ask_number"]

_NUMBER = "evt.num"
_SINCE_FIRST = ("evt.reltime", "evt.reltime.s", "evt.reltime.ns")


def ask_number(rules: Iterable[Rule]) -> bool:
    """Tell whether a rule asks how many events there were before."""
    return any(field.field.name == _NUMBER for field in _fields(rules))


def ask_first_time(rules: Iterable[Rule]) -> bool:
    """Tell whether a rule asks for the time since the first event."""
    return any(field.field.name in _SINCE_FIRST for field in _fields(rules))


def _fields(rules: Iterable[Rule]) -> Iterator[BoundField]:
    """Yield every field that conditions or outputs read."""
    for rule in rules:
        for check in walk(rule.condition) if rule.condition is not None else ():
            assert isinstance(check, BoundCheck)
            yield from check.fields
        if rule.output is not None:
            yield from rule.output.fields
        for extra in rule.extra_fields:
            if extra.template is not None:
                yield from extra.template.fields
            if extra.raw is not None:
                yield extra.raw
