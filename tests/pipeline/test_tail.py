"""A tail against a real WebSocket server that fails in every way: nothing is lost but what lies in a reported gap."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.frames import Frame, Opcode

from doubles import COUNTED, Box, Recorder, always
from emulators.ldp import TOKEN, Act, Ldp, abort, close, half, message, raw, send, stall, wait
from emulators.processes import free_port
from functions_data import incident
from lanner.alerts import AlertFormat
from lanner.errors import UsageError
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from lanner.pipeline import Pipeline
from lanner.pipeline.tail.connection import MAX_SIZE
from lanner.pipeline.tail.gap import RULE
from lanner.ruleset import Priority
from lanner.sources import ovh
from support import an_event, rules_from, shipped
from tails import FAST, Listening, alerts_of, gaps

MESSAGES = [message(line, _cluster_id="mks-1") for line in incident()]
ANYTHING = """
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb by %ka.user.name"
  priority: NOTICE
  source: k8s_audit
"""


def ids(messages: Sequence[str]) -> set[str]:
    return {alert.id for alert in alerts_of(messages)}


def seconds(text: str) -> float:
    return datetime.fromisoformat(text[:26] + "+00:00").timestamp()


def times(alert: Message) -> float:
    return seconds(alert.time)


def found(recorder: Recorder) -> set[str]:
    """Return the ids of the alerts on events."""
    return {taken.id for taken in recorder.taken if taken.rule != RULE}


def anything(output: Any, box: Any = None) -> Pipeline:
    return Pipeline(rules_from(ANYTHING), AlertFormat(), [Route(output, Priority.DEBUG)], box)


def numbered(count: int, start: int = 0, **changes: object) -> list[str]:
    """Return messages that differ."""
    return [
        message(json.dumps(an_event(auditID=f"{number:08d}", **changes), separators=(",", ":")))
        for number in range(start, start + count)
    ]


async def _garbage(connection: Any) -> None:
    connection.transport.write(b"\xff\xff\xff\xffthis is no frame")
    await connection.wait_closed()


ENDINGS: dict[str, tuple[Act, str]] = {
    "close 1000": (close(1000), "the server closed it (1000)"),
    "close 1001": (close(1001, "going away"), "the server closed it (1001 going away)"),
    "close 1011": (close(1011, "x" * 123), "the server closed it (1011 xxx"),
    "broken off": (abort(), "it broke off"),
    "half a message": (half(MESSAGES[100]), "it broke off"),
    "no frames": (_garbage, "no WebSocket frame"),
    "a message of more than 16 MiB": (send("x" * (MAX_SIZE + 1)), "one of more than 16 MiB"),
    "a server that stalls": (stall(), "no sign of life"),
}


@pytest.mark.parametrize(
    ("ending", "compression"),
    [
        *[(ending, None) for ending in ENDINGS],
        *[(ending, "deflate") for ending in ("close 1001", "broken off", "a message of more than 16 MiB")],
    ],
)
def test_connections_that_end(ending: str, compression: str | None) -> None:
    # GIVEN a connection that ends in some way, and another one 20 messages later
    act, reason = ENDINGS[ending]
    recorder, box = Recorder(), Box()
    timing = FAST if act is ENDINGS["a server that stalls"][0] else replace(FAST, pong=10.0)
    with Ldp([send(*MESSAGES[:150]), act], [send(*MESSAGES[170:])], compression=compression) as ldp:
        with Listening(ldp, recorder, box, timing=timing) as listening:
            wanted = ids(MESSAGES[:150] + MESSAGES[170:])
            listening.until(lambda: found(recorder) >= wanted and bool(gaps(recorder.taken)))
        assert ldp.connections == 2
    # THEN each alert on what was sent is there, once, and each on what was not lies in the one gap that is reported
    assert listening.result is True
    assert found(recorder) == wanted
    assert len(recorder.ids) == len(set(recorder.ids))
    assert not box.records
    (gap,) = gaps(recorder.taken)
    assert reason in gap["gap.reason"]
    missing = [alert for alert in alerts_of(MESSAGES[150:170]) if alert.id not in wanted]
    assert len(missing) > 5
    assert all(gap["gap.begin"] <= times(alert) <= gap["gap.end"] for alert in missing)
    COUNTED.append(
        f"a tail whose connection ends ({ending}{', compressed' if compression else ''}): {len(wanted):,} alerts "
        f"delivered, {len(missing)} in a reported gap of {gap['gap.seconds']:.1f} s, 0 lost"
    )


def test_a_server_that_is_not_there_restarts_and_refuses() -> None:
    # GIVEN a server that is not there at first, answers that it is overloaded, and is started again twice
    port = free_port()
    recorder = Recorder()
    first, second, third = MESSAGES[:130], MESSAGES[130:160], MESSAGES[160:]
    ldp = Ldp([send(*first)], [send(*second)], [send(*third)], answers=[503, 429, 500, 502], port=port)
    with Listening(ldp, recorder) as listening, ldp:
        listening.until(lambda: found(recorder) >= ids(first))
        for part in (second, third):
            ldp.stop()
            time.sleep(0.2)
            ldp.start()
            listening.until(lambda part=part: found(recorder) >= ids(part))  # type: ignore[misc]
    assert listening.result is True
    assert ldp.handshakes == 7
    assert found(recorder) == ids(MESSAGES)
    # THEN two gaps are reported, in which nothing was missing this time
    assert len(gaps(recorder.taken)) == 2


@pytest.mark.parametrize("overlap", [1, 60])
def test_messages_that_come_twice(overlap: int) -> None:
    # GIVEN messages that come twice by one connection, and some of them by the next one again
    recorder = Recorder()
    script = [
        [send(*MESSAGES[:150], *MESSAGES[100:150], *MESSAGES[120:130]), close(1001)],
        [send(*MESSAGES[150 - overlap :])],
    ]
    with Ldp(*script) as ldp, Listening(ldp, recorder) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES))
    # THEN each alert is there once, and no gap: the second connection begins with what is known
    assert found(recorder) == ids(MESSAGES)
    assert len(recorder.ids) == len(set(recorder.ids))
    assert not gaps(recorder.taken)


def test_garbage_is_kept_and_ends_nothing() -> None:
    recorder, box = Recorder(), Box()
    garbage: list[str | bytes] = [
        "nonsense",
        "",
        "{}",
        '{"message": 7}',
        b"\x00\xff",
        "[" * 100_000,
    ]
    acts = [send(*MESSAGES[:50]), send(*garbage), raw(b'{"message":"\xff\xfe"'), raw(b"\xff")]
    others = ['{"message": "[]"}', message("I1121 14:19:23.000000 1 trace.go:236] Trace"), message("")]
    with Ldp([*acts, send(*others, *MESSAGES[50:])]) as ldp, Listening(ldp, recorder, box) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES))
    assert ldp.connections == 1
    assert found(recorder) == ids(MESSAGES)
    kept = {DeadLetter.read(record).content for record in box.records}
    assert kept == {one.encode() if isinstance(one, str) else one for one in garbage} | {
        b'{"message":"\xff\xfe"',
        b"\xff",
    }
    origins = {DeadLetter.read(record).origin for record in box.records}
    assert len(origins) == len(kept)
    assert all(origin.startswith("message ") for origin in origins)


def test_a_message_of_5_mb() -> None:
    recorder, box = Recorder(), Box()
    body = {"kind": "Pod", "metadata": {"annotations": {"x": "y" * 5_000_000}}}
    large = numbered(1, requestObject=body)
    assert len(large[0]) > 5_000_000
    with Ldp([send(*large, *numbered(3, 1))]) as ldp:
        with Listening(ldp, None, box, pipeline=anything(recorder, box)) as listening:
            listening.until(lambda: len(recorder.ids) == 4)
        assert ldp.connections == 1
    assert not box.records
    (cut,) = [taken for taken in recorder.taken if taken.truncated]
    assert cut.rule == "Anything"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "it answered 400: the address is wrong"),
        (401, "it answered 401: the token is wrong, or no longer valid"),
        (403, "it answered 403: the token does not give access to the stream"),
        (404, "it answered 404: there is no such stream"),
        (302, "it answered 302, which is no answer of a WebSocket server"),
        (410, "it answered 410, which is no answer of a WebSocket server"),
    ],
)
def test_answers_that_will_be_the_same_for_ever(status: int, reason: str) -> None:
    recorder = Recorder()
    # GIVEN a stream that is there at first, and then refused
    with Ldp([send(*MESSAGES[:100]), abort()], answers=[0, status]) as ldp, Listening(ldp, recorder) as listening:
        error = listening.ended()
    # THEN the tail ends and says why, once what it has received is dealt with
    assert isinstance(error, UsageError)
    assert str(error).startswith(f"LANNER_LDP_URL: localhost:{ldp.port}: {reason}")
    assert TOKEN not in str(error)
    assert ldp.handshakes == 2
    assert found(recorder) == ids(MESSAGES[:100])


def test_a_server_that_asks_to_be_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    timing = replace(FAST, longest_wait=0.4)
    began = time.monotonic()
    answers = [(429, "3600"), (503, "Thu, 01 Jan 1970 00:00:00 GMT"), (503, "soon")]
    with Ldp(answers=answers) as ldp, Listening(ldp, Recorder(), timing=timing) as listening:
        listening.until(lambda: ldp.connections == 1)
    assert time.monotonic() - began >= 0.4
    waits = [record.args[2] for record in caplog.records if "not connected" in record.message]  # type: ignore[index]
    assert 0.4 <= waits[0] <= 0.5  # type: ignore[operator]
    assert max(waits[1:]) <= 0.1  # type: ignore[type-var]


def test_a_certificate_of_nobody_we_know(caplog: pytest.LogCaptureFixture) -> None:
    # GIVEN a server whose certificate is not valid
    with Ldp() as ldp, Listening(ldp, Recorder(), trusting=False) as listening:
        listening.until(lambda: caplog.text.count("not connected") >= 2)
    # THEN it is tried again, since certificates are renewed, and nothing is sent to it
    assert "its certificate is not valid: " in caplog.text
    assert ldp.handshakes == 0


def test_an_output_that_fails_for_a_while() -> None:
    # GIVEN an output that takes nothing for a while, beside one that does, and no dead letters
    failing = threading.Event()
    failing.set()

    def fault(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        return always("down", is_final=True)(batch, timeout) if failing.is_set() else ()

    recorder, other = Recorder(fault=fault), Recorder("other")
    routes = [Route(recorder, Priority.DEBUG), Route(other, Priority.DEBUG)]
    pipeline = Pipeline(shipped().select(), AlertFormat(), routes, None)
    script = [[send(*MESSAGES[:100]), abort()], [send(*MESSAGES[120:])]]
    wanted = ids(MESSAGES[:100] + MESSAGES[120:])
    with Ldp(*script) as ldp, Listening(ldp, None, pipeline=pipeline) as listening:
        listening.until(lambda: recorder.calls >= 4)
        assert not recorder.ids
        failing.clear()
        listening.until(lambda: found(recorder) >= wanted and len(gaps(recorder.taken)) == 1)
    # THEN both get everything, with the gap, and neither anything twice
    assert listening.result is True
    assert found(recorder) == wanted
    assert sorted(recorder.ids) == sorted(other.ids)
    assert len(recorder.ids) == len(set(recorder.ids))
    COUNTED.append(f"a tail whose output fails for a while: {len(wanted):,} alerts, {len(wanted):,} delivered, 0 lost")


def test_what_waits_is_bounded_and_the_connection_lives_on() -> None:
    # GIVEN an output that holds up everything, and a server that sends far more than may wait
    held = threading.Event()

    def fault(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        held.wait(10)
        return ()

    recorder = Recorder(fault=fault, size=1000)
    body = {"data": "x" * 20_000}
    sent = numbered(1500, requestObject=body)
    progress: list[int] = []

    async def count(connection: Any) -> None:
        for one in sent:
            await connection.send(one)
            progress.append(len(one))

    timing = replace(FAST, run=20.0)
    with Ldp([count]) as ldp:
        with Listening(ldp, None, pipeline=anything(recorder), timing=timing, buffer=1 << 20) as listening:
            listening.until(lambda: bool(recorder.calls) or len(progress) > 300)
            before = -1
            while before != len(progress):  # until it cannot send any more
                before = len(progress)
                time.sleep(0.5)
            assert len(progress) < 1200
            held.set()
            listening.until(lambda: len(recorder.ids) == 1500)
        assert ldp.connections == 1
    assert len(set(recorder.ids)) == 1500


def test_stopping_drains() -> None:
    # GIVEN a tail that is stopped while messages come
    recorder = Recorder()
    endless = [send(*numbered(5000), pause=0.001)]
    with Ldp(endless) as ldp, Listening(ldp, None, pipeline=anything(recorder)) as listening:
        listening.until(lambda: len(recorder.ids) > 20)
        assert listening.stop() is True
    # THEN what it had received is delivered: all of it up to some message
    numbers = sorted(json.loads(taken.text)["id"] for taken in recorder.taken)
    assert len(numbers) == len(set(numbers))
    count = len(numbers)
    expected = Recorder()
    for one in numbered(count):
        anything(expected).take(ovh.events, one.encode(), Deadline(30), origin="x", provider="ovh")
    assert set(recorder.ids) == set(expected.ids)


def test_stopping_with_an_output_that_takes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    # GIVEN a tail whose output does not recover, and no dead letters
    recorder = Recorder(fault=always("down", is_final=True))
    timing = replace(FAST, grace=0.8, longest_pause=30.0)
    state = tmp_path / "state"
    with Ldp([send(*MESSAGES)]) as ldp, Listening(ldp, recorder, timing=timing, state=str(state)) as listening:
        listening.until(lambda: recorder.calls > 1)
        began = time.monotonic()
        # WHEN it is stopped, THEN it ends in time, and says that something is lost
        assert listening.stop() is False
    assert time.monotonic() - began < 5
    assert "not all that was received is safe" in caplog.text
    # AND what is written down does not go beyond what is lost
    lost = min(times(alert) for alert in alerts_of(MESSAGES))
    assert not state.exists() or json.loads(state.read_bytes())["newest"] / 1e9 < lost
    # AND the same with dead letters is well
    box = Box()
    with Ldp([send(*MESSAGES)]) as ldp, Listening(ldp, recorder, box, timing=timing) as listening:
        listening.until(lambda: bool(box.records))
        assert listening.stop() is True
    assert {Message.read(DeadLetter.read(record).content).id for record in box.records} >= ids(MESSAGES[:1])


def test_a_gap_between_two_processes(tmp_path: Path) -> None:
    # GIVEN a tail with a state file that is stopped, and another one 20 messages later
    state, port = str(tmp_path / "state"), free_port()
    taken: list[Recorder] = []

    def run(messages: Sequence[str], known: int = 0, **settings: Any) -> list[dict[str, Any]]:
        recorder, wanted = Recorder(), ids(messages[known:])
        taken.append(recorder)
        with Ldp([send(*messages)], port=port) as ldp, Listening(ldp, recorder, **settings) as listening:
            listening.until(lambda: found(recorder) >= wanted)
        assert found(recorder) == wanted
        return gaps(recorder.taken)

    before, later = MESSAGES[:150], MESSAGES[170:]
    assert not run(before, state=state)
    known = Path(state).read_bytes()
    # THEN that one reports a gap, and so does a third one that is in the same position: it is the same alert
    for _ in range(2):
        Path(state).write_bytes(known)
        (gap,) = run(later, state=state)
        assert gap["gap.reason"] == "Lanner was not running"
        missing = alerts_of(MESSAGES[150:170])
        assert all(gap["gap.begin"] <= times(alert) <= gap["gap.end"] for alert in missing)
    one, other = [{alert.id for alert in recorder.taken if alert.rule == RULE} for recorder in taken[1:]]
    assert one == other
    # AND one that begins with what the first had dealt with reports none, nor does one without the file
    Path(state).write_bytes(known)
    assert not run(MESSAGES[145:], 5, state=state)
    assert not run(later)
    assert TOKEN.encode() not in known


@pytest.mark.parametrize("content", [b"", b"{", b'{"host":"another","newest":1}', b"[1]", b"\xff"])
def test_a_state_that_says_nothing(content: bytes, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(content)
    recorder = Recorder()
    with Ldp([send(*MESSAGES[:100])]) as ldp, Listening(ldp, recorder, state=str(state)) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES[:100]))
    assert not gaps(recorder.taken)
    assert json.loads(state.read_bytes())["newest"] > 1


def test_files_that_cannot_be_written_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    missing = str(tmp_path / "no" / "such")
    recorder = Recorder()
    with Ldp([send(*MESSAGES[:100])]) as ldp, Listening(ldp, recorder, state=missing, health=missing) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES[:100]))
    assert listening.result is True
    assert "the state cannot be written: No such file" in caplog.text
    assert caplog.text.count("such: cannot be written: No such file") == 1


def test_the_health_file(tmp_path: Path) -> None:
    # GIVEN a tail that is connected
    health = tmp_path / "health"
    failing = threading.Event()

    def fault(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        return always("down", is_final=True)(batch, timeout) if failing.is_set() else ()

    def is_written() -> bool:
        health.unlink(missing_ok=True)
        time.sleep(0.1)
        return health.exists()

    recorder = Recorder(fault=fault)
    go_on = threading.Event()

    async def more(connection: Any) -> None:
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        await send(*MESSAGES[:100])(connection)

    with Ldp([more]) as ldp, Listening(ldp, recorder, health=str(health)) as listening:
        listening.until(lambda: ldp.connections == 1)
        time.sleep(2 * FAST.patience)
        # THEN its file is written, for as long as that is so, or alerts are delivered
        assert is_written()
        failing.set()
        go_on.set()
        listening.until(lambda: not is_written())
        failing.clear()
        listening.until(is_written)
        ldp.stop()
        listening.until(lambda: not is_written())
        ldp.start()
        listening.until(is_written)


def test_a_stream_without_messages_is_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    timing = replace(FAST, idle=0.2)
    recorder = Recorder()
    script = [[send(*MESSAGES[:100]), wait()], [send(*MESSAGES[100:])]]
    with Ldp(*script) as ldp, Listening(ldp, recorder, timing=timing) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES))
    assert "no message for 0 s" in caplog.text
    (gap,) = gaps(recorder.taken)
    assert gap["gap.reason"] == "no message for 0 s"


def test_a_server_that_answers_no_ping_but_sends() -> None:
    # GIVEN a server that reads nothing, so answers no ping, but goes on sending
    async def deaf(connection: Any) -> None:
        connection.transport.pause_reading()
        await send(*MESSAGES[90:140], pause=0.05)(connection)

    recorder = Recorder()
    with Ldp([deaf]) as ldp, Listening(ldp, recorder) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES[90:140]))
        # THEN the connection is not given up
        assert ldp.connections == 1


def test_a_large_message_on_a_slow_line() -> None:
    # GIVEN a message that takes longer than the answer to a ping may
    (large,) = numbered(1, requestObject={"data": "x" * 100_000})

    async def slowly(connection: Any) -> None:
        connection.transport.pause_reading()  # or answers to pings would stand in the middle of it
        frame = Frame(Opcode.TEXT, large.encode()).serialize(mask=False)
        for start in range(0, len(frame), 5000):
            connection.transport.write(frame[start : start + 5000])
            await asyncio.sleep(0.1)

    recorder = Recorder()
    with Ldp([slowly]) as ldp, Listening(ldp, None, pipeline=anything(recorder)) as listening:
        listening.until(lambda: len(recorder.ids) == 1)
        # THEN it comes by the first connection: its pieces are signs of life
        assert ldp.connections == 1


@pytest.mark.parametrize("ends", [True, False])
def test_a_replay_of_the_past(ends: bool) -> None:
    # GIVEN an address that asks for a time that has passed: the server closes at the end of it, or has no more to say
    recorder = Recorder()
    acts = [send(*MESSAGES), close(1000)] if ends else [send(*MESSAGES)]
    with Ldp([send(*MESSAGES[:100]), abort()], acts) as ldp:
        with Listening(ldp, recorder, url=f"{ldp.url}&begin=1795270740&end=1795270800") as listening:
            assert listening.ended() is None
        assert ldp.paths[0].endswith("&begin=1795270740&end=1795270800")
    # THEN the tail ends, too, and what came twice is there once
    assert listening.result is True
    assert found(recorder) == ids(MESSAGES)
    assert len(recorder.ids) == len(set(recorder.ids))


def test_a_replay_that_never_comes_to_its_end() -> None:
    recorder = Recorder()
    with Ldp(*[[send(*MESSAGES[:100]), abort()]] * 9) as ldp:
        with Listening(ldp, recorder, url=f"{ldp.url}&begin=1&end=2") as listening:
            error = listening.ended()
        assert ldp.connections == 5
    assert "the replay broke off 5 times: it broke off" in str(error)
    assert found(recorder) == ids(MESSAGES[:100])


def test_defects_of_ours_cost_no_other_message() -> None:
    # GIVEN a source that fails on one message, and rules that fail on another
    def source(payload: bytes, **options: Any) -> Any:
        if b"00000003" in payload:
            raise ZeroDivisionError
        return ovh.events(payload, **options)

    recorder, box = Recorder(), Box()
    pipeline = anything(recorder, box)
    run = pipeline.run

    def failing(pieces: Any, *arguments: Any, **options: Any) -> Any:
        found = list(pieces)
        if any(b"00000007" in getattr(piece, "text", b"") and piece.origin for piece in found if hasattr(piece, "cut")):
            raise KeyError("x")
        return run(found, *arguments, **options)

    pipeline.run = failing  # type: ignore[method-assign]
    with Ldp([send(*numbered(20))]) as ldp, Listening(ldp, None, box, pipeline=pipeline, source=source) as listening:
        listening.until(lambda: len(recorder.ids) == 18 and len(box.records) == 2)
    reasons = {DeadLetter.read(record).reason for record in box.records}
    assert reasons == {
        f"{what} failed with {name}, which is a defect of Lanner (please report it)"
        for what, name in (("reading", "ZeroDivisionError"), ("judging", "KeyError"))
    }


def test_defects_that_pass_lose_nothing(caplog: pytest.LogCaptureFixture) -> None:
    # GIVEN a pipeline that fails altogether for a while
    recorder = Recorder()
    pipeline = anything(recorder)
    run, calls = pipeline.run, 0

    def failing(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < 10:
            raise RuntimeError("x")
        return run(*arguments, **options)

    pipeline.run = failing  # type: ignore[method-assign]
    with Ldp([send(*numbered(20))]) as ldp, Listening(ldp, None, pipeline=pipeline) as listening:
        listening.until(lambda: len(recorder.ids) == 20)
    assert "failed, which is a defect of Lanner (please report it); trying again" in caplog.text


def test_the_alert_about_a_gap_is_delivered_or_kept() -> None:
    # GIVEN an output that refuses nothing but the alert about a gap, for a while
    refusals = 0

    def fault(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        nonlocal refusals
        refused = [one for one in batch if one.rule == RULE and refusals < 3]
        refusals += len(refused)
        return always("not this", is_final=True)(refused, timeout)

    script = [[send(*MESSAGES[:100]), abort()], [send(*MESSAGES[120:])]]
    recorder = Recorder(fault=fault)
    with Ldp(*script) as ldp, Listening(ldp, recorder) as listening:
        listening.until(lambda: bool(gaps(recorder.taken)) and found(recorder) >= ids(MESSAGES[120:]))
    assert refusals == 3
    assert len(recorder.ids) == len(set(recorder.ids))
    # AND with dead letters it is kept at once
    refusals, box, recorder = -100, Box(), Recorder(fault=fault)
    with Ldp(*script) as ldp, Listening(ldp, recorder, box) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES[120:]) and bool(box.records))
    (letter,) = [DeadLetter.read(record) for record in box.records]
    assert Message.read(letter.content).rule == RULE


def test_what_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    timing = replace(FAST, report=0.1)
    recorder = Recorder()
    script = [[send(*MESSAGES[:100]), close(1001)], [send(*MESSAGES[120:])]]
    with Ldp(*script, answers=[503]) as ldp, Listening(ldp, recorder, timing=timing) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES[120:]) and bool(gaps(recorder.taken)))
    ours = [record for record in caplog.records if record.name == "lanner"]
    events = [getattr(record, "event", "") for record in ours]
    told = [event for event in events if event != "counts"]
    assert told == ["not_connected", "connected", "disconnected", "connected", "gap", "drained"]
    counts = [vars(record) for record in ours if getattr(record, "event", "") == "counts"]
    assert sum(one.get("messages", 0) for one in counts) == 80 + len(MESSAGES) - 100
    assert sum(one.get("alerts", 0) for one in counts) == len(found(recorder))
    assert sum(one.get("gaps", 0) for one in counts) == 1
    assert not any(TOKEN in record.getMessage() for record in ours)
    assert not any(record.name.startswith("websockets.client") for record in caplog.records)


def test_what_was_judged_after_its_messages_were_reported_is_reported_too(caplog: pytest.LogCaptureFixture) -> None:
    # GIVEN a log that does not show what is for debugging, and an output that is slower than reports are
    caplog.set_level("INFO", "lanner")

    def slow(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        time.sleep(0.2)
        return []

    recorder = Recorder(fault=slow)
    with Ldp([send(*MESSAGES)]) as ldp, Listening(ldp, recorder, timing=replace(FAST, report=0.05)) as listening:
        listening.until(lambda: found(recorder) >= ids(MESSAGES))
    # THEN the reports tell of everything
    counts = [vars(record) for record in caplog.records if getattr(record, "event", "") == "counts"]
    assert sum(one.get("messages", 0) for one in counts) == len(MESSAGES)
    assert sum(one.get("events", 0) for one in counts) == len(MESSAGES)
    assert sum(one.get("alerts", 0) for one in counts) == len(ids(MESSAGES))


def test_an_output_that_hangs_does_not_keep_the_box_from_being_used() -> None:
    # GIVEN an output that hangs, and more messages than are judged at a time
    def hang(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        time.sleep(timeout)
        return [Failure(message, "no answer") for message in batch]

    box = Box()
    output = Recorder(fault=hang)
    pipeline = anything(output, box)
    timing = replace(FAST, run=1.0, grace=10.0)
    with Ldp([send(*numbered(3000))]) as ldp, Listening(ldp, None, box, pipeline=pipeline, timing=timing) as listening:
        listening.until(lambda: len(box.records) > 0)
        # WHEN the tail is stopped THEN all that it received is kept
        assert listening.stop(30) is True
    assert len({DeadLetter.read(record).id for record in box.records}) == len(box.records) == 3000


def test_a_part_that_ends_ends_the_tail(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    # GIVEN a defect that judging does not survive
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("lanner.pipeline.tail.memory.Memory.sort", fail)
    with Ldp([send(*MESSAGES[:10])]) as ldp, Listening(ldp, Recorder()) as listening:
        # THEN the tail does not go on as if all were well
        assert listening.ended() is None
        assert listening.result is False
    assert "a part of the tail has ended" in caplog.text
