"""The reference evaluator: a plain walk of the resolved tree, the definition of what a rule's verdict is.

Truth has three values (Kleene): `True`, `False`, and `None`, undecided, where it depends on a part of the event that
was lost. On whole events it is the two-valued logic of spec/conditions.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from lanner.fields import BODIES, Event, Intake, NoValue, json_text
from lanner.fields.block import Block
from lanner.language import And, BoundCheck, Check, Condition, Not, Or
from lanner.language.operands import FieldOperand
from lanner.ruleset import Rule

__all__ = ["ReferenceEngine", "Verdict", "truth"]

_MISSING = NoValue.MISSING


class Verdict(NamedTuple):
    """What the rules say of an event: those that match, and those that a lost part of the event leaves undecided.

    `failed` are rules that could not be judged: a defect of Lanner, which costs no other rule its alert. `withheld` are
    rules that match, or might match, an event that nests deeper than events may: it raises no alert (Falco drops it),
    but is not to be lost.
    """

    matched: Sequence[Rule]
    undecided: Sequence[Rule]
    failed: Sequence[Rule] = ()
    withheld: Sequence[Rule] = ()


class ReferenceEngine:
    """Judges events by `rules`, in their order.

    With `first_match` an event raises at most one alert, that of the first rule that matches (`rule_matching: first`);
    rules left undecided before it do not hold it back. `exact` and `put_in_order` count what only the compiled engine
    does.
    """

    def __init__(self, rules: Sequence[Rule], *, first_match: bool = False) -> None:
        self.first_match = first_match
        self.exact = self.put_in_order = 0
        shared: dict[Check, BoundCheck] = {}
        self._rules = [(rule, _share(rule.condition, shared)) for rule in rules if rule.condition is not None]

    def judge_block(self, block: Block, intake: Intake) -> None:
        """Take no block: this engine judges one event at a time."""

    def judge(self, event: Event) -> Verdict:
        """Return the verdict on `event`. Never raises, whatever the event holds."""
        if event.is_truncated:
            event.notice_truncation()
        if json_text.within_depth(event.raw.text):
            return self._judge(event)
        found = self._judge(_without_bodies(event))  # a look at what nests so deep would take long
        return Verdict((), (), found.failed, (*found.matched, *found.undecided))

    def _judge(self, event: Event) -> Verdict:
        matched: list[Rule] = []
        undecided: list[Rule] = []
        failed: list[Rule] = []
        verdicts: dict[BoundCheck, bool | None] = {}
        for rule, condition in self._rules:
            try:
                verdict = truth(condition, event, verdicts)
            except Exception:  # whatever it is
                failed.append(rule)
                continue
            if verdict:
                matched.append(rule)
                if self.first_match:
                    break
            elif verdict is None:
                undecided.append(rule)
        return Verdict(matched, undecided, failed)


def _without_bodies(event: Event) -> Event:
    """Return the event with its bodies lost, also those that were cut."""
    raw = event.raw
    cut = () if raw.cut and raw.cut[0] in BODIES else raw.cut
    raw = msgspec.structs.replace(raw, lost=raw.lost | BODIES.intersection(event.top), cut=cut)
    found = Event(raw, event.number, event.first_time)
    found.lost |= event.lost
    return found


def truth(condition: Condition, event: Event, verdicts: dict[BoundCheck, bool | None]) -> bool | None:
    """Return the truth of a compiled condition on `event`. `verdicts` remembers those of the event's checks."""
    if isinstance(condition, BoundCheck):
        if condition in verdicts:
            return verdicts[condition]
        verdicts[condition] = verdict = _truth_of_check(condition, event)
        return verdict
    if isinstance(condition, And):
        result: bool | None = True
        for child in condition.children:
            if isinstance(child, BoundCheck) and child in verdicts:  # most are; it saves the call
                verdict = verdicts[child]
            else:
                verdict = truth(child, event, verdicts)
            if not verdict:
                if verdict is False:
                    return False
                result = None
        return result
    if isinstance(condition, Or):
        result = False
        for child in condition.children:
            if isinstance(child, BoundCheck) and child in verdicts:  # most are; it saves the call
                verdict = verdicts[child]
            else:
                verdict = truth(child, event, verdicts)
            if verdict is not False:
                if verdict:
                    return True
                result = None
        return result
    assert isinstance(condition, Not)
    verdict = truth(condition.child, event, verdicts)
    return None if verdict is None else not verdict


def _truth_of_check(check: BoundCheck, event: Event) -> bool | None:
    left = check.read(event)
    if left is _MISSING:
        return False
    if type(left) is NoValue:
        return _truth_of_lost(check, left, event)
    if check.right is None:
        return check.test(left)
    right = check.right.value(event)
    if type(right) is NoValue:
        return False if right is _MISSING else None
    return check.compare(left, right)


def _truth_of_lost(check: BoundCheck, left: NoValue, event: Event) -> bool | None:
    """Return the truth of a check whose left value was lost: undecided, unless every value would give the same."""
    if check.operator == "exists":
        return True if left is NoValue.HIDDEN else None
    if check.right is None:
        kept = event.kept.get(check.left.field) if event.kept and isinstance(check.left, FieldOperand) else None
        if kept is not None:
            from lanner.engine.kept import truth_of_kept  # of the few events that were cut

            return truth_of_kept(check, kept)
        return None if check.constants else False
    return False if check.right.value(event) is _MISSING else None


def _share(condition: Condition, shared: dict[Check, BoundCheck]) -> Condition:
    """Return `condition` in the form that is evaluated.

    Equal checks of all rules become one, so that each is judged once an event, and stand before groups, which cost
    more: checks have no side effects, and neither `and` nor `or` depends on the order.
    """
    if isinstance(condition, BoundCheck):
        return shared.setdefault(condition.source, condition)
    if isinstance(condition, And | Or):
        children = [_share(child, shared) for child in condition.children]
        children.sort(key=lambda child: not isinstance(child, BoundCheck))
        return type(condition)(tuple(children))
    assert isinstance(condition, Not)
    return Not(_share(condition.child, shared))
