"""Fields of pod specifications, wherever they stand in the written object."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import Event, NoValue, RawEvent, catalogue

Read = Callable[..., object]

PLACES: dict[str, tuple[str, ...]] = {
    "pods": ("spec",),
    "deployments": ("spec", "template", "spec"),
    "jobs": ("spec", "template", "spec"),
    "cronjobs": ("spec", "jobTemplate", "spec", "template", "spec"),
    "podtemplates": ("template", "spec"),
}
ARRAYS = ("containers", "initContainers", "ephemeralContainers")
CONTAINER = {
    "name": "web",
    "image": "reg.example:5000/org/app:1.2@sha256:ab",
    "command": ["sh", "-c"],
    "args": ["id; ls"],
    "ports": [{"containerPort": 80, "hostPort": 8080}, {"hostPort": 0}, {"containerPort": 81}],
    "securityContext": {
        "privileged": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsUser": 0,
        "procMount": "Unmasked",
        "capabilities": {"add": ["SYS_ADMIN", "cap_net_raw", "ALL"]},
    },
}
VALUES = {
    "name": ["web"],
    "image": ["reg.example:5000/org/app:1.2@sha256:ab"],
    "image.repository": ["reg.example:5000/org/app"],
    "image.registry": ["reg.example:5000"],
    "image.tag": ["1.2"],
    "command": ["sh -c"],
    "args": ["id; ls"],
    "host_port": ["8080"],
    "privileged": ["true"],
    "allow_privilege_escalation": ["false"],
    "read_only_fs": ["true"],
    "run_as_user": ["0"],
    "proc_mount": ["Unmasked"],
    "add_capabilities": ["SYS_ADMIN", "NET_RAW", "ALL"],
}


def placed(place: tuple[str, ...], value: Any) -> Any:
    for key in reversed(place):
        value = {key: value}
    return value


def pod(spec: Any, resource: str = "pods", verb: str = "create") -> dict[str, Any]:
    """Return a request that writes a pod specification where the resource has it."""
    place = PLACES.get(resource, PLACES["deployments"])
    return {"verb": verb, "objectRef": {"resource": resource}, "requestObject": placed(place, spec)}


# ------------------------------------------------------------------------------------------------------ containers


@pytest.mark.parametrize("resource", PLACES)
@pytest.mark.parametrize("array", ARRAYS)
def test_containers(read: Read, resource: str, array: str) -> None:
    event = pod({array: [CONTAINER]}, resource)
    for other in (*ARRAYS, "all_containers"):
        for name, values in VALUES.items():
            expected = values if other in (array, "all_containers") else None
            assert read(event, f"ka.req.workload.{other}.{name}") == expected


def test_all_containers_in_their_order(read: Read) -> None:
    event = pod({array: [{"name": f"{array}{number}"} for number in range(2)] for array in reversed(ARRAYS)})
    assert read(event, "ka.req.workload.all_containers.name") == [f"{array}{n}" for array in ARRAYS for n in range(2)]


def test_the_same_in_a_patch_of_any_kind(read: Read) -> None:
    place = "/spec/template/spec/containers"
    bodies = (
        [{"op": "add", "path": f"{place}/-", "value": CONTAINER}],
        [{"op": "replace", "path": f"{place}/0/{key}", "value": value} for key, value in CONTAINER.items()],
        [{"op": "replace", "path": "/spec", "value": placed(("template", "spec", "containers"), [CONTAINER])}],
        placed(PLACES["deployments"], {"containers": [CONTAINER], "$setElementOrder/containers": [{"name": "web"}]}),
    )
    for body in bodies:
        event = {"verb": "patch", "objectRef": {"resource": "deployments"}, "requestObject": body}
        for name, values in VALUES.items():
            assert read(event, f"ka.req.workload.containers.{name}") == values


@pytest.mark.parametrize(
    ("image", "repository", "registry", "tag"),
    [
        ("nginx", "nginx", "docker.io", "latest"),
        ("nginx:1", "nginx", "docker.io", "1"),
        ("library/nginx", "library/nginx", "docker.io", "latest"),
        ("localhost/x", "localhost/x", "localhost", "latest"),
        ("reg:5000/x", "reg:5000/x", "reg:5000", "latest"),
        ("Reg/x", "Reg/x", "reg", "latest"),
        ("QUAY.io/x:y", "QUAY.io/x", "quay.io", "y"),
        ("index.docker.io/x", "index.docker.io/x", "docker.io", "latest"),
        ("x@sha256:ab", "x", "docker.io", None),
        ("x:1@sha256:ab", "x", "docker.io", "1"),
        ("", "", "docker.io", "latest"),
    ],
)
def test_images(read: Read, image: str, repository: str, registry: str, tag: str | None) -> None:
    event = pod({"containers": [{"image": image}]})
    assert read(event, "ka.req.workload.containers.image") == [image]
    assert read(event, "ka.req.workload.containers.image.repository") == ([repository] if image else None)
    assert read(event, "ka.req.workload.containers.image.registry") == [registry]
    assert read(event, "ka.req.workload.containers.image.tag") == (None if tag is None else [tag])


@pytest.mark.parametrize("other", [{}, {"image": None}, {"image": ""}, {"name": "x"}, None, "x", []])
def test_repositories_are_missing_if_any_container_has_no_image(read: Read, other: Any) -> None:
    event = pod({"containers": [{"image": "a:1"}, other], "initContainers": [{"image": "b"}]})
    assert read(event, "ka.req.workload.containers.image.registry") == ["docker.io"] * (
        2 if other == {"image": ""} else 1
    )
    assert read(event, "ka.req.workload.initContainers.image.repository") == ["b"]
    if other != []:
        assert read(event, "ka.req.workload.containers.image.repository") is None
        assert read(event, "ka.req.workload.all_containers.image.repository") is None


def test_what_is_not_written_is_missing(read: Read) -> None:
    nulls = {"name": None, "image": None, "command": None, "args": None, "ports": None, "securityContext": None}
    for containers in ([], None, {}, "x", [{}], [None], [nulls], [{"ports": [], "command": [], "securityContext": {}}]):
        for name in VALUES:
            assert read(pod({"containers": containers}), f"ka.req.workload.containers.{name}") is None


def test_what_has_another_type(read: Read) -> None:
    """API servers refuse it; it is read as walks through arrays read it."""
    odd = {"containers": [[{"name": "a"}], {"name": ["b", None]}], "initContainers": {"name": "c"}}
    for spec in (odd, [odd]):
        assert read(pod(spec), "ka.req.workload.all_containers.name") == ["a", "b", "c"]
    nested: Any = [{"name": "deep"}]
    for _ in range(20):
        nested = [nested]
    assert read(pod({"containers": nested}), "ka.req.workload.containers.name") is None
    assert read(
        pod({"containers": [{"command": "sh"}, {"command": ["a", 1, True]}]}), "ka.req.workload.containers.command"
    ) == [*("sh", "a 1 true")]


# -------------------------------------------------------------------------------------------------- specifications

FLAGS = {
    "host_pid": "hostPID",
    "host_ipc": "hostIPC",
    "host_network": "hostNetwork",
    "share_process_namespace": "shareProcessNamespace",
}


@pytest.mark.parametrize("resource", [*PLACES, "rollouts"])
@pytest.mark.parametrize(("field", "key"), FLAGS.items())
def test_flags(read: Read, resource: str, field: str, key: str) -> None:
    name = f"ka.req.workload.{field}"
    assert read(pod({key: True}, resource), name) == "true"
    assert read(pod({key: False}, resource), name) == "false"
    assert read(pod({key: None}, resource), name) is None
    assert read(pod({}, resource), name) is None
    assert read({}, name) is None


def test_a_flag_is_true_if_any_specification_has_it(read: Read) -> None:
    body = {
        "spec": {"hostPID": False, "template": {"spec": {"hostPID": True}}},
        "template": {"spec": {"hostPID": False}},
    }
    for resource in PLACES:
        assert read({"objectRef": {"resource": resource}, "requestObject": body}, "ka.req.workload.host_pid") == "true"


TEXTS: dict[str, tuple[Any, str]] = {
    "service_account": ({"serviceAccountName": "sa"}, "sa"),
    "node_name": ({"nodeName": "n"}, "n"),
    "runtime_class": ({"runtimeClassName": "gvisor"}, "gvisor"),
    "run_as_user": ({"securityContext": {"runAsUser": 0}}, "0"),
}


@pytest.mark.parametrize("resource", [*PLACES, "rollouts"])
@pytest.mark.parametrize(("field", "spec", "text"), [(name, *row) for name, row in TEXTS.items()], ids=list(TEXTS))
def test_texts(read: Read, resource: str, field: str, spec: Any, text: str) -> None:
    name = f"ka.req.workload.{field}"
    assert read(pod(spec, resource), name) == text
    assert read(pod({}, resource), name) is None
    assert read(pod(dict.fromkeys(spec), resource), name) is None
    assert read({}, name) is None


@pytest.mark.parametrize(
    ("spec", "account"),
    [
        ({"serviceAccountName": "a", "serviceAccount": "b"}, "a"),
        ({"serviceAccount": "b"}, "b"),
        ({"serviceAccountName": "", "serviceAccount": "b"}, "b"),
        ({"serviceAccountName": None, "serviceAccount": "b"}, "b"),
        ({"serviceAccountName": "", "serviceAccount": ""}, None),
    ],
)
def test_service_accounts(read: Read, spec: Any, account: str | None) -> None:
    assert read(pod(spec), "ka.req.workload.service_account") == account


@pytest.mark.parametrize("resource", PLACES)
def test_a_decoy_does_not_hide_the_service_account(read: Read, resource: str) -> None:
    """API servers pass over a specification in a place where the object has none: it must not lend its account."""
    body: dict[str, Any] = {}
    for place in sorted(set(PLACES.values()), key=len):
        here = body
        for key in place:
            here = here.setdefault(key, {})
        here["serviceAccountName"] = "real" if place == PLACES[resource] else "decoy"
    event = {"objectRef": {"resource": resource}, "requestObject": body}
    assert read(event, "ka.req.workload.service_account") == "real"


def test_contexts(read: Read) -> None:
    spec = {
        "securityContext": {
            "seccompProfile": {"type": "RuntimeDefault"},
            "seLinuxOptions": {"type": "container_t"},
            "appArmorProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {"securityContext": {"seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Localhost"}}}
        ],
        "initContainers": [{"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}],
        "ephemeralContainers": [{"securityContext": {"seLinuxOptions": {"level": "s0"}}}, {}],
    }
    for resource in PLACES:
        event = pod(spec, resource)
        assert read(event, "ka.req.workload.seccomp") == ["RuntimeDefault", "Unconfined"]
        assert read(event, "ka.req.workload.apparmor") == ["RuntimeDefault", "Localhost"]
        assert read(event, "ka.req.workload.selinux") == ["container_t", "spc_t"]
    for field in ("seccomp", "apparmor", "selinux"):
        assert read(pod({"containers": [{}]}), f"ka.req.workload.{field}") is None
        assert read({}, f"ka.req.workload.{field}") is None


@pytest.mark.parametrize("resource", PLACES)
def test_apparmor_in_annotations(read: Read, resource: str) -> None:
    prefix = "container.apparmor.security.beta.kubernetes.io/"
    notes = {
        f"{prefix}a": "unconfined",
        f"{prefix}b": "runtime/default",
        f"{prefix}c": "localhost/x",
        f"{prefix}d": None,
    }
    notes |= {f"{prefix}e": "other", "x": "unconfined"}
    event = {"requestObject": placed((*PLACES[resource][:-1], "metadata", "annotations"), notes)}
    assert read(event, "ka.req.workload.apparmor") == ["Unconfined", "RuntimeDefault", "Localhost", "other"]


def test_commands(read: Read) -> None:
    hook = {"exec": {"command": ["rm", "-rf"]}}
    spec = {
        "containers": [
            {"command": ["sh", "-c"], "args": ["id"], "lifecycle": {"postStart": hook, "preStop": {"httpGet": {}}}},
            {
                "args": ["--x"],
                "livenessProbe": hook,
                "readinessProbe": hook,
                "startupProbe": {"exec": {"command": ["t"]}},
            },
            {"name": "none", "command": None, "args": []},
        ],
        "ephemeralContainers": [{"command": ["bash"], "lifecycle": {"preStop": hook}}],
    }
    lines = ["sh -c id", "rm -rf", "--x", "rm -rf", "rm -rf", "t", "bash", "rm -rf"]
    assert read(pod(spec, "cronjobs"), "ka.req.workload.commands") == "\n".join(lines)
    assert read(pod({"containers": [{}]}), "ka.req.workload.commands") is None
    assert read({}, "ka.req.workload.commands") is None


# ---------------------------------------------------------------------------------------------------------- volumes


@pytest.mark.parametrize(
    ("path", "normalised", "above"),
    [
        ("/etc", "/etc", ["/etc"]),
        ("/etc/kubernetes/pki/", "/etc/kubernetes/pki", ["/etc/kubernetes/pki", "/etc", "/etc/kubernetes"]),
        ("//etc/./x/../kubernetes", "/etc/kubernetes", ["/etc/kubernetes", "/etc"]),
        ("/", "/", ["/"]),
        ("/..", "/", ["/"]),
        ("/../../etc", "/etc", ["/etc"]),
        ("etc", "/etc", ["/etc"]),
        ("", "/", ["/"]),
    ],
)
def test_host_paths(read: Read, path: str, normalised: str, above: list[str]) -> None:
    spec = {"volumes": [{"name": "v", "hostPath": {"path": path}}, {"name": "w", "emptyDir": {}}]}
    for resource in PLACES:
        event = pod(spec, resource)
        assert read(event, "ka.req.workload.volumes.hostpath") == [normalised]
        assert read(event, "ka.req.workload.volumes.hostpath.above") == above
        assert read(event, "ka.req.workload.volumes.hostpath.writable") == [normalised]
    for source in ("hostPath", "local"):
        volume = {"requestObject": {"spec": {source: {"path": path}}}}
        assert read(volume, "ka.req.pv.hostpath") == [normalised]
        assert read(volume, "ka.req.pv.hostpath.above") == above


def test_no_host_paths(read: Read) -> None:
    for spec in (
        {},
        {"volumes": None},
        {"volumes": []},
        {"volumes": [{}, None, {"hostPath": None}, {"hostPath": {"path": None}}]},
    ):
        for field in ("hostpath", "hostpath.above", "hostpath.writable"):
            assert read(pod(spec), f"ka.req.workload.volumes.{field}") is None
    assert read({"requestObject": {"spec": {"nfs": {"path": "/x"}}}}, "ka.req.pv.hostpath") is None
    assert read({}, "ka.req.pv.hostpath.above") is None


def test_folders_above_are_told_once_and_to_a_bound(read: Read) -> None:
    deep = "".join(f"/{number}" for number in range(1, 30))
    spec = {"volumes": [{"hostPath": {"path": path}} for path in ("/a/b", "/a/c", "/a", deep)]}
    above = read(pod(spec), "ka.req.workload.volumes.hostpath.above")
    folders = ["/" + "/".join(map(str, range(1, number + 1))) for number in range(1, 17)]
    assert above == ["/a/b", "/a/c", "/a", deep, *folders]


@pytest.mark.parametrize(
    ("mounts", "is_writable"),
    [
        ({}, True),  # as far as the request tells, nobody mounts it
        ({"containers": [{"name": "v", "readOnly": True}]}, False),
        ({"containers": [{"name": "v"}]}, True),
        ({"containers": [{"name": "v", "readOnly": False}]}, True),
        ({"containers": [{"name": "v", "readOnly": "true"}]}, True),
        ({"containers": [{"name": "v", "readOnly": True}], "initContainers": [{"name": "v"}]}, True),
        ({"containers": [{"name": "v", "readOnly": True}, {"name": "v", "subPath": "x"}]}, True),
        ({"containers": [{"name": "v", "readOnly": True}], "ephemeralContainers": [{"name": "w"}]}, False),
        ({"containers": [{"name": "w", "readOnly": True}]}, True),
    ],
)
def test_writable_host_paths(read: Read, mounts: dict[str, Any], is_writable: bool) -> None:
    spec: dict[str, Any] = {array: [{"volumeMounts": some}] for array, some in mounts.items()}
    spec["volumes"] = [{"name": "v", "hostPath": {"path": "/etc/"}}, {"name": "w", "emptyDir": {}}]
    expected = ["/etc"] if is_writable else None
    assert read(pod(spec, "jobs"), "ka.req.workload.volumes.hostpath.writable") == expected


def test_an_escape_does_not_hide_who_mounts_a_volume(read: Read) -> None:
    """GIVEN a patch, which is logged as it was sent, that mounts a volume twice, under two spellings of its name."""
    mounts = rb'[{"name":"v","readOnly":true},{"name":"\u0076"}]'
    spec = b'{"containers":[{"volumeMounts":%b}],"volumes":[{"name":"v","hostPath":{"path":"/etc"}}]}' % mounts
    event = b'{"auditID":"a","verb":"patch","requestObject":{"spec":%b}}' % spec
    assert read(event, "ka.req.workload.volumes.hostpath.writable") == ["/etc"]


def test_types_of_volumes(read: Read) -> None:
    volumes = [
        {"name": "v", "hostPath": {}},
        {"name": "w", "emptyDir": {}, "$retainKeys": ["name"], "secret": None},
        None,
    ]
    assert read(pod({"volumes": volumes}, "deployments"), "ka.req.workload.volumes.volume_type") == [
        "hostPath",
        "emptyDir",
    ]
    assert read(pod({"volumes": [{"name": "v"}]}), "ka.req.workload.volumes.volume_type") is None
    odd = b'{"auditID":"a","requestObject":{"spec":{"volumes":{"\xff":1}}}}'
    assert read(odd, "ka.req.workload.volumes.volume_type") == ["\udcff"]


# ----------------------------------------------------------------------------------------------------------- patches

KEYS = st.sampled_from(["hostPID", "serviceAccountName", "nodeName", "runtimeClassName"])
SPECS = st.fixed_dictionaries(
    {"containers": st.lists(st.sampled_from([CONTAINER, {"name": "x", "image": "y"}]), max_size=3)},
    optional={
        "hostPID": st.booleans(),
        "serviceAccountName": st.text(max_size=3),
        "volumes": st.lists(st.sampled_from([{"name": "v", "hostPath": {"path": "/a/b"}}, {"name": "w"}]), max_size=2),
        "securityContext": st.sampled_from([{"runAsUser": 0}, {"seccompProfile": {"type": "Unconfined"}}]),
    },
)
OURS = [
    catalogue().bind(name)
    for name, field in catalogue().fields.items()
    if name.startswith("ka.req.workload.") and not field.is_portable
]


@given(SPECS, st.sampled_from(sorted(PLACES)), st.booleans())
def test_a_patch_that_writes_it_all_is_read_as_the_object(spec: dict[str, Any], resource: str, is_whole: bool) -> None:
    """WHEN a JSON patch writes a specification, as a whole or member by member THEN fields have the same values."""
    place = PLACES[resource]
    pointer = "".join(f"/{key}" for key in place)
    parts = [{"op": "add", "path": f"{pointer}/{key}", "value": value} for key, value in spec.items()]
    whole = [{"op": "add", "path": pointer, "value": spec}]

    def opened(event: dict[str, Any]) -> Event:
        return Event(RawEvent(json.dumps({"auditID": "a"} | event).encode()), 1)

    created = opened(pod(spec, resource))
    patched = opened(
        {"verb": "patch", "objectRef": {"resource": resource}, "requestObject": whole if is_whole else parts}
    )
    merged = opened(pod(spec, resource, "patch"))
    for bound in OURS:
        value = bound.value(created)
        assert value is not NoValue.UNKNOWN
        assert bound.value(patched) == bound.value(merged) == value, bound.text
