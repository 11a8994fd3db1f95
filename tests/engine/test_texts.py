"""Many texts at once are what they are one by one."""

import json

import pytest

from lanner.engine.projection import Projection
from lanner.engine.view import Readers, View
from lanner.fields import Event, RawEvent
from support import an_event

PATHS = (
    ("auditID",),
    ("stage",),
    ("kind",),
    ("user", "username"),
    ("user", "uid"),
    ("user",),
    ("user", "extra", "k"),
    ("objectRef", "name"),
    ("objectRef", "subresource"),
    ("responseStatus", "code"),
    ("requestURI",),
    ("userAgent",),
    ("sourceIPs", "0"),
    ("annotations", "authorization.k8s.io/decision"),
    ("annotations", "zzz"),
    ("requestObject", "kind"),
    ("requestObject",),
    ("zzz",),
)
EVENTS = {
    "usual": {},
    "with annotations": {"annotations": {"authorization.k8s.io/decision": "al\u0001low", "zzz": 1.5}},
    "annotations of another type": {"annotations": ["a"]},
    "without a target": {"objectRef": None},
    "without a status": {"responseStatus": None},
    "with a body": {"requestObject": {"kind": "Pod", "x": [1]}},
    "escapes": {"requestURI": "/a?b=c&d", "userAgent": "<\u00e9>"},
    "escapes in annotations": {"annotations": {"authorization.k8s.io/decision": "\u00e9", "zzz": "\u0001"}},
    "plain annotations": {"annotations": {"authorization.k8s.io/decision": "allow", "zzz": "\u0001"}},
}


@pytest.mark.parametrize("changes", EVENTS.values(), ids=list(EVENTS))
@pytest.mark.parametrize("code", [True, False], ids=["decoded code", "code as it is written"])
def test_as_one_by_one(changes, code):
    raw = RawEvent(json.dumps(an_event(**changes), separators=(",", ":")).encode())
    values = {("stage",): str, ("user", "username"): str, ("objectRef", "name"): str}
    projection = Projection(values | ({("responseStatus", "code"): int} if code else {}))
    head = projection.take(raw.text)
    assert head is not None
    seen = Event(raw, 1, None, View(Readers(projection), head, raw)).texts(PATHS)
    texts = [Event(raw, 1).text(path) for path in PATHS]
    assert seen == [None if text is None else text.decode() for text in texts]


def test_a_text_that_is_not_utf_8():
    raw = RawEvent(b'{"auditID":"a","stage":"S","verb":"get","userAgent":"\xff"}')
    projection = Projection({})
    head = projection.take(raw.text)
    event = Event(raw, 1, None, View(Readers(projection), head, raw))
    assert event.texts((("verb",), ("userAgent", "x"))) == ["get", None]
    for seen in (event, Event(raw, 1)):
        with pytest.raises(UnicodeDecodeError):
            seen.texts((("verb",), ("userAgent",)))
