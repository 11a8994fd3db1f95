"""The artefact: the same rules as from YAML, and no damage that gets through."""

from __future__ import annotations

import zlib
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lanner
from lanner.engine import ReferenceEngine
from lanner.errors import ConditionError, LannerError, RulesError, UsageError
from lanner.fields import BODIES, Catalogue
from lanner.language.nodes import walk
from lanner.ruleset import AppendOutput, Priority, Ruleset, Selection, load_texts
from lanner.ruleset.artefact import digest, is_artefact, read, write
from support import an_event, opened

RULES = r"""
- list: verbs
  items: [create, patch]
- macro: write
  condition: ka.verb in (verbs)
- macro: never
  condition: jevt.rawtime=0
- rule: Written
  desc: writing
  condition: >
    write and not ka.user.name in (robot) and (ka.target.resource exists or ka.uri contains oneof ("/a", "/b"))
  output: >
    %ka.user.name did %10ka.verb to %jevt.value[/objectRef] %toupper(ka.verb) %join(",", (ka.verb, "x", len(ka.uri)))
  priority: WARNING
  source: k8s_audit
  tags: [b, a]
  exceptions:
    - name: e
      fields: [ka.user.name, ka.verb]
      comps: [startswith, =]
      values: [[system, patch]]
- rule: Off
  desc: off
  condition: >
    ka.verb exists and len(ka.user.groups) > 1 and getopt(ka.user.groups, "a:")[a] = x
    or not ka.response.code exists or concat(ka.verb, "-", ka.stage) = "get-1"
  output: "%ka.verb %evt.time %ka.uri.param[x]"
  priority: DEBUG
  source: k8s_audit
  enabled: false
- rule: Dead
  desc: dead
  condition: ka.verb = get and never
  output: "%ka.verb"
  priority: ERROR
  source: k8s_audit
  tags: [a]
- rule: Always
  desc: always
  condition: evt.num exists
  output: plain
  priority: INFO
  source: k8s_audit
- rule: Patterns
  desc: patterns
  condition: ka.uri regex "/a.*" or ka.user.name glob "al*" or ka.verb = val(ka.stage) or ka.uri pmatch (/a/b)
  output: "%ka.user.groups"
  priority: NOTICE
  source: k8s_audit
- rule: Bytes
  desc: bytes
  condition: jevt.value['/\xff'] = '\xfex'
  output: "%ka.verb"
  priority: NOTICE
  source: k8s_audit
- rule: System call
  desc: syscall
  condition: evt.type = open
  output: "%proc.name"
  priority: NOTICE
  source: syscall
- rule: Unknown
  desc: unknown
  condition: ka.nothing = x
  output: "%ka.verb"
  priority: NOTICE
  source: k8s_audit
  skip-if-unknown-filter: true
"""
EVENTS = [
    an_event(),
    an_event(verb="get"),
    an_event(verb="patch", user={"username": "system:x", "groups": ["-a", "x"]}, responseStatus=None),
    an_event(requestURI="/a/b/c", objectRef=None, user={"username": "robot"}),
]


def loaded(text: str = RULES, static: dict[str, str] | None = None, append: tuple[AppendOutput, ...] = ()) -> Ruleset:
    result = load_texts([("rules.yaml", text.encode())], Catalogue(static), append)
    assert result.ruleset is not None, [str(found) for found in result.results]
    return result.ruleset


def built(**settings) -> bytes:
    return write(loaded(**settings))


def alerts(rules, events=EVENTS, lost=frozenset()) -> list[tuple[str, bytes]]:
    engine = ReferenceEngine(rules)
    opened_events = [opened(event, lost=lost) for event in events]
    return [(rule.name, rule.output.render(event)) for event in opened_events for rule in engine.judge(event).matched]


# ---------------------------------------------------------------------------------------------------- the same rules


def test_it_holds_the_rules_of_the_files():
    # GIVEN rules of every kind
    ruleset = loaded()
    # WHEN they go through an artefact
    copy = read(write(ruleset), "x")
    # THEN all that is known of them is the same
    assert [rule.name for rule in copy.rules] == [rule.name for rule in ruleset.rules]
    for rule, original in zip(copy.rules, ruleset.rules, strict=True):
        for name in ("source", "description", "priority", "tags", "enabled", "condition_text", "output_text", "never"):
            assert getattr(rule, name) == getattr(original, name)
        assert str(rule.place) == str(original.place)
        assert str(rule.condition) == str(original.condition)
        assert rule.is_evaluable == original.is_evaluable
        if rule.output is not None:
            assert rule.output.text == original.output.text
            assert [field.text for field in rule.output.fields] == [field.text for field in original.output.fields]
    assert [rule.name for rule in copy.rules if not rule.is_evaluable] == ["System call", "Unknown"]


def test_the_rules_alert_in_the_same_way():
    ruleset = loaded()
    copy = read(write(ruleset), "x")
    everything = [Selection(enable=True, rule="*")]
    expected = alerts(ruleset.select(everything))
    assert {name for name, _ in expected} == {"Written", "Off", "Always", "Patterns"}
    assert alerts(copy.select(everything)) == expected
    assert alerts(copy.select(everything), lost=BODIES) == alerts(ruleset.select(everything), lost=BODIES)


@pytest.mark.parametrize(
    ("selections", "threshold"),
    [
        ((), Priority.DEBUG),
        ((), Priority.WARNING),
        ((Selection(enable=True, rule="Off"),), Priority.DEBUG),
        ((Selection(enable=False, rule="*"), Selection(enable=True, tag="a")), Priority.DEBUG),
        ((Selection(enable=True, rule="Dead"),), Priority.ERROR),
    ],
)
def test_the_rules_are_selected_in_the_same_way(selections, threshold):
    ruleset = loaded()
    chosen = read(write(ruleset), "x").select(selections, threshold)
    assert [rule.name for rule in chosen] == [rule.name for rule in ruleset.select(selections, threshold)]


def test_a_dead_rule_is_there_by_name_only():
    dead = read(built(), "x").rules[2]
    assert dead.never == "its condition is never true: jevt.rawtime = 0"
    assert (str(dead.condition), dead.output) == ("false", None)


def test_a_check_is_written_once(load, a_rule):
    text = a_rule("A", condition="ka.verb = get and ka.uri exists") + a_rule("B", condition="not ka.verb=get")
    body = msgspec.msgpack.decode(write(load(text).ruleset).partition(b"\n")[2])
    assert len(body["checks"]) == 2


def test_constants_and_appended_outputs_of_a_configuration():
    # GIVEN rules that a configuration adds to
    text = RULES + (
        "- rule: Static\n  desc: d\n  condition: static.team = red and ka.verb exists\n"
        '  output: "%static.team"\n  priority: INFO\n  source: k8s_audit\n'
    )
    static = {"team": "red"}
    append = (
        AppendOutput(extra_output="by %ka.user.name", suggested_output=True, tags=("a",)),
        AppendOutput(
            extra_fields=(("ka.verb", None), ("ka.verb and more", None), ("who", "%ka.user.name")), tags=("a",)
        ),
    )
    ruleset = loaded(text, static, append)
    content = write(ruleset, static, append)
    # WHEN they are read where there is no configuration, or the same one
    for settings_digest in ("", digest(static, append)):
        copy = read(content, "x", settings_digest)
        # THEN it has been taken along
        written = alerts(copy.select())
        assert written == alerts(ruleset.select())
        assert ("Static", b"red") in written
        assert any(b"by alice static_team=red" in message for _, message in written)
        extra = [(extra.key, extra.template, extra.raw) for extra in copy.rules[0].extra_fields]
        assert [(key, bool(template), bool(raw)) for key, template, raw in extra] == [
            ("ka.verb", False, True),
            ("ka.verb and more", False, False),
            ("who", True, False),
        ]
    # AND another configuration is refused
    with pytest.raises(UsageError, match=r"x: static_fields and append_output are settled .* were built with others"):
        read(content, "x", digest({"team": "blue"}, append))
    with pytest.raises(UsageError, match="settled"):
        read(built(), "x", digest({"team": "blue"}, ()))


def test_no_settings_have_no_digest():
    assert digest({}, ()) == ""


def test_the_same_rules_are_the_same_bytes():
    assert built() == built()


def test_a_text_that_is_not_utf_8():
    with pytest.raises(UsageError, match=r"'red.\\udcff' is not UTF-8, so it cannot stand in an artefact"):
        write(loaded(), {"team": "red\udcff"})


# ---------------------------------------------------------------------------------------------------- what is refused


def remade(change) -> bytes:
    """Return an artefact with a body that `change` has been applied to, and a checksum that fits."""
    body = msgspec.msgpack.decode(built().partition(b"\n")[2])
    changed = change(body)
    return sealed(msgspec.msgpack.encode(body if changed is None else changed))


def sealed(packed: bytes) -> bytes:
    return f"lanner-rules 2 {lanner.__version__} crc32:{zlib.crc32(packed):08x}\n".encode() + packed


def put(*path_and_value):
    """Return a change that puts a value at a path."""
    *path, last, value = path_and_value

    def change(body):
        for key in path:
            body = body[key]
        body[last] = value

    return change


def test_it_is_known_by_its_first_bytes():
    assert is_artefact(built())
    assert is_artefact(built()[:13])
    assert not is_artefact(b"- rule: x")


def test_other_files():
    with pytest.raises(UsageError, match="f: this is no rules artefact"):
        read(b"- rule: x\n", "f")


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"lanner-rules 1 0.1.0 crc32:0", "has the format '1', not 2"),
        (b"lanner-rules 2 9.9.9 crc32:0", "was built by Lanner '9.9.9', this is "),
        (b"lanner-rules 2 %b crc32:0" % lanner.__version__.encode(), "is damaged .its checksum differs"),
        (b"lanner-rules ", "is damaged .its first line"),
        (b"lanner-rules \xff\xfe\x00", "is damaged .its first line"),
        (b"lanner-rules 2 2 3 4", "is damaged .its first line"),
    ],
)
def test_headers(header, problem):
    with pytest.raises(RulesError, match=problem) as found:
        read(header + b"\n" + built().partition(b"\n")[2], "f")
    assert "build it again with `lanner build RULES -o f`" in str(found.value)


RULE, CHECK = ("rules", 0), ("checks", 0)
REFUSED = {
    "not a mapping": (lambda body: 1, "damaged"),
    "no checks": (put("checks", None), "damaged"),
    "priority": (put(*RULE, "priority", 9), "damaged"),
    "check that is not there": (put(*RULE, "condition", 99), "there is no check 99"),
    "group that is not there": (put(*RULE, "condition", -100), "there is no group 99"),
    "group in itself": (put("groups", [["and", [0, -1]]]), "there is no group 0 here"),
    "unknown connective": (put("groups", [["xor", [0, 1]]]), "damaged"),
    "negation of two": (put("groups", [["not", [0, 1]]]), "negation"),
    "negation of none": (put("groups", [["not", []]]), "negation"),
    "no output": (put(*RULE, "output", None), "no output"),
    "never and a condition": (put(*RULE, "never", "x"), "no output"),
    "unknown field": (put(*CHECK, 0, ["field", "ka.nothing", None]), "does not fit: unknown field ka.nothing"),
    "unknown field in an output": (
        put(*RULE, "output", 1, [[["field", "ka.nothing", None], 0]]),
        "does not fit: unknown field ka.nothing",
    ),
    "unknown raw field": (
        put(*RULE, "extra_fields", [["x", None, ["field", "ka.nothing", None]]]),
        "does not fit: unknown field ka.nothing",
    ),
    "no argument": (put(*CHECK, 0, ["field", "ka.uri.param", None]), "does not fit"),
    "argument that is none": (put(*CHECK, 0, ["field", "ka.verb", b"x"]), "does not fit"),
    "unknown transformer": (put(*CHECK, 0, ["transform", "rot13", [["field", "ka.verb", None]], None]), "damaged"),
    "transformer of nothing": (put(*CHECK, 0, ["transform", "tolower", [], None]), "damaged"),
    "unknown operator": (put(*CHECK, [["field", "ka.verb", None], "is", [b"x"], None, None]), "does not fit: filter"),
    "operator that needs a constant": (put(*CHECK, [["field", "ka.verb", None], "=", [], None, None]), "too few"),
    "two constants": (put(*CHECK, [["field", "ka.verb", None], "=", [b"x", b"y"], None, None]), "too many"),
    "exists with a constant": (put(*CHECK, [["field", "ka.verb", None], "exists", [b"x"], None, None]), "too many"),
    "both": (
        put(*CHECK, [["field", "ka.verb", None], "=", [b"x"], None, ["field", "ka.verb", None]]),
        "too many",
    ),
    "types": (
        put(*CHECK, [["field", "ka.verb", None], "=", [], None, ["field", "evt.num", None]]),
        "does not fit: field 'ka.verb' has type",
    ),
    "no number": (put(*CHECK, [["field", "evt.num", None], "=", [b"x"], None, None]), "does not fit: x is not a valid"),
    "width": (put(*RULE, "output", 1, [[["field", "ka.verb", None], 10**9]]), "damaged"),
}


@pytest.mark.parametrize(("change", "problem"), REFUSED.values(), ids=list(REFUSED))
def test_structures_that_lanner_does_not_write(change, problem):
    with pytest.raises(RulesError, match=problem):
        read(remade(change), "f")


def test_conditions_and_operands_without_end():
    nested = [["not", [0]], *(["not", [-number]] for number in range(1, 300))]
    with pytest.raises(RulesError, match="nests deeper than 250 levels"):
        read(remade(put("groups", nested)), "f")
    doubled = [["and", [0, 0]], *(["and", [-number, -number]] for number in range(1, 100))]
    with pytest.raises(RulesError, match="has more than 100000 parts"):
        read(remade(put("groups", doubled)), "f")
    endless = b"\x94\xa9transform\xa7tolower\x91" * 100_000  # no encoder would write so many levels
    with pytest.raises(RulesError, match="damaged"):
        read(sealed(b"\x84\xa6checks\x91\x95" + endless), "f")


def test_a_pattern_that_cannot_be_compiled_is_an_error_once_it_is_used():
    # GIVEN a pattern that no build would have let through
    content = remade(put(*CHECK, [["field", "ka.verb", None], "regex", [b"("], None, None]))
    checks = [leaf for rule in read(content, "f").rules if rule.condition for leaf in walk(rule.condition)]
    wrong = next(check for check in checks if check.operator == "regex")
    # THEN it is no accident when a rule needs it
    with pytest.raises(ConditionError, match="invalid regex pattern"):
        assert wrong.test


CONTENT = built()
BODY = msgspec.msgpack.decode(CONTENT.partition(b"\n")[2])


def leaves(value, path=()):
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield (*path, key)
            yield from leaves(item, (*path, key))


PATHS = list(leaves(BODY))


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_no_changed_byte_gets_through(position, change):
    content = bytearray(CONTENT)
    content[position] ^= change
    with pytest.raises((RulesError, UsageError)):
        read(bytes(content), "f")


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(CONTENT) - 1))
def test_no_cut_gets_through(length):
    with pytest.raises((RulesError, UsageError)):
        read(CONTENT[:length], "f")


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(CONTENT) - 40), st.binary(max_size=30), st.integers(0, 30))
def test_noise_with_a_checksum_that_fits_is_an_error_or_harmless(position, noise, replaced):
    packed = CONTENT.partition(b"\n")[2]
    with suppress(RulesError, UsageError):
        read(sealed(packed[:position] + noise + packed[position + replaced :]), "f")


def _at(path):
    value = BODY
    for key in path:
        value = value[key]
    return value


VALUES = st.one_of(
    st.none(),
    st.integers(-3, 300),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.sampled_from(PATHS).map(_at),
    st.sampled_from(["exists", "=", "<", "in", "intersects", "regex", "glob", "pmatch", "ka.uri.param", "evt.num"]),
)


@settings(deadline=None, max_examples=600)
@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=3))
def test_any_other_content_is_an_error_or_can_be_used(changes):
    body = msgspec.msgpack.decode(CONTENT.partition(b"\n")[2])
    for path, value in changes:
        try:
            put(*path, value)(body)
        except (KeyError, IndexError, TypeError):
            return  # an earlier change has taken the place away
    with suppress(LannerError):
        ruleset = read(sealed(msgspec.msgpack.encode(body)), "f")
        assert all(str(rule.condition) for rule in ruleset.rules)
        alerts(ruleset.select([Selection(enable=True, rule="*")]))
