"""Pod specifications in the written object, wherever they stand: a pod's own, or those in templates of workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from lanner.fields import json_text, paths
from lanner.fields.audit import Binder, audited, growing, image_repository
from lanner.fields.types import Extracted, Growth, NoValue
from lanner.fields.written import Path, flattened, found, is_partial, once, walked

if TYPE_CHECKING:
    from lanner.fields.event import Event

__all__ = [
    "ARRAYS",
    "above",
    "apparmor_profiles",
    "capability",
    "commands",
    "every_of_containers",
    "flag_of_specs",
    "host_paths",
    "host_ports",
    "image_registry",
    "image_tag",
    "of_containers",
    "of_contexts",
    "one_of_specs",
    "persistent_paths",
    "volume_types",
    "words_of_containers",
    "writable_host_paths",
]

SPECS: tuple[Path, ...] = (
    ("spec", "template", "spec"),  # Deployment, DaemonSet, StatefulSet, ReplicaSet, ReplicationController, Job
    ("spec", "jobTemplate", "spec", "template", "spec"),  # CronJob
    ("template", "spec"),  # PodTemplate
    ("spec",),  # Pod
)
"""Where pod specifications stand in an object."""

_OF_RESOURCE = {"cronjobs": SPECS[1], "podtemplates": SPECS[2], "pods": SPECS[3]}
"""Where the one is that counts; of other resources it is in `spec.template`."""

ARRAYS = ("containers", "initContainers", "ephemeralContainers")

_MAX_FOLDERS = 16
"""Folders above a path that are told: nothing that a rule can mean is deeper, and longer lists would cost."""

_DEFAULT_REGISTRY = b"docker.io"
_REGISTRIES = {b"index.docker.io": _DEFAULT_REGISTRY}
_DEFAULT_TAG = b"latest"
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_HOOKS: tuple[Path, ...] = (
    ("lifecycle", "postStart", "exec", "command"),
    ("lifecycle", "preStop", "exec", "command"),
    ("livenessProbe", "exec", "command"),
    ("readinessProbe", "exec", "command"),
    ("startupProbe", "exec", "command"),
)
"""Where the words of further programs stand in a container."""

_NOTHING = frozenset((None, b"null", b'""'))
"""What says that a container has no image."""

Members = dict[str, bytes]


def _specs(event: Event) -> list[Members]:
    """Return the pod specifications of an event of which nothing is lost."""
    return [spec for specs in once(event, _specs_by_place).values() for spec in specs]


def _specs_by_place(event: Event) -> dict[Path, list[Members]]:
    return {place: _objects(walked(event, place)) for place in SPECS}


def _objects(values: Iterable[bytes | None]) -> list[Members]:
    """Return the members of objects, and of those in arrays, as a walk to something inside of them finds them.

    What is neither has none.
    """
    pending = [(value, paths.MAX_ARRAYS) for value in paths.present(values)]
    objects = []
    while pending:
        value, arrays = pending.pop()
        if json_text.is_array(value):
            pending += [(item, arrays - 1) for item in reversed(json_text.elements(value)) if arrays]
        else:
            objects.append(json_text.members(value))
    return objects


def _containers(event: Event, arrays: Sequence[str]) -> list[Members]:
    made = once(event, _all_containers)
    return [container for array in arrays for container in made[array]]


def _all_containers(event: Event) -> dict[str, list[Members]]:
    return {
        array: [container for spec in once(event, _specs) for container in _objects([spec.get(array)])]
        for array in ARRAYS
    }


def _below(members: Members, path: Path) -> list[bytes | None]:
    """Return the values at a path from a specification or container, through arrays; a hole if it breaks."""
    value = members.get(path[0])
    found = None if value is None else paths.walk(value, path[1:])
    return [None] if found is None else found


def _of_specs(event: Event, path: Path) -> Iterable[bytes | None] | NoValue:
    if is_partial(event):
        return found(event, [(*spec, *path) for spec in SPECS])
    return [value for spec in once(event, _specs) for value in _below(spec, path)]


def _of_containers(event: Event, arrays: Sequence[str], path: Path) -> Iterable[bytes | None] | NoValue:
    if is_partial(event):
        return found(event, [(*spec, array, *path) for spec in SPECS for array in arrays])
    return [value for container in _containers(event, arrays) for value in _below(container, path)]


def _texts(values: Iterable[bytes | None] | NoValue, change: Callable[[bytes], bytes] | None = None) -> Extracted:
    if isinstance(values, NoValue):
        return values
    texts = flattened(values)
    if change is not None:
        texts = [text for text in map(change, texts) if text]
    return texts or NoValue.MISSING


def _binder(extract: Callable[[Event], Extracted], growth: Growth | None = Growth.LIST) -> Binder:
    extractor = audited(extract if growth is None else growing(extract, growth))
    return lambda _: extractor


def _whole_only(extract: Callable[[Event], Extracted]) -> Binder:
    """An extraction that puts together what stands in several places: of a body that was cut nothing is known."""
    return _binder(lambda event: NoValue.UNKNOWN if is_partial(event) else extract(event), None)


def flag_of_specs(key: str) -> Binder:
    """`true` if a pod specification has it so, else what the first of them has."""

    def extract(event: Event) -> Extracted:
        texts = flattened(spec.get(key) for spec in once(event, _specs))
        return NoValue.MISSING if not texts else b"true" if b"true" in texts else texts[0]

    return _whole_only(extract)


def one_of_specs(*keys: Path) -> Binder:
    """The text of the first of some members that the pod specification of the target has.

    There may be others in a patch, as API servers pass over what does not belong into an object. What stands elsewhere
    counts if it is the only one: for resources of which we do not know.
    """

    def extract(event: Event) -> Extracted:
        places = once(event, _specs_by_place)
        resource = event.text(("objectRef", "resource")) or b""
        place = _OF_RESOURCE.get(resource.decode("utf-8", "replace"), SPECS[0])
        for specs in (places.get(place, []), *places.values()):
            values = flattened(value for members in specs for key in keys for value in _below(members, key))
            if texts := [text for text in values if text]:
                return texts[0]
        return NoValue.MISSING

    return _whole_only(extract)


def of_contexts(tail: Path) -> Binder:
    """The texts of a member of the security contexts of pod specifications and their containers."""
    path = ("securityContext", *tail)

    def extract(event: Event) -> Extracted:
        specs, containers = _of_specs(event, path), _of_containers(event, ARRAYS, path)
        if isinstance(specs, NoValue) or isinstance(containers, NoValue):
            return NoValue.UNKNOWN
        return _texts([*specs, *containers])

    return _binder(extract)


def of_containers(arrays: Sequence[str], path: Path, change: Callable[[bytes], bytes] | None = None) -> Binder:
    """The texts of a member of containers, those that have it; of arrays, those of their elements."""
    return _binder(lambda event: _texts(_of_containers(event, arrays, path), change))


def every_of_containers(arrays: Sequence[str], path: Path, change: Callable[[bytes], bytes] | None = None) -> Binder:
    """The same, but missing if any container has none: a list of what is allowed must cover all of them."""

    def extract(event: Event) -> Extracted:
        values = _of_containers(event, arrays, path)
        if not isinstance(values, NoValue):
            values = list(values)
            if not _NOTHING.isdisjoint(values):
                return NoValue.MISSING
        return _texts(values, change)

    return _binder(extract, Growth.PERHAPS)


def words_of_containers(arrays: Sequence[str], key: str) -> Binder:
    """For each container the words of an array of strings, joined by blanks."""

    def extract(event: Event) -> Extracted:
        lines = [b" ".join(flattened([container.get(key)])) for container in _containers(event, arrays)]
        return [line for line in lines if line] or NoValue.MISSING

    return _whole_only(extract)


def host_ports(arrays: Sequence[str]) -> Binder:
    """The host ports of containers, those that are given; 0 says that there is none."""
    return of_containers(arrays, ("ports", "hostPort"), lambda port: b"" if port == b"0" else port)


def _commands(event: Event) -> Extracted:
    lines = []
    for container in _containers(event, ARRAYS):
        own = [container[key] for key in ("command", "args") if key in container]
        lines.append(b" ".join(flattened(own)))
        lines += [b" ".join(flattened(_below(container, path))) for path in _HOOKS]
    return b"\n".join([line for line in lines if line]) or NoValue.MISSING


commands = _whole_only(_commands)


def _profiles(event: Event) -> Extracted:
    """Return the types in security contexts, and the values of the annotations that came before them."""
    path = ("securityContext", *_APPARMOR)
    texts = flattened(
        value for members in (*once(event, _specs), *_containers(event, ARRAYS)) for value in _below(members, path)
    )
    for spec in SPECS:
        for notes in _objects(walked(event, (*spec[:-1], "metadata", "annotations"))):
            old = flattened(value for key, value in notes.items() if key.startswith(_APPARMOR_ANNOTATION))
            texts += [_APPARMOR_TYPES.get(text.partition(b"/")[0], text) for text in old]
    return texts or NoValue.MISSING


_APPARMOR = ("appArmorProfile", "type")
_APPARMOR_TYPES = {b"unconfined": b"Unconfined", b"runtime": b"RuntimeDefault", b"localhost": b"Localhost"}
"""What the first part of an old annotation says, as the profile's type does now."""

apparmor_profiles = _whole_only(_profiles)


def _host_paths(values: Iterable[bytes | None] | NoValue) -> Extracted:
    return _texts(values, paths.resolved)


host_paths = _binder(lambda event: _host_paths(_of_specs(event, ("volumes", "hostPath", "path"))))


def _persistent(event: Event) -> Extracted:
    return _host_paths(found(event, [("spec", "hostPath", "path"), ("spec", "local", "path")]))


persistent_paths = _binder(_persistent)


def above(listed_paths: Binder) -> Binder:
    """Each path of a field, and the folders above it but the root, up to the sixteenth level; each once."""
    inner = listed_paths(None)

    def extract(event: Event) -> Extracted:
        listed = inner(event)
        if not isinstance(listed, list):
            return listed
        folders: dict[bytes, None] = dict.fromkeys(listed)
        for path in listed:
            steps = path.split(b"/", _MAX_FOLDERS + 1)[: _MAX_FOLDERS + 1]
            folders.update(dict.fromkeys([b"/".join(steps[: number + 1]) for number in range(1, len(steps))]))
        return list(folders)

    return _binder(extract)


def _writable(event: Event) -> Extracted:
    texts: list[bytes] = []
    for spec in once(event, _specs):
        read_only, written_to = _mounts(spec)
        for volume in _objects([spec.get("volumes")]):
            name = volume.get("name", b"")
            if name in written_to or name not in read_only:
                texts += flattened(_below(volume, ("hostPath", "path")))
    return [paths.resolved(text) for text in texts] or NoValue.MISSING


def _mounts(spec: Members) -> tuple[set[bytes], set[bytes]]:
    """Return the names of the volumes that containers mount read-only, and of those that they do not."""
    read_only: set[bytes] = set()
    others: set[bytes] = set()
    for array in ARRAYS:
        for container in _objects([spec.get(array)]):
            for mount in _objects([container.get("volumeMounts")]):
                (read_only if mount.get("readOnly") == b"true" else others).add(mount.get("name", b""))
    return read_only, others


writable_host_paths = _whole_only(_writable)


def _types(event: Event) -> Extracted:
    types: list[bytes] = []
    for spec in once(event, _specs):
        for volume in _objects([spec.get("volumes")]):
            types += [
                key.encode("utf-8", "surrogateescape")
                for key, value in volume.items()
                if key != "name" and not key.startswith("$") and value != b"null"
            ]
    return types or NoValue.MISSING


volume_types = _whole_only(_types)


def capability(name: bytes) -> bytes:
    """Return a capability's name in upper case and without `CAP_`: container runtimes take all spellings."""
    return name.upper().removeprefix(b"CAP_")


def image_registry(image: bytes) -> bytes:
    """Return the registry of an image, in small letters: what stands before the first slash if it looks like a host,
    else Docker Hub (github.com/distribution/reference, `splitDockerDomain`).
    """
    host, slash, _ = image.partition(b"/")
    is_host = slash and (b"." in host or b":" in host or host == b"localhost" or host != host.lower())
    return _REGISTRIES.get(host.lower(), host.lower()) if is_host else _DEFAULT_REGISTRY


def image_tag(image: bytes) -> bytes:
    """Return the tag of an image, `latest` where there is neither a tag nor a digest, nothing for a digest alone."""
    name, at, _ = image.partition(b"@")
    tag = name[len(image_repository(name)) + 1 :]
    return tag or (b"" if at else _DEFAULT_TAG)
