"""`lanner scan` of what providers deliver: found out, or said by `--provider`."""

import json
from pathlib import Path

import pytest

EVENTS = Path(__file__).parents[1] / "events"
BATCH, EXEC = EVENTS / "aws_cloudwatch.json", EVENTS / "gcp_pubsub.json"
OTHERS = [EVENTS / f"{name}.json" for name in ("aws_cloudwatch_control", "gcp_pubsub_container", "gcp_pubsub_text")]


def alerts_of(out: str) -> list[dict]:
    return [json.loads(text) for text in out.splitlines()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_envelopes_are_found_out(lanner, rules, monkeypatch, jobs):
    # GIVEN a batch of CloudWatch Logs, a Pub/Sub message, and a plain log
    monkeypatch.setattr("lanner.scan.portions.SIZE", 1000)
    plain = EVENTS / "incident.jsonl"
    # WHEN they are scanned
    paths = [BATCH, EXEC, *OTHERS, plain]
    status, out, err = lanner("scan", "-r", rules, "--tag", "noise", "--format", "json", "--jobs", jobs, *paths)
    # THEN their events alert, and tell where they came from; other records are counted, and no reason to complain
    assert status == 0
    alerts = alerts_of(out)
    told = [(alert["provider"], alert["cluster"]) for alert in alerts]
    assert told[:5] == [("eks", "shop")] * 4 + [("gke", "shop")]
    assert set(told[5:]) == {("", "")}
    assert "Rejected: 0\nOther records (no audit events): 3\n" in err
    assert f"Events read: {len(alerts)}\n" in err


def test_other_records_are_no_rejects(lanner, rules, tmp_path):
    rejects = tmp_path / "rejects"
    status, out, err = lanner("scan", "-r", rules, "--exit-code", "--rejects", rejects, *OTHERS)
    assert status == 0
    assert "Other records (no audit events): 3\n" in out
    assert err == "Note: the input holds no events\n"
    assert rejects.read_bytes() == b""


def test_a_provider_can_be_named(lanner, rules):
    # GIVEN what two providers delivered WHEN both are read as one of them
    status, out, err = lanner("scan", "-r", rules, "--provider", "gke", BATCH, EXEC)
    # THEN the other's is a reject that says so
    assert status == 3
    assert "Events read: 1\nRejected: 1\n" in out
    assert f"Rejected {BATCH}:1: no log entry" in err


def test_events_as_such_can_be_asked_for(lanner, rules):
    status, _, err = lanner("scan", "-r", rules, "--provider", "apiserver", EXEC)
    assert status == 3
    assert "this is a Pub/Sub message (GKE), where an audit event was expected" in err


def test_the_cluster_that_is_given_counts(lanner, rules):
    _, out, _ = lanner("scan", "-r", rules, "--format", "json", "--cluster", "mine", BATCH, EXEC)
    assert {alert["cluster"] for alert in alerts_of(out)} == {"mine"}


def test_standard_input_may_hold_envelopes(lanner_process, rules):
    ended = lanner_process("scan", "-r", rules, "--format", "json", "-", input=BATCH.read_bytes())
    assert ended.returncode == 0
    assert {json.loads(line)["provider"] for line in ended.stdout.splitlines()} == {"eks"}


def test_an_unknown_provider_is_refused(lanner, rules):
    status, _, err = lanner("scan", "-r", rules, "--provider", "nobody", BATCH)
    assert status == 2
    assert "apiserver" in err


def test_help_tells_what_can_be_read(lanner):
    _, out, _ = lanner("scan", "--help")
    assert "--provider {apiserver,eks,gke,aks,ovh,iks}" in out
    assert "CloudWatch Logs" in out
