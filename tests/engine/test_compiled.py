"""The compiled engine: what goes which way, and that no way costs an alert."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from engine.random_rules import rule
from lanner.engine import CompiledEngine, ReferenceEngine, Verdict, compiled, dispatch, switches
from lanner.engine.view import View
from lanner.fields import BODIES, Intake, RawEvent, json_text
from lanner.fields import event as event_module
from lanner.fields.block import Block
from lanner.language.checks import BoundCheck
from lanner.ruleset import Rule
from support import an_event, opened


def rules(*conditions: str) -> list[Rule]:
    found = [rule(condition, condition) for condition in conditions]
    assert None not in found
    return found


def text_of(**changes: object) -> bytes:
    return json.dumps(an_event(**changes), separators=(",", ":"), ensure_ascii=False).encode()


def raw(text: bytes, **context: object) -> RawEvent:
    return RawEvent(json_text.check(text), **context)


def names(found: Sequence[Rule]) -> list[str]:
    return [made.name for made in found]


def judge(engine: CompiledEngine | ReferenceEngine, text: bytes, **context: object) -> list[list[str]]:
    return [names(part) for part in engine.judge(Intake().open(raw(text, **context)))]


def both(conditions: Sequence[str], text: bytes, **context: object) -> tuple[list[list[str]], int]:
    """Return the verdict, which must be that of the reference engine, and how many events were left to it."""
    made = rules(*conditions)
    engine = CompiledEngine(made)
    found = judge(engine, text, **context)
    assert found == judge(ReferenceEngine(made), text, **context)
    return found, engine.exact


CONDITIONS = ("ka.verb = create and ka.uri contains pods", "ka.user.name = bob", "not ka.req.pod.host_network exists")


# ---------------------------------------------------------------------------------------------------- single events


def test_ordinary_events_take_the_short_way():
    (matched, *others), exact = both(CONDITIONS, text_of())
    assert matched == [CONDITIONS[0], CONDITIONS[2]]
    assert others == [[], [], []]
    assert exact == 0


def test_the_first_match_is_the_only_one():
    engine = CompiledEngine(rules(*CONDITIONS), first_match=True)
    assert names(engine.judge(opened(an_event())).matched) == [CONDITIONS[0]]
    assert engine.first_match


def test_events_without_a_chance_have_an_empty_verdict():
    assert CompiledEngine(rules("ka.verb = delete")).judge(opened(an_event())) == Verdict((), ())
    assert CompiledEngine(rules("ka.uri = x")).judge(opened(an_event())) == Verdict((), ())
    assert CompiledEngine([]).judge(opened(an_event())) == Verdict((), ())


NASTY = {
    "not an audit event": text_of(auditID=None),
    "no user": text_of(user=None),
    "the user is null": text_of().replace(b'"user":{', b'"user":null,"old":{'),
    "the verb is a number": text_of(verb=1.5),
    "the verb has an escape": text_of().replace(b'"create"', rb'"cre\u0061te"'),
    "the verb has a lone surrogate": text_of().replace(b'"create"', rb'"create\ud800"'),
    "the verb is no UTF-8": text_of().replace(b'"create"', b'"create\xff"'),
    "the user is no object": text_of(user="bob"),
    "an odd number": text_of().replace(b"201", b"nan"),
    "an array instead of an object": text_of(objectRef=[]),
}
PUT_IN_ORDER = {
    "blanks": text_of().replace(b",", b", "),
    "another order": text_of().replace(b'"verb":"create",', b"").replace(b"{", b'{"verb":"create",', 1),
    "unknown keys": text_of(zzz=1, user={"username": "bob", "zzz": 1}),
    "the same key twice": text_of().replace(b'"verb"', b'"verb":"create","verb":"delete","verb"'),
    "the same user twice": text_of().replace(b'"username"', b'"username":"bob","username"'),
    "an escaped key": text_of().replace(b'"verb"', rb'"\u0076erb"'),
    "a patch": text_of(requestObject=[{"op": "add"}]),
    "a body that is a text": text_of(requestObject="x"),
    "duplicates in the body": text_of(requestObject=0).replace(
        b'"requestObject":0', b'"requestObject":{"spec":{"hostNetwork":1},"spec":{}}'
    ),
}


@pytest.mark.parametrize("text", NASTY.values(), ids=list(NASTY))
def test_odd_events_are_left_to_the_reference_engine(text):
    assert both((*CONDITIONS, "not ka.verb = create", "ka.target.name = web"), text)[1] == 1


@pytest.mark.parametrize("text", PUT_IN_ORDER.values(), ids=list(PUT_IN_ORDER))
def test_events_that_can_be_put_in_order_need_not(text):
    conditions = (*CONDITIONS, "jevt.value[/zzz] exists", "jevt.value[/user] contains zzz", "ka.verb = delete")
    assert both(conditions, text)[1] == 0


def test_what_is_put_in_order_is_still_seen_as_it_was_written():
    # GIVEN events out of order, and rules that look at a part as a whole and at nothing inside it
    text = text_of(zzz=1, user={"zzz": 1, "username": "bob"}, objectRef={"zzz": 1, "resource": "pods"})
    text = text.replace(b'"code"', b'"code":1,"code"')
    for condition in (
        'jevt.value[/user] = "{\\"zzz\\":1,\\"username\\":\\"bob\\"}"',
        "jevt.value[/objectRef] contains zzz",
        "jevt.value[/responseStatus] contains '1,'",
    ):
        assert both((condition, "ka.verb = create"), text)[0][0] == [condition, "ka.verb = create"]


def test_cut_events_are_left_to_the_reference_engine():
    conditions = ("ka.req.pod.host_network exists", "ka.verb = create", "ka.target.name = web")
    found, exact = both(conditions, text_of(requestObject={}), lost=BODIES)
    assert found == [["ka.verb = create", "ka.target.name = web"], ["ka.req.pod.host_network exists"], [], []]
    assert exact == 1


@pytest.mark.parametrize("place", ["requestObject", "annotations", "zzz", "user", "objectRef", "responseStatus"])
@pytest.mark.parametrize("levels", [290, 297, 298, 299, 300, 301, 400, 2000])
def test_events_that_nest_too_deep_raise_no_alert(place, levels):
    deep = b"[" * levels + b"]" * levels
    own = {"user": b'{"username":"alice","extra":%b}', "objectRef": b'{"resource":"pods","extra":%b}'}
    text = text_of(**{place: 0}).replace(
        b'"%b":0' % place.encode(), b'"%b":%b' % (place.encode(), own.get(place, b"%b") % deep)
    )
    conditions = ("ka.verb = create", "ka.user.name = bob", "ka.uri contains pods", "ka.req.pod.host_network exists")
    for chosen in (conditions, conditions[:1], conditions[2:]):
        found, _ = both(chosen, text)
        assert bool(found[3]) is not json_text.within_depth(text)
        assert not (found[0] and found[3])


# ----------------------------------------------------------------------------------------------------------- blocks


def block_of(*texts: bytes, first_line: int = 1) -> Block:
    return Block(b"".join(text + b"\n" for text in texts), "audit.log", first_line, "eks", "prod")


TIME = "2026-03-01T10:20:{:02}.000000Z"
FIRST, SECOND, THIRD = (
    text_of(verb=verb, stageTimestamp=TIME.format(10 + n)) for n, verb in enumerate(("get", "create", "get"))
)


def test_a_block_gives_the_events_that_match():
    engine = CompiledEngine(rules("ka.verb = create", "ka.verb exists and ka.uri = x"))
    block, intake = block_of(FIRST, SECOND, THIRD, first_line=5), Intake()
    ((event, verdict),) = engine.judge_block(block, intake)
    assert names(verdict.matched) == ["ka.verb = create"]
    assert event.raw == RawEvent(SECOND, "eks", "prod", None, "audit.log:6")
    # AND all of its events were counted, and the first one's time kept
    assert (block.events, intake.count, engine.exact) == (3, 3, 0)
    assert (event.number, event.time - event.first_time) == (2, 10**9)
    # AND later ones are counted from there, however they come
    assert intake.open(raw(THIRD)).number == 4
    ((event, _),) = engine.judge_block(block_of(SECOND), intake)
    assert (event.number, event.first_time) == (5, intake.first_time)


def test_a_block_is_taken_as_a_whole_or_not_at_all():
    engine = CompiledEngine(rules("ka.verb = create"))
    intake = Intake()
    for odd in (THIRD.replace(b'"get"', b"1"), b"", b"{}", THIRD + THIRD, THIRD.replace(b'"Event"', b'"EventList"')):
        block = block_of(FIRST, SECOND, odd)
        assert engine.judge_block(block, intake) is None
        assert (block.events, intake.count, intake.first_time) == (0, 0, None)


def test_a_block_with_an_event_that_nests_too_deep_is_not_taken():
    deep = SECOND[:-1] + b',"requestObject":' + b"[" * 300 + b"]" * 300 + b"}"
    engine, block, intake = CompiledEngine(rules("ka.verb = create")), block_of(SECOND, deep, SECOND), Intake()
    assert engine.judge_block(block, intake) is None
    assert (block.events, intake.count, intake.first_time) == (0, 0, None)
    # AND its lines, one by one, cost no other its alert
    found = [judge(engine, text) for text in (SECOND, deep, SECOND)]
    assert found == [[["ka.verb = create"], [], [], []], [[], [], [], ["ka.verb = create"]], found[0]]
    assert engine.exact == 1
    # AND where no rule can match, it is no obstacle
    assert CompiledEngine(rules("ka.verb = delete")).judge_block(block, intake) == []


def test_times_of_events_that_have_none(monkeypatch):
    # GIVEN a log whose events have no time, and a clock that goes on
    moments = iter(range(5, 100))
    monkeypatch.setattr(event_module, "clock", SimpleNamespace(time_ns=lambda: next(moments)))
    text = text_of(stageTimestamp=None, requestReceivedTimestamp=None)
    intake = Intake()
    found = CompiledEngine(rules("ka.verb = create")).judge_block(block_of(text, text), intake)
    # THEN the first one's is where relative times begin, at the latest
    assert intake.first_time == 5
    assert [event.time_source for event, _ in found] == ["reading", "reading"]
    assert [event.time >= event.first_time for event, _ in found] == [True, True]


def test_a_reference_engine_takes_no_block():
    block = block_of(FIRST)
    assert ReferenceEngine(rules("ka.verb exists")).judge_block(block, Intake()) is None
    assert block.events == 0


# ---------------------------------------------------------------------------------------------------------- defects


def break_checks(monkeypatch, condition: str) -> None:
    """Make the checks that are written so raise, in generated code and in the reference engine."""
    test_of = BoundCheck.test.func

    def fail(value: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(BoundCheck, "test", property(lambda check: fail if str(check) == condition else test_of(check)))


def test_a_rule_that_fails_costs_no_other_its_alert(monkeypatch):
    conditions = ("ka.verb = create", "ka.uri glob *pods", "ka.stage exists")
    made = rules(*conditions)
    break_checks(monkeypatch, "ka.uri glob *pods")
    engine = CompiledEngine(made)
    verdict = engine.judge(opened(an_event()))
    assert names(verdict.matched) == ["ka.verb = create", "ka.stage exists"]
    assert names(verdict.failed) == ["ka.uri glob *pods"]
    assert engine.exact == 1
    # AND so it is in a block
    ((_, verdict),) = engine.judge_block(block_of(text_of()), Intake())
    assert (names(verdict.matched), names(verdict.failed)) == (["ka.verb = create", "ka.stage exists"], [conditions[1]])


@pytest.mark.parametrize("condition", ["ka.verb = create", "ka.verb glob cr*", "ka.user.name icontains ALI"])
def test_a_check_of_a_switch_that_fails_costs_no_other_rule_its_alert(monkeypatch, condition):
    # GIVEN a check that is made when a value is first seen, or even before
    made = rules("ka.stage exists", condition, f"{condition} or ka.verb endswith e", "ka.uri exists")
    break_checks(monkeypatch, condition)
    engine = CompiledEngine(made)
    for _ in range(2):
        verdict = engine.judge(opened(an_event()))
        wanted = ReferenceEngine(made).judge(opened(an_event()))
        assert set(names(wanted.matched)) <= set(names(verdict.matched))
        assert set(names(verdict.failed)) <= set(names(wanted.failed))
        assert {"ka.stage exists", "ka.uri exists"} <= set(names(wanted.matched))


def test_a_failure_of_the_view_costs_nothing(monkeypatch):
    # GIVEN a view that fails
    monkeypatch.setattr(View, "text", lambda view, path: 1 // 0)
    conditions = ("ka.verb = create", "ka.uri glob *pods", "ka.stage exists")
    engine = CompiledEngine(rules(*conditions))
    # THEN all is read from the text
    assert names(engine.judge(opened(an_event())).matched) == list(conditions)
    ((event, verdict),) = engine.judge_block(block_of(text_of()), Intake())
    assert names(verdict.matched) == list(conditions)
    assert event.view is None
    assert engine.exact == 1  # the block's event was read from its text since its time was asked for


def test_a_residual_that_cannot_be_made_costs_no_alert(monkeypatch):
    # GIVEN that no code can be made
    monkeypatch.setattr("lanner.engine.dispatch.generate", lambda *_, **__: 1 // 0)
    conditions = ("ka.verb = create", "ka.uri glob *pods")
    engine = CompiledEngine(rules(*conditions))
    # THEN the reference engine judges, event by event
    for number in (1, 2):
        assert names(engine.judge(opened(an_event())).matched) == list(conditions)
        assert engine.exact == number


def test_a_failure_of_the_reference_engine_is_told(monkeypatch):
    made = rules("ka.verb = create", "ka.uri glob *pods", "ka.stage exists")
    break_checks(monkeypatch, "ka.uri glob *pods")
    verdict = ReferenceEngine(made).judge(opened(an_event()))
    assert names(verdict.failed) == ["ka.uri glob *pods"]
    assert names(verdict.matched) == ["ka.verb = create", "ka.stage exists"]


# ------------------------------------------------------------------------------------------------------------ limits


def test_verdicts_stay_right_beyond_all_limits(monkeypatch):
    # GIVEN memories that hold next to nothing
    for module, name, limit in (
        (dispatch, "MAX_KEYS", 3),
        (dispatch, "MAX_KEY", 12),
        (dispatch, "MAX_STATES", 5),
        (dispatch, "MAX_RESIDUALS", 2),
        (switches, "MAX_CLASSES", 3),
        (switches, "MAX_REMEMBERED", 3),
        (switches, "MAX_VALUE", 6),
    ):
        monkeypatch.setattr(module, name, limit)
    conditions = (
        *(f"ka.user.name contains {letter} and not ka.verb startswith {letter}" for letter in "abcd"),
        "ka.target.name in (a, b) or ka.target.namespace endswith c",
        "ka.response.code in (200, 201) and ka.target.resource != pods",
    )
    made = rules(*conditions)
    engine, reference = CompiledEngine(made), ReferenceEngine(made)
    # WHEN clients send ever new values
    for number in range(300):
        word = "".join(letter for bit, letter in enumerate("abcdefgh") if number >> bit & 1)
        target = {"resource": word[:1] or "pods", "namespace": word, "name": word[-1:]}
        text = text_of(
            verb=word[::-1], user={"username": word * (number % 3)}, objectRef=target, responseStatus={"code": number}
        )
        # THEN each verdict is right
        assert judge(engine, text) == judge(reference, text)
        # AND nothing grows
        assert len(engine.dispatch.empty) <= 3
        assert len(engine.dispatch.residuals) <= 3
        assert all(len(switch.classes) <= 3 for switch in engine.dispatch.switches)
        assert all(len(switch.table) <= 3 or switch.default is not None for switch in engine.dispatch.switches)
    assert engine.exact == 0


# ------------------------------------------------------------------------------------------------ what is decoded


def test_paths_into_bodies_are_those_of_conditions_and_outputs():
    made = rules("ka.req.pod.containers.image intersects (a) and ka.req.binding.subjects exists", "ka.verb = get")
    paths = compiled._inside_bodies(CompiledEngine(made).dispatch.expressions, made)
    assert ("requestObject", "spec", "containers[*]", "image") in paths
    # AND one of an output that would stand in the way of a condition's is left out
    assert ("requestObject", "spec") not in paths
    assert ("requestObject",) not in paths
