"""What a field is."""

from __future__ import annotations

import pytest

from lanner.fields import Argument, Catalogue, NoValue, RawEvent, Type, catalogue
from lanner.fields.event import Event

BODY = {"requestObject"}


def test_types_have_the_names_of_falcos_messages() -> None:
    assert [type_.value for type_ in Type] == ["CHARBUF", "UINT64", "ABSTIME", "RELTIME", "BOOL"]
    assert [type_ for type_ in Type if type_.is_number] == [Type.UINT64, Type.ABSTIME, Type.RELTIME]
    assert [argument.value for argument in Argument] == ["none", "key", "index", "network"]
    assert [why.value for why in NoValue] == ["missing", "unknown", "hidden"]


@pytest.mark.parametrize(
    ("name", "argument", "text"),
    [
        ("ka.verb", None, "ka.verb"),
        ("ka.uri.param", "x", "ka.uri.param[x]"),
        ("ka.uri.param", "", "ka.uri.param[]"),
        ("ka.sourceips", "0", "ka.sourceips[0]"),
    ],
)
def test_text_of_a_bound_field(name: str, argument: str | None, text: str) -> None:
    bound = catalogue().bind(name, argument)
    assert bound.text == text
    assert text.startswith(bound.field.name)
    assert repr(bound).startswith("BoundField(field=Field(name=")


def test_bound_fields_are_told_apart_by_identity() -> None:
    one, other = Catalogue().bind("ka.verb"), Catalogue().bind("ka.verb")
    assert one != other
    assert len({one, other}) == 2


# ------------------------------------------------------------------------------------------------------ lost parts

EVENT = (
    b'{"auditID":"a","verb":"create","stageTimestamp":"2026-06-27T12:00:00Z","requestObject":{"spec":{"hostPID":true}}}'
)

LOST = {
    "nothing lost": ("ka.req.pod.host_pid", [], b"true"),
    "the body is lost": ("ka.req.pod.host_pid", BODY, NoValue.UNKNOWN),
    "other body": ("ka.req.pod.host_pid", {"responseObject"}, b"true"),
    "not read": ("ka.verb", BODY, b"create"),
    "read": ("ka.verb", {"verb"}, NoValue.UNKNOWN),
    "list": ("ka.req.pod.containers.image", BODY, NoValue.UNKNOWN),
    "one of two keys": ("ka.target.pod.name", {"responseObject"}, NoValue.UNKNOWN),
    "the other of two keys": ("ka.target.pod.name", {"objectRef"}, NoValue.UNKNOWN),
    "pointer into the body": ("jevt.value[/requestObject/spec/hostPID]", BODY, NoValue.UNKNOWN),
    "pointer to the body": ("jevt.value[/requestObject]", BODY, NoValue.HIDDEN),
    "pointer without slash": ("jevt.value[requestObject]", BODY, NoValue.HIDDEN),
    "pointer beyond the body": ("jevt.value[/requestObject/]", BODY, NoValue.UNKNOWN),
    "pointer elsewhere": ("jevt.value[/verb]", BODY, b"create"),
    "pointer to an escaped key": ("json.value[/a~1b]", {"a/b"}, NoValue.HIDDEN),
    "whole by pointer": ("jevt.value[]", BODY, NoValue.HIDDEN),
    "whole as JSON": ("evt.plugininfo", {"verb"}, NoValue.HIDDEN),
    "whole, indented": ("jevt.obj", {"responseObject"}, NoValue.HIDDEN),
    "whole, nothing lost": ("jevt.value[]", [], EVENT),
    "time, which there always is": ("evt.rawtime", {"stageTimestamp"}, NoValue.HIDDEN),
    "time as text": ("evt.time.iso8601", {"stageTimestamp"}, NoValue.HIDDEN),
    "time of the JSON plugin": ("jevt.rawtime", {"stageTimestamp"}, NoValue.HIDDEN),
    "number of the event": ("evt.num", {"verb", "stageTimestamp"}, 1),
    "source": ("evt.source", {"verb"}, b"k8s_audit"),
}


@pytest.mark.parametrize(("written", "lost", "value"), LOST.values(), ids=list(LOST))
def test_what_depends_on_a_lost_part_is_not_missing(written: str, lost: set[str], value: object) -> None:
    name, bracket, rest = written.partition("[")
    bound = catalogue().bind(name, rest[:-1] if bracket else None)
    event = Event(RawEvent(EVENT, lost=frozenset(lost)), 1)
    assert bound.value(event) == value
    assert bound.value(event) == value  # the second time from memory


def test_a_lost_audit_id_is_still_there() -> None:
    """Otherwise all `ka.*` fields were missing, and every `not` about them true."""
    event = Event(RawEvent(b'{"verb":"get"}', lost=frozenset({"auditID"})), 1)
    assert catalogue().bind("ka.verb").value(event) == b"get"
    assert catalogue().bind("ka.auditid").value(event) is NoValue.UNKNOWN
