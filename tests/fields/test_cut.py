"""Values of which a part was cut off: what is known of them, and what is not."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from fields.test_certificate import MASTERS
from lanner.fields import Event, NoValue, RawEvent, catalogue
from lanner.fields.cut import Kept
from lanner.sources import Context
from lanner.sources.cut import salvaged_event
from support import an_event

HEAD = b'{"kind":"Event","level":"RequestResponse","auditID":"a","verb":"create",'
PATCH = b"patch "  # before the rest of an event: its verb is another one then
MISSING, UNKNOWN, HIDDEN = NoValue.MISSING, NoValue.UNKNOWN, NoValue.HIDDEN


def sure(value: bytes | list[bytes]) -> Kept:
    return Kept(value, is_sure=True)


def perhaps(value: list[bytes]) -> Kept:
    return Kept(value, is_sure=False)


def opened(rest: bytes) -> Event:
    head = HEAD.replace(b"create", b"patch") if rest.startswith(PATCH) else HEAD
    found = salvaged_event(head + rest.removeprefix(PATCH), "", Context(), 5)
    assert isinstance(found, RawEvent)
    return Event(found, 1)


def bound(written: str) -> object:
    name, bracket, argument = written.partition("[")
    return catalogue().bind(name, argument[:-1] if bracket else None)


BODY = b'"requestObject":{"spec":'
CONTAINERS = BODY + b'{"containers":'
ONE = CONTAINERS + b'[{"name":"a","image":"x:1","securityContext":{"privileged":true,"capabilities":{"add":["A","B'
TWO = (
    CONTAINERS + b'[{"name":"a","image":"x:1","command":["a","b"],"securityContext":{"privileged":true}},'
    b'{"name":"b","image":"y'
)
VOLUMES = BODY + b'{"volumes":[{"name":"v","hostPath":{"path":"/etc"}},{"name":"w","emp'
SUBJECTS = b'"requestObject":{"subjects":[{"kind":"User","name":"u"},{"kind":"User","name":"system:anon'
GROUPS = b'"user":{"username":"u","groups":["g1","g2","g'

DEPLOYMENT = (
    BODY
    + b'{"replicas":3,"template":{"spec":{"hostPID":true,"serviceAccountName":"sa","volumes":[{"name":"v","hostPath":'
    b'{"path":"/etc/x"}}],"containers":[{"name":"a","image":"x:1","securityContext":{"privileged":true,"capabilities":'
    b'{"add":["SYS_ADMIN"]},"seccompProfile":{"type":"Unconfined"}}},{"name":"b","image":"y'
)
CLOSED = DEPLOYMENT + b'"}]}}},"status":'
PV = b'"requestObject":{"spec":{"hostPath":{"path":"/etc/x"},'
OPERATIONS = b'"requestObject":[{"op":"add","path":"/spec/hostPID","value":true},{"op":'
ROLE = (
    b'"requestObject":{"roleRef":{"kind":"Role"},'
    b'"rules":[{"verbs":["get"],"resources":["a","b"],"apiGroups":[""]},{"verbs":["*'
)
CSR = b'"requestObject":{"spec":{"request":"%b"' % b64encode(MASTERS)
IMAGES = "ka.req.workload.all_containers.image"
BELOW = "ka.req.workload.containers"
VOLUMES_OF = "ka.req.workload.volumes"

OWN_CASES: list[tuple[bytes, str, object, Kept | None]] = [
    # requests
    (b'"user":{"uid":"u', "ka.user.uid", HIDDEN, sure(b"u")),
    (b'"user":{"extra":{"k":["a","b', "ka.user.extra[k]", HIDDEN, sure([b"a"])),
    (b'"user":{"extra":{"k":["a"],"l', "ka.user.extra[k]", [b"a"], None),
    (b'"user":{"extra":{"k":["a"],"l', "ka.user.extra[l]", UNKNOWN, None),
    (b'"impersonatedUser":{"groups":["a","', "ka.impuser.groups", HIDDEN, sure([b"a"])),
    (b'"user":{', "ka.level", b"RequestResponse", None),
    (b'"user":{', "ka.provider", MISSING, None),
    (b'"user":{', "ka.sourceips.public", UNKNOWN, None),
    (b'"sourceIPs":["10.0.0.1","203.0.113.7","1', "ka.sourceips.public", b"true", None),
    (b'"sourceIPs":["10.0.0.1","203.0.113.7","1', "ka.sourceips.in[10.0.0.0/8]", b"true", None),
    (b'"sourceIPs":["10.0.0.1","203.0.113', "ka.sourceips.public", HIDDEN, None),
    (b'"sourceIPs":["10.0.0.1","203.0.113', "ka.sourceips.in[::/0]", HIDDEN, None),
    (b'"sourceIPs":["10.0.0.1"],', "ka.sourceips.public", b"false", None),
    (b'"requestURI":"/api/x?command=a', "ka.uri.path", UNKNOWN, None),
    (b'"requestURI":"/api/x?command=a', "ka.uri.params[command]", UNKNOWN, None),
    (b'"requestURI":"/api/x?command=a', "ka.uri.command", UNKNOWN, None),
    (b'"requestURI":"/api/x?command=a",', "ka.uri.command", b"a", None),
    (b'"objectRef":{"apiGroup":"co', "ka.target.apigroup", UNKNOWN, None),
    (b'"objectRef":{"apiGroup":"core', "ka.target.apigroup", UNKNOWN, None),
    (b'"objectRef":{"apiGroup":"core",', "ka.target.apigroup", MISSING, None),
    (b'"objectRef":{"apiVersion":"v1', "ka.target.apiversion", HIDDEN, sure(b"v1")),
    # of the written object, what stood before the cut
    (DEPLOYMENT, "ka.req.values[/spec/replicas]", [b"3"], None),
    (DEPLOYMENT, "ka.req.replicas", b"3", None),
    (DEPLOYMENT, "ka.req.values[/spec/paused]", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.values[/spec]", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.values[]", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.values[/spec/template/spec/containers/name]", HIDDEN, sure([b"a", b"b"])),
    (DEPLOYMENT, "ka.req.keys[/spec]", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.keys[/spec/template/spec/volumes]", [b"name", b"hostPath"], None),
    (DEPLOYMENT, "ka.req.keys[/spec/template/spec/containers]", HIDDEN, sure([b"name", b"image", b"securityContext"])),
    (ROLE, "ka.req.values[/rules/verbs]", HIDDEN, sure([b"get"])),
    (ROLE, "ka.req.values[/rules/resources]", HIDDEN, sure([b"a", b"b"])),
    (ROLE, "ka.req.binding.role.kind", b"Role", None),
    (ROLE, "ka.req.binding.subjects.kinds", UNKNOWN, None),
    (ROLE, "ka.req.role.verbs_for[a]", UNKNOWN, None),
    (CSR[:-9], "ka.req.csr.common_name", UNKNOWN, None),
    (CSR + b",", "ka.req.csr.common_name", b"carol", None),
    (CSR + b",", "ka.req.csr.organizations", [b"system:masters"], None),
    (b'"requestObject":{"spec":{', "ka.req.csr.organizations", UNKNOWN, None),
    (PV, "ka.req.pv.hostpath", HIDDEN, sure([b"/etc/x"])),
    (PV, "ka.req.pv.hostpath.above", HIDDEN, sure([b"/etc/x", b"/etc"])),
    # of pod specifications
    (DEPLOYMENT, f"{BELOW}.name", HIDDEN, sure([b"a", b"b"])),
    (DEPLOYMENT, f"{BELOW}.privileged", HIDDEN, sure([b"true"])),
    (DEPLOYMENT, f"{BELOW}.add_capabilities", HIDDEN, sure([b"SYS_ADMIN"])),
    (DEPLOYMENT, IMAGES, HIDDEN, sure([b"x:1"])),
    (DEPLOYMENT, f"{IMAGES}.repository", UNKNOWN, perhaps([b"x"])),
    (DEPLOYMENT, f"{BELOW}.host_port", UNKNOWN, None),
    (DEPLOYMENT, f"{BELOW}.command", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.workload.initContainers.name", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.workload.seccomp", HIDDEN, sure([b"Unconfined"])),
    (DEPLOYMENT, "ka.req.workload.apparmor", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.workload.commands", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.workload.host_pid", UNKNOWN, None),
    (DEPLOYMENT, "ka.req.workload.service_account", UNKNOWN, None),
    (DEPLOYMENT, f"{VOLUMES_OF}.hostpath", HIDDEN, sure([b"/etc/x"])),
    (DEPLOYMENT, f"{VOLUMES_OF}.hostpath.above", HIDDEN, sure([b"/etc/x", b"/etc"])),
    (DEPLOYMENT, f"{VOLUMES_OF}.hostpath.writable", UNKNOWN, None),
    (b'"requestObject":{"spec":', f"{BELOW}.name", UNKNOWN, None),
    (b'"requestObject":', f"{BELOW}.name", UNKNOWN, None),
    # a container without an image, and one that may have had one
    (DEPLOYMENT.replace(b',"image":"x:1"', b""), f"{IMAGES}.repository", UNKNOWN, None),
    # patches: of a JSON patch nothing is known but that it is one; others may have a key again
    (OPERATIONS, "ka.req.values[/spec/hostPID]", UNKNOWN, None),
    (OPERATIONS, f"{BELOW}.name", UNKNOWN, None),
    (OPERATIONS, "ka.req.workload.seccomp", UNKNOWN, None),
    (OPERATIONS, IMAGES + ".repository", UNKNOWN, None),
    (OPERATIONS, "ka.req.csr.common_name", UNKNOWN, None),
    (OPERATIONS, "ka.req.keys[/spec]", UNKNOWN, None),
    (OPERATIONS, "ka.req.patch.type", MISSING, None),
    (OPERATIONS, "ka.req.patch.ops", MISSING, None),
    (PATCH + OPERATIONS, "ka.req.patch.type", b"json", None),
    (PATCH + OPERATIONS, "ka.req.patch.ops", UNKNOWN, None),
    (PATCH + OPERATIONS, "ka.req.patch.paths", UNKNOWN, None),
    (PATCH + DEPLOYMENT, "ka.req.patch.type", UNKNOWN, None),
    (PATCH + b'"requestObject":', "ka.req.patch.type", UNKNOWN, None),
    (PATCH + b'"objectRef":{', "ka.req.patch.type", UNKNOWN, None),
    (PATCH + DEPLOYMENT, "ka.req.values[/spec/replicas]", HIDDEN, sure([b"3"])),
    (PATCH + DEPLOYMENT, "ka.req.replicas", UNKNOWN, None),
    (PATCH + DEPLOYMENT, f"{BELOW}.privileged", HIDDEN, sure([b"true"])),
    (PATCH + CLOSED, "ka.req.values[/spec/template/spec/x]", UNKNOWN, None),
    (CLOSED, "ka.req.values[/spec/template/spec/x]", MISSING, None),
    # a specification may stand elsewhere, too
    (CLOSED, IMAGES, HIDDEN, sure([b"x:1", b"y"])),
    (CLOSED, f"{IMAGES}.repository", UNKNOWN, perhaps([b"x", b"y"])),
    (CLOSED, f"{BELOW}.proc_mount", UNKNOWN, None),
]

CASES: list[tuple[bytes, str, object, Kept | None]] = [
    # before the cut everything is known, also what should have stood there and did not
    (b'"user":{', "ka.verb", b"create", None),
    (b'"user":{', "ka.stage", MISSING, None),
    (b'"user":{', "ka.uri.param[x]", MISSING, None),
    # behind it nothing is
    (b'"user":{', "ka.impuser.name", UNKNOWN, None),
    (b'"user":{', "ka.response.code", UNKNOWN, None),
    (b'"user":{', "jevt.value[/responseStatus]", UNKNOWN, None),
    (b'"user":{', "jevt.value[/newKey]", UNKNOWN, None),
    (b'"newKey":1,"user":{', "jevt.value[/newKey]", b"1", None),
    (b'"newKey":1,"user":{', "jevt.value[/kind]", b"Event", None),
    (b'"user":{', "jevt.obj", HIDDEN, None),
    (b'"user":{', "jevt.value[]", HIDDEN, None),
    (b'"user":{', "evt.num", 1, None),
    # an event's time is always there
    (b'"user":{', "evt.time", HIDDEN, None),
    (b'"user":{', "jevt.rawtime", HIDDEN, None),
    (b'"requestReceivedTimestamp":"2026-03-01T00:00:00Z",', "evt.rawtime", HIDDEN, None),
    (
        b'"requestReceivedTimestamp":"2026-03-01T00:00:00Z","stageTimestamp":"1970-01-01T00:00:01Z",',
        "evt.rawtime.s",
        1,
        None,
    ),
    # the member that was cut, and those beside it
    (b'"user"', "jevt.value[/user]", HIDDEN, None),
    (b'"user":{"username":"al', "jevt.value[/user]", HIDDEN, None),
    (b'"user":{"username":"al', "ka.user.name", HIDDEN, sure(b"al")),
    (b'"user":{"username":"al', "jevt.value[/user/username]", HIDDEN, sure(b"al")),
    (b'"user":{"username":"al', "jevt.value[/user/username/x]", MISSING, None),
    (b'"user":{"username":"al', "ka.user.groups", UNKNOWN, None),
    (b'"user":{"username":"al",', "ka.user.name", b"al", None),
    (b'"user":{"username":', "ka.user.name", HIDDEN, None),
    (b'"user":{"username":', "jevt.value[/user/username/x]", UNKNOWN, None),
    (b'"user":{"username":"al","uid":"', "ka.user.name", b"al", None),
    (b'"requestURI":"/api?a=1&b=2', "ka.uri", HIDDEN, sure(b"/api?a=1&b=2")),
    (b'"requestURI":"/api?a=1&b=2', "ka.uri.param[a]", UNKNOWN, None),
    (b'"requestURI"', "ka.uri.param[a]", UNKNOWN, None),
    (b'"responseStatus":{"code":20', "ka.response.code", HIDDEN, None),
    (b'"responseStatus":{"code":200,', "ka.response.code", b"200", None),
    # lists
    (GROUPS, "ka.user.groups", HIDDEN, sure([b"g1", b"g2"])),
    (GROUPS, "jevt.value[/user/groups]", HIDDEN, None),
    (GROUPS, "jevt.value[/user/groups/1]", b"g2", None),
    (GROUPS, "jevt.value[/user/groups/2]", UNKNOWN, None),
    (GROUPS, "jevt.value[/user/groups/x]", MISSING, None),
    (b'"user":{"groups":[', "ka.user.groups", UNKNOWN, None),
    (b'"user":{"groups":"g', "ka.user.groups", UNKNOWN, None),
    (b'"sourceIPs":["10.0.0.1","10.', "ka.sourceips", HIDDEN, sure([b"10.0.0.1"])),
    (b'"sourceIPs":["10.0.0.1","10.', "ka.sourceips[0]", [b"10.0.0.1"], None),
    (b'"sourceIPs":["10.0.0.1","10.', "ka.sourceips[1]", UNKNOWN, None),
    (SUBJECTS, "ka.req.binding.subjects.user_names", HIDDEN, sure([b"u"])),
    (SUBJECTS, "ka.req.binding.subjects.group_names", UNKNOWN, None),
    (SUBJECTS, "ka.req.binding.role", UNKNOWN, None),
    (SUBJECTS, "ka.req.binding.subject.has_name[x]", b"true", None),
    # what lies in objects and arrays that were open
    (BODY + b'{"hostPID":true,"hostIPC":fa', "ka.req.pod.host_pid", b"true", None),
    (BODY + b'{"hostPID":true,"hostIPC":fa', "ka.req.pod.host_ipc", HIDDEN, None),
    (BODY + b'{"hostPID":true,"hostIPC":fa', "ka.req.pod.host_network", UNKNOWN, None),
    (BODY + b'{"hostPID":true,"hostIPC":fa', "ka.req.pod.containers.image", UNKNOWN, None),
    (BODY + b'"x', "ka.req.pod.host_network", MISSING, None),
    (BODY + b'"x', "ka.req.pod.containers.name", MISSING, None),
    (TWO, "ka.req.pod.containers.name", UNKNOWN, perhaps([b"a", b"b"])),
    (TWO, "ka.req.pod.containers.image", UNKNOWN, perhaps([b"x:1"])),
    (TWO, "ka.req.pod.containers.image[0]", [b"x:1"], None),
    (TWO, "ka.req.pod.containers.image[1]", UNKNOWN, None),
    (TWO, "ka.req.pod.containers.image[2]", UNKNOWN, None),
    (TWO, "ka.req.container.image.repository", b"x", None),
    (TWO, "ka.req.pod.containers.command", UNKNOWN, perhaps([b"a b"])),
    (TWO, "ka.req.pod.containers.privileged", HIDDEN, sure([b"true"])),
    (TWO, "ka.req.container.privileged", b"true", None),
    (TWO.replace(b"true", b"false"), "ka.req.container.privileged", HIDDEN, None),
    (TWO, "ka.req.pod.containers.eff_run_as_user", UNKNOWN, None),
    (TWO, "ka.req.pod.containers.eff_run_as_user[0]", UNKNOWN, None),
    (ONE, "ka.req.pod.containers.add_capabilities", HIDDEN, sure([b"A"])),
    (ONE, "ka.req.pod.containers.add_capabilities[0]", HIDDEN, sure([b"A"])),
    (ONE, "ka.req.pod.containers.privileged[0]", [b"true"], None),
    (ONE, "ka.req.pod.containers.host_port[0]", UNKNOWN, None),
    (CONTAINERS + b'[{"name":"a"}', "ka.req.pod.containers.privileged[0]", MISSING, None),
    (CONTAINERS + b"[" * 30 + b'{"name":"a"', "ka.req.pod.containers.name", UNKNOWN, None),
    (CONTAINERS, "ka.req.pod.containers.name", UNKNOWN, None),
    (VOLUMES, "ka.req.pod.volumes.volume_type", HIDDEN, sure([b"hostPath"])),
    (VOLUMES, "ka.req.pod.volumes.hostpath", HIDDEN, sure([b"/etc"])),
    (VOLUMES, "ka.req.volume.hostpath[/etc]", b"true", None),
    (VOLUMES, "ka.req.volume.hostpath[/var]", HIDDEN, None),
    (b'"objectRef":{"resource":"pods"},"responseObject":{"metadata":{"name":"we', "ka.target.pod.name", UNKNOWN, None),
    (
        b'"objectRef":{"resource":"pods"},"responseObject":{"metadata":{"name":"we",',
        "ka.target.pod.name",
        b"we",
        None,
    ),
    (b'"objectRef":{"resource":"pods","subr', "ka.target.pod.name", UNKNOWN, None),
    (b'"responseObject":{"metadata":{"name":"we"', "ka.target.pod.name", MISSING, None),
    (b'"user":{', "ka.truncated", b"true", None),
    (b'"annotations":{},', "ka.truncated", b"true", None),
    (b'"annotations":{},', "jevt.value[/newKey]", UNKNOWN, None),
    # numbers may be written in several ways
    (b'"requestObject":{"a":[1,{"x":1,', "jevt.value[/requestObject/a/01/x]", b"1", None),
    (b'"requestObject":{"a":[1,{"x":1,', "jevt.value[/requestObject/a/01/b]", UNKNOWN, None),
    (b'"requestObject":{"a":[1,{"x":1,', "jevt.value[/requestObject/a/+1]", HIDDEN, None),
    # a later element without volumes would make the value missing
    (
        b'"requestObject":[{"spec":{"volumes":[{"name":"v","hostPath":{}}]}},',
        "ka.req.pod.volumes.volume_type",
        UNKNOWN,
        perhaps([b"hostPath"]),
    ),
    (b'"requestObject":{"spec":{"ports":"ab', "ka.req.service.ports", UNKNOWN, None),
    (b'"requestObject":{"spec":{"containers":[],"containers":{"x":', "ka.req.pod.containers.name", UNKNOWN, None),
]


@pytest.mark.parametrize(
    ("rest", "written", "value", "kept"),
    [*CASES, *OWN_CASES],
    ids=[f"{case[1]} {case[0][-25:]!r}" for case in (*CASES, *OWN_CASES)],
)
def test_what_is_known_of_a_value(rest: bytes, written: str, value: object, kept: Kept | None) -> None:
    # GIVEN an event that was cut
    event = opened(rest)
    field = bound(written)
    # WHEN a field is read THEN it has its value, or says why it has none and what was kept of it
    assert field.value(event) == value  # type: ignore[attr-defined]
    assert event.kept.get(field) == kept
    assert field.value(event) == value  # type: ignore[attr-defined]


ANNOTATED = {"annotations": {"audit.k8s.io/truncated": "true"}}


@pytest.mark.parametrize(
    ("level", "unknown"),
    [("Metadata", set()), ("Request", {"requestObject"}), ("RequestResponse", {"requestObject", "responseObject"})],
)
def test_bodies_that_the_api_server_left_out_are_unknown(level: str, unknown: set[str]) -> None:
    event = Event(RawEvent(json.dumps(an_event(level=level) | ANNOTATED).encode()), 1)
    assert catalogue().bind("jevt.value", "/requestObject").value(event) is MISSING
    assert event.is_truncated
    event.notice_truncation()
    assert event.lost == unknown
    for name in ("requestObject", "responseObject"):
        wanted = UNKNOWN if name in unknown else MISSING
        assert catalogue().bind("jevt.value", f"/{name}").value(event) is wanted


@pytest.mark.parametrize(
    "event",
    [
        an_event(),
        an_event(annotations={"audit.k8s.io/truncated": "false"}),
        an_event(annotations={"x": "audit.k8s.io/truncated"}),
        an_event(annotations="audit.k8s.io/truncated"),
    ],
)
def test_the_annotation_has_to_say_so(event: dict) -> None:
    assert not Event(RawEvent(json.dumps(event).encode()), 1).is_truncated


def test_whole_events_are_not_truncated() -> None:
    event = Event(RawEvent(json.dumps({"kind": "Event", "auditID": "a"}).encode()), 1)
    assert catalogue().bind("ka.truncated").value(event) == b"false"
    assert catalogue().bind("ka.truncated").value(Event(RawEvent(b'{"kind":"Event"}'), 1)) is MISSING
