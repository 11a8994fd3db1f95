"""What Falco's GKE plugin leaves behind of an audit entry (spec/sources.md section 2), added to the event.

* The response: the plugin makes up 101, 201 or 200. Where the entry has a status, or a Kubernetes `Status` as its
  response, that tells what it really was; so refused and failed requests look like what they are.
* The decision of the authorisation, where no label has it.
* Whom the caller impersonated: GKE writes the user into `authoritySelector`.
* Groups, service account key, delegation, and the subject of callers without e-mail address.
* What the request was about, where the resource's name ends with the kind: `core/v1/secrets` for all secrets of the
  cluster. The plugin finds no `objectRef` in names of three parts, so in such requests no `ka.target.*`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from lanner.sources import go_json
from lanner.sources.gke_event import AuditEvent, Reference, Status, User

if TYPE_CHECKING:
    from lanner.sources.gke_entry import Authentication, Payload

__all__ = ["complete"]

_DECISION = "authorization.k8s.io/decision"

# The codes of google.rpc.Code in their order, and the HTTP status that each stands for (google/rpc/code.proto).
_CODES = {
    "OK": 0,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
_NUMBER = {name: number for number, name in enumerate(_CODES)}
_STATUS = dict(enumerate(_CODES.values()))
_UNKNOWN = 500

_WHOLE_CLUSTER = re.compile(r"([^/]+)/(v[0-9][^/]*)/([^/]+)")
"""The resource name of a request for all objects of a kind: group, version, resource."""


def complete(event: AuditEvent, payload: Payload) -> None:
    """Add to `event` what its entry's `AuditLog` has beyond the plugin's conversion."""
    if payload.status is not None or isinstance(payload.response, dict):
        event.response_status = _response_status(payload) or event.response_status
    caller = payload.authentication_info
    if caller is not None:
        _complete_user(event, caller)
    if isinstance(payload.authorization_info, list):
        _complete_decision(event, payload.authorization_info)
    if event.object_ref is UNSET and (name := _WHOLE_CLUSTER.fullmatch(payload.resource_name or "")):
        group, version, resource = name.groups()
        event.object_ref = Reference(resource, api_group=group, api_version=version)


def _complete_user(event: AuditEvent, caller: Authentication) -> None:
    if caller.authority_selector:
        event.impersonated_user = User(caller.authority_selector)
    user, subject = event.user, caller.principal_subject
    if subject and not user.username:
        user.username = subject
    elif subject:
        user.extra = {"principalSubject": [subject]}
    user.groups = _groups(caller)
    if caller.service_account_key_name:
        user.extra = user.extra | {"serviceAccountKeyName": [caller.service_account_key_name]}
    if isinstance(caller.service_account_delegation_info, list):
        chain = [_delegate(link) for link in caller.service_account_delegation_info]
        user.extra = user.extra | {"serviceAccountDelegationInfo": chain}


def _groups(caller: Authentication) -> list[str]:
    """Return the caller's groups; those of a third party's identity are among its claims."""
    groups = caller.groups
    if groups is None and isinstance(caller.third_party_principal, dict):
        claims = caller.third_party_principal.get("thirdPartyClaims")
        groups = (claims if isinstance(claims, dict) else caller.third_party_principal).get("groups")
    return [group for group in groups if isinstance(group, str)] if isinstance(groups, list) else []


def _delegate(link: Any) -> str:
    """Return the identity in one link of a chain of delegation; all of the link if it cannot be told."""
    if isinstance(link, dict):
        first_party = link.get("firstPartyPrincipal")
        email = first_party.get("principalEmail") if isinstance(first_party, dict) else None
        for name in (link.get("principalSubject"), email):
            if name and isinstance(name, str):
                return name
    return go_json.encode(link).decode()


def _complete_decision(event: AuditEvent, authorization: list[Any]) -> None:
    """Annotate the event with the decision, where the API server's own word for it is not among the labels."""
    annotations = event.annotations or {}
    checks = [check for check in authorization if isinstance(check, dict)]
    if checks and _DECISION not in annotations:
        # An entry may leave out what is false.
        granted = all(check.get("granted") is True for check in checks)
        event.annotations = annotations | {_DECISION: "allow" if granted else "forbid"}


def _response_status(payload: Payload) -> Status | None:
    """Return the response that the entry tells of, `None` if it tells of none."""
    failure, text = _failure(payload.status)
    answer = payload.response if isinstance(payload.response, dict) else {}
    answered = _http(answer.get("code")) if answer.get("kind") == "Status" else 0
    if answered and (not failure or answered >= 400):
        status = "Failure" if failure else _text(answer.get("status"))
        return Status({}, status, text or _text(answer.get("message")), _text(answer.get("reason")), answered)
    return Status({}, "Failure", text, UNSET, failure) if failure else None


def _failure(status: Any) -> tuple[int, str | UnsetType]:
    """Return HTTP status code (0 if the call did not fail) and message of a `google.rpc.Status`."""
    if not isinstance(status, dict) or status.get("code") is None:
        return 0, UNSET
    code = status["code"]
    if isinstance(code, msgspec.Raw):
        code = bytes(code).decode()
    if isinstance(code, str):
        code = _NUMBER.get(code, int(code) if code.isdecimal() and len(code) < 4 else None)
    known = _http(code) or (_STATUS.get(code, _UNKNOWN) if isinstance(code, int) else _UNKNOWN)
    return known, _text(status.get("message"))


def _http(code: Any) -> int:
    """Return `code` if it is an HTTP status code, else 0."""
    return code if isinstance(code, int) and 100 <= code <= 599 else 0


def _text(value: Any) -> str | UnsetType:
    return value if value and isinstance(value, str) else UNSET
