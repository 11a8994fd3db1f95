"""What functions tell of themselves."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from lanner.errors import NotSafe, UsageError
from lanner.pipeline import Outcome
from lanner.pipeline.cloud_logging import CloudFormatter, CloudTelemetry
from lanner.pipeline.outcome import MEASURES
from lanner.pipeline.powertools import LambdaTelemetry
from lanner.pipeline.telemetry import Telemetry


@pytest.fixture(autouse=True)
def loggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """New loggers for each test."""
    others = {name: one for name, one in logging.root.manager.loggerDict.items() if name.partition(".")[0] != "lanner"}
    monkeypatch.setattr(logging.root.manager, "loggerDict", others)


def outcome(**counts: Any) -> Outcome:
    """Return what a run came to, quiet but for `counts`."""
    made = Outcome()
    made.cluster = "shop"
    for name, number in counts.items():
        setattr(made if hasattr(made, name) else made.statistics, name, number)
    return made


def test_counts_have_names() -> None:
    found = outcome(events=3, rejected=1, dead_letters=2, delivered=5)
    assert tuple(found.measures()) == MEASURES
    assert found.measures()["DeadLetters"] == 2
    assert found.record() == {"events": 3, "delivered": 5, "dead_letters": 2, "rejected": 1, "cluster": "shop"}
    assert str(found) == "3 events, 0 alerts, 1 rejected, 2 kept as dead letters"
    assert str(outcome(events=1, not_safe=4)) == "1 event, 0 alerts, 4 not safe"


def test_problems_are_told_once_and_not_all() -> None:
    found = outcome()
    for number in range(10):
        found.add_problem(f"problem {number % 7}")
    assert found.problems == [f"problem {number}" for number in range(5)]
    assert not found.is_quiet
    assert outcome(events=9).is_quiet


@pytest.mark.parametrize(
    ("counts", "problems", "level"),
    [
        ({}, [], None),
        ({"rejected": 1, "dead_letters": 1}, ["x"], "WARNING"),
        ({"not_safe": 1}, ["x"], "ERROR"),
    ],
)
def test_levels(counts: dict[str, int], problems: list[str], level: str | None, capsys: Any) -> None:
    found = outcome(events=1, **counts)
    found.problems = problems
    CloudTelemetry().report(found)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["severity"] for line in lines] == ([level] if level else [])


def test_a_run_that_is_not_safe_is_reported_and_raised(capsys: Any) -> None:
    def run() -> Outcome:
        raise NotSafe("lost", outcome(not_safe=2))

    with pytest.raises(NotSafe):
        CloudTelemetry().run(run)
    line = json.loads(capsys.readouterr().err)
    assert (line["severity"], line["not_safe"], line["message"]) == ("ERROR", 2, "0 events, 0 alerts, 2 not safe")


def test_what_cannot_start_says_why(capsys: Any) -> None:
    def make() -> None:
        raise UsageError("LANNER_RULES: missing")

    with pytest.raises(UsageError):
        CloudTelemetry().started(make)
    line = json.loads(capsys.readouterr().err)
    assert (line["severity"], line["message"]) == ("CRITICAL", "cannot start: LANNER_RULES: missing")


def test_lines_are_one_object_whatever_is_in_them() -> None:
    record = logging.makeLogRecord(
        {
            "name": "lanner.x",
            "levelname": "INFO",
            "msg": "%s\n\x1b[31m",
            "args": ("\u2028<b>",),
            "reason": 'a"\nb',
            "o": {1},
        }
    )
    line = CloudFormatter().format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line) == {
        "severity": "INFO",
        "message": "\u2028<b>\n\x1b[31m",
        "logger": "lanner.x",
        "reason": 'a"\nb',
        "o": [1],
    }


def test_exceptions_stand_in_the_line() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        import sys

        record = logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", "exc_info": sys.exc_info()})
    told = json.loads(CloudFormatter().format(record))
    assert told["message"].startswith("failed\nTraceback (most recent call last):")


@pytest.mark.parametrize(("level", "wanted"), [("debug", 1), ("INFO", 0), ("nonsense", 0), ("", 0)])
def test_the_level_is_set_by_the_environment(level: str, wanted: int, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    CloudTelemetry().report(outcome(events=1))
    assert len(capsys.readouterr().err.splitlines()) == wanted


def test_a_telemetry_of_no_platform_writes_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "lanner"):
        Telemetry().report(outcome(events=2))
    assert [record.getMessage() for record in caplog.records] == ["2 events, 0 alerts"]


def metrics(printed: str) -> list[dict[str, Any]]:
    return [document for line in printed.splitlines() if "_aws" in (document := json.loads(line))]


def test_metrics_have_bounded_dimensions(capsys: Any) -> None:
    telemetry = LambdaTelemetry()
    names = ["", "shop", "a b", "x" * 300, *[f"cluster-{number}" for number in range(150)], "shop"]
    for name in names:
        found = outcome(events=1)
        found.cluster = name
        telemetry.report(found)
    clusters = [document["cluster"] for document in metrics(capsys.readouterr().out)]
    assert clusters[:4] == ["unknown", "shop", "other", "other"]
    assert clusters[-1] == "shop"
    assert len(set(clusters)) == 102
    assert clusters.count("other") == 53


def test_names_of_metrics_can_be_set(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Security")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "audit")
    LambdaTelemetry().report(outcome(events=1))
    (document,) = metrics(capsys.readouterr().out)
    assert document["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Security"
    assert document["service"] == "audit"
