"""The function behind a Kinesis stream: what comes of records, and which of them have to come again."""

from __future__ import annotations

import base64
import gzip
import json
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aws_data import aggregate, batch, kinesis
from doubles import COUNTED, Box, Recorder, always
from functions_data import COMPARED, event, incident, incident_alerts
from lanner.alerts import AlertFormat
from lanner.engine import ReferenceEngine
from lanner.fields import Intake
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.fanout import Route
from lanner.pipeline import Pipeline
from lanner.ruleset import Priority, artefact, load, rules_paths, shipped_rules
from lanner.scan import Judge
from lanner.sources import Progress, apiserver
from support import shipped

HANDLER = "aws_cloudwatch/handler"
ALERTS = incident_alerts()
ENVELOPES = Path(__file__).parents[3] / "shared" / "corpus" / "envelopes"
EVERY_EVENT = """
- rule: Every Event
  desc: so that no event is left out of the comparison
  condition: jevt.rawtime exists
  output: "%ka.auditid %ka.stage"
  priority: DEBUG
  source: k8s_audit
"""


def failures(answer: Any) -> list[str]:
    """Return the records that have to come again."""
    assert list(answer) == ["batchItemFailures"]
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def metrics(printed: str) -> dict[str, Any]:
    """Return the only EMF document among the lines that a function printed."""
    (found,) = [document for line in printed.splitlines() if "_aws" in (document := json.loads(line))]
    return found


def ids(texts: list[str]) -> list[str]:
    return [json.loads(text)["id"] for text in texts]


def groups(size: int) -> list[list[str]]:
    """Return the lines of the incident in groups."""
    lines = incident()
    return [lines[start : start + size] for start in range(0, len(lines), size)]


@pytest.fixture(params=["cold", "warm"])
def handle(request: pytest.FixtureRequest, function: Any, cloud: Any, context: Any, capsys: Any) -> Any:
    """The handler, called for the first time, or after other batches."""
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic, DEAD_LETTERS=cloud.dead_letters)
    if request.param == "warm":
        module.handle(event("aws_kinesis"), context)
        module.handle(event("aws_cloudwatch"), context)
        module.handle(kinesis(b"nonsense", batch(*incident()[150:])), context)
        cloud.taken()
        cloud.taken(cloud.dead_letters)
        capsys.readouterr()
    return module.handle


def test_recorded_records(handle: Any, cloud: Any, context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN a control message, a quiet batch and one of another log
    assert failures(handle(event("aws_kinesis"), context)) == []
    assert not cloud.taken()
    assert not cloud.taken(cloud.dead_letters)
    printed = metrics(capsys.readouterr().out)
    assert (printed["Events"], printed["Others"], printed["Rejected"], printed["NotSafe"]) == ([4], [2], [0], [0])
    assert printed["cluster"] == "shop"


def test_an_incident_in_many_records(handle: Any, cloud: Any, context: Any, capsys: Any) -> None:
    assert failures(handle(kinesis(*(batch(*group) for group in groups(7))), context)) == []
    alerts = [json.loads(text) for text in cloud.taken()]
    assert len(alerts) == ALERTS
    assert len({alert["id"] for alert in alerts}) == ALERTS
    assert {(alert["provider"], alert["cluster"]) for alert in alerts} == {("eks", "shop")}
    # AND there is one report about all of them
    printed = metrics(capsys.readouterr().out)
    assert (printed["Events"], printed["Alerts"], printed["Delivered"]) == ([332], [ALERTS], [ALERTS])
    assert printed["LagSeconds"][0] > 0


def test_clusters_of_many_accounts(handle: Any, cloud: Any, context: Any, capsys: Any) -> None:
    lines = incident()
    names = ["shop", "bank", "shop.eu"]
    sent = kinesis(*(batch(*lines, group=f"/aws/eks/{name}/cluster", owner="2" * 12) for name in names))
    assert failures(handle(sent, context)) == []
    alerts = [json.loads(text) for text in cloud.taken()]
    assert Counter(alert["cluster"] for alert in alerts) == dict.fromkeys(names, ALERTS)
    assert len({alert["id"] for alert in alerts}) == 3 * ALERTS
    # AND there are metrics of each
    documents = [one for line in capsys.readouterr().out.splitlines() if "_aws" in (one := json.loads(line))]
    assert [(one["cluster"], one["Events"], one["Alerts"]) for one in documents] == [
        (name, [332.0], [float(ALERTS)]) for name in names
    ]


def test_the_same_records_twice_give_the_same_alerts(handle: Any, cloud: Any, context: Any) -> None:
    sent = kinesis(*(batch(*group) for group in groups(20)))
    taken = []
    for _ in range(2):
        assert failures(handle(sent, context)) == []
        taken.append(sorted(cloud.taken()))
    assert taken[0] == taken[1]
    assert taken[0]


def test_records_in_records(handle: Any, cloud: Any, context: Any) -> None:
    packed = [batch(*group) for group in groups(50)]
    assert failures(handle(kinesis(aggregate(*packed[:4]), b"".join(packed[4:])), context)) == []
    assert len(set(ids(cloud.taken()))) == ALERTS


def test_without_dead_letters_those_records_fail_whose_alerts_are_not_safe(
    function: Any, cloud: Any, context: Any, capsys: Any
) -> None:
    # GIVEN a topic that does not exist, and no place for dead letters
    module = function(HANDLER, SNS_TOPIC_ARN=cloud.topic.replace("alerts", "missing"))
    sent = kinesis(*(batch(*group) for group in groups(40)))
    quiet = batch(*incident()[:20])
    sent["Records"] += kinesis(quiet)["Records"]
    for _ in range(2):
        # WHEN records come THEN those with alerts have to come again, and no others
        failed = failures(module.handle(sent, context))
        assert failed == ["3", "4", "5", "6"]
        printed = capsys.readouterr().out
        assert metrics(printed)["NotSafe"] == [ALERTS]
        assert '"level":"ERROR"' in printed
    # AND so do those that cannot be read
    assert failures(module.handle(kinesis(quiet, b"nonsense", quiet), context)) == ["2"]


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def faulty(function: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The function's module, with outputs and a box that fail as they are told."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")

    def made(*outputs: Any, box: Any = None) -> Any:
        module = function(HANDLER, STDOUT="true")
        module.pipeline = Pipeline(
            shipped().select(), AlertFormat(), [Route(one, Priority.DEBUG) for one in outputs], box
        )
        return module

    return made


def limited(seconds: float) -> Any:
    """What Lambda tells of an invocation that has so many seconds, beside those that the function leaves."""
    end = time.monotonic() + seconds + 1
    return SimpleNamespace(
        function_name="lanner",
        memory_limit_in_mb=256,
        aws_request_id="6bc28136-xmpl-4365-b021-0ce6b2e64ab0",
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:lanner",
        get_remaining_time_in_millis=lambda: max(0, round((end - time.monotonic()) * 1000)),
    )


@pytest.mark.parametrize("kind", ["box", "broken box", "no box"])
@pytest.mark.parametrize("fault", ["refuses", "hangs", "some"])
def test_outputs_that_fail(fault: str, kind: str, faulty: Any, context: Any) -> None:
    # GIVEN an output with a fault, beside one without
    def some(messages: Any, timeout: float) -> Any:
        return always("503")(messages[::2], timeout)

    def hangs(messages: Any, timeout: float) -> Any:
        time.sleep(timeout)
        return always("it did not answer in time")(messages, timeout)

    good = Recorder("good")
    bad = Recorder("bad", fault={"refuses": always("403", is_final=True), "hangs": hangs, "some": some}[fault])
    box = {"box": Box(), "broken box": Box(broken=True), "no box": None}[kind]
    module = faulty(good, bad, box=box)
    sent = kinesis(*(batch(*group) for group in groups(20)))
    # WHEN an incident comes, and what fails comes again, until there are no failures, or often enough
    wanted: set[str] = set()
    for number in range(3):
        failed = failures(module.handle(sent, limited(4)))
        if not number:
            wanted = set(good.ids)
            assert len(good.ids) == len(wanted) == ALERTS  # however many records failed, all others were dealt with
        if not failed:
            break
        sent = {"Records": [one for one in sent["Records"] if one["kinesis"]["sequenceNumber"] in failed]}
    # THEN each alert is at both outputs, or kept for the one, or its record still has to come
    kept = [DeadLetter.read(record) for record in box.records] if box is not None else []
    safe = set(bad.ids) | {json.loads(letter.content)["id"] for letter in kept}
    assert set(good.ids) == wanted
    if kind == "box":
        assert not failed
        assert safe == wanted
        assert {letter.output for letter in kept} <= {"bad"}
    else:
        open_ = {one["id"] for record in sent["Records"] for one in alerts_of(module, record)}
        assert failed
        assert wanted - safe <= open_
    COUNTED.append(f"Kinesis, an output that {fault}, {kind}: {len(wanted)} alerts, {len(wanted - safe)} still to come")


def alerts_of(module: Any, record: Any) -> list[Any]:
    """Return the alerts of one record where nothing fails."""
    recorder = Recorder()
    pipeline, module.pipeline = module.pipeline, module.pipeline.together()
    module.pipeline.routes = (Route(recorder, Priority.DEBUG),)
    module.handle({"Records": [record]}, limited(20))
    module.pipeline = pipeline
    return [json.loads(message.text) for message in recorder.taken]


def test_poison_between_good_records(faulty: Any, context: Any) -> None:
    # GIVEN records that can never be read among those that can
    hostile = batch(*incident())
    poison = [
        b"",
        b"\x00\xff",
        b"\x1f\x8b\x08 torn",
        hostile[:-30],
        b'{"messageType":"x","logEvents":[]}',
        b"{}",
        b"[7]",
    ]
    sent = kinesis(*(one for bad in poison for one in (bad, hostile)))
    sent["Records"].insert(0, {"kinesis": {"sequenceNumber": "0", "data": "no base64!"}})
    sent["Records"].append({"eventSource": "aws:dynamodb", "dynamodb": {}})
    # WHEN they come THEN all are taken
    good, box = Recorder(), Box()
    assert failures(faulty(good, box=box).handle(sent, context)) == []
    assert set(Counter(good.ids).values()) == {len(poison)}
    # AND the bad ones are kept as they were, with the shard and the number
    letters = [DeadLetter.read(record) for record in box.records]
    assert len(letters) == len(poison) + 2
    kept = {letter.content for letter in letters}
    assert kept >= {*poison}
    origins = {letter.content: letter.origin for letter in letters}
    assert origins[b"\x00\xff"] == f"invocation {context.aws_request_id} audit/shardId-000000000000:3"
    assert {letter.provider for letter in letters} == {"eks"}


def test_an_output_that_hangs_costs_the_other_records_no_time(faulty: Any) -> None:
    # GIVEN an output that takes as long as it is given
    calls = []

    def hangs(messages: Any, timeout: float) -> Any:
        calls.append(timeout)
        time.sleep(timeout)
        return always("it did not answer in time")(messages, timeout)

    box = Box()
    module = faulty(Recorder("bad", fault=hangs, size=100), box=box)
    # WHEN many records alert
    assert failures(module.handle(kinesis(*(batch(*incident()) for _ in range(20))), limited(4))) == []
    # THEN it had its time once, and the alerts of all are kept
    assert len(box.records) == 20 * ALERTS
    assert sum(calls) < 1.5


def test_records_for_which_no_time_is_left_fail(faulty: Any) -> None:
    # GIVEN a box that takes nearly all of the time that there is
    class Slow(Box):
        def keep(self, records: Any, deadline: Any) -> None:
            time.sleep(deadline.left())
            super().keep(records, deadline)

    box, good = Slow(), Recorder("good")
    module = faulty(good, Recorder("bad", fault=always("403", is_final=True)), box=box)
    sent = kinesis(*(batch(*incident()) for _ in range(40)))
    # WHEN records come
    failed = failures(module.handle(sent, limited(4)))
    # THEN those that were not begun have to come again, and no other
    safe = 40 - len(failed)
    assert 1 <= safe < 40
    assert failed == [str(number) for number in range(safe + 1, 41)]
    # AND each alert of a safe record was taken, or is kept, for both outputs
    letters = Counter(DeadLetter.read(record).output for record in box.records)
    assert letters["bad"] >= safe * ALERTS
    assert len(good.taken) + letters["good"] >= safe * ALERTS


def test_no_record_is_begun_without_time(faulty: Any) -> None:
    good = Recorder()
    sent = kinesis(batch(*incident()), b"nonsense")
    assert failures(faulty(good, box=Box()).handle(sent, limited(-1))) == ["1", "2"]
    assert not good.taken


def test_bombs_are_kept(faulty: Any, context: Any) -> None:
    # GIVEN 256 MiB in a record, within a batch and as a log
    bombs = []
    for head, stuff in ((b'{"messageType":"DATA_MESSAGE","logEvents":[', b" "), (b"", b"\0")):
        bombs.append(packed_bomb(head, stuff))
        assert len(bombs[-1]) < 2 << 20
    good, box = Recorder(), Box(limit=1 << 20)
    module = faulty(good, box=box)
    hostile = batch(*incident())
    assert failures(module.handle(kinesis(hostile), context)) == []  # a new engine takes long, being watched
    tracemalloc.start()
    # WHEN they come between good ones
    failed = failures(module.handle(kinesis(hostile, bombs[0], hostile, bombs[1], hostile), context))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # THEN they are kept, the good ones judged, and memory is bounded
    assert failed == []
    assert set(Counter(good.ids).values()) == {1 + 3}
    letters = [DeadLetter.read(record) for record in box.records]
    assert {letter.origin.rpartition(":")[2] for letter in letters} == {"2", "4"}
    assert peak < 200 << 20
    COUNTED.append(f"bombs of 256 MiB by Kinesis: kept, {peak >> 20} MiB at the most")


def packed_bomb(head: bytes, stuff: bytes) -> bytes:
    """Return 256 MiB of something, packed."""
    pack = zlib.compressobj(5, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = stuff * ((1 << 20) // len(stuff))
    return pack.compress(head) + b"".join([pack.compress(block) for _ in range(256)]) + pack.flush()


# -- the corpus -------------------------------------------------------------------------------------------------------


def test_every_record_of_the_corpus(
    function: Any, context: Any, tmp_path: Path, monkeypatch: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    # GIVEN the recorded events, plain and as a stream delivers them
    paths = [ENVELOPES / f"{name}.jsonl.gz" for name in ("eks-kinesis", "events")]
    if not all(path.exists() for path in paths):
        pytest.skip("eks-kinesis is not beside this checkout: this needs the recorded corpus")
    payloads, plain = (gzip.decompress(path.read_bytes()).splitlines() for path in paths)
    (tmp_path / "every.yaml").write_text(EVERY_EVENT)
    ruleset = load(rules_paths([*shipped_rules(), tmp_path / "every.yaml"], explicit=True)).ruleset
    assert ruleset is not None
    (tmp_path / "rules.lanner").write_bytes(artefact.write(ruleset))
    pieces = (piece for line in plain for piece in apiserver.events(line, origin="x", provider="eks", cluster="shop"))
    judge = Judge(ReferenceEngine(ruleset.select()), AlertFormat(), lambda alert: alert.json_line())
    wanted = Counter(line for part in judge.parts(pieces, Intake(), Progress()) for line in part.output)
    # WHEN they come one by one, and many at once
    monkeypatch.setenv("LANNER_RULES", str(tmp_path / "rules.lanner"))
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "ERROR")
    module = function(HANDLER, STDOUT="true")
    records = [record for payload in payloads for record in json.loads(payload)["Records"]]
    for sent in ([{"Records": [record]} for record in records], [{"Records": records}]):
        capfd.readouterr()
        found: Counter[Any] = Counter()
        for one in sent:
            assert failures(module.handle(one, context)) == []
            found += Counter(capfd.readouterr().out.encode().splitlines())
        # THEN they give the alerts of the plain events, to the last character
        assert found == wanted
    rules = sum(count for line, count in wanted.items() if b'"rule":"Every Event"' not in line)
    COMPARED.append(
        f"EKS, {len(records)} Kinesis records, one by one and together: {wanted.total() - rules:,} events, "
        f"{rules:,} alerts of the shipped rules, {(found - wanted).total() + (wanted - found).total()} different"
    )
    assert rules


def test_every_batch_in_every_wrapping_has_the_same_ids(faulty: Any, context: Any) -> None:
    # GIVEN an incident as CloudWatch Logs hands it to the function itself
    found = []
    for sent in (
        {"awslogs": {"data": base64.b64encode(batch(*incident())).decode()}},
        kinesis(batch(*incident())),
        kinesis(gzip.decompress(batch(*incident()))),
        kinesis(*(batch(line) for line in incident())),
    ):
        recorder = Recorder()
        faulty(recorder).handle(sent, context)
        found.append(sorted(recorder.ids))
    assert found[0]
    assert found.count(found[0]) == len(found)
