"""The parts of a tail, each by itself: addresses, settings, waiting, memory, gaps, what went wrong on the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles import Recorder, always
from emulators.ldp import TOKEN
from lanner.errors import UsageError
from lanner.outputs.message import Message
from lanner.pipeline.environment import Environment
from lanner.pipeline.tail import buffer as buffers
from lanner.pipeline.tail import connection, memory
from lanner.pipeline.tail.address import Address
from lanner.pipeline.tail.buffer import Buffer, Origin, Received
from lanner.pipeline.tail.gap import RULE, Continuity, First, Gap, is_plausible
from lanner.pipeline.tail.memory import Memory
from lanner.pipeline.tail.resending import Resending
from lanner.pipeline.tail.settings import NAMES, TailSettings
from lanner.pipeline.tail.threads import in_thread
from lanner.pipeline.tail.timing import Timing
from lanner.ruleset import Priority

ONE, TWO = Origin(1), Origin(2, "it broke off")
SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "uri", "host"),
    [
        ("wss://gra1.logs.ovh.com/tail/?tk=T", "wss://gra1.logs.ovh.com/tail/?tk=T", "gra1.logs.ovh.com"),
        ("gra1.logs.ovh.com/tail/?tk=T", "wss://gra1.logs.ovh.com/tail/?tk=T", "gra1.logs.ovh.com"),
        ("WSS://GRA1.logs.ovh.com:8443?tk=T+%41", "wss://gra1.logs.ovh.com:8443/?tk=T+%41", "gra1.logs.ovh.com:8443"),
        ("wss://[2001:db8::1]/tail/?tk=T", "wss://[2001:db8::1]/tail/?tk=T", "[2001:db8::1]"),
        ("localhost", "wss://localhost/", "localhost"),
    ],
)
def test_addresses(text: str, uri: str, host: str) -> None:
    address = Address.read(text, "URL")
    assert (address.uri, address.host, address.is_secure, address.is_replay) == (uri, host, True, False)
    assert repr(address) == f"Address({host!r})"


@pytest.mark.parametrize(
    ("query", "is_replay"),
    [("tk=T&begin=1&end=2", True), ("end=2", True), ("tk=T&begin=1", False), ("tk=T&end=", False), ("send=1", False)],
)
def test_addresses_of_the_past(query: str, is_replay: bool) -> None:
    assert Address.read(f"wss://h/tail/?{query}", "URL").is_replay is is_replay


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"https://h/?tk={TOKEN}", "that is no WebSocket address"),
        (f"wss://user@h/?tk={TOKEN}", "that is no WebSocket address"),
        (f"wss://h/?tk={TOKEN} x", "that is no WebSocket address"),
        (f"wss://h/?tk={TOKEN}#x", "that is no WebSocket address"),
        (f"wss://h\\x/?tk={TOKEN}", "that is no WebSocket address"),
        (f"wss://h..x/?tk={TOKEN}", "that is no WebSocket address"),
        (f"wss:///?tk={TOKEN}", "that is no WebSocket address"),
        ("", "that is no WebSocket address"),
        (f"wss://h:0/?tk={TOKEN}", "there is no port 0"),
        (f"h:99999/?tk={TOKEN}", "there is no port 99999"),
        (f"ws://h/?tk={TOKEN}", "ws is not secure; use wss, or allow it (LANNER_ALLOW_HTTP=true)"),
    ],
)
def test_addresses_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as raised:
        Address.read(text, "URL")
    assert str(raised.value).startswith(f"URL: {reason}")
    assert TOKEN not in str(raised.value)


def test_an_address_that_is_not_encrypted() -> None:
    address = Address.read("ws://localhost:8080/tail", "URL", allow_http=True)
    assert (address.uri, address.is_secure) == ("ws://localhost:8080/tail", False)


def test_settings() -> None:
    assert TailSettings.read({}) == TailSettings()
    values = {
        "LANNER_LDP_URL_FILE": "/run/url",
        "LANNER_TAIL_STATE": "/state",
        "LANNER_TAIL_HEALTH": "/health",
        "LANNER_TAIL_GRACE": "5",
        "LANNER_TAIL_IDLE": "60",
        "LANNER_TAIL_BUFFER": "8",
    }
    assert set(values) < NAMES
    read = TailSettings.read(values)
    assert read.url is not None
    assert (read.url.name, read.state, read.health) == ("LANNER_LDP_URL_FILE", "/state", "/health")
    assert (read.grace, read.idle, read.buffer) == (5, 60, 8 << 20)
    with pytest.raises(UsageError, match="LANNER_TAIL_IDLE: '9' is no number from 10 to 86400"):
        TailSettings.read({"LANNER_TAIL_IDLE": "9"})
    Environment(values).refuse_unknown(NAMES)


@given(st.integers(0, 50), st.floats(0, 1e9))
def test_pauses(attempt: int, least: float) -> None:
    timing = Timing()
    pause = timing.pause(attempt, least)
    assert min(least, 600) <= pause <= min(least, 600) + min(60, 2**attempt)


def test_batches_are_of_one_connection_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "_BATCH", 3)

    async def run() -> list[list[bytes]]:
        buffer = Buffer(1 << 20)
        for number in range(4):
            buffer.add(Received(b"%d" % number, ONE))
        for number in range(4, 6):
            buffer.add(Received(b"%d" % number, TWO))
        buffer.close()
        found = []
        while batch := await buffer.take():
            found.append([message.content for message in batch])
        assert await buffer.take() == []
        return found

    assert asyncio.run(run()) == [[b"0", b"1", b"2"], [b"3"], [b"4", b"5"]]


@pytest.mark.parametrize(("limit", "most"), [(1000, 20_000), (1 << 30, 4)])
def test_a_buffer_that_is_full(limit: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "_MOST", most)

    async def run() -> None:
        buffer = Buffer(limit)
        while not buffer.is_full:
            await buffer.room()
            buffer.add(Received(b"x" * 50, ONE))
        assert len(buffer) == 4
        waiting = asyncio.create_task(buffer.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert len(await buffer.take()) == 4
        await waiting
        assert len(buffer) == 0

    asyncio.run(run())


def test_a_buffer_waits_for_messages() -> None:
    async def run() -> None:
        buffer = Buffer(1000)
        taking = asyncio.create_task(buffer.take())
        await asyncio.sleep(0)
        assert not taking.done()
        buffer.add(Received(b"x", ONE))
        assert [message.content for message in await taking] == [b"x"]

    asyncio.run(run())


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MOST", 3)
    known = Memory()
    first = known.sort([Received(b"a", ONE), Received(b"b", ONE), Received(b"a", ONE)])
    assert [message.content for message in first.new] == [b"a", b"b"]
    assert (first.repeated, first.overlaps) == (1, False)
    # not remembered before it is dealt with
    assert known.sort([Received(b"a", ONE)]).repeated == 0
    known.add(first.new, 1)
    assert known.sort([Received(b"a", ONE)]) == ([], 1, False)
    # a message without an event, such as a greeting, does not tell that nothing is missing
    assert known.sort([Received(b"a", TWO), Received(b"c", TWO)])[1:] == (1, False)
    event = b'"auditID"'
    known.add(known.sort([Received(event, ONE)]).new, 1)
    assert known.sort([Received(event, TWO)])[1:] == (1, True)
    known = Memory()
    known.add(first.new, 1)
    # the oldest is forgotten
    known.add(known.sort([Received(b"c", TWO), Received(b"d", TWO)]).new, 2)
    assert known.sort([Received(b"a", TWO)]).repeated == 0
    assert known.sort([Received(b"b", TWO)]).repeated == 1
    assert len(known.last(2)) == 2
    # a process after this one
    later = Memory(known.last(2))
    assert later.sort([Received(b"d", ONE)]) == ([], 1, False)


def seen(moment: int | None, cluster: str = "shop") -> First:
    first = First()
    first.time, first.cluster = moment, cluster
    return first


def test_gaps() -> None:
    continuity = Continuity("ovh")
    # nothing is known before the first event
    assert continuity.gap(ONE, seen(None), overlaps=False) is None
    assert continuity.gap(ONE, seen(5 * SECOND), overlaps=False) is None
    continuity.saw(7 * SECOND, "shop")
    continuity.saw(6 * SECOND, "shop")
    continuity.saw(None, "")
    assert continuity.gap(ONE, seen(9 * SECOND), overlaps=False) is None
    # a batch without events does not tell, the next one does, until the gap is settled
    assert continuity.gap(TWO, seen(None), overlaps=False) is None
    for _ in range(2):
        assert continuity.gap(TWO, seen(9 * SECOND), overlaps=False) == Gap(
            "shop", "ovh", 7 * SECOND, 9 * SECOND, "it broke off"
        )
    continuity.settle(TWO)
    assert continuity.gap(TWO, seen(9 * SECOND), overlaps=False) is None
    # events that come late
    three = Origin(3, "x")
    assert continuity.gap(three, seen(5 * SECOND), overlaps=False) == Gap("shop", "ovh", 5 * SECOND, 7 * SECOND, "x")
    assert continuity.gap(three, seen(5 * SECOND), overlaps=True) is None
    assert continuity.gap(three, seen(5 * SECOND), overlaps=False) is None


def test_a_gap_in_a_stream_of_several_clusters() -> None:
    # GIVEN a cluster before the gap, and another behind it
    continuity = Continuity("ovh", 7 * SECOND, "shop")
    gap = continuity.gap(ONE, seen(9 * SECOND, "bank"), overlaps=False)
    # THEN it is about all of them
    assert gap is not None
    assert gap.cluster == ""
    continuity.settle(ONE)
    continuity.saw(9 * SECOND, "bank")
    gap = continuity.gap(TWO, seen(11 * SECOND, "bank"), overlaps=False)
    assert gap is not None
    assert gap.cluster == ""


def test_a_gap_after_a_process_that_ended() -> None:
    continuity = Continuity("ovh", 7 * SECOND, "shop")
    gap = continuity.gap(ONE, seen(9 * SECOND), overlaps=False)
    assert gap is not None
    assert gap.reason == "Lanner was not running"


def test_times_that_cannot_be_true() -> None:
    now = time.time_ns()
    assert is_plausible(now)
    assert is_plausible(now + 60 * SECOND)
    assert not is_plausible(now + 7200 * SECOND)
    assert not is_plausible(0)
    continuity = Continuity("ovh", 7 * SECOND)
    continuity.saw(now + 7200 * SECOND, "x")
    assert continuity.newest == 7 * SECOND


def test_the_alert_about_a_gap() -> None:
    gap = Gap("shop", "ovh", 1_795_270_763_072_548_000, 1_795_270_805_172_548_000, "it broke off")
    message = gap.message()
    alert = message.alert()
    assert list(alert) == sorted(alert)
    assert (message.rule, message.priority, message.cluster) == (RULE, Priority.WARNING, "shop")
    assert alert["source"] == "lanner"
    assert alert["time"] == "2026-11-21T14:20:05.172548000Z"
    told = alert["output"].partition(": ")[2]
    assert told == (
        "Warning Events of shop between 2026-11-21T14:19:23.072548000Z and 2026-11-21T14:20:05.172548000Z (42.100 s) "
        "may be missing, because nothing was received (it broke off)"
    )
    assert alert["output_fields"]["gap.seconds"] == 42.1
    assert (alert["output_fields"]["gap.begin"], alert["output_fields"]["gap.end"]) == (1795270703, 1795270866)
    # the same gap is the same alert, whatever the reason was; another one is another
    assert gap._replace(reason="y").message().id == message.id
    for other in (gap._replace(cluster="x"), gap._replace(start=1), gap._replace(end=gap.end + 1)):
        assert other.message().id != message.id


def test_what_an_output_has_taken_is_not_sent_again() -> None:
    messages = [
        Message.read(json.dumps({"id": str(number), "rule": "r", "priority": "debug"}).encode()) for number in range(4)
    ]
    recorder = Recorder(fault=lambda batch, _: always("down")([one for one in batch if one.id == "2"], 1))
    output = Resending(recorder)
    assert output.name == "recorder"
    assert list(output.batches(messages)) == [messages]
    assert [failure.message.id for failure in output.send(messages, 1)] == ["2"]
    assert [failure.message.id for failure in output.send(messages, 1)] == ["2"]
    assert recorder.ids == ["0", "1", "3"]
    assert output.send(messages[:2], 1) == ()
    assert recorder.calls == 2
    output.forget()
    output.send(messages[:2], 1)
    assert recorder.ids == ["0", "1", "3", "0", "1"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "nobody listens there"),
        (socket.gaierror(-2, "Name or service not known"), "the host's name cannot be resolved (Name or service not"),
        (OSError(113, "No route to host"), "No route to host"),
        (OSError("Multiple exceptions: x"), "Multiple exceptions: x"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "TLS failed ("),
    ],
)
def test_what_goes_wrong_on_the_network(error: OSError, told: str) -> None:
    assert connection._told(error).startswith(told)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7), ("", 0), ("x", 0), ("-7", 0), ("9" * 20, 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0)]
)
def test_what_a_server_asks_for(text: str, seconds: float) -> None:
    assert connection._seconds(text) == seconds


@pytest.mark.parametrize(
    ("uri", "reason", "is_final"),
    [
        ("wss://localhost:1/", "nobody listens there", False),
        ("wss://name.invalid/", "the host's name cannot be resolved", False),
        (f"wss://{'x' * 64}.example/", "that is no host name", True),
    ],
)
def test_hosts_that_are_not_there(uri: str, reason: str, is_final: bool) -> None:
    refusal = asyncio.run(_opened(uri))
    assert isinstance(refusal, connection.Refusal)
    assert refusal.reason.startswith(reason)
    assert refusal.is_final is is_final


def test_a_server_that_speaks_something_else() -> None:
    async def run() -> Any:
        answered = asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            answered.set()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            refusal = await _opened(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            await answered.wait()
            return refusal

    assert asyncio.run(run()) == ("no WebSocket server's answer (InvalidMessage)", False, 0.0)


def test_a_server_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refusal = asyncio.run(_opened(f"ws://127.0.0.1:{silent.getsockname()[1]}/", 0.2))
    assert refusal == ("no answer within 0 s", False, 0.0)


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("no-proxy-at-all", "the proxy that the environment names is none"),
        ("socks5h://127.0.0.1:1", "connecting through a"),
    ],
)
def test_proxies_that_cannot_be_used(variable: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", variable)
    monkeypatch.setenv("all_proxy", variable)
    monkeypatch.delenv("no_proxy", raising=False)
    refusal = asyncio.run(_opened("wss://example.com/"))
    assert refusal.is_final
    assert refusal.reason.startswith(reason)


def test_without_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.exceptions", None)
    refusal = asyncio.run(_opened("wss://example.com/"))
    assert refusal == ("this needs websockets (pip install 'lanner[ovh]')", True, 0.0)


async def _opened(uri: str, seconds: float = 5) -> Any:
    address = Address.read(uri, "URL", allow_http=True)
    return await connection.opened(address, ONE, Buffer(1), Timing(opening=seconds))


def test_work_in_a_thread() -> None:
    async def run() -> None:
        assert await in_thread(lambda: 7) == 7
        with pytest.raises(KeyError):
            await in_thread(lambda: {}[1])
        hanging = asyncio.create_task(in_thread(lambda: time.sleep(0.2)))
        await asyncio.sleep(0)
        hanging.cancel()

    asyncio.run(run())
    time.sleep(0.3)  # what it comes to is of no interest, also when the loop is closed
