"""Generated code: what is left of the rules as one function, in which no text of a rule stands."""

import json
import re

import pytest

from engine.random_rules import rule
from lanner.engine import CompiledEngine, codegen
from lanner.engine.codegen import Residual, generate
from lanner.engine.expressions import Expressions
from lanner.fields import Event, RawEvent
from lanner.language.nodes import quote
from support import an_event

NAMES = re.compile(
    r"def|judge|event|matched|append|return|if|and|or|not|is|in|missing|unread|else|truth|startswith|endswith"
    r"|(?:rule|read|v|c|test|compare|condition)\d+"
)


def residual(*conditions: str, first_match: bool = False) -> Residual:
    expressions = Expressions()
    rules = [rule(text, text, folded=False) for text in conditions]
    return generate([(made, expressions.of(made.condition)) for made in rules], expressions, first_match=first_match)


def matches(found: Residual, **changes: object) -> list[str]:
    text = json.dumps(an_event(**changes), ensure_ascii=False, separators=(",", ":")).encode()
    return [made.name for made in found.judge(Event(RawEvent(text), 7, 0))]


def test_a_function_for_two_rules():
    found = residual("ka.uri contains pods and not ka.uri endswith log", "ka.req.pod.host_network exists")
    assert found.source == (
        "def judge(event):\n"
        "    matched = []\n"
        "    if (\n"
        "        ((v1 := read1(event)) is not missing and c2 in v1)\n"
        "        and (not (v1 is not missing and v1.endswith(c3)))\n"
        "    ):\n"
        "        matched.append(rule0)\n"
        "    if ((v5 := read5(event)) is not missing):\n"
        "        matched.append(rule4)\n"
        "    return matched\n"
    )
    # AND what the names in it stand for
    assert found.names["read1"] == "ka.uri"
    assert found.names["c2"] == "b'pods'"
    assert found.names["rule4"] == "ka.req.pod.host_network exists"


def test_the_first_match_returns():
    found = residual("ka.verb = get", "ka.verb = create", "ka.verb exists", first_match=True)
    assert matches(found) == ["ka.verb = create"]
    assert matches(found, verb="get") == ["ka.verb = get"]
    assert matches(found, verb=None) == []
    assert "return [rule" in found.source


def test_what_is_true_needs_no_question():
    expressions = Expressions()
    made = rule("evt.num exists")
    found = generate([(made, expressions.of(made.condition))], expressions)
    assert found.source == "def judge(event):\n    matched = []\n    matched.append(rule0)\n    return matched\n"
    assert found.judge(Event(RawEvent(b"{}"), 1)) == [made]


TRUE = [
    "ka.verb = create",
    "ka.verb == create",
    "ka.verb != get",
    "ka.verb exists",
    "ka.verb contains rea",
    "ka.verb icontains REA",
    "ka.verb startswith cre",
    "ka.verb endswith ate",
    "ka.verb glob c*e",
    "ka.verb iglob C*E",
    "ka.verb regex c.*e",
    "ka.verb in (get, create)",
    "ka.verb intersects (get, create)",
    "ka.uri pmatch (/api/*/namespaces)",
    "ka.verb = oneof (create, get)",
    "ka.verb startswith anyof (c, x)",
    "ka.verb contains allof (c, a)",
    "ka.verb != allof (a, b)",
    "ka.verb > 5",
    "ka.verb = val(jevt.value[/verb])",
    "ka.verb in val(ka.verb)",
    "toupper(ka.verb) = CREATE",
    "ka.verb = tolower(ka.verb)",
    "ka.user.groups in (dev, 'system:authenticated', x)",
    "ka.user.groups intersects (dev, x)",
    "ka.user.groups intersects val(ka.user.groups)",
    "ka.user.groups exists",
    "len(ka.user.groups) = 2",
    "join('-', ka.user.groups) startswith dev-",
    "evt.num = 7",
    "evt.num in (6, 7)",
    "evt.num <= 7",
    "evt.is_async = false",
    "evt.is_async != true",
    "evt.is_async in (false)",
]
FALSE = [
    "ka.verb = get",
    "ka.verb in ()",
    "ka.user.groups in ()",
    "ka.user.groups intersects ()",
    "ka.user.groups in (dev)",
    "ka.impuser.name != x",
    "ka.impuser.name = ''",
    "ka.impuser.name exists",
    "ka.impuser.name contains ''",
    "ka.impuser.name = val(ka.impuser.name)",
    "ka.verb != val(ka.impuser.name)",
    "ka.impuser.name != allof (a)",
    "ka.verb = oneof (create, create)",
    "ka.verb = anyof ()",
    "ka.verb = allof ()",
    "ka.verb > val(ka.verb)",
]


@pytest.mark.parametrize("condition", TRUE)
def test_checks_that_are_true(condition):
    assert matches(residual(condition, f"not {condition}")) == [condition]


@pytest.mark.parametrize("condition", FALSE)
def test_checks_that_are_false(condition):
    assert matches(residual(condition, f"not {condition}")) == [f"not {condition}"]


def test_a_value_is_read_once_however_often_it_is_asked_for(monkeypatch):
    # GIVEN rules that ask for the same value behind `and` and `or`, as a field and on the right
    conditions = (
        "ka.verb = x and ka.uri = a",
        "ka.verb = create or ka.uri = b",
        "not ka.uri = c and ka.verb = create",
        "ka.uri = d or ka.uri = val(ka.uri)",
        "toupper(ka.uri) = E or toupper(ka.uri) startswith /API",
        "toupper(ka.uri) contains NAMESPACES",
    )
    found = residual(*conditions)
    assert list(found.names.values()).count("ka.uri") == 1
    assert list(found.names.values()).count("toupper(ka.uri)") == 1
    reads = []
    text_of = Event.text
    monkeypatch.setattr(Event, "text", lambda event, path: (reads.append(path), text_of(event, path))[1])
    # THEN whichever of them comes first reads it, and no other does
    assert matches(found) == list(conditions[1:])
    assert reads.count(("requestURI",)) == 1
    assert reads.count(("verb",)) == 1


@pytest.mark.parametrize("depth", [codegen.MAX_DEPTH - 1, codegen.MAX_DEPTH, codegen.MAX_DEPTH + 1, 100])
def test_conditions_that_nest_too_deep_for_code_are_evaluated_as_trees(depth):
    text = "ka.verb = create"
    for number in range(depth):
        outer, inner = ("and", "or") if number % 2 else ("or", "and")
        text = f"ka.uri contains pods {outer} ({text} {inner} ka.stage = x)"
    found = residual(text, f"not ({text})")
    assert ("truth(" in found.source) == (depth >= codegen.MAX_DEPTH // 2)
    assert matches(found) == [text]


# ------------------------------------------------------------------------------------------------ hostile texts

HOSTILE = (
    "__import__('os').system('x')",
    "'); __import__('os') #",
    '"""\n    raise SystemExit\n"""',
    "\\",
    "a\\'b",
    "{0}{c1}{value}",
    "\nreturn rule0\n",
    "rule0",
    "\x07\x1b[31m",
    "\udcff\udc80",
    "%s%d",
    "é\u2028\ufeff",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_rule_is_code(text):
    quoted = quote(text.encode("utf-8", "surrogateescape"))
    argument = text if not re.search(r"[\s\[\]\"'\udc80-\udcff]", text) else "x"
    operators = ("=", "!=", "contains", "icontains", "startswith", "endswith", "glob")
    fields = ("ka.verb", "ka.uri", f"ka.uri.param[{argument}]", f"jevt.value[/{argument}]", "toupper(ka.user.name)")
    rules = [
        *(rule(f"{field} {operator} {quoted}", text) for field in fields for operator in operators),
        *(rule(f"{field} in ({quoted}, {quoted})", text) for field in (*fields, "ka.user.groups")),
        *(rule(f"{field} = oneof ({quoted}, b)", text) for field in fields),
        rule(f"concat({quoted}, ka.verb) = {quoted}", text),
        rule(f"ka.verb = concat({quoted}, ka.uri)", text),
    ]
    engine = CompiledEngine(rules)
    expressions = Expressions()
    whole = generate([(made, expressions.of(made.condition)) for made in rules], expressions)
    sources = [whole.source]
    for value in ("create", text.encode(errors="replace").decode()):
        found = engine.dispatch.residual((value,) * len(engine.dispatch.switches))
        sources += [found.source] if found else []
    # THEN the source is made of our names and marks only
    for source in sources:
        assert source.isascii()
        assert set(re.findall(r"[^\W\d]\w*", source)) <= set(filter(NAMES.fullmatch, re.findall(r"\w+", source)))
        assert set(re.sub(r"\w+", "", source)) <= set(" \n()[]:=,.{}!<>")
    if len(text) > 1 and text != "rule0":
        assert text not in engine.loop
    # AND it runs without anything that Python has built in
    assert whole.judge.__globals__["__builtins__"] == {}
    json_text = json.dumps(an_event(verb="x", requestURI="y")).encode()
    whole.judge(Event(RawEvent(json_text), 1))
