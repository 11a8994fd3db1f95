"""Extraction of the fields that only Lanner has, apart from those of pods (`lanner.fields.workload`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from lanner.fields import addresses, certificate, json_text, patches, paths, tree, uri
from lanner.fields.audit import Binder, audited, growing, listed, scalar
from lanner.fields.generic import pointer_path
from lanner.fields.types import Extracted, Growth, NoValue
from lanner.fields.written import body, flattened, found, is_partial, is_patch, members, once

if TYPE_CHECKING:
    from lanner.fields.event import Event
    from lanner.fields.field import Extractor

__all__ = [
    "api_group",
    "command",
    "common_name",
    "extras",
    "inside_network",
    "one_value",
    "organizations",
    "parameters",
    "patch_operations",
    "patch_paths",
    "patch_type",
    "provider",
    "public_address",
    "uri_path",
    "values",
    "verbs_for",
    "written_keys",
    "written_values",
]

_URI = scalar(("requestURI",))(None)
_ADDRESSES = listed(("sourceIPs",))(None)
_COMMANDS = (b"command", b"cmd")
"""Query parameters that hold what is to be run: of exec, and of the kubelet's `/run`."""


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def provider(_: str | None) -> Extractor:
    """The provider whose envelope the event came in."""
    return audited(lambda event: event.provider.encode() or NoValue.MISSING)


def extras(path: tuple[str, ...]) -> Binder:
    """The values that a user's authenticator has added under the argument."""
    return lambda argument: listed((*path, argument or ""))(None)


def api_group(_: str | None) -> Extractor:
    """The API group of the target; GKE's log calls the core group `core`, API servers leave it out."""
    group = scalar(("objectRef", "apiGroup"))(None)

    def extract(event: Event) -> Extracted:
        text = group(event)
        return NoValue.MISSING if text in (b"core", b"") else text

    return extract


def uri_path(_: str | None) -> Extractor:
    """The path of the request URI as the server sees it."""

    def extract(event: Event) -> Extracted:
        text = _URI(event)
        return uri.path(text) if isinstance(text, bytes) else NoValue.MISSING

    return extract


def parameters(argument: str | None) -> Extractor:
    """All values of a query parameter."""
    name = _encode(argument or "")

    def extract(event: Event) -> Extracted:
        text = _URI(event)
        pairs = uri.sent_parameters(text) if isinstance(text, bytes) else ()
        return [value for key, value in pairs if key == name] or NoValue.MISSING

    return extract


def command(_: str | None) -> Extractor:
    """What a request asks to be run: the words of its query parameters joined by blanks."""

    def extract(event: Event) -> Extracted:
        text = _URI(event)
        pairs = uri.sent_parameters(text) if isinstance(text, bytes) else ()
        return b" ".join([value for key, value in pairs if key in _COMMANDS]) or NoValue.MISSING

    return extract


def public_address(_: str | None) -> Extractor:
    """Whether any address is public."""

    return _of_any_address(addresses.is_public)


def inside_network(argument: str | None) -> Extractor:
    """Whether any address is inside the network of the argument, which is known to be one."""
    network = addresses.network(argument or "")

    return _of_any_address(lambda text: addresses.is_inside(text, network))


def _of_any_address(test: Callable[[bytes], bool]) -> Extractor:
    def extract(event: Event) -> Extracted:
        texts = _ADDRESSES(event)
        return b"true" if isinstance(texts, list) and any(map(test, texts)) else b"false"

    return audited(growing(extract, Growth.TRUE))


def written_values(argument: str | None) -> Extractor:
    """The texts of what a JSON pointer leads to in the written object, through the arrays on its way."""
    path = pointer_path(argument or "")

    def extract(event: Event) -> Extracted:
        values = found(event, [path])
        return values if isinstance(values, NoValue) else flattened(values) or NoValue.MISSING

    return audited(growing(extract, Growth.ARRAYS))


def written_keys(argument: str | None) -> Extractor:
    """The keys of the objects that a JSON pointer leads to in the written object."""
    path = pointer_path(argument or "")

    def extract(event: Event) -> Extracted:
        values = found(event, [path])
        if isinstance(values, NoValue):
            return values
        keys: list[bytes] = []
        for value in paths.present(values):
            for item in json_text.elements(value) if json_text.is_array(value) else [value]:
                keys += json_text.keys(item)
        return keys or NoValue.MISSING

    return audited(growing(extract, Growth.ARRAYS))


def values(pointer: str) -> Binder:
    """The values of a pointer that stands fast."""
    return lambda _: written_values(pointer)


def one_value(pointer: str) -> Binder:
    """The first of the values of a pointer that stands fast."""
    inner = written_values(pointer)

    def extract(event: Event) -> Extracted:
        values = inner(event)
        return values[0] if isinstance(values, list) else values

    return lambda _: audited(extract)


def patch_type(_: str | None) -> Extractor:
    """What kind of patch a request is: its body tells, as the media type is not in the log.

    Server-side apply sends a whole object (its kind, too) and names its manager; other patches need not.
    """

    def extract(event: Event) -> Extracted:
        sent = body(event) if is_patch(event) else None
        if sent is None:
            return NoValue.UNKNOWN if is_patch(event) and is_partial(event) else NoValue.MISSING
        if json_text.is_array(sent):
            return b"json"
        if is_partial(event):
            return NoValue.UNKNOWN
        names = {key for key, _ in uri.sent_parameters(event.text(("requestURI",)) or b"")}
        is_whole = {"apiVersion", "kind"} <= json_text.members(sent).keys()
        return b"apply" if is_whole and b"fieldManager" in names else b"merge"

    return audited(extract)


def _changes(event: Event) -> patches.Changes:
    sent = body(event)
    return patches.changes(None if sent is None else tree.decoded(sent))


def patch_operations(_: str | None) -> Extractor:
    """What a patch does, place by place: `set /path` or `remove /path`."""
    return _of_changes(lambda changes: changes.done)


def patch_paths(_: str | None) -> Extractor:
    """The places that a patch touches, and what they stand in."""
    return _of_changes(lambda changes: changes.places)


def _of_changes(listed: Callable[[patches.Changes], list[bytes]]) -> Extractor:
    def extract(event: Event) -> Extracted:
        if not is_patch(event):
            return NoValue.MISSING
        return NoValue.UNKNOWN if is_partial(event) else listed(once(event, _changes)) or NoValue.MISSING

    return audited(extract)


def verbs_for(argument: str | None) -> Extractor:
    """The verbs that the rules of a role give on the resource of the argument, each once.

    The argument is `resource`, `resource/subresource`, or one of them with `.group`; without, the core group is meant.
    A rule is about a resource if it names it, or `*`, or (for a subresource) `*/subresource`, and its group or `*`
    (k8s.io/kubernetes, ResourceMatches and APIGroupMatches of the RBAC authorizer).
    """
    name, slash, subresource = (argument or "").partition("/")
    resource, _, group = name.partition(".")
    if slash and not group:
        subresource, _, group = subresource.partition(".")
    resources = {_encode(f"{resource}{slash}{subresource}"), b"*"}
    if slash:
        resources.add(_encode(f"*/{subresource}"))
    groups = {_encode(group), b"*"}

    def extract(event: Event) -> Extracted:
        if is_partial(event):
            return NoValue.UNKNOWN
        verbs: dict[bytes, None] = {}
        for rule in once(event, _rules):
            if not (resources.isdisjoint(rule.resources) or groups.isdisjoint(rule.groups)):
                verbs.update(dict.fromkeys(rule.verbs))
        return list(verbs) or NoValue.MISSING

    return audited(extract)


class _Rule(NamedTuple):
    resources: list[bytes]
    groups: list[bytes]
    verbs: list[bytes]


def _rules(event: Event) -> list[_Rule]:
    """Return the rules of the written role."""
    rules = map(json_text.members, json_text.elements(once(event, members).get("rules", b"null")))
    return [_Rule(*(flattened([rule.get(key)]) for key in ("resources", "apiGroups", "verbs"))) for rule in rules]


def common_name(_: str | None) -> Extractor:
    """The name of the user that a requested certificate would make its owner."""

    def extract(event: Event) -> Extracted:
        names = _parts(event, certificate.COMMON_NAME)
        return names[-1] if isinstance(names, list) else names

    return audited(extract)


def organizations(_: str | None) -> Extractor:
    """The groups that a requested certificate would put its owner into."""

    return audited(lambda event: _parts(event, certificate.ORGANIZATION))


def _parts(event: Event, kind: bytes) -> list[bytes] | NoValue:
    requests = found(event, [("spec", "request")])
    if isinstance(requests, NoValue):
        return requests
    parts = [part for text in flattened(requests)[:1] for part in certificate.subject(text, kind)]
    return parts or NoValue.MISSING
