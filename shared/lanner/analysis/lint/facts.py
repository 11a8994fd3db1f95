"""What a rule needs to match: an audit level, and a provider whose log can hold what it looks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from lanner.analysis.lint.possible import MISSING, OTHER, Possible, Situation, Values, fields_of
from lanner.analysis.lint.providers import EXPORTED_STAGES, LEVELS, PROVIDERS, Requests, values_of_policies
from lanner.fields import BoundField
from lanner.ruleset import Rule

__all__ = ["Question", "RuleFacts", "facts", "facts_of", "is_portable", "level_of"]

_PROVIDER = "ka.provider"
_LEVEL = "ka.level"
_ALWAYS_TRUE = "ka.req.binding.subject.has_name"  # also without the body that it is said to be about


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is certain about a rule.

    `level` is the least audit level at which it can match, empty if it never can (or is not evaluated). `full_level` is
    the highest level of what its condition and its output look at: below it, parts of them see nothing. `resources` and
    `verbs` are those that its condition names, empty if it asks for none in particular. `portable` says that condition
    and output, as they are compiled, have only fields that Falco has.

    `never_on` are providers on which it can never match, `data_access_on` those on which it does only with a log that
    is off by default; `reasons` says why, for each of them.
    """

    level: str
    full_level: str
    portable: bool
    never_on: frozenset[str]
    data_access_on: frozenset[str]
    resources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def providers(self) -> dict[str, str]:
        """For each provider `yes`, `data-access` (only with Data Access logs) or `never`."""
        return {
            name: "never" if name in self.never_on else "data-access" if name in self.data_access_on else "yes"
            for name in PROVIDERS
        }


def level_of(bound: BoundField) -> str:
    """Return the least audit level at which a field can have a value."""
    return LEVELS[0] if bound.field.name == _ALWAYS_TRUE else bound.level


def is_portable(fields: Iterable[BoundField]) -> bool:
    """Tell whether Falco has all of these fields."""
    return all(bound.field.is_portable for bound in fields)


def facts(rule: Rule) -> RuleFacts:
    """Return what is certain about a rule, on all events that there can be."""
    return _NOT_EVALUATED if rule.condition is None else facts_of(Question(rule))


def facts_of(question: Question) -> RuleFacts:
    """Return what is certain about the rule of a question."""
    fields = [*question.fields.values(), *question.output.values()]
    portable = is_portable(fields)
    levels = [level_of(bound) for bound in fields]
    full_level = max(levels, key=LEVELS.index, default=LEVELS[0])
    level = question.least_level()
    if not level:
        return RuleFacts("", full_level, portable, frozenset(PROVIDERS), frozenset())
    answers = {name: question.on(name) for name in PROVIDERS}
    narrowed = question.narrowed()
    assert narrowed is not None  # there is a level at which it can match
    return RuleFacts(
        level=level,
        full_level=full_level,
        portable=portable,
        never_on=frozenset([name for name, (answer, _) in answers.items() if answer == "never"]),
        data_access_on=frozenset([name for name, (answer, _) in answers.items() if answer == "data-access"]),
        resources=_named(narrowed, "ka.target.resource"),
        verbs=_named(narrowed, "ka.verb"),
        reasons=MappingProxyType({name: reason for name, (_, reason) in answers.items() if reason}),
    )


_NOT_EVALUATED = RuleFacts("", "", True, frozenset(PROVIDERS), frozenset())


class Question:
    """A rule that is evaluated, prepared for questions about when its condition can be true."""

    def __init__(self, rule: Rule) -> None:
        assert rule.condition is not None
        self.rule = rule
        self.condition = rule.condition
        self.fields = fields_of(rule.condition)
        self.output = {} if rule.output is None else {bound.text: bound for bound in rule.output.fields}
        names: dict[str, frozenset[bytes]] = {name: frozenset() for name in (*self.fields, *self.output)}
        self.possible = Possible([rule.condition], names | _policy_values() | _provider_values())

    def narrowed(self, level: str = LEVELS[-1]) -> Situation | None:
        """Return what fields may be where the rule matches at this level; `None` if it cannot."""
        levels = frozenset([name.encode() for name in LEVELS[: LEVELS.index(level) + 1]])
        return self.possible.narrowed(self.condition, self._at(level, {_LEVEL: levels}))

    def least_level(self) -> str:
        """Return the least audit level at which the rule can match, empty if there is none."""
        return next((level for level in LEVELS if self.narrowed(level) is not None), "")

    def can_match(self, only: Situation, absent: Iterable[str] = ()) -> bool:
        """Tell whether the rule can match where fields have `only` these values, or are `absent`."""
        return self.possible.narrowed(self.condition, self.possible.situation(only, absent=absent)) is not None

    def above(self, level: str, *, output: bool = False) -> list[str]:
        """Return the fields of the condition, and of the `output`, that events of this level do not have."""
        fields = self.fields | self.output if output else self.fields
        return [name for name, bound in fields.items() if _is_above(bound, level)]

    def on(self, provider: str) -> tuple[str, str]:
        """Return `yes`, `never` or `data-access` for a provider, and the reason if it is not `yes`."""
        optional: list[str] = []
        for requests in PROVIDERS[provider]:
            if self._is_seen(requests, provider, requests.level):
                if not requests.is_data_access:
                    return "yes", ""
                optional.append(requests.what)
        if optional:
            return "data-access", f"only that log has {' and '.join(dict.fromkeys(optional))}"
        return "never", self._reason(provider)

    def _reason(self, provider: str) -> str:
        unseen: list[str] = []
        for requests in PROVIDERS[provider]:
            if self._is_seen(requests, provider, LEVELS[-1]):
                how = "not logged" if requests.level is None else f"logged at level {requests.level}"
                unseen.append(f"{requests.what}: {how}")
        if unseen:
            return "; ".join(dict.fromkeys(unseen))
        lacking = [name for name, bound in self.fields.items() if provider not in bound.field.providers]
        if lacking:
            return f"its log has no {', '.join(lacking)}"
        return "its log has no such event"

    def _is_seen(self, requests: Requests, provider: str, level: str | None) -> bool:
        if level is None:
            return False
        envelope: Values = frozenset((MISSING, provider.encode()))
        only = {**requests.only, **EXPORTED_STAGES.get(provider, {}), _PROVIDER: envelope}
        # Not `ka.level`: what the source of a provider calls the level of an event need not be that of the API server.
        situation = self._at(level, only, requests.never, self._lacking(provider))
        return self.possible.narrowed(self.condition, situation) is not None

    def _lacking(self, provider: str) -> Iterator[str]:
        return (name for name, bound in self.fields.items() if provider not in bound.field.providers)

    def _at(
        self,
        level: str,
        only: Situation | None = None,
        never: Situation | None = None,
        absent: Iterable[str] = (),
    ) -> Situation:
        return self.possible.situation(only, never, [*self.above(level, output=True), *absent])


def _is_above(bound: BoundField, level: str) -> bool:
    return LEVELS.index(level_of(bound)) > LEVELS.index(level)


@cache
def _policy_values() -> dict[str, frozenset[bytes]]:
    return values_of_policies() | {_LEVEL: frozenset([level.encode() for level in LEVELS])}


@cache
def _provider_values() -> dict[str, frozenset[bytes]]:
    return {_PROVIDER: frozenset([name.encode() for name in PROVIDERS])}


def _named(situation: Situation, name: str) -> tuple[str, ...]:
    """Return the values that a field must have one of, sorted; none if it may be anything, or absent."""
    values = situation[name]
    if MISSING in values or OTHER in values:
        return ()
    return tuple(sorted([value.decode(errors="replace") for value in values if isinstance(value, bytes)]))
