"""Extraction of the `ka.*` fields (spec/fields.md section 3), with the corrections of docs/compatibility.md.

Each function takes what the catalogue knows of a field and returns the maker of its extractor: a function of the
argument. An extractor is total: whatever JSON the event holds, it returns a value or `NoValue.MISSING`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING

from lanner.fields import json_text, uri
from lanner.fields.field import Extractor, Walk
from lanner.fields.paths import present, rendered
from lanner.fields.types import Extracted, Growth, NoValue

if TYPE_CHECKING:
    from lanner.fields.event import Event

__all__ = [
    "Binder",
    "audited",
    "binding_subject_has_name",
    "command_line",
    "container_image",
    "effective_id",
    "every",
    "growing",
    "host_ports",
    "hostpath_volume",
    "image_repository",
    "listed",
    "nested",
    "privileged",
    "scalar",
    "service_ports",
    "some",
    "subject_names",
    "target_pod_name",
    "truncated",
    "uri_parameter",
    "volume_types",
]

Binder = Callable[[str | None], Extractor]
Path = tuple[str, ...]

_MAX_KNOWN = 512
"""Bytes that an array may have whose texts are remembered: clients can make up many."""

_SUBJECTS = ("requestObject", "subjects")
_SPEC = ("requestObject", "spec")


def growing(extractor: Extractor, growth: Growth) -> Extractor:
    """Note what the extraction means of a value that was cut (`lanner.fields.cut.read`)."""
    extractor.growth = growth  # type: ignore[attr-defined]
    return extractor


def audited(extractor: Extractor) -> Extractor:
    """Add the precondition of every `ka.*` field: the event has an `auditID` (even if its value is lost).

    Where that is known already, `__wrapped__` is the extractor without it.
    """

    @wraps(extractor)
    def extract(event: Event) -> Extracted:
        return extractor(event) if event.is_audited else NoValue.MISSING

    return extract


def _unless_empty(values: list[bytes]) -> Extracted:
    return values or NoValue.MISSING


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _index(argument: str | None) -> int | None:
    return None if argument is None else int(argument)


def scalar(path: Path) -> Binder:
    """A plain path (section 3.1)."""

    def bind(_: str | None) -> Extractor:
        def extract(event: Event) -> Extracted:
            text = event.text(path)
            return NoValue.MISSING if text is None else text

        extract.text_path = path  # type: ignore[attr-defined]
        return audited(growing(extract, Growth.TEXT))

    return bind


def listed(path: Path) -> Binder:
    """The elements of the array at a plain path, or the one of an index (section 3.3)."""

    def bind(argument: str | None) -> Extractor:
        index = _index(argument)

        def extract(event: Event) -> Extracted:
            value = event.find(path)
            if value is None:
                return NoValue.MISSING
            texts = list(_texts_of_known(value)) if len(value) <= _MAX_KNOWN else rendered(json_text.elements(value))
            return _unless_empty(texts if index is None else texts[index : index + 1])

        return audited(growing(extract, Growth.LIST if index is None else Growth.ELEMENT))

    return bind


@lru_cache(maxsize=1000)
def _texts_of_known(array: bytes) -> tuple[bytes, ...]:
    """Return the texts of a short array, as they come again and again: a user's groups, a client's addresses."""
    return tuple(rendered(json_text.elements(array)))


def some(path: Path) -> Binder:
    """The values of a walk; elements without one are passed over (section 3.4)."""
    return lambda argument: _walked(Walk(path, _index(argument), is_whole=False))


def every(path: Path, change: Callable[[bytes], bytes] | None = None) -> Binder:
    """The values of a walk, each changed by `change`; missing if any element has none (section 3.4)."""
    return lambda argument: _walked(Walk(path, _index(argument), is_whole=True, change=change))


def _walked(walk: Walk) -> Extractor:
    path, index, is_whole, change = walk.path, walk.index, walk.is_whole, walk.change

    def extract(event: Event) -> Extracted:
        values = event.walk(path, index)
        if values is None or (is_whole and None in values):
            return NoValue.MISSING
        texts = rendered(present(values))
        return _unless_empty(texts if change is None else [change(text) for text in texts])

    extract.walk = walk  # type: ignore[attr-defined]
    return audited(growing(extract, Growth.PERHAPS if is_whole else Growth.LIST))


def nested(path: Path) -> Binder:
    """The elements of the arrays that a walk ends at, flattened; what is no array is passed over (section 3.5)."""

    def bind(argument: str | None) -> Extractor:
        index = _index(argument)

        def extract(event: Event) -> Extracted:
            arrays = present(event.walk(path, index))
            return _unless_empty([text for array in arrays for text in rendered(json_text.elements(array))])

        return audited(growing(extract, Growth.ARRAYS))

    return bind


def image_repository(image: bytes) -> bytes:
    """Return an image without tag and digest. Correction c: a colon before a slash belongs to a registry's port."""
    name = image.partition(b"@")[0]
    path, slash, last = name.rpartition(b"/")
    return path + slash + last.partition(b":")[0]


def container_image(path: Path, change: Callable[[bytes], bytes] | None = None) -> Binder:
    """The first container's image as a scalar (section 3.2)."""
    first = every(path, change)("0")

    def extract(event: Event) -> Extracted:
        value = first(event)
        return value[0] if isinstance(value, list) else value

    return lambda _: extract


def command_line(path: Path) -> Binder:
    """Each container's array of strings joined by blanks; missing if any of them is not such an array (section 3.4)."""

    def bind(argument: str | None) -> Extractor:
        index = _index(argument)

        def extract(event: Event) -> Extracted:
            lines = []
            for array in present(event.walk(path, index)):
                words = json_text.elements(array)
                if not json_text.is_array(array) or not all(word.startswith(b'"') for word in words):
                    return NoValue.MISSING
                lines.append(b" ".join(rendered(words)))
            return _unless_empty(lines)

        return audited(growing(extract, Growth.PERHAPS))

    return bind


def host_ports(path: Path) -> Binder:
    """For each port its `hostPort`, else its `containerPort` (section 3.4)."""

    def bind(argument: str | None) -> Extractor:
        index = _index(argument)

        def extract(event: Event) -> Extracted:
            ports: list[bytes] = []
            for array in present(event.walk(path, index)):
                if not json_text.is_array(array):
                    return NoValue.MISSING
                for port in json_text.elements(array):
                    number = json_text.get(port, "hostPort") or json_text.get(port, "containerPort")
                    if number is not None:
                        ports.append(json_text.render(number))
            return _unless_empty(ports)

        return audited(growing(extract, Growth.PERHAPS))

    return bind


def effective_id(array: str, key: str) -> Binder:
    """The user or group a container runs as. Correction b: its own, else the pod's security context, else `0`."""
    container_path = (*_SPEC, array, "securityContext", key)
    pod_path = (*_SPEC, "securityContext", key)

    def bind(argument: str | None) -> Extractor:
        index = _index(argument)

        def extract(event: Event) -> Extracted:
            values = event.walk(container_path, index)
            if values is None:
                return NoValue.MISSING
            # null is how API objects say "not set"
            pod = event.find(pod_path)
            default = b"0" if pod in (None, b"null") else pod
            return _unless_empty(rendered(default if value in (None, b"null") else value for value in values))

        return audited(extract)

    return bind


def privileged(path: Path) -> Binder:
    """`true` if any container has the JSON boolean `true` at the end of the walk, else `false` (section 3.2)."""

    def extract(event: Event) -> Extracted:
        values = event.walk(path)
        if values is None:
            return NoValue.MISSING
        return b"true" if b"true" in values else b"false"

    return lambda _: audited(growing(extract, Growth.TRUE))


def hostpath_volume(path: Path) -> Binder:
    """`true` if a volume's host path is the argument, or starts with it up to its trailing `*` (section 3.2)."""

    def bind(argument: str | None) -> Extractor:
        wanted = _encode(argument or "")

        def extract(event: Event) -> Extracted:
            values = event.walk(path)
            if values is None:
                return NoValue.MISSING
            for text in rendered(present(values)):
                if text == wanted or (wanted.endswith(b"*") and text.startswith(wanted[:-1])):
                    return b"true"
            return b"false"

        return audited(growing(extract, Growth.TRUE))

    return bind


def volume_types(path: Path) -> Binder:
    """The keys of each volume other than `name` (section 3.5). Correction j: missing where an array leads to a hole."""

    def bind(argument: str | None) -> Extractor:
        index = _index(argument)

        def extract(event: Event) -> Extracted:
            holders = event.walk(path, index)
            if holders is None or None in holders:
                return NoValue.MISSING
            types: list[bytes] = []
            for holder in present(holders):
                volumes = json_text.elements(holder) if json_text.is_array(holder) else [holder]
                for volume in volumes if index is None else volumes[index : index + 1]:
                    types += [key for key in json_text.keys(volume) if key != b"name"]
            return _unless_empty(types)

        return audited(growing(extract, Growth.ARRAY))

    return bind


def service_ports(path: Path) -> Binder:
    """One element, the JSON text of the whole value; an index has no effect (section 3.5)."""
    text = scalar(path)(None)

    def extract(event: Event) -> Extracted:
        value = text(event)
        return [value] if isinstance(value, bytes) else value

    return lambda _: extract


def subject_names(kind: bytes, *, with_namespace: bool = False) -> Binder:
    """The names of a binding's subjects of one kind, with their namespace if asked (section 3.5)."""

    def extract(event: Event) -> Extracted:
        subjects = event.find(_SUBJECTS)
        names: list[bytes] = []
        for subject in json_text.elements(subjects) if subjects is not None else []:
            member = json_text.members(subject)
            if "name" not in member or "kind" not in member or json_text.render(member["kind"]) != kind:
                continue
            name = json_text.render(member["name"])
            if not with_namespace:
                names.append(name)
            elif "namespace" in member:
                names.append(json_text.render(member["namespace"]) + b":" + name)
        return _unless_empty(names)

    return lambda _: audited(growing(extract, Growth.LIST))


def uri_parameter(path: Path) -> Binder:
    """The first value of a query parameter of the request URI (section 3.2)."""
    whole = scalar(path)(None)

    def bind(argument: str | None) -> Extractor:
        name = _encode(argument or "")

        def extract(event: Event) -> Extracted:
            value = whole(event)
            if not isinstance(value, bytes):
                return NoValue.MISSING
            parameter = uri.parameter(value, name)
            return NoValue.MISSING if parameter is None else parameter

        return extract

    return bind


def target_pod_name(path: Path) -> Binder:
    """The name in the response, if the target is a pod itself (section 3.2)."""
    name = scalar(path)(None)

    def extract(event: Event) -> Extracted:
        resource = event.find(("objectRef", "resource"))
        subresource = event.find(("objectRef", "subresource"))
        is_pod = resource is not None and resource.startswith(b'"') and json_text.unquote(resource) == b"pods"
        if is_pod and (subresource is None or subresource == b'""' or not subresource.startswith(b'"')):
            return name(event)
        return NoValue.MISSING

    return lambda _: extract


def binding_subject_has_name(_: str | None) -> Extractor:
    """Always `true` (section 3.2)."""
    return audited(lambda event: b"true")


def truncated(_: str | None) -> Extractor:
    """`true` if a part of the event is lost, or not looked at, else `false`."""
    return audited(lambda event: b"true" if event.lost else b"false")
