"""`json.*`, `jevt.*`, `evt.*` and `static.*` (spec/fields.md sections 4 and 5)."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator

import pytest

from lanner.fields import Catalogue, generic

Read = Callable[..., object]

# --------------------------------------------------------------------------------------------------- json.*, jevt.*

EXAMPLE = b'{"stage":"Panic","a":{"b/c":[10,{"~x":true}],"":5},"s":[ 1.0, "\\/" ],"n":null}'

POINTERS = {
    "key": ("/stage", "Panic"),
    "without slash": ("stage", "Panic"),
    "one slash is removed": ("//stage", None),
    "escaped slash": ("/a/b~1c/0", "10"),
    "escaped tilde": ("/a/b~1c/1/~0x", "true"),
    "compact JSON": ("/a/b~1c", '[10,{"~x":true}]'),
    "object": ("/a", '{"b/c":[10,{"~x":true}],"":5}'),
    "empty key": ("/a/", "5"),
    "index outside": ("/a/b~1c/9", None),
    "absent": ("/nope", None),
    "null": ("/n", "null"),
    "escapes stay in arrays": ("/s", r'[1.0,"\/"]'),
    "number verbatim": ("/s/0", "1.0"),
    "decoded string": ("/s/1", "/"),
    "index with plus": ("/s/+1", "/"),
    "index with zeros": ("/s/0000000000000000000000001", "/"),
    "negative index": ("/s/-1", None),
    "minus zero": ("/s/-0", "1.0"),
    "no index": ("/s/x", None),
    "dash": ("/s/-", None),
    "slash alone is the empty key": ("/", None),
    "step on a string": ("/stage/0", None),
    "step on null": ("/n/x", None),
}


@pytest.mark.parametrize("family", ["json", "jevt"])
@pytest.mark.parametrize(("pointer", "value"), POINTERS.values(), ids=list(POINTERS))
def test_pointers(read: Read, family: str, pointer: str, value: str | None) -> None:
    assert read(EXAMPLE, f"{family}.value[{pointer}]") == value


def test_the_empty_pointer_is_the_whole_event_compactly(read: Read) -> None:
    compact = EXAMPLE.replace(b" ", b"").decode()
    assert read(EXAMPLE, "jevt.value[]") == compact
    assert read(EXAMPLE, "json.value[]") == compact
    assert read(EXAMPLE, "evt.plugininfo") == compact


@pytest.mark.parametrize(
    ("argument", "keys"),
    [
        ("", ()),
        ("/", ("",)),
        ("//", ("", "")),
        ("a/b", ("a", "b")),
        ("/a~1b/c~0d", ("a/b", "c~d")),
        ("/~01", ("~1",)),
        ("/~2/~", ("~2", "~")),
        ("/annotations/authorization.k8s.io~1decision", ("annotations", "authorization.k8s.io/decision")),
    ],
)
def test_pointer_paths(argument: str, keys: tuple[str, ...]) -> None:
    assert generic.pointer_path(argument) == keys


def test_keys_of_any_bytes_can_be_pointed_to(read: Read) -> None:
    assert read('{"é":1}'.encode(), "jevt.value[/é]") == "1"
    assert read(b'{"\xff":1}', "jevt.value[/\udcff]") == "1"
    assert read(rb'{"\u00e9":{"\/":2}}', "jevt.value[/é/~1]") == "2"


def test_annotations_with_dots_and_slashes(read: Read) -> None:
    event = {"annotations": {"authorization.k8s.io/decision": "allow"}}
    assert read(event, "jevt.value[/annotations/authorization.k8s.io~1decision]") == "allow"


@pytest.mark.parametrize("family", ["json", "jevt"])
def test_obj_is_the_event_indented(read: Read, family: str) -> None:
    assert read(EXAMPLE, f"{family}.obj") == (
        '{\n  "stage": "Panic",\n  "a": {\n    "b/c": [\n      10,\n      {\n        "~x": true\n      }\n    ],\n'
        '    "": 5\n  },\n  "s": [\n    1.0,\n    "\\/"\n  ],\n  "n": null\n}'
    )
    assert read(b"{}", f"{family}.obj") == "{}"


def test_no_audit_id_is_needed(read: Read) -> None:
    event = b'{"stageTimestamp":"2026-06-27T12:00:00Z"}'
    assert read(event, "jevt.value[/stageTimestamp]") == "2026-06-27T12:00:00Z"
    assert read(event, "jevt.obj") == json.dumps(json.loads(event), indent=2)
    assert read(event, "jevt.rawtime") == "1782561600000000000"


# ------------------------------------------------------------------------------------------------------------- evt.*

TIMES = {
    "evt.time": "12:00:01.000001020",
    "evt.time.s": "12:00:01",
    "evt.time.iso8601": "2026-06-27T12:00:01.000001020+0000",
    "evt.datetime": "2026-06-27 12:00:01.000001020",
    "evt.datetime.s": "2026-06-27 12:00:01",
    "evt.rawtime": 1782561601000001020,
    "evt.rawtime.s": 1782561601,
    "evt.rawtime.ns": 1020,
    "json.rawtime": "1782561601000001020",
    "jevt.rawtime": "1782561601000001020",
}


@pytest.mark.parametrize(("name", "value"), TIMES.items(), ids=list(TIMES))
def test_times(read: Read, time_zone: Callable[[str], None], name: str, value: object) -> None:
    time_zone("UTC")
    assert read({"stageTimestamp": "2026-06-27T12:00:01.00000102Z"}, name) == value


def test_times_of_day_are_local(read: Read, time_zone: Callable[[str], None]) -> None:
    time_zone("EAST-13")
    event = {"stageTimestamp": "2026-06-27T12:00:01Z"}
    assert read(event, "evt.time") == "01:00:01.000000000"
    assert read(event, "evt.datetime.s") == "2026-06-28 01:00:01"
    assert read(event, "evt.time.iso8601") == "2026-06-27T12:00:01.000000000+0000"


def test_times_before_the_epoch_wrap(read: Read) -> None:
    event = {"stageTimestamp": "1969-12-31T23:59:59.75Z"}
    assert read(event, "evt.rawtime") == 2**64 - 250_000_000
    assert read(event, "jevt.rawtime") == str(2**64 - 250_000_000)
    assert read(event, "evt.rawtime.ns") == 750_000_000


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("", "k8saudit"),
        ("eks", "k8saudit-eks"),
        ("gke", "k8saudit-gke"),
        ("aks", "k8saudit-aks"),
        ("ovh", "k8saudit-ovh"),
        ("another", "k8saudit"),
    ],
)
def test_plugin_name(read: Read, provider: str, name: str) -> None:
    assert read(b"{}", "evt.pluginname", provider=provider) == name


def test_constants(read: Read) -> None:
    assert read(b"{}", "evt.source") == generic.SOURCE == "k8s_audit"
    assert read(b"{}", "evt.is_async") is False
    assert read(b"{}", "evt.asynctype") is None


@pytest.fixture
def _fresh_host_name() -> Iterator[None]:
    generic.hostname.cache_clear()
    yield
    generic.hostname.cache_clear()


@pytest.mark.usefixtures("_fresh_host_name")
@pytest.mark.parametrize(("variable", "name"), [("node-7", "node-7"), ("", None), (None, None), ("n\udcff", "n\udcff")])
def test_host_name(read: Read, monkeypatch: pytest.MonkeyPatch, variable: str | None, name: str | None) -> None:
    if variable is None:
        monkeypatch.delenv("FALCO_HOSTNAME", raising=False)
    else:
        monkeypatch.setenv("FALCO_HOSTNAME", variable)
    assert read(b"{}", "evt.hostname") == (name or socket.gethostname())


# ---------------------------------------------------------------------------------------------------------- static.*


def test_static_fields_are_constants(read: Read) -> None:
    fields = Catalogue({"cluster": "é prod", "empty": "", "raw": "\udcff"})
    assert read(b"{}", "static.cluster", fields) == "é prod"
    assert read(b"{}", "static.empty", fields) == ""
    assert read(b"{}", "static.raw", fields) == "\udcff"
