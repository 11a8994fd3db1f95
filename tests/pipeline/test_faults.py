"""Fault injection: whatever fails, no alert is lost, no id changes, and nothing grows without bound."""

from __future__ import annotations

import base64
import gzip
import json
import random
import signal
import socket
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from callers import a_webhook, batch, post
from doubles import COUNTED, Box, Recorder, always
from functions_data import cloudwatch, event_list, incident
from lanner.alerts import AlertFormat
from lanner.errors import NotSafe
from lanner.outputs.addresses import Reach
from lanner.outputs.boxes.file import FileBox
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.outputs.webhook import Webhook
from lanner.pipeline import Pipeline
from lanner.ruleset import Priority, Rule, shipped_rules
from lanner.sources import apiserver, eks, gke
from support import an_event, rules_from, shipped

PATH = "/alerts"
ANYTHING = """
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb by %ka.user.name in %ka.target.namespace from %ka.sourceips"
  priority: NOTICE
  source: k8s_audit
"""
Answer = Callable[[Request], Response]


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    """The shipped rules."""
    return shipped().select()


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """What alerts are posted to."""
    with HTTPServer(threaded=True) as server:
        yield server


def output(url: str) -> Webhook:
    return Webhook(url, allow_http=True, reach=Reach(["localhost"]))


def pipeline(rules: tuple[Rule, ...], *outputs: object, box: object = None) -> Pipeline:
    routes = [Route(one, Priority.DEBUG) for one in outputs]  # type: ignore[arg-type]
    return Pipeline(rules, AlertFormat(), routes, box)  # type: ignore[arg-type]


def wanted_ids(rules: tuple[Rule, ...], body: bytes) -> set[str]:
    """Return the ids of the alerts of a body where nothing fails."""
    recorder = Recorder()
    pipeline(rules, recorder).take(apiserver.events, body, Deadline(60), origin="x", cluster="shop")
    assert recorder.ids
    return set(recorder.ids)


def count(what: str, alerts: int, delivered: int, kept: int) -> None:
    COUNTED.append(
        f"{what}: {alerts:,} alerts, {delivered:,} delivered, {kept:,} kept, {alerts - delivered - kept} lost"
    )


def flaky() -> Answer:
    """Answer by chance: 200, 429, 500 and 503, with and without taking the alert."""
    chance = random.Random(7)

    def answer(request: Request) -> Response:
        return Response(status=chance.choice([200, 200, 429, 500, 503]))

    return answer


ANSWERS: dict[str, Answer | None] = {
    "500": lambda request: Response(status=500),
    "429": lambda request: Response(status=429, headers={"Retry-After": "30"}),
    "403": lambda request: Response(status=403),
    "302": lambda request: Response(status=302, headers={"Location": "http://localhost/"}),
    "200": lambda request: Response(status=200),
    "flaky": flaky(),
    "hanging": None,
    "refused": None,
}


@pytest.mark.parametrize("fault", ANSWERS)
def test_outputs_that_fail(fault: str, rules: tuple[Rule, ...], server: HTTPServer, tmp_path: Path) -> None:
    # GIVEN an output with a fault, beside one without
    body = event_list(*incident()[150:220])
    wanted = wanted_ids(rules, body)
    accepted: list[str] = []
    answer = ANSWERS[fault]

    def handle(request: Request) -> Response:
        assert answer is not None
        response = answer(request)
        if response.status_code == 200:
            accepted.append(json.loads(request.data)["id"])
        return response

    server.expect_request(PATH).respond_with_handler(handle)
    good, box = Recorder("good"), FileBox(str(tmp_path / "box"))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if fault == "hanging":
            silent.listen()
        port = server.port if answer is not None else silent.getsockname()[1]
        made = pipeline(rules, good, output(f"http://localhost:{port}{PATH}"), box=box)
        # WHEN alerts are sent
        outcome = made.take(apiserver.events, body, Deadline(1.2), origin="x", cluster="shop")
    # THEN each alert is at the good one, and at the other, or kept for it
    assert sorted(good.ids) == sorted(wanted)
    letters = [DeadLetter.read(record) for record, _ in box.take()] if (tmp_path / "box").exists() else []
    kept = {Message.read(letter.content).id for letter in letters}
    assert set(accepted) | kept == wanted
    assert {letter.output for letter in letters} <= {"webhook:localhost"}
    assert all(letter.reason for letter in letters)
    assert outcome.not_safe == 0
    assert (fault == "200") == (not letters)
    count(f"an output that is {fault}", len(wanted), len(wanted - kept), len(kept))


def test_a_process_that_is_killed_between_verdict_and_publishing(rules: tuple[Rule, ...], tmp_path: Path) -> None:
    # GIVEN a function that is killed at every third call of its output, before it publishes
    body = event_list(*incident()[150:220])
    wanted = wanted_ids(rules, body)
    (tmp_path / "body").write_bytes(body)
    published = tmp_path / "published"
    runs = 0
    while True:
        # WHEN the payload is delivered again and again until the function acknowledges it
        runs += 1
        command = [
            sys.executable,
            "-c",
            _KILLED,
            ":".join(map(str, shipped_rules())),
            str(tmp_path / "body"),
            str(published),
            str(runs),
        ]
        ended = subprocess.run(command, check=False, capture_output=True, timeout=60)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
        assert runs < 50
    # THEN every alert was published, some of them more than once, with the same id
    ids = published.read_text().split()
    assert set(ids) == wanted
    assert runs > 2
    COUNTED.append(
        f"killed {runs - 1} times: {len(wanted)} alerts, {len(ids)} published, {len(wanted - set(ids))} lost"
    )


_KILLED = """
import os, signal, sys
from pathlib import Path
from lanner.alerts import AlertFormat
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.pipeline import Pipeline
from lanner.ruleset import Priority, load, rules_paths
from lanner.sources import apiserver

rules, body, published, run = sys.argv[1:]
calls = 0

class Output:
    name = "file"
    def batches(self, messages):
        return [messages[start:start + 3] for start in range(0, len(messages), 3)]
    def send(self, batch, timeout):
        global calls
        calls += 1
        if calls == int(run) * 3:
            os.kill(os.getpid(), signal.SIGKILL)
        with open(published, "a") as file:
            file.write("".join(message.id + "\\n" for message in batch))
        return ()

ruleset = load(rules_paths([Path(folder) for folder in rules.split(":")], explicit=True)).ruleset
made = Pipeline(ruleset.select(), AlertFormat(), [Route(Output(), Priority.DEBUG)], None)
made.take(apiserver.events, Path(body).read_bytes(), Deadline(30), origin="x", cluster="shop")
"""


def test_batches_that_come_twice_and_out_of_order(rules: tuple[Rule, ...]) -> None:
    lines = incident()
    wanted = wanted_ids(rules, event_list(*lines))
    # GIVEN an API server that posts each batch two or three times, in any order, several at a time
    chance = random.Random(11)
    bodies = [event_list(*lines[start : start + 20]) for start in range(0, len(lines), 20)]
    sent = [body for body in bodies for _ in range(chance.choice([2, 3]))]
    chance.shuffle(sent)
    recorder = Recorder()
    made = pipeline(rules, recorder)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: made.take(apiserver.events, body, Deadline(30), origin="x", cluster="shop"), sent))
    # THEN the alerts are the same, and known by their ids
    assert set(recorder.ids) == wanted
    assert len({message.text for message in recorder.taken}) == len(wanted)
    COUNTED.append(
        f"{len(sent)} deliveries of {len(bodies)} batches: {len(wanted)} alerts, {len(recorder.ids)} sent, 0 lost"
    )


def test_an_output_that_comes_and_goes_over_many_deliveries(rules: tuple[Rule, ...]) -> None:
    # GIVEN an output that refuses two calls of three, nowhere to keep dead letters, and a trigger that delivers again
    lines = incident()
    wanted = wanted_ids(rules, event_list(*lines))
    chance = random.Random(13)
    refusing = always("403", is_final=True)
    recorder = Recorder(
        size=100, fault=lambda batch, timeout: refusing(batch, timeout) if chance.random() < 0.66 else ()
    )
    made = pipeline(rules, recorder)
    bodies = [event_list(*lines[start : start + 20]) for start in range(0, len(lines), 20)]
    waiting = list(bodies)
    deliveries = 0
    while waiting:
        body = waiting.pop(0)
        deliveries += 1
        try:
            made.take(apiserver.events, body, Deadline(30), origin="x", cluster="shop")
        except NotSafe:
            waiting.append(body)
    assert set(recorder.ids) == wanted
    assert deliveries > len(bodies)
    COUNTED.append(
        f"{deliveries} deliveries of {len(bodies)} batches to an output that fails: {len(wanted)} alerts, 0 lost"
    )


def mutated(chance: random.Random, text: bytes) -> bytes:
    """Return a text with some of its bytes changed, cut out, or doubled."""
    changed = bytearray(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                del changed[place : place + chance.randint(1, 40)]
            case 2:
                changed[place:place] = chance.choice([b"{", b"}", b"[" * 50, b'"', b"\\u", b"\xff", b"\0", b"1e999"])
            case 3:
                del changed[place:]
        if not changed:
            break
    return bytes(changed)


def test_poison_among_log_lines_costs_no_other_line(rules: tuple[Rule, ...]) -> None:
    # GIVEN batches in which a mutated line stands before each good one
    chance = random.Random(17)
    good = [line for line in incident() if "mallory" in line]
    expected = Recorder()
    pipeline(rules, expected).take(eks.events, json.dumps(cloudwatch(*good)).encode(), Deadline(60), origin="x")
    recorder, box, rejected = Recorder(), Box(), 0
    made = pipeline(rules, recorder, box=box)
    for _ in range(5):
        lines = [line for one in good for line in (mutated(chance, one.encode()).decode(errors="replace"), one)]
        outcome = made.take(eks.events, json.dumps(cloudwatch(*lines)).encode(), Deadline(60), origin="x")
        rejected += outcome.statistics.rejected
        assert outcome.not_safe == 0
    # THEN all alerts of the good lines are there
    assert set(expected.ids) <= set(recorder.ids)
    assert rejected == len(box.records) > 50
    COUNTED.append(
        f"{5 * len(good)} poisonous lines: {rejected} kept, {len(set(expected.ids))} alerts beside them, 0 lost"
    )


@pytest.mark.parametrize("source", [apiserver.events, eks.events, gke.events], ids=["webhook", "eks", "gke"])
def test_poisonous_payloads_are_kept_or_judged_and_never_raise(source: object, rules: tuple[Rule, ...]) -> None:
    chance = random.Random(19)
    entry = (Path(__file__).parents[1] / "events" / "gcp_pubsub.json").read_bytes()
    seeds = [event_list(*incident()[:3]), json.dumps(cloudwatch(*incident()[:3])).encode(), entry, b"[" * 3000, b""]
    box = Box()
    made = pipeline(rules, Recorder(), box=box)
    for number in range(600):
        payload = mutated(chance, chance.choice(seeds) or b"x")
        outcome = made.take(source, payload, Deadline(60), origin=f"payload {number}")  # type: ignore[arg-type]
        counts = outcome.statistics
        assert outcome.not_safe == 0
        assert counts.events + counts.rejected + counts.others > 0 or b"items" in payload
    assert len(box.records) > 100


def bomb(size: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(size >> 20)) + deflate.flush()
    assert size / len(packed) > 950
    return packed


@pytest.mark.parametrize("trigger", ["webhook", "CloudWatch"])
def test_inflate_bombs_are_kept_and_cost_little(trigger: str) -> None:
    packed = bomb(256 << 20)
    box, recorder = Box(limit=8 << 20), Recorder()
    tracemalloc.start()
    if trigger == "webhook":
        assert post(a_webhook(recorder, box), packed).status == 200
        assert post(a_webhook(recorder, box), batch(1)).status == 200
    else:
        made = pipeline(rules_from(ANYTHING), recorder, box=box)
        payload = json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}).encode()
        outcome = made.take(partial(eks.events, max_inflated=64 << 20), payload, Deadline(60), origin="x")
        assert outcome.dead_letters == 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(box.records) == 1
    assert most < 160 << 20
    COUNTED.append(f"a bomb of 256 MiB by {trigger}: kept, {most >> 20} MiB at the most")


@pytest.mark.parametrize(("sink", "events"), [("delivered", 100_000), ("kept", 30_000)])
def test_a_batch_of_very_many_events_that_all_alert(sink: str, events: int, tmp_path: Path) -> None:
    # GIVEN a CloudWatch batch of very many events, and an output that takes them, or takes none
    text = json.dumps(an_event(auditID="00000", user={"username": "mallory"}), separators=(",", ":"))
    lines = (text.replace("00000", f"{number:05}") for number in range(events))
    head = {"messageType": "DATA_MESSAGE", "logGroup": "/aws/eks/shop/cluster", "logStream": "kube-apiserver-audit-1"}
    entries = ",".join([json.dumps({"id": "1", "timestamp": 1, "message": line}) for line in lines])
    payload = gzip.compress((json.dumps(head)[:-1] + f',"logEvents":[{entries}]}}').encode(), 1)
    (tmp_path / "payload").write_bytes(payload)
    # WHEN it is judged
    command = [sys.executable, "-c", _LARGE, str(tmp_path), sink, str(events)]
    ended = subprocess.run(command, check=True, capture_output=True, timeout=120)
    delivered, kept, base, most = map(int, ended.stdout.split())
    # THEN every alert is sent, or kept, and they do not pile up in memory
    assert delivered + kept == events
    assert (delivered if sink == "delivered" else kept) == events
    assert most - base < 32 << 20  # the alerts alone are as many kilobytes as there are events
    COUNTED.append(
        f"{events:,} events in one batch: {delivered:,} alerts delivered, {kept:,} kept, 0 lost; {most >> 20} MiB "
        f"at the most, of which {base >> 20} to unpack and read the batch"
    )


_LARGE = """
import re, sys
from pathlib import Path
from lanner.alerts import AlertFormat
from lanner.outputs.boxes.file import FileBox
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.output import Failure
from lanner.pipeline import Pipeline
from lanner.ruleset import Priority
from lanner.sources import eks
sys.path.insert(0, TESTS)
from support import rules_from

folder, sink, events = sys.argv[1:]
ids = set()

class Output:
    name = "output"
    def batches(self, messages):
        return [messages]
    def send(self, batch, timeout):
        if sink == "kept":
            return [Failure(message, "403", True) for message in batch]
        ids.update(int(message.id[:15], 16) for message in batch)
        return ()

payload = Path(folder, "payload").read_bytes()
made = Pipeline(rules_from(RULES), AlertFormat(), [Route(Output(), Priority.DEBUG)], FileBox(folder + "/box"))
def most():  # of what getrusage tells, a part would be of the process that started this one
    status = Path("/proc/self/status")
    text = status.read_text() if status.exists() else "VmHWM: 0"
    return int(re.search("VmHWM: *([0-9]+)", text.replace("\\t", " "))[1]) * 1024
assert len(eks.batch(payload, origin="x").log_events) == int(events)
base = most()
outcome = made.take(eks.blocks, payload, Deadline(100), origin="x")
kept = sum(1 for _ in open(folder + "/box", "rb")) if sink == "kept" else 0
assert outcome.dead_letters == kept and outcome.delivered == len(ids)
print(len(ids), kept, base, most())
""".replace("TESTS", repr(str(Path(__file__).parents[1]))).replace("RULES", repr(ANYTHING))
