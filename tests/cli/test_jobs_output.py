"""`lanner scan --jobs N`: the output is that of one process, whatever there is to read."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import an_event

RULES = """
- rule: Numbered
  desc: d
  condition: ka.verb in (create, delete)
  output: "%evt.num %evt.reltime %ka.verb by %ka.user.name %ka.target.name"
  priority: WARNING
  source: k8s_audit
- rule: Third
  desc: d
  condition: evt.num = 3 or evt.num = 17
  output: "%ka.auditid"
  priority: ERROR
  source: k8s_audit
- rule: Late
  desc: d
  condition: evt.reltime > 5000000000
  output: "late: %evt.reltime.s"
  priority: NOTICE
  source: k8s_audit
- rule: Body
  desc: d
  condition: ka.req.pod.containers.image in (evil)
  output: "evil %ka.target.name"
  priority: CRITICAL
  source: k8s_audit
"""

_PLAIN = RULES.replace("%evt.num %evt.reltime ", "").replace("evt.num = 3 or evt.num = 17", "ka.auditid endswith 3")
RULE_FILES = {
    "numbers": RULES,
    "times": RULES.replace("%evt.num ", "").replace("evt.num = 3 or evt.num = 17", "ka.auditid endswith 3"),
    "plain": _PLAIN.replace("evt.reltime > 5000000000", "ka.user.name = bob").replace("%evt.reltime.s", "%evt.time"),
}


def event(number: int, **changes: object) -> dict[str, object]:
    choose = random.Random(number)
    return an_event(
        auditID=f"a{number}",
        verb=choose.choice(["create", "get", "list", "delete"]),
        user={"username": choose.choice(["alice", "bob", "carol", "dave"])},
        sourceIPs=[f"10.0.0.{number % 7}"],
        requestReceivedTimestamp=f"2026-11-21T10:{number % 60:02}:{number * 7 % 60:02}.000000Z",
        stageTimestamp=f"2026-11-21T10:{number % 60:02}:{number * 7 % 60:02}.500000Z",
        **changes,
    )


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def pretty(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()


def array(events: list[bytes], closed: bool) -> bytes:
    return b"[\n" + b",\n".join(events) + (b"\n]" if closed else b"")


def a_list(items: list[dict[str, object]]) -> dict[str, object]:
    return {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": items}


def batch(events: list[dict[str, object]]) -> bytes:
    """Return a batch of CloudWatch Logs, as Lambda gets it, with a line that is no event."""
    messages = [{"message": text} for text in [compact(event).decode() for event in events] + ["nonsense"]]
    inside = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/eks/shop/cluster",
        "logStream": "kube-apiserver-audit-1",
        "logEvents": messages,
    }
    return compact({"awslogs": {"data": base64.b64encode(gzip.compress(compact(inside), mtime=0)).decode()}})


def entry(number: int, service: str) -> bytes:
    """Return a log entry of GKE, of a service that may be another one."""
    return compact(
        {
            "insertId": f"e{number}",
            "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
            "receiveTimestamp": f"2026-11-21T10:{number % 60:02}:00Z",
            "protoPayload": {"serviceName": service, "methodName": "io.k8s.core.v1.pods.create"},
        }
    )


numbers = st.integers(0, 300)
events = st.builds(event, numbers)
lines = st.one_of(
    events.map(compact),
    events.map(compact),
    events.map(compact),
    st.builds(lambda number: json.dumps(event(number)).encode(), numbers),  # with blanks
    st.lists(events, max_size=4).map(compact),
    st.lists(events, max_size=4).map(a_list).map(compact),
    st.lists(events, max_size=4).map(batch),
    st.builds(entry, numbers, st.sampled_from(["k8s.io", "k8s.io", "compute.googleapis.com"])),
    st.builds(lambda number, size: compact(event(number, x="y" * size)), numbers, st.sampled_from([300, 70_000])),
    st.builds(lambda event, cut: compact(event)[:-cut], events, st.integers(1, 200)),
    st.builds(lambda one, two: compact(one) + compact(two), events, events),
    st.sampled_from([b"", b" ", b"rubbish", b'{"kind":"Pod"}', b"\x00\x01binary", b"\xff\xfe", b"[", b"]", b"{", b"}"]),
    st.sampled_from([b"\xef\xbb\xbf{}", b"\x1f\x8b\x08", b'"text"', b'{"kind":"Event",', b"," * 9, b"<html>"]),
)
documents = st.one_of(
    lines,
    lines,
    lines,
    events.map(pretty),
    st.lists(events, max_size=5).map(a_list).map(pretty),
    st.builds(array, st.lists(events.map(compact), max_size=6), st.booleans()),
    # Lines of an array without commas, and a document that is cut and goes on: they look like lines of a log.
    st.lists(events.map(compact), max_size=6).map(lambda parts: b"[\n" + b"\n".join(parts) + b"\n]"),
    st.builds(lambda event, cut: pretty(event)[:-cut], events, st.integers(1, 400)),
    st.lists(events.map(compact), min_size=3, max_size=30).map(b"\n".join),
)
logs = st.builds(
    lambda parts, end, last: end.join(parts) + (end if last else b""),
    st.lists(documents, max_size=25),
    st.sampled_from([b"\n", b"\n", b"\r\n"]),
    st.booleans(),
)
files = st.lists(st.tuples(logs, st.sampled_from(["", "", "", "gz", "missing"])), min_size=1, max_size=4)


def written(folder: Path, contents: list[tuple[bytes, str]]) -> list[Path]:
    paths = []
    for number, (content, kind) in enumerate(contents):
        path = folder / (f"{number}.log" + (".gz" if kind == "gz" else ""))
        path.unlink(missing_ok=True)
        if kind != "missing":
            path.write_bytes(gzip.compress(content) if kind == "gz" else content)
        paths.append(path)
    return paths


@pytest.fixture
def rule_files(tmp_path):
    """Rules files: what rules ask of the events before."""
    for name, text in RULE_FILES.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return {name: tmp_path / f"{name}.yaml" for name in RULE_FILES}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=files,
    asked=st.sampled_from(sorted(RULE_FILES)),
    jobs=st.sampled_from([2, 3]),
    size=st.sampled_from([100, 1000, 5000]),
    options=st.lists(
        st.sampled_from(
            [
                *("--summary", "--format=json", "--rule-matching=first", "--engine=reference", "--exit-code"),
                *("--provider=apiserver", "--provider=eks", "--provider=gke"),
            ]
        ),
        unique=True,
    ),
    keeps_rejects=st.booleans(),
)
def test_the_output_is_that_of_one_process(
    lanner, rule_files, tmp_path, monkeypatch, contents, asked, jobs, size, options, keeps_rejects
):
    # GIVEN logs with all that can be in them, in small portions, with results that are handed over bit by bit
    monkeypatch.setattr("lanner.scan.portions.SIZE", size)
    monkeypatch.setattr("lanner.scan.judge._MAX_PIECES", 3)
    monkeypatch.setattr("lanner.scan.parallel._MAX_HELD", 2000)
    logs_folder = tmp_path / "logs"
    logs_folder.mkdir(exist_ok=True)
    paths = written(logs_folder, contents)
    kept = tmp_path / "rejects.jsonl"
    arguments = ["scan", "-r", rule_files[asked], *options, *(["--rejects", kept] if keeps_rejects else [])]
    # WHEN they are scanned by one process and by several
    results = []
    for number in (1, jobs):
        kept.unlink(missing_ok=True)
        result = lanner(*arguments, "--jobs", number, *paths)
        results.append((*result, kept.read_bytes() if keeps_rejects else b""))
    # THEN no byte differs
    assert results[0][0] != 2
    assert results[0] == results[1]
