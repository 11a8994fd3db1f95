"""The `ka.*` fields (spec/fields.md section 3), with the deliberate corrections a to d, h and j."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lanner.fields.audit import image_repository

Read = Callable[..., object]


def body(**members: object) -> dict[str, object]:
    return {"requestObject": members}


def pod(**spec: object) -> dict[str, object]:
    return body(spec=spec)


def nest(path: tuple[str, ...], value: object) -> dict[str, object]:
    """Return the event that holds only `value`, at `path`."""
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


# ---------------------------------------------------------------------------------- 3.1 scalars that are a plain path

SCALARS = {
    "ka.auditid": ("auditID",),
    "ka.stage": ("stage",),
    "ka.auth.decision": ("annotations", "authorization.k8s.io/decision"),
    "ka.auth.reason": ("annotations", "authorization.k8s.io/reason"),
    "ka.auth.openshift.decision": ("annotations", "authentication.openshift.io/decision"),
    "ka.auth.openshift.username": ("annotations", "authentication.openshift.io/username"),
    "ka.validations.admission.policy.failure": (
        "annotations",
        "validation.policy.admission.k8s.io/validation_failure",
    ),
    "ka.security.pod.violations": ("annotations", "pod-security.kubernetes.io/audit-violations"),
    "ka.user.name": ("user", "username"),
    "ka.impuser.name": ("impersonatedUser", "username"),
    "ka.verb": ("verb",),
    "ka.uri": ("requestURI",),
    "ka.target.name": ("objectRef", "name"),
    "ka.target.namespace": ("objectRef", "namespace"),
    "ka.target.resource": ("objectRef", "resource"),
    "ka.target.subresource": ("objectRef", "subresource"),
    "ka.req.binding.role": ("requestObject", "roleRef", "name"),
    "ka.req.configmap.name": ("objectRef", "name"),
    "ka.req.configmap.obj": ("requestObject", "data"),
    "ka.req.pod.host_ipc": ("requestObject", "spec", "hostIPC"),
    "ka.req.pod.host_network": ("requestObject", "spec", "hostNetwork"),
    "ka.req.container.host_network": ("requestObject", "spec", "hostNetwork"),
    "ka.req.pod.host_pid": ("requestObject", "spec", "hostPID"),
    "ka.req.pod.run_as_user": ("requestObject", "spec", "securityContext", "runAsUser"),
    "ka.req.pod.run_as_group": ("requestObject", "spec", "securityContext", "runAsGroup"),
    "ka.req.pod.fs_group": ("requestObject", "spec", "securityContext", "fsGroup"),
    "ka.req.service.type": ("requestObject", "spec", "type"),
    "ka.resp.name": ("responseObject", "metadata", "name"),
    "ka.response.code": ("responseStatus", "code"),
    "ka.response.reason": ("responseStatus", "reason"),
    "ka.useragent": ("userAgent",),
    "ka.cluster.name": ("annotations", "cluster_name"),
}


@pytest.mark.parametrize(("name", "path"), SCALARS.items(), ids=list(SCALARS))
def test_scalars_that_are_a_plain_path(read: Read, name: str, path: tuple[str, ...]) -> None:
    for value, text in (
        ("", ""),
        ('a "b" é\0c', 'a "b" é\0c'),
        (201, "201"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        ({"a": [1, {}]}, '{"a":[1,{}]}'),
        ([], "[]"),
    ):
        assert read(nest(path, value), name) == text
    if path != ("auditID",):
        assert read({}, name) is None
        assert read(nest(path[:-1], "text") if len(path) > 1 else {}, name) is None
        assert read(nest(path[:-1], [nest(path[-1:], "x")]) if len(path) > 1 else {}, name) is None


@pytest.mark.parametrize(
    ("event", "name", "value"),
    [
        ('{"auditID":"a","responseStatus":{"code": 1.0e3}}', "ka.response.code", "1.0e3"),
        ('{"auditID":"a","objectRef":{"name":null}}', "ka.target.name", "null"),
        ('{"auditID":"a","requestURI":"/a%20b?c=%zz"}', "ka.uri", "/a%20b?c=%zz"),
        (
            r'{"auditID":"a","requestObject":{"data":{ "k" : "a\/b\u0001" }}}',
            "ka.req.configmap.obj",
            r'{"k":"a\/b\u0001"}',
        ),
        ('{"auditID":"a","annotations":{"authorization":{"k8s":{"io/decision":"allow"}}}}', "ka.auth.decision", None),
        ('{"auditID":"a","objectRef":["x","y"]}', "ka.target.name", None),
        (
            '{"auditID":"a","requestObject":{"kind":"Secret","data":{"p":"cGFzcw=="}}}',
            "ka.req.configmap.obj",
            '{"p":"cGFzcw=="}',
        ),
        (
            '{"auditID":"a","requestObject":{"spec":{"template":{"spec":{"hostPID":true}}}}}',
            "ka.req.pod.host_pid",
            None,
        ),
        (r'{"auditID":"a","user":{"user\u006eame":"eve"}}', "ka.user.name", "eve"),
        (r'{"auditID":"a","user":{"user\u006eame":"eve","username":"bob","username":"al"}}', "ka.user.name", "bob"),
        ('{"auditID":"a","verb":"get","Verb":"x"}', "ka.verb", "get"),
    ],
    ids=[
        "number verbatim",
        "null is present",
        "URI raw",
        "escapes in objects stay",
        "an annotation is one key",
        "array where an object belongs",
        "kind is not checked",
        "pod template is elsewhere",
        "escaped key",
        "first unescaped key",
        "case of keys",
    ],
)
def test_worked_examples_of_plain_paths(read: Read, event: str, name: str, value: str | None) -> None:
    assert read(event.encode(), name) == value


def test_correction_h_values_do_not_depend_on_what_was_read_before(read: Read, open_event: Callable) -> None:
    opened = open_event(rb'{"auditID":"a","requestObject":{"data":{"k":"a\/b\u0001\u0000c"}}}')
    before = read(opened, "ka.req.configmap.obj")
    assert read(opened, "jevt.value[/requestObject/data/k]") == "a/b\x01\0c"
    assert read(opened, "ka.req.configmap.obj") == before == r'{"k":"a\/b\u0001\u0000c"}'
    assert read(opened, "jevt.value[/requestObject/data]") == before


# ------------------------------------------------------------------------------------------------------ precondition

FULL = {
    "kind": "Event",
    "stage": "ResponseComplete",
    "requestURI": "/api?x=1",
    "verb": "create",
    "user": {"username": "bo", "groups": ["g"]},
    "sourceIPs": ["192.0.2.1"],
    "objectRef": {"resource": "pods", "name": "p"},
    "requestObject": {
        "subjects": [{"kind": "User", "name": "bo"}],
        "rules": [{"verbs": ["get"]}],
        "spec": {
            "ports": [{"port": 80}],
            "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
            "containers": [
                {
                    "name": "c",
                    "image": "i:1",
                    "command": ["sh"],
                    "ports": [{"hostPort": 1}],
                    "securityContext": {"privileged": True, "runAsUser": 5, "capabilities": {"add": ["SYS_ADMIN"]}},
                }
            ],
        },
    },
    "responseObject": {"metadata": {"name": "p-1"}},
}

ONE_OF_EACH = {
    "ka.verb": "create",
    "ka.user.groups": ["g"],
    "ka.uri.param[x]": "1",
    "ka.target.pod.name": "p-1",
    "ka.sourceips": ["192.0.2.1"],
    "ka.req.binding.subjects.user_names": ["bo"],
    "ka.req.binding.subject.has_name[any]": "true",
    "ka.req.role.rules.verbs": ["get"],
    "ka.req.service.ports": ['[{"port":80}]'],
    "ka.req.pod.volumes.volume_type": ["hostPath"],
    "ka.req.pod.volumes.hostpath": ["/"],
    "ka.req.volume.hostpath[/]": "true",
    "ka.req.container.image": "i:1",
    "ka.req.container.image.repository": "i",
    "ka.req.container.privileged": "true",
    "ka.req.pod.containers.image": ["i:1"],
    "ka.req.pod.containers.command": ["sh"],
    "ka.req.pod.containers.host_port": ["1"],
    "ka.req.pod.containers.eff_run_as_user": ["5"],
    "ka.req.pod.containers.add_capabilities": ["SYS_ADMIN"],
}


@pytest.mark.parametrize(("written", "value"), ONE_OF_EACH.items(), ids=list(ONE_OF_EACH))
def test_every_ka_field_needs_an_audit_id_of_any_value(read: Read, written: str, value: object) -> None:
    assert read(json.dumps(FULL | {"auditID": None}).encode(), written) == value
    assert read(json.dumps(FULL).encode(), written) is None


# ------------------------------------------------------------------------------------------------------ ka.uri.param

EXEC = "/api/v1/namespaces/n/pods/p/exec?command=ls&command=-la&stdin=true&x=a%20b+c&e"


@pytest.mark.parametrize(
    ("uri", "parameter", "value"),
    [
        (EXEC, "command", "ls"),
        (EXEC, "stdin", "true"),
        (EXEC, "x", "a b c"),
        (EXEC, "e", ""),
        (EXEC, "Command", None),
        ("/api?a=1;b=2", "a", None),
        ("/api?é=1", "é", "1"),
        ("/api?a=1&=2", "", "2"),
        (None, "a", None),
        (["/api?a=1"], "a", '1"]'),  # rendered, then parsed
        ("/a%zz?a=1", "a", None),
    ],
)
def test_uri_param(read: Read, uri: object, parameter: str, value: str | None) -> None:
    assert read({"requestURI": uri}, f"ka.uri.param[{parameter}]") == value


def test_uri_param_without_uri(read: Read) -> None:
    assert read({}, "ka.uri.param[a]") is None


# ------------------------------------------------------------------------------------------------ ka.target.pod.name


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ({"resource": "pods", "name": "asked"}, "made"),
        ({"resource": "pods", "subresource": ""}, "made"),
        ({"resource": "pods", "subresource": None}, "made"),
        ({"resource": "pods", "subresource": 7}, "made"),
        ({"resource": "pods", "subresource": "exec"}, None),
        ({"resource": "deployments"}, None),
        ({"resource": "Pods"}, None),
        ({"resource": ["pods"]}, None),
        ({"resource": None}, None),
        ({}, None),
        ("pods", None),
    ],
)
def test_target_pod_name_is_that_of_the_response(read: Read, reference: object, value: str | None) -> None:
    event = {"objectRef": reference, "responseObject": {"metadata": {"name": "made"}}}
    assert read(event, "ka.target.pod.name") == value


def test_target_pod_name_without_response(read: Read) -> None:
    assert read({"objectRef": {"resource": "pods", "name": "asked"}}, "ka.target.pod.name") is None


# ----------------------------------------------------------------------------------------- deprecated container fields


@pytest.mark.parametrize(
    ("containers", "image", "repository"),
    [
        ([{"image": "a:1"}, {"image": "b:2"}], "a:1", "a"),
        ([{}, {"image": "b:2"}], None, None),
        ([{"image": ""}], "", ""),
        ([{"image": None}], "null", "null"),
        ({"image": "a:1"}, "a:1", "a"),
        ([], None, None),
        ("a:1", None, None),
    ],
)
def test_container_image_is_that_of_the_first(
    read: Read, containers: object, image: str | None, repository: str | None
) -> None:
    assert read(pod(containers=containers), "ka.req.container.image") == image
    assert read(pod(containers=containers), "ka.req.container.image.repository") == repository


def test_container_image_without_containers(read: Read) -> None:
    assert read(pod(), "ka.req.container.image") is None


def _privileged(value: object) -> dict[str, object]:
    return {"securityContext": {"privileged": value}}


@pytest.mark.parametrize(
    ("event", "value"),
    [
        (pod(containers=[{}, _privileged(True)]), "true"),
        (pod(containers=[_privileged(False), {}]), "false"),
        (pod(containers=[_privileged("true")]), "false"),
        (pod(containers=[]), "false"),
        (pod(containers=_privileged(True)), "true"),
        (pod(containers={}), None),
        (pod(initContainers=[_privileged(True)]), None),
        (pod(), None),
        ({"requestObject": [{"op": "add"}]}, "false"),
    ],
)
def test_container_privileged(read: Read, event: dict, value: str | None) -> None:
    assert read(event, "ka.req.container.privileged") == value


VOLUMES = [{"hostPath": {"path": "/etc/ssl"}}, {"emptyDir": {}}, {"hostPath": {"path": "/proc"}}]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("/etc*", "true"),
        ("/etc", "false"),
        ("/proc", "true"),
        ("/pr*", "true"),
        ("*", "true"),
        ("/e*c*", "false"),
        ("/proc**", "false"),
        ("/proc/*", "false"),
        ("", "false"),
    ],
)
def test_volume_hostpath(read: Read, argument: str, value: str) -> None:
    assert read(pod(volumes=VOLUMES), f"ka.req.volume.hostpath[{argument}]") == value


def test_volume_hostpath_takes_a_star_literally_too(read: Read) -> None:
    assert read(pod(volumes=[{"hostPath": {"path": "/a*"}}]), "ka.req.volume.hostpath[/a*]") == "true"
    assert read(pod(volumes=[{"hostPath": {"path": ""}}]), "ka.req.volume.hostpath[]") == "true"


@pytest.mark.parametrize(
    ("event", "value"),
    [
        (pod(), None),
        (pod(volumes=[]), "false"),
        (pod(volumes={"hostPath": {"path": "/x"}}), "true"),
        (pod(volumes="/x"), None),
        (pod(volumes=[{"hostPath": "/x"}]), "false"),
        ({"requestObject": [{"op": "add"}]}, "false"),
    ],
)
def test_volume_hostpath_of_odd_volumes(read: Read, event: dict, value: str | None) -> None:
    assert read(event, "ka.req.volume.hostpath[/x]") == value


def test_binding_subject_has_name_is_always_true(read: Read) -> None:
    assert read({}, "ka.req.binding.subject.has_name[x]") == "true"


# ------------------------------------------------------------------------------------- 3.3 lists that are a plain path

LISTS = {
    "ka.user.groups": ("user", "groups"),
    "ka.req.binding.subjects": ("requestObject", "subjects"),
    "ka.req.role.rules": ("requestObject", "rules"),
    "ka.req.pod.supplemental_groups": ("requestObject", "spec", "securityContext", "supplementalGroups"),
}


@pytest.mark.parametrize(("name", "path"), LISTS.items(), ids=list(LISTS))
def test_lists_that_are_a_plain_path(read: Read, name: str, path: tuple[str, ...]) -> None:
    value = ["a", None, 1.5, True, {"b": [1]}, [], ""]
    assert read(nest(path, value), name) == ["a", "null", "1.5", "true", '{"b":[1]}', "[]", ""]
    assert read({}, name) is None
    for other in ([], {}, {"0": "a"}, "a", None, 7, True):
        assert read(nest(path, other), name) is None


def test_worked_example_of_subjects(read: Read) -> None:
    text = '{"auditID":"a","requestObject":{"subjects":[{"kind":"User","name":"bo"}, {"kind": "Group","name":"g"}]}}'
    expected = ['{"kind":"User","name":"bo"}', '{"kind":"Group","name":"g"}']
    assert read(text.encode(), "ka.req.binding.subjects") == expected


# ------------------------------------------------------------------------------------------------ 3.4 container fields

FAMILIES = ("containers", "initContainers", "ephemeralContainers")
TWO = [
    {"name": "a", "image": "i1:1", "securityContext": {"privileged": True}, "command": ["sh", "-c", "x y"]},
    {"name": "b", "image": "i2", "ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 8081}]},
]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("containers.name", ["a", "b"]),
        ("containers.name[1]", ["b"]),
        ("containers.name[2]", None),
        ("containers.image", ["i1:1", "i2"]),
        ("containers.image.repository", ["i1", "i2"]),
        ("containers.image.repository[0]", ["i1"]),
        ("containers.privileged", ["true"]),
        ("containers.privileged[0]", ["true"]),
        ("containers.privileged[1]", None),
        ("containers.command", ["sh -c x y"]),
        ("containers.command[0]", ["sh -c x y"]),
        ("containers.command[1]", None),
        ("containers.args", None),
        ("containers.host_port", ["80", "8081"]),
        ("containers.host_port[0]", None),
        ("containers.host_port[1]", ["80", "8081"]),
        ("containers.eff_run_as_user", ["0", "0"]),
        ("initContainers.name", None),
        ("ephemeralContainers.eff_run_as_user", None),
    ],
)
def test_worked_example_of_containers(read: Read, written: str, value: list[str] | None) -> None:
    assert read(pod(containers=TWO), f"ka.req.pod.{written}") == value


@pytest.mark.parametrize("family", FAMILIES)
def test_the_families_never_mix(read: Read, family: str) -> None:
    event = pod(**{name: [{"name": name}] for name in FAMILIES})
    assert read(event, f"ka.req.pod.{family}.name") == [family]


CONTEXT = {
    "privileged": "privileged",
    "allow_privilege_escalation": "allowPrivilegeEscalation",
    "read_only_fs": "readOnlyRootFilesystem",
    "run_as_user": "runAsUser",
    "run_as_group": "runAsGroup",
    "proc_mount": "procMount",
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("suffix", "key"), CONTEXT.items(), ids=list(CONTEXT))
def test_security_context_fields_pass_over_holes(read: Read, family: str, suffix: str, key: str) -> None:
    containers = [{"securityContext": {key: value}} for value in (True, 7, "x", None, [1])]
    containers[1:1] = [{}, {"securityContext": None}, {"securityContext": {}}]
    name = f"ka.req.pod.{family}.{suffix}"
    event = pod(**{family: containers})
    assert read(event, name) == ["true", "7", "x", "null", "[1]"]
    assert read(event, f"{name}[0]") == ["true"]
    assert read(event, f"{name}[1]") is None
    assert read(event, f"{name}[99]") is None
    assert read(pod(**{family: [{}]}), name) is None
    assert read(pod(**{family: {"securityContext": {key: 5}}}), name) == ["5"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("suffix", ["name", "image", "image.repository"])
def test_any_hole_makes_names_and_images_missing(read: Read, family: str, suffix: str) -> None:
    key = suffix.partition(".")[0]
    name = f"ka.req.pod.{family}.{suffix}"
    event = pod(**{family: [{key: "a"}, {"other": 1}]})
    assert read(event, name) is None
    assert read(event, f"{name}[0]") == ["a"]
    assert read(event, f"{name}[1]") is None
    assert read(pod(**{family: [{key: "a"}, {key: None}]}), name) == ["a", "null"]
    assert read(pod(**{family: []}), name) is None
    assert read(pod(**{family: "a"}), name) is None


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("key", ["command", "args"])
@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([["a", "b c"], None, ["d"]], ["a b c", "d"]),
        ([[]], [""]),
        ([[""], ["", ""]], ["", " "]),
        ([["a"], "null"], None),
        ([["a"], "b"], None),
        ([["a", 1]], None),
        ([["a", None]], None),
        ([{"0": "a"}], None),
        ([None, None], None),
    ],
    ids=["joined", "empty array", "empty words", "null", "string", "number", "null word", "object", "holes only"],
)
def test_command_lines(read: Read, family: str, key: str, values: list, lines: list[str] | None) -> None:
    containers = [{} if value is None else {key: None if value == "null" else value} for value in values]
    assert read(pod(**{family: containers}), f"ka.req.pod.{family}.{key}") == lines


@pytest.mark.parametrize("family", FAMILIES[:2])
@pytest.mark.parametrize(
    ("ports", "value"),
    [
        ([[{"hostPort": 1, "containerPort": 2}], [{"containerPort": 3}, {"hostPort": 4}]], ["1", "3", "4"]),
        ([[{"hostPort": None, "containerPort": 2}]], ["null"]),
        ([[{"name": "x"}, 7, "y", [8], None]], None),
        ([[{"hostPort": 1}], []], ["1"]),
        ([[{"hostPort": 1}], None], None),
        ([[{"hostPort": 1}], {"hostPort": 2}], None),
        ([[]], None),
    ],
    ids=["host port first", "null", "no numbers", "empty array", "null ports", "object", "nothing"],
)
def test_host_ports(read: Read, family: str, ports: list, value: list[str] | None) -> None:
    containers = [{"ports": array} for array in ports]
    assert read(pod(**{family: [*containers, {}]}), f"ka.req.pod.{family}.host_port") == value


def test_host_port_with_an_index(read: Read) -> None:
    event = pod(containers=[{"ports": None}, {"ports": [{"hostPort": 1}]}, {}])
    assert [read(event, f"ka.req.pod.containers.host_port[{index}]") for index in range(4)] == [None, ["1"], None, None]


# ------------------------------------------------------------------------------------------------------- corrections


def test_correction_a_source_ips_are_those_of_the_event(read: Read) -> None:
    event = {"sourceIPs": ["192.0.2.1", "198.51.100.7"], "requestObject": {"rules": [{"sourceIPs": ["203.0.113.9"]}]}}
    assert read(event, "ka.sourceips") == ["192.0.2.1", "198.51.100.7"]
    assert read(event, "ka.sourceips[1]") == ["198.51.100.7"]
    assert read(event, "ka.sourceips[2]") is None
    assert read(body(rules=[{"sourceIPs": ["203.0.113.9"]}]), "ka.sourceips") is None
    assert read({"sourceIPs": []}, "ka.sourceips") is None
    assert read({"sourceIPs": "192.0.2.1"}, "ka.sourceips") is None


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("suffix", "key"), [("eff_run_as_user", "runAsUser"), ("eff_run_as_group", "runAsGroup")])
def test_correction_b_effective_ids(read: Read, family: str, suffix: str, key: str) -> None:
    name = f"ka.req.pod.{family}.{suffix}"
    containers = [{"securityContext": {key: 5}}, {}, {"securityContext": {}}, {"securityContext": {key: None}}]

    with_default = pod(**{family: containers}, securityContext={key: 1000})
    assert read(with_default, name) == ["5", "1000", "1000", "1000"]
    assert [read(with_default, f"{name}[{index}]") for index in range(5)] == [["5"], ["1000"], ["1000"], ["1000"], None]

    without = pod(**{family: containers})
    assert read(without, name) == ["5", "0", "0", "0"]
    assert read(without, f"{name}[1]") == ["0"]

    assert read(pod(securityContext={key: 1000}), name) is None
    assert read(pod(**{family: []}, securityContext={key: 1000}), name) is None
    # GIVEN null, which is how API objects say "not set"
    assert read(pod(**{family: [{}]}, securityContext={key: None}), name) == ["0"]
    # GIVEN the keys that Falco reads instead THEN they have no effect
    assert read(pod(**{family: [{key: 7}]}, **{key: 8}), name) == ["0"]


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("nginx", "nginx"),
        ("nginx:1", "nginx"),
        ("quay.io/org/app:1.2", "quay.io/org/app"),
        ("org/app@sha256:00ff", "org/app"),
        ("org/app:1@sha256:00ff", "org/app"),
        ("reg.local:5000/org/app:1", "reg.local:5000/org/app"),
        ("reg.local:5000/app", "reg.local:5000/app"),
        ("reg.local:5000/app:1@sha256:00ff", "reg.local:5000/app"),
        ("[::1]:5000/app:1", "[::1]:5000/app"),
        ("a:1/b:2/c:3:4", "a:1/b:2/c"),
        ("app@sha256:00/ff:1", "app"),
        (":1", ""),
        ("/", "/"),
        ("", ""),
    ],
)
def test_correction_c_repositories(read: Read, image: str, repository: str) -> None:
    assert image_repository(image.encode()) == repository.encode()
    event = pod(containers=[{"image": image}])
    assert read(event, "ka.req.pod.containers.image.repository") == [repository]
    assert read(event, "ka.req.container.image.repository") == repository


@pytest.mark.parametrize("family", FAMILIES)
def test_correction_d_capabilities_are_flattened(read: Read, family: str) -> None:
    name = f"ka.req.pod.{family}.add_capabilities"
    adds = (["NET_ADMIN", "SYS_TIME"], [], ["NET_ADMIN", None], "ALL", {"0": "x"}, None)
    containers = [{"securityContext": {"capabilities": {"add": add}}} for add in adds]
    event = pod(**{family: [*containers, {}]})
    assert read(event, name) == ["NET_ADMIN", "SYS_TIME", "NET_ADMIN", "null"]
    assert read(event, f"{name}[0]") == ["NET_ADMIN", "SYS_TIME"]
    assert [read(event, f"{name}[{index}]") for index in (1, 3, 6, 7)] == [None] * 4


def test_correction_j_volume_types_of_a_patch_are_missing(read: Read) -> None:
    patch = {"requestObject": [{"op": "add", "path": "/spec/volumes", "value": []}]}
    assert read(patch, "ka.req.pod.volumes.volume_type") is None
    assert read(patch, "ka.req.pod.volumes.volume_type[0]") is None
    half = {"requestObject": [{"spec": {"volumes": [{"hostPath": {}}]}}, {}]}
    assert read(half, "ka.req.pod.volumes.volume_type") is None
    assert read(half, "ka.req.pod.volumes.volume_type[0]") == ["hostPath"]


# ---------------------------------------------------------------------------------------------- walks through arrays


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("ka.req.pod.containers.privileged", None),
        ("ka.req.pod.containers.name", None),
        ("ka.req.pod.containers.command", None),
        ("ka.req.pod.containers.host_port", None),
        ("ka.req.pod.containers.add_capabilities", None),
        ("ka.req.pod.volumes.hostpath", None),
        ("ka.req.container.image", None),
        ("ka.req.container.privileged", "false"),
        ("ka.req.volume.hostpath[/x]", "false"),
        ("ka.req.pod.containers.eff_run_as_user", ["0", "0"]),
        ("ka.req.pod.initContainers.eff_run_as_group", ["0", "0"]),
        ("ka.req.pod.host_pid", None),
        ("ka.req.service.ports", None),
    ],
)
def test_a_json_patch_leaves_one_hole_for_each_operation(read: Read, written: str, value: object) -> None:
    patch = [{"op": "add", "path": "/spec/hostPID", "value": True}, {"op": "test"}]
    assert read({"requestObject": patch}, written) == value


def test_arrays_anywhere_on_the_way_are_walked(read: Read) -> None:
    event = {
        "requestObject": [
            {"spec": [{"containers": [{"name": "a"}, [{"name": "b"}, {"name": "c"}]]}]},
            {"spec": {"containers": {"name": "d", "securityContext": [{"privileged": True}, {"privileged": False}]}}},
        ]
    }
    assert read(event, "ka.req.pod.containers.name") == ["a", "b", "c", "d"]
    assert read(event, "ka.req.pod.containers.privileged") == ["true", "false"]
    assert read(event, "ka.req.pod.containers.privileged[1]") == ["false"]
    assert read(event, "ka.req.pod.containers.name[0]") == ["a"]
    assert read(event, "ka.req.pod.containers.name[1]") == ["d"]
    assert read(event, "ka.req.pod.containers.name[2]") is None


def test_an_array_at_the_end_of_a_walk_is_one_value(read: Read) -> None:
    event = pod(containers=[{"name": ["x", "y"]}, {"name": []}])
    assert read(event, "ka.req.pod.containers.name") == ['["x","y"]', "[]"]


# ---------------------------------------------------------------------------- 3.5 volumes, services, roles, subjects


@pytest.mark.parametrize(
    ("field", "outer", "inner"),
    [("hostpath", "hostPath", "path"), ("flexvolume_driver", "flexVolume", "driver")],
)
def test_values_of_volumes(read: Read, field: str, outer: str, inner: str) -> None:
    name = f"ka.req.pod.volumes.{field}"
    event = pod(volumes=[{outer: {inner: "/a"}}, {"emptyDir": {}}, {outer: {inner: None}}, 7])
    assert read(event, name) == ["/a", "null"]
    assert [read(event, f"{name}[{index}]") for index in range(5)] == [["/a"], None, ["null"], None, None]
    assert read(pod(), name) is None
    assert read(pod(volumes=[]), name) is None


@pytest.mark.parametrize(
    ("volumes", "value"),
    [
        ('[{"name":"a","hostPath":{}},{"configMap":{},"name":"b"}]', ["hostPath", "configMap"]),
        ('[{"name":"a","emptyDir":{},"secret":{}}]', ["emptyDir", "secret"]),
        ('[{"hostPath":{}},{"hostPath":{}}]', ["hostPath", "hostPath"]),
        ('[{"hostPath":1,"hostPath":2}]', ["hostPath", "hostPath"]),
        (r'[{"host\u0050ath":1,"emptyDir":2}]', ["hostPath", "emptyDir"]),
        (r'[{"n\u0061me":1,"emptyDir":2}]', ["emptyDir"]),
        ('[7,"x",null,["emptyDir"],{"emptyDir":{}}]', ["emptyDir"]),
        ('{"emptyDir":{}}', ["emptyDir"]),
        ('[{"name":"a"}]', None),
        ("[]", None),
        ("null", None),
        ('"emptyDir"', None),
    ],
)
def test_volume_types(read: Read, volumes: str, value: list[str] | None) -> None:
    text = f'{{"auditID":"a","requestObject":{{"spec":{{"volumes":{volumes}}}}}}}'
    assert read(text.encode(), "ka.req.pod.volumes.volume_type") == value


def test_volume_types_with_an_index(read: Read) -> None:
    event = pod(volumes=[{"hostPath": {}}, {"name": "b"}, {"emptyDir": {}}])
    name = "ka.req.pod.volumes.volume_type"
    assert [read(event, f"{name}[{index}]") for index in range(4)] == [["hostPath"], None, ["emptyDir"], None]
    assert read(pod(), name) is None


def test_service_ports_are_one_json_text(read: Read) -> None:
    event = b'{"auditID":"a","requestObject":{"spec":{"ports":[ {"port": 80},{"port":1.0}]}}}'
    assert read(event, "ka.req.service.ports") == ['[{"port":80},{"port":1.0}]']
    assert read(event, "ka.req.service.ports[7]") == ['[{"port":80},{"port":1.0}]']
    assert read(pod(ports=None), "ka.req.service.ports") == ["null"]
    assert read(pod(ports=[]), "ka.req.service.ports") == ["[]"]
    assert read(pod(), "ka.req.service.ports") is None


RULES = [
    {"apiGroups": [""], "resources": ["pods", "pods/exec"], "verbs": ["get"]},
    {"nonResourceURLs": ["/x"], "verbs": ["*"]},
]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("verbs", ["get", "*"]),
        ("verbs[1]", ["*"]),
        ("verbs[2]", None),
        ("resources", ["pods", "pods/exec"]),
        ("resources[0]", ["pods", "pods/exec"]),
        ("resources[1]", None),
        ("resources[2]", None),
        ("apiGroups", [""]),
        ("nonResourceURLs", ["/x"]),
        ("nonResourceURLs[0]", None),
    ],
)
def test_worked_example_of_role_rules(read: Read, written: str, value: list[str] | None) -> None:
    assert read(body(rules=RULES), f"ka.req.role.rules.{written}") == value


@pytest.mark.parametrize("name", ["apiGroups", "nonResourceURLs", "verbs", "resources"])
def test_odd_role_rules_are_passed_over(read: Read, name: str) -> None:
    rules = [{name: "get"}, {name: None}, {name: {"0": "get"}}, 7, {}, {name: []}, {name: ["a", None, 1]}]
    assert read(body(rules=rules), f"ka.req.role.rules.{name}") == ["a", "null", "1"]
    assert read(body(rules=rules[:6]), f"ka.req.role.rules.{name}") is None
    assert read(body(), f"ka.req.role.rules.{name}") is None


SUBJECTS = [
    {"kind": "User", "name": "bo"},
    {"kind": "Group", "name": "g", "namespace": "no"},
    {"kind": "ServiceAccount", "name": "sa", "namespace": "ns"},
    {"kind": "ServiceAccount", "name": "homeless"},
    {"kind": "ServiceAccount", "namespace": "nameless"},
    {"kind": "User", "name": None},
    {"kind": "user", "name": "other case"},
    {"kind": ["User"], "name": "no kind"},
    {"name": "no kind at all"},
    "User",
    None,
    ["kind", "User"],
    {"kind": "ServiceAccount", "name": 7, "namespace": None},
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_names", ["bo", "null"]),
        ("group_names", ["g"]),
        ("serviceaccount_names", ["sa", "homeless", "7"]),
        ("serviceaccount_ns_names", ["ns:sa", "null:7"]),
    ],
)
def test_subjects_by_kind(read: Read, name: str, value: list[str]) -> None:
    written = f"ka.req.binding.subjects.{name}"
    assert read(body(subjects=SUBJECTS), written) == value
    assert read(body(subjects=[]), written) is None
    assert read(body(subjects=SUBJECTS[8:12]), written) is None
    assert read(body(), written) is None
    for subject in SUBJECTS:
        assert read(body(subjects=subject), written) is None
