"""Dispatch: from the switches of an event to what is left of the rules.

The rules are specialised on one switch after the other, by the class of its value: what a class decides is filled in,
and rules that cannot match any more are gone. Equal remainders are one, and every step is remembered, so that soon
nothing is left to do but to look up a key. For most events that says that no rule can match.
"""

from __future__ import annotations

from _thread import allocate_lock  # importing `threading` takes a millisecond of a cold start
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from lanner.engine.codegen import ReaderOf, Residual, failed, generate
from lanner.engine.expressions import FALSE, Expression, Expressions
from lanner.engine.switches import UNDECIDED, choose
from lanner.ruleset import Rule

__all__ = ["Dispatch", "Rest"]

MAX_KEYS = 10_000
"""Keys that are remembered: clients choose what they are made of."""

MAX_KEY = 256
"""Characters that the texts of a key may have if it is to be remembered."""

MAX_STATES = 50_000
"""Combinations of classes that are remembered. Honest clusters need some hundreds."""

MAX_RESIDUALS = 1_000
"""Residuals that are remembered: some kilobytes each, more with many rules. Honest clusters need a few dozens."""

Rest = tuple[tuple[int, Expression], ...]
"""Rules, by number, that may match, and what is left of their conditions."""


class Dispatch:
    """Finds what is left of `rules`, given the values of `switches`.

    A key holds what the first `key_size` switches say: the values of some, the classes of others. `empty` holds the
    keys for which no rule can match; `residuals` remembers the others with the classes behind them. `whole` is what
    there is to ask before anything is known.
    """

    def __init__(self, rules: Sequence[Rule], *, first_match: bool = False) -> None:
        self.reader: ReaderOf = attrgetter("value")
        """What gives the reader of a field, for residuals that are still to be made."""
        self.expressions = Expressions()
        known: dict[int, Expression] = {}
        conditions = [
            (rule, self.expressions.of(rule.condition, known)) for rule in rules if rule.condition is not None
        ]
        self.switches = choose(self.expressions, [condition for _, condition in conditions])
        self.empty: set[tuple[Any, ...]] = set()
        self.residuals: dict[tuple[Any, ...], Residual | None] = {}
        self._rules = [rule for rule, _ in conditions]
        self._first_match = first_match
        self.whole = tuple([(number, rest) for number, (_, rest) in enumerate(conditions) if rest != FALSE])
        self._size = len(self.expressions.nodes)
        self._plain = sum(switch.is_key for switch in self.switches)  # whose values stand in a key as they are
        self._lock = allocate_lock()
        self._forget()
        self.key_size = self._first()

    def residual(self, values: Sequence[Any]) -> Residual | None:
        """Return what is left of the rules where the switches have these values, `None` if no rule can match.

        Never raises: where something goes wrong, the residual does when it is called. May be called by several threads.
        """
        with self._lock:
            try:
                return self._find(values)
            except Exception as error:
                return failed(error)

    def _find(self, values: Sequence[Any]) -> Residual | None:
        if len(self._states) >= MAX_STATES or len(self._made) >= MAX_RESIDUALS:
            self._forget()
        classes = tuple([switch.class_of(value) for switch, value in zip(self.switches, values, strict=True)])
        as_they_are, size = self._plain, self.key_size
        key = (*values[:as_they_are], *classes[as_they_are:size])
        is_short = sum(map(len, filter(None, key[:as_they_are]))) <= MAX_KEY  # what is missing is false
        state = self._state(classes[:size])
        if not self._rests[state]:
            residual = None
            if is_short:
                _make_room(self.empty)
                self.empty.add(key)
        else:
            residual = self._residual(self._state(classes))
            if is_short:
                _make_room(self.residuals)
                self.residuals[(key, *classes[size:])] = residual
        if UNDECIDED in classes and any(switch.is_full for switch in self.switches):
            self._forget()
        return residual

    def _first(self) -> int:
        """Put first what is asked of most events; return how many switches that are.

        These are the values of few forms, and the classes that decide what is left for the usual values of those: if
        some rule asks every event for its user, most keys would not be empty without the user's class.
        """
        keys, others = self.switches[: self._plain], self.switches[self._plain :]
        left = self._rests[self._state(tuple([switch.class_of(switch.usual) for switch in keys]))]
        asked: frozenset[Expression] = frozenset().union(*[self.expressions.checks(rest) for _, rest in left])
        first = [switch for switch in others if not asked.isdisjoint(switch.checks)]
        self.switches = [*keys, *first, *(switch for switch in others if switch not in first)]
        return self._plain + len(first)

    def _state(self, classes: tuple[int, ...]) -> int:
        """Return the state that the first switches lead to if their values are of these classes."""
        state = self._states.get(classes)
        if state is None:
            before = self._state(classes[:-1])
            left = self.specialised(self._rests[before], len(classes) - 1, classes[-1])
            state = self._states[classes] = self._number(left)
        return state

    def _residual(self, state: int) -> Residual | None:
        if state not in self._made:
            left = [(self._rules[number], rest) for number, rest in self._rests[state]]
            self._made[state] = (
                generate(left, self.expressions, first_match=self._first_match, reader=self.reader) if left else None
            )
        return self._made[state]

    def specialised(self, rest: Rest, number: int, class_: int) -> Rest:
        """Return what is left of `rest` where the value of switch `number` is of this class."""
        known = self.switches[number].classes[class_]
        done = self._restricted.setdefault((number, class_), {})
        left = [(rule, self.expressions.restrict(condition, known, done)) for rule, condition in rest]
        return tuple([(rule, condition) for rule, condition in left if condition != FALSE])

    def _number(self, rest: Rest) -> int:
        """Return the number of a remainder, the same for an equal one."""
        if rest not in self._numbers:
            self._numbers[rest] = len(self._rests)
            self._rests.append(rest)
        return self._numbers[rest]

    def _forget(self) -> None:
        """Begin anew: who sends events with all that rules mention, in every combination, is not to fill the memory."""
        self.expressions.forget(self._size)
        for switch in self.switches:
            switch.forget()
        self.empty.clear()
        self.residuals.clear()
        self._rests: list[Rest] = [self.whole]
        self._numbers: dict[Rest, int] = {self.whole: 0}
        self._states: dict[tuple[int, ...], int] = {(): 0}
        self._made: dict[int, Residual | None] = {}
        self._restricted: dict[tuple[int, int], dict[Expression, Expression]] = {}


def _make_room(memory: set[Any] | dict[Any, Any]) -> None:
    if len(memory) >= MAX_KEYS:
        memory.clear()
