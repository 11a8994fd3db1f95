"""The log entry that Cloud Audit Logs writes for a request to the API server of a GKE cluster.

An entry is read into `Entry` by one typed decode. What that refuses, or what lacks a part that ordinary entries have,
is read again, tolerantly: fields may be spelled in snake_case, and a value of another type where a text belongs is
taken as its JSON text. Falco's plugin loses such entries, and those with keys that are newer than its definitions
(spec/sources.md section 2); here no entry is lost that can be told to be a Kubernetes audit entry.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from lanner.fields import json_text
from lanner.sources import go_json

__all__ = ["Authentication", "Entry", "EntryError", "Payload", "Request", "Resource", "read", "without_deep_parts"]

_LEVELS = json_text.MAX_DEPTH - 1
"""Levels that a body may have: it stands one level inside of its event."""

_MAX_DEEP = 2**20
"""Bytes that an entry may have which is to be relieved of deep parts. Cloud Logging takes no entry above 256 KiB."""

_PARTS = {
    "request": "requestObject",
    "response": "responseObject",
    "authenticationInfo": "user",
    "status": "responseStatus",
}
"""Parts of the payload, and the keys of the event that are lost with them."""


class EntryError(ValueError):
    """The text is no log entry."""


class _Part(msgspec.Struct, gc=False, rename="camel"):
    """A part of an entry: what it lacks is `None`."""


class Resource(_Part):
    """The monitored resource: for audit entries the cluster."""

    type: str | None = None
    labels: dict[str, str] | None = None


class Authentication(_Part):
    """Who asked. `authority_selector` is the user whom the caller impersonated."""

    principal_email: str | None = None
    principal_subject: str | None = None
    authority_selector: str | None = None
    service_account_key_name: str | None = None
    service_account_delegation_info: Any = None
    third_party_principal: Any = None
    groups: Any = None


class Request(_Part):
    """Where the request came from."""

    caller_ip: str | None = None
    caller_supplied_user_agent: str | None = None


class Payload(_Part):
    """The `AuditLog` message."""

    type: str | None = msgspec.field(default=None, name="@type")
    service_name: str | None = None
    method_name: str | None = None
    resource_name: str | None = None
    authentication_info: Authentication | None = None
    request_metadata: Request | None = None
    authorization_info: Any = None
    status: Any = None
    request: Any = None
    response: Any = None


class Entry(_Part):
    """A `LogEntry`. Texts beyond those named here are of no use for an audit event."""

    log_name: str | None = None
    insert_id: str | None = None
    receive_timestamp: str | None = None
    timestamp: str | None = None
    resource: Resource | None = None
    labels: dict[str, str] | None = None
    proto_payload: Payload | None = None


_decode = go_json.decoder(Entry).decode
_decode_any = go_json.decoder(Any).decode
_HUMP = re.compile("_([a-z])")


def read(text: bytes) -> Entry:
    """Read a log entry.

    Raises `EntryError` for what is no log entry, `RecursionError` for what nests so deep that it cannot be decoded.
    Of duplicate keys the last counts.
    """
    text = go_json.mark_integers(text)
    try:
        entry = _decode(text)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EntryError(f"not JSON: {error}") from None
    else:
        if _is_ordinary(entry):
            return entry
    try:
        value = _decode_any(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EntryError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise EntryError("not a JSON object")
    return _entry(_camel(value))


def without_deep_parts(text: bytes) -> tuple[bytes, frozenset[str]]:
    """Return an entry without those parts that nest deeper than an event may, and the event's keys that this costs.

    Raises `EntryError` for what is not JSON, or too large for this.
    """
    if len(text) > _MAX_DEEP:
        raise EntryError(f"with {len(text)} bytes it is too large to be relieved of what nests too deep")
    try:
        value = json_text.check(text)
    except json_text.JsonError as error:
        raise EntryError(f"not JSON: {error}") from None
    if not json_text.is_object(value):
        raise EntryError("not a JSON object")
    members = json_text.members(value)
    lost: set[str] = set()
    for key in ("protoPayload", "proto_payload"):
        payload = members.pop(key, None)
        if payload is not None:
            inside = json_text.members(payload)
            lost.update(_PARTS[part] for part in _PARTS if part in inside and not _is_shallow(inside[part]))
            members[key] = _object_of(inside)
    return _object_of(members), frozenset(lost)


def _is_shallow(value: bytes) -> bool:
    return json_text.within_depth(value, _LEVELS)


def _object_of(members: dict[str, bytes]) -> bytes:
    """Return an object's text without its deep members, nor those whose names nobody could look for."""
    kept = (
        b"%s:%s" % (msgspec.json.encode(key), value)
        for key, value in members.items()
        if key.isascii() and _is_shallow(value)
    )
    return b"{%s}" % b",".join(kept)


def _is_ordinary(entry: Entry) -> bool:
    """Tell whether all is there that would be looked for under other spellings."""
    payload, resource = entry.proto_payload, entry.resource
    return (
        payload is not None
        and payload.authentication_info is not None
        and payload.request_metadata is not None
        and resource is not None
        and None not in (entry.log_name, entry.insert_id, entry.receive_timestamp, entry.timestamp)
        and None not in (payload.service_name, payload.method_name, payload.resource_name)
        and payload.authentication_info.principal_email is not None
        and None not in (payload.request_metadata.caller_ip, payload.request_metadata.caller_supplied_user_agent)
    )


def _entry(value: dict[str, Any]) -> Entry:
    payload = _object(value, "protoPayload")
    resource = _object(value, "resource")
    return Entry(
        log_name=_text(value, "logName"),
        insert_id=_text(value, "insertId"),
        receive_timestamp=_text(value, "receiveTimestamp"),
        timestamp=_text(value, "timestamp"),
        resource=None if resource is None else Resource(_text(resource, "type"), _labels(resource)),
        labels=_labels(value),
        proto_payload=None if payload is None else _payload(payload),
    )


def _payload(value: dict[str, Any]) -> Payload:
    caller = _object(value, "authenticationInfo") or {}
    request = _object(value, "requestMetadata") or {}
    return Payload(
        type=_text(value, "@type"),
        service_name=_text(value, "serviceName"),
        method_name=_text(value, "methodName"),
        resource_name=_text(value, "resourceName"),
        authentication_info=Authentication(
            principal_email=_text(caller, "principalEmail"),
            principal_subject=_text(caller, "principalSubject"),
            authority_selector=_text(caller, "authoritySelector"),
            service_account_key_name=_text(caller, "serviceAccountKeyName"),
            service_account_delegation_info=caller.get("serviceAccountDelegationInfo"),
            third_party_principal=caller.get("thirdPartyPrincipal"),
            groups=caller.get("groups"),
        ),
        request_metadata=Request(_text(request, "callerIp"), _text(request, "callerSuppliedUserAgent")),
        authorization_info=value.get("authorizationInfo"),
        status=value.get("status"),
        request=value.get("request"),
        response=value.get("response"),
    )


def _object(value: dict[str, Any], key: str) -> dict[str, Any] | None:
    """Return the object at `key` with its keys in camelCase; `None` for anything else."""
    found = value.get(key)
    return _camel(found) if isinstance(found, dict) else None


def _camel(value: dict[str, Any]) -> dict[str, Any]:
    return {_HUMP.sub(lambda match: match[1].upper(), key): item for key, item in value.items()}


def _labels(value: dict[str, Any]) -> dict[str, str] | None:
    labels = value.get("labels")
    if not isinstance(labels, dict):
        return None
    return {key: _as_text(label) for key, label in labels.items() if label is not None}


def _text(value: dict[str, Any], key: str) -> str | None:
    found = value.get(key)
    return None if found is None else _as_text(found)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else go_json.encode(value).decode()
