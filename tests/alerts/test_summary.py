import gzip
import json
import subprocess

import pytest

from lanner.alerts import Alert, AlertFormat, Summary, summary
from lanner.cli.terminal import printable
from support import an_event, opened, rules_from, universal_time

RULES = "".join(
    f"""
- rule: {name}
  desc: d
  condition: ka.verb exists
  output: x
  priority: {priority}
  source: k8s_audit
"""
    for name, priority in (("Grave", "CRITICAL"), ("Light", "NOTICE"))
)
GRAVE, LIGHT = rules_from(RULES)


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    yield from universal_time(monkeypatch, "h1")


def story(*alerts, paths=("audit.log",)):
    told = Summary()
    for rule, changes in alerts:
        told.add(Alert(rule, opened(an_event(**changes)), AlertFormat()))
    return told.text(paths, str.upper, str)


def later(second):
    return {"stageTimestamp": f"2026-03-01T10:20:{second}Z"}


def test_no_alerts_no_story():
    assert story() == "\nNOTHING ALERTED."


def test_rules_stand_by_severity_with_count_and_time():
    text = story((LIGHT, later(31)), (GRAVE, later(40)), (LIGHT, later(35)), (LIGHT, later(30)))
    assert text.splitlines()[1:4] == [
        "WHAT HAPPENED",
        "   Critical           1 x  Grave  10:20:40",
        "   Notice             3 x  Light  10:20:30 to 10:20:35",
    ]


def test_actors_stand_with_addresses_worst_alert_and_what_they_touched():
    mallory = {"user": {"username": "mallory"}, "sourceIPs": ["198.51.100.9"]}
    text = story(
        (LIGHT, mallory),
        (GRAVE, mallory | {"objectRef": {"resource": "pods", "subresource": "exec", "namespace": "a"}}),
        (LIGHT, {"user": None, "sourceIPs": None, "objectRef": None, "requestURI": "/healthz?verbose=1"}),
        (LIGHT, {"user": None, "sourceIPs": None, "objectRef": {"resource": "nodes"}}),
        (LIGHT, {"user": None, "sourceIPs": None, "objectRef": None, "requestURI": None}),
    )
    assert text[text.index("WHO") : text.index("WHERE")].splitlines() == [
        "WHO DID IT",
        "   mallory from 198.51.100.9",
        "      2 alerts, worst: Grave (Critical)",
        "      touched pods in shop, pods/exec in a",
        "   (nobody) from an unknown address",
        "      3 alerts, worst: Light (Notice)",
        "      touched /healthz, nodes, ?",
        "",
    ]


def test_the_proxy_that_a_request_came_through_is_named():
    claimed = {"sourceIPs": ["10.0.0.1", "192.0.2.1", "203.0.113.9"]}
    assert "alice from 10.0.0.1 (through 203.0.113.9)\n" in story((LIGHT, claimed))


def test_the_worst_alerts_and_commands_are_where_to_look():
    text = story((LIGHT, {}), (GRAVE, {"user": {"username": "mallory"}, "auditID": "m"}), paths=["a b.log", "c.log.gz"])
    assert text[text.index("WHERE") :].splitlines() == [
        "WHERE TO LOOK NEXT",
        "   Grave by mallory at 10:20:30, audit id m",
        "   Light by alice at 10:20:30, audit id 11111111-2222-3333-4444-555555555555",
        "   all that they did, also what did not alert:",
        "      zgrep -hF -e '\"username\":\"mallory\"' -- 'a b.log' c.log.gz",
        "      zgrep -hF -e '\"username\":\"alice\"' -- 'a b.log' c.log.gz",
    ]


@pytest.mark.parametrize(
    ("name", "paths"),
    [("alice", ["-"]), ("turned \u202e", ["a.log"]), ("raw \x9b", ["a.log"])],
    ids=["standard input", "turns text", "controls the terminal"],
)
def test_no_command_where_it_would_not_work_as_shown(name, paths):
    told = Summary()
    event = opened(an_event())
    event.top["user"] = b'{"username":"' + name.encode() + b'"}'
    told.add(Alert(LIGHT, event, AlertFormat()))
    assert "grep" not in told.text(paths, str, printable)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["alice", "with \"quotes\" \\ and 'others'", "jörg; rm -rf ~", "$(reboot)"])
def test_the_commands_find_what_they_promise(name, packed, tmp_path):
    # GIVEN a log with an event of this user and one of another
    log = tmp_path / ("audit log.gz" if packed else "audit log")
    lines = [json.dumps(an_event(user={"username": user}), separators=(",", ":")) for user in (name, "other")]
    content = "\n".join(lines).encode() + b"\n"
    log.write_bytes(gzip.compress(content) if packed else content)
    # WHEN the command of the summary is run
    text = story((LIGHT, {"user": {"username": name}}), paths=[str(log)])
    command = text.splitlines()[-1]
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    # THEN it prints that user's event
    assert ended.stdout == content.splitlines(keepends=True)[0]


def test_many_actors_are_shown_in_part():
    text = story(*((LIGHT, {"user": {"username": f"user-{number}"}}) for number in range(10)))
    assert "   and 2 more\n" in text
    assert text.count("      touched ") == 8


def test_memory_is_bounded_whatever_names_the_events_hold(monkeypatch):
    # GIVEN more different users and targets than are kept
    monkeypatch.setattr(summary, "_MAX_ACTORS", 2)
    monkeypatch.setattr(summary, "_MAX_PLACES", 3)
    told = Summary()
    for number in range(20):
        changes = {"user": {"username": f"user-{number % 5}"}, "objectRef": {"resource": f"kind-{number}"}}
        told.add(Alert(LIGHT, opened(an_event(**changes)), AlertFormat()))
    # THEN the rest counts as others, and nothing is lost from the counts
    assert set(told._actors) == {"user-0", "user-1", "(others)"}
    assert sum(actor.count for actor in told._actors.values()) == 20
    assert all(len(actor.places) <= 3 for actor in told._actors.values())
    assert "(others)" in told.text(["a.log"], str, str)
