"""From pieces to parts: what is counted, kept and shown."""

import json

import pytest

from lanner.alerts import Alert, AlertFormat
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Intake, RawEvent
from lanner.scan.judge import Judge
from lanner.sources import Other, Progress, Reject
from support import an_event, rules_from

RULES = """
- rule: Writes
  desc: d
  condition: ka.verb in (create, patch)
  output: written by %ka.user.name
  priority: WARNING
  source: k8s_audit
- rule: Privileged
  desc: d
  condition: ka.verb = create and ka.req.pod.containers.privileged intersects (true)
  output: privileged
  priority: WARNING
  source: k8s_audit
"""
ENGINES = pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])


def raw(event: dict) -> RawEvent:
    return RawEvent(json.dumps(event, separators=(",", ":")).encode(), origin="audit.log:7")


def judged(engine, line, *pieces):
    judge = Judge(engine(rules_from(RULES)), AlertFormat(), line)
    (part,) = judge.parts(pieces, Intake(), Progress())
    return part


def named(alert: Alert) -> bytes:
    return alert.rule.name.encode()


def deep(levels: int) -> dict:
    body: object = 1
    for _ in range(levels - 1):
        body = {"x": body}
    return body


@ENGINES
def test_an_event_that_nests_too_deep_is_kept_if_a_rule_might_match_it(engine):
    # GIVEN events of 301 levels that rules might match, and that none can match, and one of 300 levels
    written = raw(an_event(verb="create", requestObject=deep(301)))
    read = raw(an_event(verb="get", requestObject=deep(301)))
    fitting = raw(an_event(verb="patch", requestObject=deep(300)))
    # WHEN they are judged
    part = judged(engine, named, written, read, fitting)
    # THEN the first is a reject that tells why, the second is of interest to nobody, the third alerts
    reject, alert = part.output
    assert isinstance(reject, Reject)
    assert (reject.origin, reject.text) == ("audit.log:7", written.text)
    assert "300 levels" in reject.reason
    assert "Writes, Privileged" in reject.reason
    assert alert == b"Writes"
    assert (part.statistics.events, part.statistics.rejected, part.statistics.alerts) == (3, 1, 1)


@ENGINES
def test_an_alert_that_cannot_be_written_costs_no_other(engine):
    def line(alert: Alert) -> bytes:
        if alert.rule.name == "Writes":
            raise RuntimeError("a defect")
        return named(alert)

    body = {"spec": {"containers": [{"securityContext": {"privileged": True}}]}}
    part = judged(engine, line, raw(an_event(verb="create", requestObject=body)))
    assert part.output == [b"Privileged"]
    assert part.statistics.failed == {"Writes": 1}
    text = part.statistics.text()
    assert "Events detected: 1" in text


def test_records_of_other_kinds_are_counted_and_nothing_else():
    # GIVEN records that are no audit events, between an event and a reject
    other = Other("audit.log:1", "a control message")
    pieces = [other, raw(an_event(verb="create")), other, Reject("audit.log:3", "no audit event", b"x"), other]
    # WHEN they are judged
    part = judged(CompiledEngine, named, *pieces)
    # THEN they are neither events nor rejects
    assert (part.statistics.events, part.statistics.rejected, part.statistics.others) == (1, 1, 3)
    assert part.output == [b"Writes", pieces[3]]


def test_parts_end_after_many_records_of_other_kinds(monkeypatch):
    monkeypatch.setattr("lanner.scan.judge._MAX_PIECES", 10)
    judge = Judge(CompiledEngine(rules_from(RULES)), AlertFormat(), named)
    parts = list(judge.parts([Other("x", "y")] * 25, Intake(), Progress()))
    assert [part.statistics.others for part in parts] == [10, 10, 5]


def test_what_takes_the_exact_way_is_counted():
    usual = raw(an_event(verb="create"))
    unusual = raw(an_event(verb="create", level=7))
    part = judged(CompiledEngine, named, usual, unusual, usual)
    assert part.statistics.exact == 1
    assert part.output == [b"Writes"] * 3
    assert "Events that took the exact way: 1" in part.statistics.text()
