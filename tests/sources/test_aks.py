"""Records of Azure's diagnostic settings: what becomes of each, however Azure spells and cuts it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import BODIES, RawEvent, json_text
from lanner.sources import Other, Piece, Reject, aks
from lanner.sources.apiserver import MAX_BAD_PARTS
from support import an_event

CLUSTER = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/SHOP"
LINE = json.dumps(an_event(), separators=(",", ":"))


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def record(log: object = LINE, **more: object) -> dict[str, Any]:
    """Return a record as Azure writes it."""
    return {
        "category": "kube-audit-admin",
        "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
        "properties": {"log": log, "stream": "stdout", "pod": "kube-apiserver-0"},
        "time": "2026-03-01T10:20:31.5Z",
        "resourceId": CLUSTER,
    } | more


def read(*records: object, **options: Any) -> list[Piece]:
    """Read the records of one Event Hub message."""
    return list(aks.events(compact({"records": records}), origin="hub", **options))


def event(*records: object, **options: Any) -> RawEvent:
    """Read the one event in records."""
    (found,) = read(*records, **options)
    assert isinstance(found, RawEvent), found
    return found


def test_a_record_holds_a_line() -> None:
    assert event(record()) == RawEvent(LINE.encode(), "aks", "shop", received=1772360431_500000000, origin="hub item 1")
    assert event(record(LINE + "\n")).text == LINE.encode()
    assert event(record(), provider="other", cluster="mine").provider == "other"


@pytest.mark.parametrize(
    ("resource", "cluster"),
    [
        (CLUSTER, "shop"),
        (CLUSTER.lower() + "/providers/x", "shop"),
        ("/subscriptions/0", "mine"),
        ("", "mine"),
        (7, "mine"),
        (None, "mine"),
    ],
)
def test_the_cluster_is_the_resource(resource: object, cluster: str) -> None:
    assert event(record(resourceId=resource), cluster="mine").cluster == cluster


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_letter_case_of_keys_does_not_count(change: Any) -> None:
    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {change(key): changed(inside) for key, inside in value.items()}
        return [changed(one) for one in value] if isinstance(value, list) else value

    (found,) = aks.events(json.dumps(changed({"records": [record()]})).encode(), origin="hub")
    assert found == event(record())


@pytest.mark.parametrize(
    "properties",
    [
        json.dumps({"log": LINE}),  # stringified as a whole
        {"log": json.loads(LINE)},  # taken apart on the way
        {"log": LINE, "pod": None},
    ],
)
def test_properties_come_in_several_forms(properties: object) -> None:
    assert event(record(properties=properties)).text == LINE.encode() or json.loads(
        event(record(properties=properties)).text
    ) == json.loads(LINE)


def test_records_alone_are_read_too() -> None:
    # as storage accounts hold them, and as an array
    (found,) = aks.events(json.dumps(record()).encode(), origin="file:1")
    assert isinstance(found, RawEvent)
    assert found.origin == "file:1"
    several = list(aks.events(json.dumps([record(), record()]).encode(), origin="file:1"))
    assert [piece.origin for piece in several] == ["file:1 item 1", "file:1 item 2"]


@pytest.mark.parametrize("category", ["kube-apiserver", "guard", "cluster-autoscaler", "kube-audit-x"])
def test_other_categories_are_counted(category: str) -> None:
    # even if the line looks like an event
    for log in ("I1121 14:00:00 trace", "", LINE):
        (found,) = read(record(log, category=category))
        assert isinstance(found, Other)
        assert repr(category) in found.reason


@pytest.mark.parametrize(
    "other",
    [
        {"category": "AllMetrics", "metricName": "node_cpu", "total": 1},
        {"category": "Administrative", "properties": {"statusCode": "OK"}},
        {"category": "guard", "properties": "text"},
        {"category": "cluster-autoscaler"},
        {"metricName": "node_cpu", "total": 1, "time": "2026-03-01T10:20:31Z"},
    ],
)
def test_records_of_other_kinds_need_no_log(other: object) -> None:
    first, found, last = read(record(), other, record())
    assert isinstance(first, RawEvent)
    assert isinstance(last, RawEvent)
    assert isinstance(found, Other)


def test_without_a_category_the_line_tells() -> None:
    nameless = record()
    del nameless["category"]
    assert event(nameless).text == LINE.encode()
    assert isinstance(read(nameless | {"properties": {"log": "I1121"}})[0], Other)
    assert isinstance(read({"properties": {"log": ""}})[0], Other)
    assert event(record(category="Kube-Audit")).text == LINE.encode()


def test_a_cut_line_is_what_is_left_of_it() -> None:
    # GIVEN a line that Azure cut, without a mark
    long = json.dumps(an_event(requestObject={"kind": "Pod", "spec": {"x": "y" * 20000}}), separators=(",", ":"))
    found = event(record(long[:16384]))
    # THEN the beginning is an event, and what is behind the cut is unknown
    assert json_text.members(found.text)["auditID"] == json.dumps(an_event()["auditID"]).encode()
    assert found.cut == ("requestObject", "spec", "x")
    assert "requestObject" in found.lost
    assert "annotations" in found.unknown
    assert found.received == 1772360431_500000000
    assert found.cluster == "shop"
    # AND EKS's mark is understood, too
    assert event(record(long[:16384] + "[Truncated...]")) == found


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ('{"kind":"Event","audi', "cut before its audit id"),
        ("I1121 14:00:00", "not JSON"),
        ("", "empty"),
        ("{}", "it has no kind"),
        ("7", "a number, where an object was expected"),
        ('{"kind":"Event","auditID":"a"}}', "something follows"),
    ],
)
def test_bad_lines_cost_no_other(log: str, words: str) -> None:
    first, bad, last = read(record(), record(log), record())
    assert isinstance(first, RawEvent)
    assert isinstance(last, RawEvent)
    assert type(bad) is Reject
    assert words in bad.reason
    assert bad.origin == "hub item 2"


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], {}, {"category": "kube-audit"}, {"properties": {}}, {"properties": "{"}, [[]]]
)
def test_odd_records_cost_no_other(odd: object) -> None:
    first, bad, last = read(record(), odd, record())
    assert isinstance(first, RawEvent)
    assert isinstance(last, RawEvent)
    assert type(bad) is Reject
    assert "it has no properties with a log" in bad.reason
    assert bad.text == compact(odd)


@pytest.mark.parametrize("payload", [b"", b"x", b'{"records":[', b"\xff", b"null", b"{}", b'{"records":7}', b'"x"'])
def test_what_is_no_batch_is_one_reject(payload: bytes) -> None:
    (found,) = aks.events(payload, origin="hub")
    assert type(found) is Reject


def test_an_empty_batch_is_no_reject() -> None:
    assert isinstance(read()[0], Other)


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    line = LINE.encode().replace(b"alice", b"ali\xffce")
    payload = json.dumps({"records": [record("LINE")]}).encode().replace(b"LINE", line.replace(b'"', rb"\""))
    (found,) = aks.events(payload, origin="hub")
    assert isinstance(found, RawEvent)
    assert found.text == line


def test_large_events_lose_their_bodies() -> None:
    line = json.dumps(an_event(requestObject={"x": "y" * 500}))
    assert event(record(line), max_size=600).lost == BODIES & {"requestObject"}
    (found,) = read(record(line), max_size=600, drop_larger=True)
    assert type(found) is Reject


def test_bad_records_are_bounded() -> None:
    found = read(*[7] * (MAX_BAD_PARTS + 5))
    assert len(found) == MAX_BAD_PARTS + 1
    assert isinstance(found[-1], Reject)
    assert "the rest is not read" in found[-1].reason
    # records of other categories are nothing bad
    assert len(read(*[record("", category="guard")] * (MAX_BAD_PARTS + 5))) == MAX_BAD_PARTS + 5


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inside: (
            st.lists(inside)
            | st.dictionaries(
                st.sampled_from(["records", "Records", "properties", "log", "category", "time", "resourceId", "x"]),
                inside,
            )
        ),
    ),
    st.integers(0, 200),
)
def test_it_never_raises(value: object, end: int) -> None:
    for payload in (
        json.dumps(value).encode(),
        json.dumps(value).encode()[:end],
        json.dumps({"records": [value]}).encode(),
    ):
        list(aks.events(payload, origin="hub"))
