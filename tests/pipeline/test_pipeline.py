"""Runs: every alert is delivered or kept, whatever fails, and what is neither is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence

import pytest

from doubles import Box, Recorder, always
from lanner.alerts import AlertFormat
from lanner.errors import NotSafe
from lanner.fields import RawEvent
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from lanner.pipeline import Outcome, Pipeline
from lanner.ruleset import Priority
from lanner.sources import Other, Piece, Reject, apiserver
from outputs.conftest import Clock
from support import an_event, rules_from

RULES = """
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb by %ka.user.name"
  priority: NOTICE
  source: k8s_audit
- rule: Pod Created
  desc: d
  condition: ka.verb = create and ka.target.resource = pods
  output: "%ka.user.name created %ka.target.name"
  priority: WARNING
  source: k8s_audit
"""


def event(number: int = 1, verb: str = "create", **changes: object) -> RawEvent:
    text = json.dumps(an_event(auditID=f"audit-{number}", verb=verb, **changes), separators=(",", ":"))
    return RawEvent(text.encode(), "eks", "shop", None, f"batch item {number}")


def pipeline(*outputs: Recorder | Route, box: Box | None = None, **options: object) -> Pipeline:
    routes = [one if isinstance(one, Route) else Route(one, Priority.DEBUG) for one in outputs]
    return Pipeline(rules_from(RULES), AlertFormat(), routes, box, **options)  # type: ignore[arg-type]


def run(made: Pipeline, pieces: Sequence[Piece] | Iterator[Piece], seconds: float = 5.0) -> Outcome:
    return made.run(pieces, Deadline(seconds), provider="eks")


def letters(box: Box) -> list[DeadLetter]:
    return [DeadLetter.read(record) for record in box.records]


def test_alerts_go_to_every_output_that_is_to_get_them() -> None:
    # GIVEN an output for everything, and one for warnings
    everything, warnings = Recorder("everything"), Recorder("warnings")
    made = pipeline(everything, Route(warnings, Priority.WARNING))
    # WHEN two events are judged, of which one is a pod's creation
    outcome = run(made, [event(1), event(2, "get")])
    # THEN each gets what it is to get
    assert [message.rule for message in everything.taken] == ["Anything", "Pod Created", "Anything"]
    assert [message.rule for message in warnings.taken] == ["Pod Created"]
    assert outcome.delivered == 4
    assert (outcome.statistics.events, outcome.statistics.alerts, outcome.not_safe) == (2, 3, 0)
    assert outcome.cluster == "shop"


def test_what_cannot_be_read_is_kept_and_other_records_are_counted() -> None:
    box, output = Box(), Recorder()
    outcome = run(pipeline(output, box=box), [Reject("x:1", "no JSON", b"\xff{"), Other("x:2", "control"), event()])
    (letter,) = letters(box)
    assert (letter.kind, letter.reason, letter.origin, letter.content) == ("payload", "no JSON", "x:1", b"\xff{")
    assert (letter.provider, letter.cluster) == ("eks", "shop")
    assert (outcome.statistics.rejected, outcome.statistics.others, outcome.dead_letters) == (1, 1, 1)
    assert len(output.taken) == 2


def test_what_an_output_does_not_take_is_kept() -> None:
    # GIVEN an output that refuses everything, and one that does not
    box, good = Box(), Recorder("good")
    bad = Recorder("bad", fault=always("403: who are you", is_final=True))
    # WHEN alerts are sent
    outcome = run(pipeline(bad, good, box=box), [event()])
    # THEN those of the bad one are kept, with the reason, and the good one has its own
    assert [(letter.kind, letter.output, letter.reason, letter.attempts) for letter in letters(box)] == [
        ("alert", "bad", "403: who are you", 1)
    ] * 2
    assert {letter.content for letter in letters(box)} == {message.text for message in good.taken}
    assert (outcome.delivered, outcome.dead_letters, outcome.not_safe) == (2, 2, 0)
    assert outcome.problems == ["bad: 403: who are you"]


@pytest.mark.parametrize("box", [None, Box(broken=True)], ids=["no box", "a broken box"])
def test_what_is_neither_delivered_nor_kept_is_told_after_all_else_is_done(box: Box | None) -> None:
    # GIVEN an output that refuses the first event's alerts, and a reject before thousands of events
    refused = "audit-1"
    output = Recorder(
        fault=lambda batch, timeout: [
            failure
            for failure in always("no", is_final=True)(batch, timeout)
            if refused in failure.message.text.decode()
        ]
    )
    made = pipeline(output, box=box)
    count = 5000
    pieces = [
        Reject("x", "no JSON", b"{"),
        *[event(number, responseStatus={"message": f"audit-{number}-"}) for number in range(1, count)],
    ]
    # WHEN they are judged
    with pytest.raises(NotSafe, match="1 alerts or rejects are neither delivered nor kept") as raised:
        run(pipeline(output, box=box), pieces)
    # THEN all alerts but those were delivered, once
    outcome = raised.value.outcome
    assert outcome.not_safe == 1
    assert len(output.taken) == outcome.delivered == 2 * (count - 1)
    assert outcome.statistics.rejected == 1
    # AND the same again gives the same
    with pytest.raises(NotSafe):
        run(made, pieces)
    assert output.ids[: 2 * (count - 1)] == output.ids[2 * (count - 1) :]


def test_an_output_that_hangs_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a clock that only waiting moves on
    clock = Clock()
    clock.put_in(monkeypatch)

    def hang(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        while len(good.taken) < len(batch):
            time.sleep(0.001)  # the other has as much to do, which takes it none of that time
        clock.sleep(timeout)
        return always("timed out")(batch, timeout)

    # AND an output that never answers, beside one that does, and alerts for many parts
    box, good, bad = Box(), Recorder("good"), Recorder("bad", fault=hang, size=1000)
    count = 1000
    outcome = run(pipeline(bad, good, box=box), (event(number) for number in range(count)), 60.0)
    # THEN one has all alerts, and the others' are kept
    assert len(good.taken) == 2 * count
    assert len(set(good.ids)) == 2 * count
    assert {letter.output for letter in letters(box)} == {"bad"}
    assert len(box.records) == outcome.dead_letters == 2 * count
    # AND it was tried in the first part only
    assert bad.calls < 5
    assert any("timed out" in letter.reason for letter in letters(box))
    assert any(letter.reason.startswith("not tried, after ") and letter.attempts == 0 for letter in letters(box))
    assert clock.now - 1000 < 60


def test_an_output_that_comes_back_is_tried_again_within_the_time() -> None:
    failures = [2]

    def fault(batch: Sequence[object], timeout: float) -> Sequence[object]:
        failures[0] -= 1
        return always("503")(batch, timeout) if failures[0] >= 0 else ()  # type: ignore[arg-type]

    output, box = Recorder(fault=fault), Box()  # type: ignore[arg-type]
    outcome = run(pipeline(output, box=box), [event()], 20.0)
    assert len(output.taken) == 2
    assert not box.records
    assert outcome.problems == []


def test_without_time_everything_is_kept() -> None:
    output, box = Recorder(), Box()
    outcome = run(pipeline(output, box=box), [event()], 0.0)
    assert not output.taken
    assert outcome.dead_letters == 2
    assert {letter.reason for letter in letters(box)} == {"there was no time left"}


def test_large_letters_are_kept_in_parts() -> None:
    box = Box(limit=4096)
    run(pipeline(Recorder(), box=box), [Reject("x", "no JSON", bytes(range(256)) * 64)])
    parts = letters(box)
    assert len(parts) > 1
    assert b"".join(part.content for part in parts) == bytes(range(256)) * 64


@pytest.mark.parametrize(
    ("text", "count"), [(b"x" * 100_000, 100), (b"\xff" * 100_000, 100), (b"", 10_000)], ids=["text", "binary", "empty"]
)
def test_many_letters_are_not_held_at_once(text: bytes, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN more rejects than are held, whatever they are made of
    box, sizes = Box(), []
    keep = box.keep
    monkeypatch.setattr(box, "keep", lambda records, deadline: (sizes.append(len(records)), keep(records, deadline)))
    # WHEN they are kept THEN that is done in several calls
    outcome = run(pipeline(Recorder(), box=box), (Reject("x", "no JSON", text) for _ in range(count)))
    assert outcome.dead_letters == len(box.records) == count
    assert max(sizes) < count


def test_a_defect_of_a_source_costs_no_alert_that_was_found() -> None:
    # GIVEN a source that fails after an event
    def source(payload: bytes, **_: object) -> Iterator[Piece]:
        yield event()
        raise ZeroDivisionError("secret of the event")

    box, output = Box(), Recorder()
    outcome = pipeline(output, box=box).take(source, b"payload", Deadline(5), origin="message 7")  # type: ignore[arg-type]
    # THEN the alerts are sent, and the payload is kept as a whole
    assert len(output.taken) == 2
    (letter,) = letters(box)
    assert (letter.content, letter.origin) == (b"payload", "message 7")
    assert "ZeroDivisionError" in letter.reason
    assert "secret" not in letter.reason
    assert outcome.dead_letters == 1


def test_a_defect_of_an_output_is_a_failure_like_others() -> None:
    def defect(batch: object, timeout: float) -> Sequence[object]:
        raise ZeroDivisionError

    box, good = Box(), Recorder("good")
    outcome = run(pipeline(Recorder("bad", fault=defect), good, box=box), [event()], 0.5)  # type: ignore[arg-type]
    assert len(good.taken) == 2
    assert outcome.dead_letters == 2


def test_a_defect_of_the_box_is_not_taken_for_safety() -> None:
    class Defect(Box):
        def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
            raise ZeroDivisionError

    with pytest.raises(NotSafe, match="box: ZeroDivisionError"):
        run(pipeline(Recorder(), box=Defect()), [Reject("x", "no JSON", b"{")])


def test_the_cluster_is_the_configured_one_where_nothing_tells_it() -> None:
    output = Recorder()
    made = pipeline(output, cluster="configured")
    body = json.dumps(an_event()).encode()
    made.take(apiserver.events, body, Deadline(5), origin="x")
    made.take(apiserver.events, body, Deadline(5), origin="x", cluster="told")
    assert [message.cluster for message in output.taken] == ["configured"] * 2 + ["told"] * 2


def test_larger_events_count_as_cut() -> None:
    output = Recorder()
    body = json.dumps(an_event(requestObject={"pad": "x" * 2000})).encode()
    outcome = pipeline(output, max_event_size=2000).take(apiserver.events, body, Deadline(5), origin="x")
    assert outcome.statistics.truncated == 1
    assert all(message.truncated for message in output.taken)


def test_the_lag_is_that_of_the_last_event() -> None:
    now = time.time()
    written = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(now - 100))
    outcome = run(pipeline(Recorder()), [event(1), event(2, stageTimestamp=written)])
    assert outcome.lag is not None
    assert 100 <= outcome.lag < 160
    assert outcome.measures()["LagSeconds"] == pytest.approx(outcome.lag, abs=10)
    # GIVEN no event, or one without a time THEN there is none
    assert run(pipeline(Recorder()), []).lag is None
    timeless = event(1, stageTimestamp=None, requestReceivedTimestamp=None)
    assert run(pipeline(Recorder()), [timeless]).lag is None


def test_runs_may_go_on_side_by_side() -> None:
    from concurrent.futures import ThreadPoolExecutor

    output = Recorder()
    made = pipeline(output)
    with ThreadPoolExecutor(8) as pool:
        batches = [[event(100 * batch + number) for number in range(100)] for batch in range(16)]
        outcomes = list(pool.map(lambda batch: run(made, batch), batches))
    assert [outcome.delivered for outcome in outcomes] == [200] * 16
    assert len(set(output.ids)) == 3200


def test_an_alert_that_cannot_be_read_back_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a defect in what is written
    box, output = Box(), Recorder()
    made = pipeline(output, box=box)
    monkeypatch.setattr(
        made._judge, "_line", lambda alert: b"{}" if alert.rule.name == "Anything" else alert.json_line()
    )
    outcome = run(made, [event()])
    assert [message.rule for message in output.taken] == ["Pod Created"]
    (letter,) = letters(box)
    assert (letter.kind, letter.content) == ("payload", b"{}")
    assert outcome.dead_letters == 1


def test_several_payloads_are_one_run() -> None:
    # GIVEN payloads of which one cannot be read, and one whose reading fails
    def source(payload: bytes, *, origin: str, **context: object) -> Iterator[Piece]:
        if payload == b"defect":
            raise RuntimeError
        yield from apiserver.events(payload, origin=origin, **context)  # type: ignore[arg-type]

    good = [json.dumps(an_event(auditID=name)).encode() for name in "ab"]
    payloads = [good[0], b"{", b"defect", good[1]]
    output, box = Recorder(), Box()
    made = pipeline(output, box=box, cluster="mine", provider="iks")
    # WHEN they are judged
    outcome = made.take_all(source, [(f"payload {n}", text) for n, text in enumerate(payloads, 1)], Deadline(5))
    # THEN the others are, and each is known by its origin
    assert outcome.statistics.events == 2
    assert [letter.origin for letter in letters(box)] == ["payload 2", "payload 3"]
    assert letters(box)[1].content == b"defect"
    assert "a defect of Lanner" in letters(box)[1].reason
    # AND the names are those of the settings, where nothing else tells them
    assert {(message.provider, message.cluster) for message in output.taken} == {("iks", "mine")}
    assert {(letter.provider, letter.cluster) for letter in letters(box)} == {("iks", "mine")}
