"""The plan of a rule: in which situations it can match, what is left to ask then, and the code that asks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET

from lanner.engine.codegen import Residual, generate
from lanner.engine.dispatch import Dispatch, Rest
from lanner.engine.expressions import Expressions
from lanner.engine.switches import UNDECIDED, Switch
from lanner.language import Condition
from lanner.ruleset import Rule

__all__ = ["Plan", "Situation", "plan"]

_Values = tuple[tuple[str, str], ...]


class Situation(NamedTuple):
    """Values of switches with which a rule may match (the name of each, and its values in words), and what is left."""

    values: _Values
    condition: Condition
    residual: Residual


class Plan(NamedTuple):
    """How the compiled engine finds a rule.

    `key` are the switches that are looked up as they are, `classes` those of which the classes are. `looked_at` are
    those of them whose values are looked at once each, with the checks that are made then; they stand in the
    situations' conditions, too.
    """

    key: tuple[str, ...]
    classes: tuple[str, ...]
    looked_at: tuple[tuple[str, tuple[str, ...]], ...]
    situations: tuple[Situation, ...]


def plan(rule: Rule) -> Plan:
    """Return the plan of a rule that is evaluable, as if it were the only one."""
    dispatch = Dispatch([rule])
    expressions = dispatch.expressions
    looked_at = [switch for switch in dispatch.switches if switch.default is None]
    found: list[tuple[_Values, Rest]] = [((), dispatch.whole)] if dispatch.whole else []
    for number, switch in enumerate(dispatch.switches):
        if switch.default is not None:
            found = [
                ((*values, *more), left)
                for values, rest in found
                for more, left in _branches(dispatch, switch, number, rest)
            ]
    return Plan(
        key=tuple([_name(switch) for switch in dispatch.switches if switch.is_key]),
        classes=tuple([_name(switch) for switch in dispatch.switches if not switch.is_key]),
        looked_at=tuple([(_name(switch), tuple(map(str, switch.checks.values()))) for switch in looked_at]),
        situations=tuple([_situation(rule, values, rest, expressions) for values, rest in found]),
    )


def _branches(dispatch: Dispatch, switch: Switch, number: int, rest: Rest) -> list[tuple[_Values, Rest]]:
    """Return what may be left of `rest`, with the values of the switch that leave it, unless they all do."""
    classes = [class_ for class_ in switch.classes if class_ != UNDECIDED]
    by_rest: dict[Rest, list[int]] = {}
    for class_ in classes:
        by_rest.setdefault(dispatch.specialised(rest, number, class_), []).append(class_)
    if len(by_rest) == 1:
        return [((), left) for left in by_rest if left]
    return [(((_name(switch), _words(switch, chosen)),), left) for left, chosen in by_rest.items() if left]


def _words(switch: Switch, classes: Sequence[int]) -> str:
    """Return in words which values of a switch are of these classes."""
    mentioned = {value: class_ in classes for value, class_ in switch.table.items() if value is not UNSET}
    words = [", ".join(sorted(str(value) for value, is_chosen in mentioned.items() if is_chosen))]
    if switch.default in classes:
        others = ", ".join(sorted(str(value) for value, is_chosen in mentioned.items() if not is_chosen))
        words = [f"anything but {others}" if others else "anything"]
    if switch.table[UNSET] in classes:
        words.append("missing")
    return " or ".join(filter(None, words))


def _situation(rule: Rule, values: _Values, rest: Rest, expressions: Expressions) -> Situation:
    ((_, condition),) = rest
    return Situation(values, expressions.condition(condition), generate([(rule, condition)], expressions))


def _name(switch: Switch) -> str:
    return ".".join(switch.path)
