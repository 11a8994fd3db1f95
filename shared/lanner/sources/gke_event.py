"""A GKE audit entry as the audit event that Falco's plugin makes of it, byte for byte (spec/sources.md section 2).

What the plugin leaves behind is added by `lanner.sources.gke_additions`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from lanner.fields import timestamp

if TYPE_CHECKING:
    from lanner.sources.gke_entry import Entry, Payload

__all__ = ["AuditEvent", "Reference", "Status", "User", "audit_event", "received"]

_INFERRED = {101: "Switching Protocols (inferred)", 201: "Created (inferred)", 200: "OK (inferred)"}
_EPOCH = datetime(1970, 1, 1)


class User(msgspec.Struct, gc=False, omit_defaults=True):
    """A user; what is empty is left out."""

    username: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}


class Reference(msgspec.Struct, gc=False, omit_defaults=True, rename="camel"):
    """What a request is about; what is empty is left out."""

    resource: str = ""
    namespace: str = ""
    name: str = ""
    api_group: str = ""
    api_version: str = ""
    subresource: str = ""


class Status(msgspec.Struct, gc=False):
    """The response, a Kubernetes `Status`: its keys in the order in which Kubernetes writes them."""

    metadata: dict[str, str]
    status: str | UnsetType
    message: str | UnsetType
    reason: str | UnsetType
    code: int


class AuditEvent(msgspec.Struct, gc=False, rename="camel"):
    """An audit event, its keys in the order in which Kubernetes writes them."""

    kind: str
    api_version: str
    level: str
    audit_id: str = msgspec.field(name="auditID")
    stage: str
    request_uri: str = msgspec.field(name="requestURI")
    verb: str
    user: User
    impersonated_user: User | UnsetType
    source_ips: list[str] = msgspec.field(name="sourceIPs")
    user_agent: str | UnsetType
    object_ref: Reference | UnsetType
    response_status: Status
    request_object: Any
    response_object: Any
    request_received_timestamp: str | None
    stage_timestamp: str | None
    annotations: dict[str, str] | UnsetType


def audit_event(entry: Entry, payload: Payload) -> AuditEvent:
    """Return the audit event of an entry whose `AuditLog` is `payload`."""
    reference = _reference(payload.resource_name or "")
    is_stream = isinstance(reference, Reference) and reference.subresource in ("attach", "exec")
    verb = (payload.method_name or "").rpartition(".")[2]
    code = 101 if is_stream else 201 if verb == "create" else 200
    moment = _moment(received(entry))
    caller = payload.authentication_info
    request = payload.request_metadata
    labels = entry.labels or {}
    if entry.resource is not None and entry.resource.labels:
        labels = labels | entry.resource.labels
    return AuditEvent(
        kind="Event",
        api_version="audit.k8s.io/v1",
        level="Request" if is_stream else "RequestResponse",
        audit_id=entry.insert_id or "",
        stage="ResponseStarted" if is_stream else "ResponseComplete",
        request_uri=f"/{payload.resource_name or ''}",
        verb=verb,
        user=User((caller and caller.principal_email) or ""),
        impersonated_user=UNSET,
        source_ips=[(request and request.caller_ip) or ""],
        user_agent=(request and request.caller_supplied_user_agent) or UNSET,
        object_ref=reference,
        response_status=Status({}, _INFERRED[code], _INFERRED[code], UNSET, code),
        request_object=UNSET if payload.request is None else payload.request,
        response_object=UNSET if payload.response is None else payload.response,
        request_received_timestamp=moment,
        stage_timestamp=moment,
        annotations=labels or UNSET,
    )


def _reference(name: str) -> Reference | UnsetType:
    """Return what a resource name refers to: the table of the specification, tried from the top."""
    parts = name.split("/")
    count = len(parts)
    if count < 4:
        return UNSET
    group, version = parts[:2]
    if count > 4 and parts[2] == "namespaces":
        return Reference(
            resource=parts[4],
            namespace=parts[3],
            name=parts[5] if count > 5 else "",
            api_group=group,
            api_version=version,
            subresource=parts[6] if count > 6 else "",
        )
    return Reference(
        resource=parts[2],
        name=parts[3],
        api_group=group,
        api_version=version,
        subresource=parts[4] if count > 4 else "",
    )


def received(entry: Entry) -> int | None:
    """Return when the entry was received, in nanoseconds; where that is unreadable, when it was written."""
    if entry.receive_timestamp is None:
        return 0
    time = timestamp.parse(entry.receive_timestamp.encode())
    if time is None and entry.timestamp is not None:
        return timestamp.parse(entry.timestamp.encode())
    return time


def _moment(time: int | None) -> str | None:
    """Return a time with six digits of its seconds, as Kubernetes writes it; `None` outside of the calendar."""
    if time is None:
        return None
    second = _second(time // 10**9)
    return None if second is None else f"{second}.{time % 10**9 // 1000:06d}Z"


@lru_cache(maxsize=64)
def _second(time: int) -> str | None:
    try:
        return (_EPOCH + timedelta(seconds=time)).isoformat()
    except OverflowError:
        return None
