"""The compiled engine: the verdicts of the reference engine, sooner.

An event's text is decoded to a structure with what rules look at (`projection`), the values of its switches are looked
up (`selector`, `dispatch`), and if any rule can match, a function with what is left of the rules is called (`codegen`,
`view`). Events that cannot be taken that way, and cut ones, go to the reference engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from lanner.engine.codegen import Residual
from lanner.engine.dispatch import Dispatch
from lanner.engine.expressions import Expressions
from lanner.engine.projection import ARRAY, Head, Path, Projection, is_inside_body
from lanner.engine.reference import ReferenceEngine, Verdict
from lanner.engine.selector import selector
from lanner.engine.view import Readers, View
from lanner.fields import BoundField, Event, Intake
from lanner.fields.block import Block
from lanner.fields.event import TRUNCATION
from lanner.ruleset import Rule

__all__ = ["CompiledEngine"]

_NOTHING = Verdict((), ())


class CompiledEngine:
    """Judges events by `rules`, as `ReferenceEngine` does.

    `exact` counts the events that were left to the reference engine. Threads may share an engine.
    """

    def __init__(self, rules: Sequence[Rule], *, first_match: bool = False) -> None:
        self.first_match = first_match
        self.exact = 0
        self._rules = rules
        self.dispatch = Dispatch(rules, first_match=first_match)
        values = {switch.path: switch.type for switch in self.dispatch.switches}
        self._projection = Projection(values, _inside_bodies(self.dispatch.expressions, rules))
        self._readers = Readers(self._projection)
        self.dispatch.reader = self._readers.fields.__getitem__
        dispatch = self.dispatch
        self._select, self.loop = selector(
            self._projection.head,
            dispatch.switches,
            dispatch.key_size,
            dispatch.empty,
            dispatch.residuals.get,
            dispatch.residual,
        )

    @cached_property
    def _reference(self) -> ReferenceEngine:
        return ReferenceEngine(self._rules, first_match=self.first_match)

    @property
    def put_in_order(self) -> int:
        """How many events were put in order before they were judged."""
        return self._projection.put_in_order

    def judge(self, event: Event) -> Verdict:
        """Return the verdict on `event`. Never raises, whatever the event holds."""
        taken = None if event.lost else self._projection.take(event.raw.text)
        hits = None if taken is None else self._select((taken,))
        if hits is None:
            return self._exact(event)
        for _, head, residual in hits:
            event.view = View(self._readers, head, event.raw)
            return self._verdict(event, head, residual)
        return _NOTHING

    def judge_block(self, block: Block, intake: Intake) -> list[tuple[Event, Verdict]] | None:
        """Take `block` and return those of its events that rules match, with their verdicts.

        `None`, and the block is not taken, if any of its lines has to be looked at by itself.
        """
        heads = self._projection.take_lines(block.text)
        hits = None if heads is None else self._select(heads)
        if heads is None or hits is None:
            return None
        block.take(len(heads))
        number = intake.count + 1
        first = None
        if intake.first_time is None and heads:
            first = Event(None, number, None, View(self._readers, heads[0], block))
            first.first_time = intake.first_time = _time(first)
        intake.count += len(heads)
        found = []
        for index, head, residual in hits:
            event = Event(None, number + index, intake.first_time, View(self._readers, head, block, index))
            if index == 0 and first is not None:
                event = first  # whose time may be that of reading it
            verdict = self._verdict(event, head, residual)
            if verdict is not _NOTHING:
                found.append((event, verdict))
        return found

    def _verdict(self, event: Event, head: Head, residual: Residual) -> Verdict:
        if TRUNCATION in bytes(head.annotations):
            return self._exact(event)
        try:
            matched = residual.judge(event)
        except Exception:  # a defect of ours, perhaps of the view: each rule on its own then, and from the text
            return self._exact(event)
        return Verdict(matched, ()) if matched else _NOTHING

    def _exact(self, event: Event) -> Verdict:
        self.exact += 1
        event.reopen()
        verdict = self._reference.judge(event)
        return verdict if any(verdict) else _NOTHING


def _time(event: Event) -> int:
    try:
        return event.time
    except Exception:  # a defect of ours, of the view
        event.reopen()
        return event.time


def _inside_bodies(expressions: Expressions, rules: Iterable[Rule]) -> set[Path]:
    """Return the paths into bodies that rules look at.

    Conditions are what counts: a path of an output that would keep one of theirs from being followed is left out.
    """
    conditions: set[BoundField] = set()
    outputs: set[BoundField] = set()
    for node in expressions.nodes:
        conditions.update(node.check.fields if node.check is not None else ())
    for rule in rules:
        outputs.update(rule.output.fields if rule.output is not None else ())
    paths = _paths(conditions)
    plain = {tuple([key.removesuffix(ARRAY) for key in path[:size]]) for path in paths for size in range(len(path) + 1)}
    return paths | {path for path in _paths(outputs) if tuple([key.removesuffix(ARRAY) for key in path]) not in plain}


def _paths(fields: Iterable[BoundField]) -> set[Path]:
    paths = {tuple(field.field.path.removesuffix(ARRAY).split(".")) for field in fields}
    return set(filter(is_inside_body, paths))
