"""Why a condition is true or is not: its parts, whether each holds, and the values that decide."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lanner.engine import truth
from lanner.fields import Event, Extracted, NoValue
from lanner.language import And, BoundCheck, Condition, Not, Or
from lanner.language.operands import BoundOperand

__all__ = ["MAX_LINES", "explain", "shortened"]

MAX_LINES = 40
_MAX_TEXT = 120  # characters of a part of the condition, or of a value
_MAX_CHILDREN = 8  # of a group
_MAX_LEVEL = 6
_MARKS = {True: "yes", False: "no", None: "open"}


def explain(condition: Condition, event: Event) -> list[str]:
    """Return the parts of a compiled condition with `yes`, `no`, or `open` where a lost part of the event decides.

    The parts are those that `and` joins; below those that do not hold stands what decided. Lines may hold whatever
    the event holds; there are at most `MAX_LINES`, and where that is not enough only what does not hold is told.
    """
    parts = condition.children if isinstance(condition, And) else (condition,)
    explainer = _Explainer(event)
    lines = [line for part in parts for line in explainer.part(part)]
    if len(lines) > MAX_LINES:
        lines = [line for part in parts if not explainer.truth(part) for line in explainer.part(part)]
    return lines[:MAX_LINES]


class _Explainer:
    def __init__(self, event: Event) -> None:
        self._event = event
        self._verdicts: dict[BoundCheck, bool | None] = {}

    def part(self, part: Condition) -> Iterator[str]:
        """Yield the line of a part and, if it does not hold, those of what decided."""
        yield self._line(part)
        if not self.truth(part):
            yield from self._below(part, 1)

    def truth(self, condition: Condition) -> bool | None:
        """Return the truth of a part."""
        return truth(condition, self._event, self._verdicts)

    def _line(self, condition: Condition) -> str:
        check = condition.child if isinstance(condition, Not) else condition
        values = f"   ({self._values(check)})" if isinstance(check, BoundCheck) else ""
        return f"{_MARKS[self.truth(condition)]:<4} {shortened(str(condition))}{values}"

    def _below(self, condition: Condition, level: int) -> Iterator[str]:
        """Yield the lines of the parts inside a group that gave it its truth."""
        while isinstance(condition, Not):
            condition = condition.child
        if not isinstance(condition, And | Or) or level > _MAX_LEVEL:
            return
        verdict = self.truth(condition)
        # One part decides an `or` that is true and an `and` that is not; else all of them do.
        few = bool(verdict) is isinstance(condition, Or)
        deciding = [child for child in condition.children if not few or self.truth(child) is verdict]
        indent = "     " * level
        for child in deciding[:_MAX_CHILDREN]:
            yield indent + self._line(child)
            yield from self._below(child, level + 1)
        if len(deciding) > _MAX_CHILDREN:
            yield f"{indent}... and {len(deciding) - _MAX_CHILDREN:,} more"

    def _values(self, check: BoundCheck) -> str:
        left = _shown(check.left.value(self._event))
        if check.right is None:
            return f"it is {left}"
        return f"{_name(check.left)} is {left}, {_name(check.right)} is {_shown(check.right.value(self._event))}"


def _name(operand: BoundOperand) -> str:
    return shortened(operand.text)


def _shown(value: Extracted) -> str:
    if isinstance(value, NoValue):
        return "missing" if value is NoValue.MISSING else "lost"
    if isinstance(value, bytes):
        return shortened(_text(value))
    if isinstance(value, list):
        texts = [_text(text) for text in value[: _MAX_TEXT // 2]]  # more of them are too long in any case
        return shortened(f"({', '.join(texts)})")
    return str(value).lower()


def _text(value: bytes) -> str:
    return json.dumps(value[: 4 * _MAX_TEXT].decode("utf-8", "replace"), ensure_ascii=False)


def shortened(text: str) -> str:
    """Return a text, its end left out if it is long."""
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 3]}..."
