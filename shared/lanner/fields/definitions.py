"""Every field that a rule may name: its meaning, where its value stands, and its extraction (spec/fields.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from lanner.fields import audit, generic, timestamp
from lanner.fields.field import WHOLE, Extractor, Field
from lanner.fields.own_definitions import own_fields
from lanner.fields.types import Argument, NoValue, Type

__all__ = ["builtin_fields"]

_TIME = frozenset(("stageTimestamp", "requestReceivedTimestamp"))


def _path(text: str) -> tuple[str, ...]:
    """Split `a.b[*].c` or `a["b.c"]` into keys; `[*]` marks an array walked through and is no key."""
    keys, bracket, quoted = text.replace("[*]", "").partition('["')
    return (*keys.split("."), quoted[:-2]) if bracket else tuple(keys.split("."))


def _ka(
    name: str,
    path: str,
    meaning: str,
    make: Callable[[tuple[str, ...]], Callable[[str | None], Extractor]] = audit.scalar,
    *,
    section: str = "3.1",
    is_list: bool = False,
    argument: Argument = Argument.NONE,
    correction: str = "",
    also_reads: tuple[str, ...] = (),
) -> Field:
    keys = _path(path)
    return Field(
        name=f"ka.{name}",
        meaning=meaning,
        path=path,
        section=section,
        bind=make(keys),
        reads=frozenset((keys[0], *also_reads)),
        is_list=is_list,
        argument=argument,
        correction=correction,
    )


def _annotation(name: str, key: str, meaning: str) -> Field:
    return _ka(name, f'annotations["{key}"]', meaning)


def _ka_request() -> Iterator[Field]:
    yield _ka("auditid", "auditID", "Audit id of the request; the client may choose it")
    yield _ka("stage", "stage", "Stage of the request: RequestReceived, ResponseStarted, ResponseComplete or Panic")
    decision = "authorization.k8s.io/decision"
    yield _annotation("auth.decision", decision, "Whether the request was authorised: allow or forbid")
    yield _annotation("auth.reason", "authorization.k8s.io/reason", "Why the request was authorised or not")
    openshift = "authentication.openshift.io"
    yield _annotation("auth.openshift.decision", f"{openshift}/decision", "Decision of OpenShift's authentication")
    yield _annotation("auth.openshift.username", f"{openshift}/username", "User name in OpenShift's authentication")
    failure = "validation.policy.admission.k8s.io/validation_failure"
    yield _annotation("validations.admission.policy.failure", failure, "Failures of validating admission policies")
    violations = "pod-security.kubernetes.io/audit-violations"
    yield _annotation("security.pod.violations", violations, "Violations of the pod security standards")
    yield _ka("user.name", "user.username", "Name of the user who made the request")
    yield _ka(
        "user.groups",
        "user.groups",
        "Groups of the user who made the request",
        audit.listed,
        section="3.3",
        is_list=True,
    )
    yield _ka("impuser.name", "impersonatedUser.username", "Name of the user who was impersonated")
    yield _ka("verb", "verb", "Verb of the request, such as get, list, create or patch")
    yield _ka("uri", "requestURI", "Request URI as sent, undecoded")
    yield _ka(
        "uri.param",
        "requestURI",
        "First value of a query parameter of the request URI, decoded",
        audit.uri_parameter,
        section="3.2",
        argument=Argument.KEY,
    )
    yield _ka("target.name", "objectRef.name", "Name of the target object")
    yield _ka("target.namespace", "objectRef.namespace", "Namespace of the target object")
    yield _ka("target.resource", "objectRef.resource", "Resource of the target object, such as pods")
    yield _ka("target.subresource", "objectRef.subresource", "Subresource of the target object, such as exec")
    yield _ka(
        "target.pod.name",
        "responseObject.metadata.name",
        "Name of the pod in the response, if the target is a pod itself",
        audit.target_pod_name,
        section="3.2",
        also_reads=("objectRef",),
    )
    yield _ka("response.code", "responseStatus.code", "Response code as text, such as 201")
    yield _ka("response.reason", "responseStatus.reason", "Reason of the response, such as Forbidden")
    yield _ka("useragent", "userAgent", "User agent of the client, which the client chooses")
    yield _ka(
        "sourceips",
        "sourceIPs",
        "Addresses of the client and of the proxies on its way",
        audit.listed,
        section="3.5",
        is_list=True,
        argument=Argument.INDEX,
        correction="a",
    )
    yield _ka("resp.name", "responseObject.metadata.name", "Name of the object in the response")
    yield _annotation("cluster.name", "cluster_name", "Name of the cluster, if the sender annotates the event with it")


def _ka_objects() -> Iterator[Field]:
    body = "requestObject"
    yield _ka("req.binding.role", f"{body}.roleRef.name", "Role that a binding grants")
    subjects = f"{body}.subjects"
    yield _ka(
        "req.binding.subjects",
        subjects,
        "Subjects of a binding, as JSON texts",
        audit.listed,
        section="3.3",
        is_list=True,
    )
    for name, meaning, kind, with_namespace in (
        ("user_names", "Names of the users", b"User", False),
        ("group_names", "Names of the groups", b"Group", False),
        ("serviceaccount_names", "Names of the service accounts", b"ServiceAccount", False),
        ("serviceaccount_ns_names", "namespace:name of the service accounts", b"ServiceAccount", True),
    ):
        yield _ka(
            f"req.binding.subjects.{name}",
            f"{subjects}[*].name",
            f"{meaning} among a binding's subjects",
            lambda _, k=kind, n=with_namespace: audit.subject_names(k, with_namespace=n),  # type: ignore[misc]
            section="3.5",
            is_list=True,
        )
    yield _ka(
        "req.binding.subject.has_name",
        subjects,
        "Always true; deprecated",
        lambda _: audit.binding_subject_has_name,
        section="3.2",
        argument=Argument.KEY,
    )
    yield _ka("req.configmap.name", "objectRef.name", "Name of the target object, for configmaps")
    yield _ka("req.configmap.obj", f"{body}.data", "Data of a configmap (or secret), as JSON text")
    yield _ka("req.service.type", f"{body}.spec.type", "Type of a service, such as NodePort")
    yield _ka(
        "req.service.ports",
        f"{body}.spec.ports",
        "Ports of a service, as one JSON text; the index has no effect",
        audit.service_ports,
        section="3.5",
        is_list=True,
        argument=Argument.INDEX,
    )
    yield _ka(
        "req.role.rules", f"{body}.rules", "Rules of a role, as JSON texts", audit.listed, section="3.3", is_list=True
    )
    for name, meaning in (
        ("apiGroups", "API groups"),
        ("nonResourceURLs", "Non-resource URLs"),
        ("verbs", "Verbs"),
        ("resources", "Resources"),
    ):
        yield _ka(
            f"req.role.rules.{name}",
            f"{body}.rules[*].{name}",
            f"{meaning} that a role's rules, or the rule of the index, name",
            audit.nested,
            section="3.5",
            is_list=True,
            argument=Argument.INDEX,
        )


def _ka_pods() -> Iterator[Field]:
    spec = "requestObject.spec"
    yield _ka("req.pod.host_ipc", f"{spec}.hostIPC", "Whether the pod shares the node's IPC namespace")
    yield _ka("req.pod.host_network", f"{spec}.hostNetwork", "Whether the pod shares the node's network")
    yield _ka("req.container.host_network", f"{spec}.hostNetwork", "Same as ka.req.pod.host_network; deprecated")
    yield _ka("req.pod.host_pid", f"{spec}.hostPID", "Whether the pod shares the node's process namespace")
    context = f"{spec}.securityContext"
    yield _ka("req.pod.run_as_user", f"{context}.runAsUser", "User id in the pod's security context")
    yield _ka("req.pod.run_as_group", f"{context}.runAsGroup", "Group id in the pod's security context")
    yield _ka("req.pod.fs_group", f"{context}.fsGroup", "Group id that owns the pod's volumes")
    yield _ka(
        "req.pod.supplemental_groups",
        f"{context}.supplementalGroups",
        "Further group ids in the pod's security context",
        audit.listed,
        section="3.3",
        is_list=True,
    )
    for name, sub_path, meaning in (
        ("hostpath", "hostPath.path", "Host paths of the pod's volumes"),
        ("flexvolume_driver", "flexVolume.driver", "Flexvolume drivers of the pod's volumes"),
    ):
        yield _ka(
            f"req.pod.volumes.{name}",
            f"{spec}.volumes[*].{sub_path}",
            meaning,
            audit.some,
            section="3.5",
            is_list=True,
            argument=Argument.INDEX,
        )
    yield _ka(
        "req.pod.volumes.volume_type",
        f"{spec}.volumes",
        "Types of the pod's volumes, such as hostPath or emptyDir",
        audit.volume_types,
        section="3.5",
        is_list=True,
        argument=Argument.INDEX,
        correction="j",
    )
    yield _ka(
        "req.volume.hostpath",
        f"{spec}.volumes[*].hostPath.path",
        "Whether a volume of the pod has this host path (a trailing * stands for any rest); deprecated",
        audit.hostpath_volume,
        section="3.2",
        argument=Argument.KEY,
    )
    image = f"{spec}.containers[*].image"
    yield _ka(
        "req.container.image", image, "Image of the first container; deprecated", audit.container_image, section="3.2"
    )
    yield _ka(
        "req.container.image.repository",
        image,
        "Image of the first container without tag and digest; deprecated",
        lambda path: audit.container_image(path, audit.image_repository),
        section="3.2",
        correction="c",
    )
    yield _ka(
        "req.container.privileged",
        f"{spec}.containers[*].securityContext.privileged",
        "Whether any container is privileged; deprecated",
        audit.privileged,
        section="3.2",
    )
    for array in ("containers", "initContainers", "ephemeralContainers"):
        yield from _ka_containers(array)


def _ka_containers(array: str) -> Iterator[Field]:
    what = {"containers": "containers", "initContainers": "init containers"}.get(array, "ephemeral containers")

    def one(name: str, sub_path: str, meaning: str, make: Callable[..., object], correction: str = "") -> Field:
        return _ka(
            f"req.pod.{array}.{name}",
            f"requestObject.spec.{array}[*].{sub_path}",
            f"{meaning} of the pod's {what}",
            make,  # type: ignore[arg-type]
            section="3.4",
            is_list=True,
            argument=Argument.INDEX,
            correction=correction,
        )

    yield one("name", "name", "Names", audit.every)
    yield one("image", "image", "Images", audit.every)
    yield one(
        "image.repository",
        "image",
        "Images, without tag and digest,",
        lambda path: audit.every(path, audit.image_repository),
        "c",
    )
    yield one("command", "command", "Commands (words joined by blanks)", audit.command_line)
    yield one("args", "args", "Arguments (words joined by blanks)", audit.command_line)
    if array != "ephemeralContainers":
        yield one("host_port", "ports", "Host ports, else container ports,", audit.host_ports)
    context = "securityContext"
    yield one("privileged", f"{context}.privileged", "Privileged flags", audit.some)
    escalation = f"{context}.allowPrivilegeEscalation"
    yield one("allow_privilege_escalation", escalation, "Privilege escalation flags", audit.some)
    yield one("read_only_fs", f"{context}.readOnlyRootFilesystem", "Read-only root file system flags", audit.some)
    yield one("run_as_user", f"{context}.runAsUser", "User ids in the security contexts", audit.some)
    yield one("run_as_group", f"{context}.runAsGroup", "Group ids in the security contexts", audit.some)
    for name, key in (("user", "runAsUser"), ("group", "runAsGroup")):
        yield one(
            f"eff_run_as_{name}",
            f"{context}.{key}",
            f"Effective {name} ids (the container's, else the pod's, else 0)",
            lambda _, k=key: audit.effective_id(array, k),
            "b",
        )
    yield one("proc_mount", f"{context}.procMount", "Kinds of proc mount", audit.some)
    capabilities = f"{context}.capabilities.add[*]"
    yield one("add_capabilities", capabilities, "Capabilities added to the containers", audit.nested, "d")


def _json() -> Iterator[Field]:
    for prefix in ("json", "jevt"):
        yield Field(
            name=f"{prefix}.value",
            meaning="Value that a JSON pointer leads to; the whole event for the empty pointer",
            path="the argument",
            section="4",
            bind=generic.pointer,
            argument=Argument.KEY,
        )
        yield Field(
            name=f"{prefix}.obj",
            meaning="The event as indented JSON",
            path="the event",
            section="4",
            bind=generic.pretty_event,
            reads=frozenset((WHOLE,)),
            is_always_there=True,
        )
        yield Field(
            name=f"{prefix}.rawtime",
            meaning="Time of the event in nanoseconds since the epoch, as text",
            path="stageTimestamp",
            section="4",
            bind=generic.raw_time,
            reads=_TIME,
            is_always_there=True,
        )


def _evt() -> Iterator[Field]:
    def field(
        name: str,
        meaning: str,
        bind: Callable[[str | None], Extractor],
        type_: Type = Type.STRING,
        *,
        path: str = "",
        digits: int = 0,
        reads: frozenset[str] | None = None,
        is_time_text: bool = False,
        is_always_there: bool = True,
        is_constant: bool = False,
    ) -> Field:
        if reads is None:
            reads = _TIME if path == "stageTimestamp" else frozenset()
        return Field(
            name=f"evt.{name}",
            meaning=meaning,
            path=path,
            section="5",
            bind=bind,
            reads=reads,
            type=type_,
            digits=digits,
            is_time_text=is_time_text,
            is_always_there=is_always_there,
            is_constant=is_constant,
        )

    stage_time = "stageTimestamp"
    yield field("num", "Number of the event, counted from 1", generic.number(lambda event: event.number), Type.UINT64)
    for name, meaning, show in (
        ("time", "Time of day with nanoseconds, local time zone", timestamp.clock),
        ("time.s", "Time of day, local time zone", timestamp.clock_seconds),
        ("time.iso8601", "Date and time with nanoseconds, UTC", timestamp.iso8601),
        ("datetime", "Date and time with nanoseconds, local time zone", timestamp.local_datetime),
        ("datetime.s", "Date and time, local time zone", timestamp.local_datetime_seconds),
    ):
        yield field(name, meaning, generic.time_text(show), path=stage_time, is_time_text=True)
    for name, meaning, of, type_, digits in (
        ("rawtime", "Nanoseconds since the epoch", lambda e: e.time, Type.ABSTIME, 0),
        ("rawtime.s", "Seconds since the epoch", lambda e: e.time // 10**9, Type.ABSTIME, 0),
        ("rawtime.ns", "Nanoseconds within the second", lambda e: e.time % 10**9, Type.ABSTIME, 9),
        ("reltime", "Nanoseconds since the first event", generic.relative_time, Type.RELTIME, 9),
        ("reltime.s", "Seconds since the first event", lambda e: generic.relative_time(e) // 10**9, Type.RELTIME, 0),
        ("reltime.ns", "Nanoseconds of that", lambda e: generic.relative_time(e) % 10**9, Type.RELTIME, 9),
    ):
        yield field(name, meaning, generic.number(of), type_, path=stage_time, digits=digits)
    yield field("pluginname", "Name of the Falco plugin for the event's provider", generic.plugin_name)
    whole = frozenset((WHOLE,))
    yield field("plugininfo", "The event as compact JSON", generic.whole_event, path="the event", reads=whole)
    yield field("source", "Always k8s_audit", generic.constant(generic.SOURCE.encode()), is_constant=True)
    yield field("is_async", "Always false", generic.constant(False), Type.BOOL, is_constant=True)
    absent = generic.constant(NoValue.MISSING)
    yield field("asynctype", "Never there", absent, is_always_there=False, is_constant=True)
    yield field("hostname", "Name of the machine that runs Lanner", generic.host_name)


@cache
def builtin_fields() -> dict[str, Field]:
    """Return every field by name, in the order in which they are listed."""
    sections = (_ka_request(), _ka_objects(), _ka_pods(), own_fields(), _json(), _evt())
    return {field.name: field for section in sections for field in section}
