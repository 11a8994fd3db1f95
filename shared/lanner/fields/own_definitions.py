"""The fields that only Lanner has (docs/fields.md marks them): additions, in the style of Falco's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lanner.fields import audit, own, workload
from lanner.fields.audit import Binder
from lanner.fields.field import Field
from lanner.fields.types import Argument

__all__ = ["own_fields"]

_BODY = "written"
_WRITTEN = ("requestObject", "verb")
_READS = {"written": _WRITTEN, "podSpec": _WRITTEN}
"""The top-level keys that the written object, and pod specifications in it, are read from."""

_CONTAINERS = {
    "containers": (("containers",), "the containers"),
    "initContainers": (("initContainers",), "the init containers"),
    "ephemeralContainers": (("ephemeralContainers",), "the ephemeral containers"),
    "all_containers": (workload.ARRAYS, "all containers, init and ephemeral ones, too"),
}


def _field(
    name: str,
    path: str,
    meaning: str,
    bind: Binder,
    *,
    reads: Sequence[str] = (),
    is_list: bool = False,
    argument: Argument = Argument.NONE,
) -> Field:
    return Field(
        name=f"ka.{name}",
        meaning=meaning,
        path=path,
        section="",
        bind=bind,
        reads=frozenset(reads or _READS.get(first := path.partition(".")[0], (first,))),
        is_list=is_list,
        argument=argument,
        is_portable=False,
    )


def own_fields() -> Iterator[Field]:
    """Yield the fields in the order in which they are listed."""
    yield Field(
        name="ka.truncated",
        meaning="Whether a part of the event was cut off on its way or is too long to be looked at; what depends on it "
        "is unknown",
        path="the event",
        section="",
        bind=audit.truncated,
        is_portable=False,
    )
    yield from _request()
    yield from _written()
    yield from _pod_specs()
    for array, (arrays, what) in _CONTAINERS.items():
        yield from _containers(f"req.workload.{array}", arrays, what)


def _request() -> Iterator[Field]:
    yield _field(
        "level",
        "level",
        "Level at which the event was logged: Metadata, Request or RequestResponse",
        audit.scalar(("level",)),
    )
    yield Field(
        name="ka.provider",
        meaning="Provider whose envelope the event came in: eks, gke, aks, ovh, or iks where that is configured",
        path="the envelope",
        section="",
        bind=own.provider,
        is_portable=False,
    )
    for name, key, who in (
        ("user", "user", "who made the request"),
        ("impuser", "impersonatedUser", "who was impersonated"),
    ):
        if name == "impuser":
            yield _field(
                "impuser.groups",
                f"{key}.groups",
                f"Groups of the user {who}",
                audit.listed((key, "groups")),
                is_list=True,
            )
        yield _field(f"{name}.uid", f"{key}.uid", f"Unique id of the user {who}", audit.scalar((key, "uid")))
        yield _field(
            f"{name}.extra",
            f"{key}.extra",
            f"What the authenticator says of the user {who} under a key",
            own.extras((key, "extra")),
            is_list=True,
            argument=Argument.KEY,
        )
    uri = "requestURI"
    yield _field(
        "uri.path",
        uri,
        "Path of the request URI as the server sees it: decoded, without dots and empty steps",
        own.uri_path,
    )
    yield _field(
        "uri.params",
        uri,
        "All values of a query parameter of the request URI, decoded",
        own.parameters,
        is_list=True,
        argument=Argument.KEY,
    )
    yield _field(
        "uri.command", uri, "What an exec, or a kubelet's run, is asked to run: its words joined by blanks", own.command
    )
    yield _field(
        "target.apigroup",
        "objectRef.apiGroup",
        "API group of the target object; missing for the core group",
        own.api_group,
    )
    yield _field(
        "target.apiversion",
        "objectRef.apiVersion",
        "API version of the target object",
        audit.scalar(("objectRef", "apiVersion")),
    )
    yield _field(
        "sourceips.public",
        "sourceIPs",
        "Whether any source address is public (not private, carrier-grade NAT, loopback, link-local, "
        "unique-local, multicast or unspecified)",
        own.public_address,
    )
    yield _field(
        "sourceips.in",
        "sourceIPs",
        "Whether any source address is inside a network such as 10.0.0.0/8",
        own.inside_network,
        argument=Argument.NETWORK,
    )


def _written() -> Iterator[Field]:
    yield _field(
        "req.patch.type",
        _BODY,
        "Kind of a patch: json, merge (strategic ones, too) or apply",
        own.patch_type,
        reads=(*_WRITTEN, "requestURI"),
    )
    yield _field(
        "req.patch.ops",
        _BODY,
        "What a patch does, place by place: `set /spec/replicas`, `remove /metadata/labels/x`",
        own.patch_operations,
        is_list=True,
    )
    yield _field(
        "req.patch.paths",
        _BODY,
        "JSON pointers of the places that a patch touches, and of all they stand in",
        own.patch_paths,
        is_list=True,
    )
    yield _field(
        "req.values",
        _BODY,
        "Values that a JSON pointer leads to in the written object, through arrays",
        own.written_values,
        is_list=True,
        argument=Argument.KEY,
    )
    yield _field(
        "req.keys",
        _BODY,
        "Keys of what a JSON pointer leads to in the written object",
        own.written_keys,
        is_list=True,
        argument=Argument.KEY,
    )
    yield _field(
        "req.replicas",
        f"{_BODY}.spec.replicas",
        "Replicas that the written object asks for",
        own.one_value("/spec/replicas"),
    )
    yield _field(
        "req.binding.role.kind",
        f"{_BODY}.roleRef.kind",
        "Kind of the role that a binding grants",
        own.one_value("/roleRef/kind"),
    )
    yield _field(
        "req.binding.subjects.kinds",
        f"{_BODY}.subjects[*].kind",
        "Kinds of a binding's subjects",
        own.values("/subjects/kind"),
        is_list=True,
    )
    yield _field(
        "req.role.verbs_for",
        f"{_BODY}.rules",
        "Verbs that a role gives on a resource such as secrets, pods/exec "
        "or deployments.apps; rules for all resources count",
        own.verbs_for,
        is_list=True,
        argument=Argument.KEY,
    )
    request = f"{_BODY}.spec.request"
    yield _field(
        "req.csr.common_name",
        request,
        "Common name in a certificate signing request: the name of a user",
        own.common_name,
    )
    yield _field(
        "req.csr.organizations",
        request,
        "Organizations in a certificate signing request: the groups of a user",
        own.organizations,
        is_list=True,
    )
    for name, bind, which in (
        ("hostpath", workload.persistent_paths, "Paths of the node"),
        ("hostpath.above", workload.above(workload.persistent_paths), "The same, and the folders above them,"),
    ):
        yield _field(
            f"req.pv.{name}",
            f"{_BODY}.spec",
            f"{which} that a persistent volume leads to, normalised",
            bind,
            is_list=True,
        )


def _pod_specs() -> Iterator[Field]:
    def one(
        name: str, path: str, meaning: str, bind: Binder, *, is_list: bool = False, reads: Sequence[str] = ()
    ) -> Field:
        return _field(f"req.workload.{name}", f"podSpec.{path}", meaning, bind, is_list=is_list, reads=reads)

    def of_target(name: str, path: str, meaning: str, *others: str) -> Field:
        keys = [tuple(key.split(".")) for key in (path, *others)]
        return one(name, path, meaning, workload.one_of_specs(*keys), reads=(*_WRITTEN, "objectRef"))

    for name, key, what in (
        ("host_pid", "hostPID", "shares the node's process namespace"),
        ("host_ipc", "hostIPC", "shares the node's IPC namespace"),
        ("host_network", "hostNetwork", "shares the node's network"),
        ("share_process_namespace", "shareProcessNamespace", "lets its containers see each other's processes"),
    ):
        yield one(name, key, f"Whether a pod specification {what}", workload.flag_of_specs(key))
    account = "serviceAccountName"
    yield of_target("service_account", account, "Service account of a pod specification", "serviceAccount")
    yield of_target("node_name", "nodeName", "Node that a pod specification chooses")
    yield of_target("runtime_class", "runtimeClassName", "Runtime class of a pod specification")
    user = "securityContext.runAsUser"
    yield of_target("run_as_user", user, "User id in a pod specification's security context")
    paths = "volumes[*].hostPath.path"
    yield one("volumes.hostpath", paths, "Host paths of volumes, normalised", workload.host_paths, is_list=True)
    yield one(
        "volumes.hostpath.above",
        paths,
        "Host paths of volumes, normalised, and the folders above them (not /)",
        workload.above(workload.host_paths),
        is_list=True,
    )
    yield one(
        "volumes.hostpath.writable",
        paths,
        "Host paths, normalised, of volumes that are not mounted read-only",
        workload.writable_host_paths,
        is_list=True,
    )
    yield one(
        "volumes.volume_type", "volumes", "Types of volumes, such as hostPath", workload.volume_types, is_list=True
    )
    context = "securityContext"
    yield one(
        "seccomp",
        f"{context}.seccompProfile.type",
        "Seccomp profiles of pod specifications and containers",
        workload.of_contexts(("seccompProfile", "type")),
        is_list=True,
    )
    yield one(
        "apparmor",
        f"{context}.appArmorProfile.type",
        "AppArmor profiles of pod specifications and containers, those of the old annotations, too",
        workload.apparmor_profiles,
        is_list=True,
    )
    yield one(
        "selinux",
        f"{context}.seLinuxOptions.type",
        "SELinux types of pod specifications and containers",
        workload.of_contexts(("seLinuxOptions", "type")),
        is_list=True,
    )
    yield one(
        "commands",
        "containers[*].command",
        "What containers, their hooks and probes run: a line each, words joined by blanks",
        workload.commands,
    )


def _containers(prefix: str, arrays: Sequence[str], what: str) -> Iterator[Field]:
    def one(name: str, path: str, meaning: str, bind: Binder) -> Field:
        return _field(f"{prefix}.{name}", f"podSpec.{arrays[0]}[*].{path}", f"{meaning} of {what}", bind, is_list=True)

    def some(name: str, path: str, meaning: str, change: Callable[[bytes], bytes] | None = None) -> Field:
        return one(name, path, meaning, workload.of_containers(arrays, tuple(path.split(".")), change))

    yield some("name", "name", "Names")
    yield some("image", "image", "Images")
    yield one(
        "image.repository",
        "image",
        "Images without tag and digest (missing if any has no image)",
        workload.every_of_containers(arrays, ("image",), audit.image_repository),
    )
    yield some(
        "image.registry", "image", "Registries of the images, docker.io where none is written,", workload.image_registry
    )
    yield some(
        "image.tag", "image", "Tags of the images (latest where there is neither tag nor digest)", workload.image_tag
    )
    yield one(
        "command", "command", "Commands (words joined by blanks)", workload.words_of_containers(arrays, "command")
    )
    yield one("args", "args", "Arguments (words joined by blanks)", workload.words_of_containers(arrays, "args"))
    yield one("host_port", "ports", "Host ports", workload.host_ports(arrays))
    context = "securityContext"
    yield some("privileged", f"{context}.privileged", "Privileged flags")
    yield some("allow_privilege_escalation", f"{context}.allowPrivilegeEscalation", "Privilege escalation flags")
    yield some("read_only_fs", f"{context}.readOnlyRootFilesystem", "Read-only root file system flags")
    yield some("run_as_user", f"{context}.runAsUser", "User ids in the security contexts")
    yield some("proc_mount", f"{context}.procMount", "Kinds of proc mount")
    yield some(
        "add_capabilities",
        f"{context}.capabilities.add",
        "Capabilities added, in upper case and without CAP_,",
        workload.capability,
    )
