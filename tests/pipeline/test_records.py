"""Records that share an invocation: their time, their report, and what one of them costs the others."""

from __future__ import annotations

import time
from typing import Any

import pytest

from aws_data import batch, kinesis
from doubles import Box, Recorder, always
from functions_data import incident
from lanner.alerts import AlertFormat
from lanner.errors import NotSafe
from lanner.fields import RawEvent
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.pipeline import Outcome, Pipeline
from lanner.pipeline.outcome import SEVERAL
from lanner.pipeline.records import Records
from lanner.pipeline.replay import whatever
from lanner.ruleset import Priority
from lanner.sources import Reject, eks
from lanner.sources.aws_records import S3Object
from support import rules_from

RULES = rules_from(
    """
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb"
  priority: NOTICE
  source: k8s_audit
"""
)


def pipeline(*outputs: Any, box: Any = None) -> Pipeline:
    return Pipeline(RULES, AlertFormat(), [Route(one, Priority.DEBUG) for one in outputs], box)


def records(pipeline: Pipeline, event: Any, seconds: float = 20) -> Records:
    return Records(pipeline, event, "invocation 1", Deadline(seconds))


def test_runs_are_reported_as_one() -> None:
    whole = Outcome()
    for cluster in ("", "shop", "", "shop"):
        more = Outcome(cluster)
        more.statistics.events, more.delivered, more.dead_letters, more.not_safe = 1, 2, 3, 4
        more.newest = 7 if cluster else 5
        more.add_problem(f"x{cluster}")
        whole.add(more)
    assert (whole.statistics.events, whole.delivered, whole.dead_letters, whole.not_safe) == (4, 8, 12, 16)
    assert (whole.cluster, whole.newest, whole.problems) == ("shop", 7, ["x", "xshop"])
    whole.add(Outcome("bank"))
    assert (whole.cluster, whole.newest) == (SEVERAL, 7)
    # AND each cluster is counted apart, those without a name with the first
    assert [(one.cluster, one.statistics.events) for one in whole.by_cluster()] == [("shop", 4), ("bank", 0)]
    assert Outcome("alone").by_cluster()[0].cluster == "alone"
    for number in range(200):
        whole.add(Outcome(f"cluster-{number}"))
    assert len(whole.by_cluster()) == 101


def test_what_has_no_name_fails_the_invocation() -> None:
    # GIVEN an event without records, and a queue's with one that has no name; what is in them cannot be kept
    for event in ({"surprise": 1}, {"Records": [{"kinesis": {"data": ""}}, *kinesis(b"x")["Records"]]}):
        with pytest.raises(NotSafe, match="alerts or records are not safe") as raised:
            records(pipeline(Recorder()), event).run()
        assert raised.value.outcome.not_safe >= 1


def test_the_answer_is_what_lambda_wants() -> None:
    for event, wanted in (
        (kinesis(batch(incident()[0]), b"x"), {"batchItemFailures": [{"itemIdentifier": "2"}]}),
        (kinesis(batch(incident()[0])), {"batchItemFailures": []}),
    ):
        found = records(pipeline(Recorder()), event)
        found.run()
        assert found.answer() == wanted
    plain = records(pipeline(Recorder(), box=Box()), {"surprise": 1})
    plain.run()
    assert plain.answer()["DeadLetters"] == 1


def test_an_output_that_does_not_answer_is_left_out_of_what_follows_in_the_invocation() -> None:
    calls: list[float] = []

    def hangs(messages: Any, timeout: float) -> Any:
        calls.append(timeout)
        time.sleep(timeout)
        return always("it did not answer")(messages, timeout)

    bad, good, box = Recorder("bad", fault=hangs), Recorder("good"), Box()
    made = pipeline(good, bad, box=box)
    line = incident()[0]
    for count in (1, 2):
        # WHEN records alert, in one invocation after the other
        assert records(made, kinesis(*[batch(line)] * 9), 1.2).run().not_safe == 0
        # THEN it is tried for the first record of each
        assert len(calls) == count
        assert len(good.taken) == len(box.records) == 9 * count
    # AND the pipeline itself forgets
    made.take(eks.blocks, batch(line), Deadline(0.5), origin="x")
    assert len(calls) == 3


def test_records_that_are_kept_can_be_replayed() -> None:
    # GIVEN records that were kept: one whose batch can be read now, and the notification of an object that was gone
    for data, wanted in (
        (batch(*incident()[:2]), [RawEvent, RawEvent]),
        (batch(*incident()[:2])[:-9], [RawEvent, RawEvent, Reject]),
        (S3Object("b", "k").notification(), [Reject]),
    ):
        found = list(whatever(data, origin="x"))
        assert [type(piece) for piece in found] == wanted
        assert all(piece.provider == "eks" for piece in found if isinstance(piece, RawEvent))
    (reject,) = found
    assert isinstance(reject, Reject)
    assert "s3://b/k" in reject.reason
