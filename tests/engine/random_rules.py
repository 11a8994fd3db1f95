"""Random rules over all fields, whose constants are values of the fields on random events, and near misses of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

import msgspec

from lanner.errors import ConditionError
from lanner.fields import Argument, Event, NoValue, RawEvent, Type, catalogue
from lanner.language import TRUE, compile_condition, fold, parse
from lanner.language.nodes import quote
from lanner.ruleset import Rule
from support import rules_from

__all__ = ["FIELDS", "POINTERS", "Rules", "rule"]

_PLACES = """
/verb /stage verb /user/username /objectRef/resource /objectRef/subresource /objectRef/name objectRef/namespace
/responseStatus/code /auditID /kind /apiVersion /user /objectRef /responseStatus /user/groups/0 /user/groups
/requestObject /requestObject/spec /requestObject/spec/containers/0/image /requestObject/spec/containers/image
/requestObject/spec/hostNetwork /requestObject/data /requestObject/kind /requestObject/0/op /annotations
/annotations/authorization.k8s.io~1decision /zzz /objectRef/zzz /level /userAgent /requestReceivedTimestamp
/responseObject/metadata/name /impersonatedUser/username /sourceIPs /user/extra /user/username/x /requestURI ""
"""
POINTERS = (
    *(f"jevt.value[{place}]" for place in _PLACES.split()),
    *("json.value[/verb]", "json.value[/user/username]", "json.value[/responseStatus/code]"),
)

SWITCHES = (
    *("ka.stage", "ka.verb", "ka.target.resource", "ka.target.subresource", "ka.response.code", "ka.user.name"),
    *("ka.target.namespace", "ka.target.name", "ka.req.configmap.name", *POINTERS[:9]),
)

_ARGUMENTS = {
    Argument.NONE: ("",),
    Argument.INDEX: ("", "[0]", "[1]"),
    Argument.KEY: ("[command]", "[/etc]", "[/var*]", "[limit]"),
    Argument.NETWORK: ("[203.0.113.0/24]", "[::/0]"),
}
_ARGUMENTS_OF = {
    "ka.req.values": ("[/spec/containers/image]", "[/subjects/kind]", "[/spec/replicas]", "[/rules]", '[""]'),
    "ka.req.keys": ("[/metadata]", "[/data]", "[/spec/volumes]", '[""]'),
    "ka.req.role.verbs_for": ("[secrets]", "[pods/exec]", "[deployments.apps]"),
    "ka.user.extra": ("[k]", "[x]"),
    "ka.impuser.extra": ("[k]", "[x]"),
}
FIELDS = (
    *(
        f"{name}{argument}"
        for name, field in catalogue().fields.items()
        if name not in ("evt.hostname", "jevt.value", "json.value")
        for argument in _ARGUMENTS_OF.get(name, _ARGUMENTS[field.argument])
    ),
    *POINTERS,
)

_OUTPUT = (
    "%evt.num %evt.reltime %evt.time %ka.user.name %ka.verb %ka.target.name %ka.response.code %ka.user.groups "
    "%ka.req.pod.containers.image %ka.req.pod.volumes.hostpath %ka.req.configmap.obj %ka.req.binding.subjects "
    "%jevt.value[/requestObject/spec] %jevt.value[/user] %jevt.value[/objectRef] %ka.auth.decision %ka.uri %jevt.obj"
)
_TEXT_OPERATORS = ("=", "=", "==", "!=", "contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex")
_ORDER = ("<", "<=", ">", ">=")


@cache
def _base() -> Rule:
    return rules_from(
        f"""
- rule: any
  desc: d
  condition: ka.verb exists
  output: '{_OUTPUT}'
  priority: NOTICE
  source: k8s_audit
"""
    )[0]


def rule(condition: str, name: str = "rule", *, folded: bool = True) -> Rule | None:
    """Return a rule with this condition, `None` if it is false on every event. Raises `ConditionError`."""
    compiled = compile_condition(parse(condition), catalogue(), condition)
    if folded:
        compiled = fold(compiled)
    if compiled is False:
        return None
    compiled = TRUE if compiled is True else compiled
    return msgspec.structs.replace(_base(), name=name, condition_text=condition, condition=compiled)


class Rules:
    """Random rules for some events: their constants are values that the fields have there, and near misses."""

    def __init__(self, random: Random, raws: Sequence[RawEvent]) -> None:
        self.random = random
        self._events = [Event(raw, number, 0) for number, raw in enumerate(raws, 1)]
        self._values: dict[str, list[bytes]] = {}

    def make(self, count: int) -> list[Rule]:
        """Return so many rules, which share some of their checks."""
        checks = [self._check() for _ in range(count)]
        found: list[Rule] = []
        while len(found) < count:
            condition = self._deep(checks) if self.random.random() < 0.02 else self._tree(checks, 2)
            made = rule(condition, f"rule {len(found)}")
            if made is not None:
                found.append(made)
        return found

    def _tree(self, checks: Sequence[str], depth: int) -> str:
        pick, chance = self.random.choice, self.random.random
        if depth == 0 or chance() < 0.35:
            return pick(("", "", "not ")) + (pick(checks) if chance() < 0.8 else self._check())
        inner = [self._tree(checks, depth - 1) for _ in range(pick((2, 2, 3)))]
        return f"{pick(('', '', 'not '))}({pick((' and ', ' and ', ' or ')).join(inner)})"

    def _deep(self, checks: Sequence[str]) -> str:
        """Return a condition that nests deeper than generated code does."""
        pick = self.random.choice
        text = pick(checks)
        for _ in range(pick((18, 21, 45, 80))):
            text = f"{pick(checks)} {pick(('and', 'or'))} not ({pick(checks)} or ({text}))"
        return text

    def _check(self) -> str:
        """Return a check that compiles."""
        while True:
            (fields,) = self.random.choices((SWITCHES, POINTERS, FIELDS), (45, 20, 35))
            text = self._check_of(self.random.choice(fields))
            try:
                compile_condition(parse(text), catalogue(), text)
            except ConditionError:
                continue  # a number that is none, a list where there may be none ...
            return text

    def _check_of(self, field: str) -> str:
        pick, chance = self.random.choice, self.random.random
        type_, is_list = _kind(field)
        if chance() < 0.1:
            return f"{field} exists"
        if chance() < 0.12:
            other = pick([name for name in (*FIELDS, *SWITCHES) if _kind(name) == (type_, is_list)])
            operators = ("in", "intersects") if is_list else ("=", "!=", "contains", "startswith", "glob", "<", "in")
            return f"{field} {pick(operators)} {pick(('val', 'val', 'tolower', 'toupper'))}({other})"
        if is_list:
            return self._check_of_list(field)
        constant = self._constant(field)
        if type_ is not Type.STRING:
            return f"{field} {pick(('=', '!=', *_ORDER))} {constant.decode('latin-1')}"
        if chance() < 0.85:
            return f"{field} {self._right(field, constant)}"
        name = pick(("tolower", "toupper", "basename", "b64", "len", "concat"))
        if name == "len":
            return f"len({field}) {pick(('=', *_ORDER))} {len(constant)}"
        left = f"concat({field}, 'x', ka.verb)" if name == "concat" else f"{name}({field})"
        return f"{left} {self._right(field, getattr(constant, name.removeprefix('to'), lambda: constant)())}"

    def _right(self, field: str, constant: bytes) -> str:
        pick, chance = self.random.choice, self.random.random
        constants = ", ".join(map(quote, [constant, *(self._constant(field) for _ in range(pick((0, 1, 1, 2, 5))))]))
        kind = chance()
        if kind < 0.25:
            return f"{pick(('in', 'intersects', 'in'))} ({constants})"
        if kind < 0.3:
            return f"pmatch ({constants}, '/etc', '/api/*')"
        if kind < 0.33:
            return f"{pick(_ORDER)} {pick(('201', '300', '-1', '5'))}"
        operator = pick(_TEXT_OPERATORS)
        if operator in ("glob", "iglob", "regex"):
            any_, some = (b".", b".*") if operator == "regex" else (b"?", b"*")
            constant = b"".join(char if char.isalnum() else any_ for char in map(int.to_bytes, constant))
            constant = pick((constant, constant[:3] + some, some + constant[-3:]))
        elif operator not in ("=", "==", "!="):
            constant = pick((constant, constant[:3], constant[-2:], constant[1:4]))
        if chance() < 0.15:
            return f"{operator} {pick(('oneof', 'anyof', 'allof'))} ({constants})"
        return f"{operator} {quote(constant)}"

    def _check_of_list(self, field: str) -> str:
        pick, kind = self.random.choice, self.random.random()
        constants = ", ".join(quote(self._constant(field)) for _ in range(pick((1, 2, 2, 6))))
        if kind < 0.6:
            return f"{field} {pick(('in', 'intersects'))} ({constants})"
        if kind < 0.75:
            return f"join(',', {field}) contains {quote(self._constant(field)[:4])}"
        if kind < 0.85:
            return f"len({field}) {pick(('=', *_ORDER))} {pick((0, 1, 2))}"
        if kind < 0.95:
            return pick((f"getopt({field}, 'lao:')[o] exists", f"len(getopt({field}, 'c:')) > 0"))
        return f"toupper({field}) intersects ({constants})"

    def _constant(self, field: str) -> bytes:
        """Return a value that the field has on some event, or a near miss."""
        value = self.random.choice(self._values_of(field))
        if self.random.random() < 0.2:
            misses = (value[:-1], value + b"x", value.upper(), value[::-1], b"", b"\xff", "é".encode(), b"null")
            value = self.random.choice(misses)
        return value.replace(b"\0", b"")[:300]

    def _values_of(self, field: str) -> list[bytes]:
        """Return values of a field on the events."""
        if field not in self._values:
            found = {b"x": None, b"0": None}
            for event in self._events:
                value = _bound(field).value(event)
                for item in value if isinstance(value, list) else [value]:
                    if not isinstance(item, NoValue):
                        found[item if isinstance(item, bytes) else str(item).lower().encode()] = None
            self._values[field] = list(found)
        return self._values[field]


@cache
def _kind(field: str) -> tuple[Type, bool]:
    bound = _bound(field)
    return bound.field.type, bound.field.is_list


@cache
def _bound(field: str):
    name, _, argument = field.partition("[")
    return catalogue().bind(name, argument[:-1].strip('"') if argument else None)
