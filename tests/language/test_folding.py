"""Constant folding, judged by the reference evaluator."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.engine import truth
from lanner.fields import BODIES, Catalogue, Event, RawEvent
from lanner.language import And, Not, Or, compile_condition, decisive, fold, parse

CATALOGUE = Catalogue({"team": "red", "stars": "a*"})


def compiled(text):
    return compile_condition(parse(text), CATALOGUE, text)


def folded(text):
    """Return the folded condition as text, or its truth."""
    result = fold(compiled(text))
    return result if isinstance(result, bool) else str(result)


CONSTANT = {
    "in an empty list": ("ka.verb in ()", False),
    "empty list of numbers": ("evt.num in ()", False),
    "intersects with an empty list": ("ka.user.groups intersects ()", False),
    "path of no prefix": ("ka.uri pmatch ()", False),
    "one of no values": ("ka.verb = oneof ()", False),
    "all of no values": ("ka.verb = allof ()", False),
    "source": ("evt.source = k8s_audit", True),
    "other source": ("evt.source = syscall", False),
    "source exists": ("evt.source exists", True),
    "boolean": ("evt.is_async = true", False),
    "never there": ("evt.asynctype exists", False),
    "never there, compared": ("evt.asynctype != x", False),
    "never there, on the right": ("evt.source != val(evt.asynctype)", False),
    "configured constant": ("static.team = red", True),
    "configured constant, as a pattern": ("static.stars glob 'a?'", True),
    "configured constant, in a list": ("static.team in (green, blue)", False),
    "two constants": ("static.team = val(static.stars)", False),
    "transformed constant": ("toupper(static.team) = RED", True),
    "transformed constants alone": ("concat('a', 'b') = ab", True),
    "transformed constant without a value": ("b64(static.stars) exists", False),
    "number of the event exists": ("evt.num exists", True),
    "time exists": ("jevt.rawtime exists", True),
    "host exists": ("evt.hostname exists", True),
    "whole event exists": ("jevt.obj exists", True),
    "never, as Falco's macros write it": ("jevt.rawtime=0", False),
    "never, by the other name": ("json.rawtime == 0", False),
    "never, as a number": ("evt.rawtime = 0", False),
    "always": ("evt.rawtime != 0", True),
    "negated": ("not ka.verb in ()", True),
    "and": ("ka.verb = get and ka.uri in ()", False),
    "and of nothing else": ("evt.num exists and evt.time exists", True),
    "or": ("ka.verb = get or evt.num exists", True),
    "or of nothing else": ("ka.verb in () or ka.uri in ()", False),
}


@pytest.mark.parametrize(("text", "verdict"), CONSTANT.values(), ids=list(CONSTANT))
def test_what_every_event_decides_in_the_same_way(text, verdict):
    assert folded(text) is verdict


SIMPLER = {
    "a check": ("ka.verb = get", "ka.verb = get"),
    "neutral parts": ("ka.verb = get and jevt.rawtime exists", "ka.verb = get"),
    "dead branch": ("ka.verb = get or jevt.rawtime=0 and ka.uri exists", "ka.verb = get"),
    "double negation": ("not (not ka.verb = get and evt.num exists)", "ka.verb = get"),
    "same check twice": ("ka.verb = get and ka.verb=get", "ka.verb = get"),
    "same group twice": (
        "(ka.verb = a or ka.uri = b) and ka.verb = c and (ka.verb = a or ka.uri = b)",
        "(ka.verb = a or ka.uri = b) and ka.verb = c",
    ),
    "groups of one kind": (
        "ka.verb = a and not (not (ka.verb = b and ka.uri = c))",
        "ka.verb = a and ka.verb = b and ka.uri = c",
    ),
    "a part and its opposite may both be undecided": ("ka.verb = a and not ka.verb = a",) * 2,
    "seconds may be 0": ("evt.rawtime.s = 0",) * 2,
    "the first event is at 0": ("evt.reltime = 0",) * 2,
    "times may be ordered": ("evt.rawtime > 0",) * 2,
    "another time": ("evt.rawtime = 1",) * 2,
    "several times": ("evt.rawtime = oneof (0)",) * 2,
    "changed time": ("len(jevt.rawtime) = 0",) * 2,
    "changed field that always exists": ("tolower(evt.hostname) exists",) * 2,
    "host": ("evt.hostname = x",) * 2,
    "part of the event": ("jevt.value[/x] exists",) * 2,
    "two fields": ("ka.verb = val(evt.source)",) * 2,
}


@pytest.mark.parametrize(("text", "simpler"), SIMPLER.values(), ids=list(SIMPLER))
def test_the_rest_stays(text, simpler):
    assert folded(text) == simpler


def test_no_event_happens_at_0_whatever_its_timestamp_says():
    event = Event(RawEvent(b'{"auditID":"a","stageTimestamp":"1970-01-01T00:00:00Z"}'), 1)
    assert truth(compiled("jevt.rawtime=0"), event, {}) is True
    assert folded("jevt.rawtime=0") is False


REASONS = {
    "check": ("jevt.rawtime=0", False, ["jevt.rawtime = 0"]),
    "part of and": ("ka.verb = get and jevt.rawtime=0 and ka.uri in ()", False, ["jevt.rawtime = 0"]),
    "every part of or": ("ka.verb in () or jevt.rawtime=0", False, ["ka.verb in ()", "jevt.rawtime = 0"]),
    "negation": ("ka.verb = get and not evt.num exists", False, ["not evt.num exists"]),
    "negated or": ("not (ka.verb = get or not ka.uri in ())", False, ["ka.uri in ()"]),
    "truth of and": ("evt.num exists and evt.time exists", True, ["evt.num exists", "evt.time exists"]),
}


@pytest.mark.parametrize(("text", "verdict", "checks"), REASONS.values(), ids=list(REASONS))
def test_checks_that_decide(text, verdict, checks):
    assert [str(check) for check in decisive(compiled(text), verdict)] == checks


EVENTS = [
    b'{"auditID":"a","verb":"get","user":{"groups":["x"]},"requestObject":{"spec":{"hostPID":true}}}',
    b'{"auditID":"a","verb":"create","stageTimestamp":"2026-03-01T10:20:30Z"}',
    b'{"requestObject":{"spec":{"hostPID":false}},"stageTimestamp":1}',
]
LOST = [frozenset(), BODIES, frozenset({"verb"}), frozenset({"stageTimestamp", "requestReceivedTimestamp", "user"})]


def conditions():
    atoms = st.sampled_from(
        [
            "ka.verb = get",
            "ka.verb in ()",
            "ka.user.groups intersects ()",
            "ka.user.groups intersects (x)",
            "ka.req.pod.host_pid = true",
            "ka.req.pod.host_pid exists",
            "ka.verb = val(ka.req.pod.host_pid)",
            "evt.num = 1",
            "evt.source exists",
            "evt.asynctype exists",
            "static.team = red",
            "static.team = val(ka.verb)",
            "jevt.rawtime exists",
            "evt.time.iso8601 contains 2026",
            "jevt.obj exists",
            "toupper(static.team) = RED",
        ]
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            inner.map("not ({})".format),
            st.tuples(st.sampled_from([" and ", " or "]), st.lists(inner, min_size=2, max_size=4)).map(
                lambda parts: parts[0].join(f"({part})" for part in parts[1])
            ),
        ),
        max_leaves=12,
    )


def is_simple(condition):
    """Tell whether nothing that folding removes is left."""
    if isinstance(condition, Not):
        return not isinstance(condition.child, Not) and is_simple(condition.child)
    if isinstance(condition, And | Or):
        children = condition.children
        nested = any(type(child) is type(condition) for child in children)
        return len(set(children)) == len(children) > 1 and not nested and all(map(is_simple, children))
    return fold(condition) is condition


@settings(deadline=None, max_examples=400)
@given(conditions(), st.sampled_from(EVENTS), st.sampled_from(LOST))
def test_the_folded_condition_has_the_same_truth(text, event, lost):
    condition = compiled(text)
    expected = truth(condition, Event(RawEvent(event, received=10**18, lost=lost), 1), {})
    result = fold(condition)
    if isinstance(result, bool):
        assert result is expected
        assert {fold(check) for check in decisive(condition, result)} <= {True, False}
    else:
        assert truth(result, Event(RawEvent(event, received=10**18, lost=lost), 1), {}) is expected
        assert is_simple(result)
