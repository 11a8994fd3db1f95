"""Named events, from a companion and what it includes, and the events that cases build upon them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from lanner.analysis.companions.nodes import close_to, content_of, document, items, mapping, path_in, text, wrong
from lanner.analysis.companions.values import Value, encoded, from_json, merged, value_of
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar
from lanner.ruleset.yaml_reader import MAX_BYTES

__all__ = ["KEYS", "MAX_BUILT", "MAX_CHAIN", "MAX_FILES", "Events"]

KEYS = ("include", "events", "tests")
"""Keys of a companion, and of a file that one includes (whose tests belong to other rules)."""

MAX_FILES = 100
"""Files that a companion may include, those that they include counted, too."""

MAX_CHAIN = 20
"""Named events that may build upon each other."""

MAX_BUILT = 64 * 2**20
"""Bytes that all events of a companion's cases may have."""


class _Named(NamedTuple):
    node: Mapping
    folder: Path


class Events:
    """The named events of the companion at `path`, whose content is `root`. Everything in here raises `Invalid`."""

    def __init__(self, root: Mapping, path: Path) -> None:
        self._folder = path.parent
        self._named: dict[str, _Named] = {}
        self._values: dict[str, Value] = {}
        self._contents: dict[Path, bytes] = {}
        self._decoded: dict[bytes, Value] = {}
        self._files: set[Path] = set()
        self._built = 0
        self._add(root, path, ())
        for name in self._named:
            self._check_chain(name)

    def build(self, case: Mapping) -> bytes:
        """Return the event of a case as JSON: `from` or `file`, with `event` merged onto it; or `event` alone."""
        change = case.get("event")
        has_base = case.get("from") is not None or case.get("file") is not None
        if isinstance(change, Scalar):
            if has_base:
                hint = "leave out the other event, or write this one as a mapping"
                raise wrong("an event that is a JSON text is merged onto nothing", change, hint)
            event = _json_text(change).encode()
        elif change is not None:
            mapping(change, "an event")
            event = encoded(merged(self._base(case, self._folder), value_of(change)))
        elif not has_base:
            raise wrong("the case has no event", case, "name one with `from` or `file`, or write it below `event`")
        elif case.get("from") is None:
            event = self._content(case, self._folder)  # as it was recorded, whatever that is
        else:
            event = encoded(self._base(case, self._folder))
        self._built += len(event)
        if self._built > MAX_BUILT:
            raise wrong(f"the events of this file have more than {MAX_BUILT} bytes", case)
        return event

    def _add(self, root: Mapping, path: Path, including: tuple[Path, ...]) -> None:
        """Take the named events of a file, those of what it includes first."""
        including = (*including, Path(os.path.realpath(path)))
        self._files.add(including[-1])
        keys = mapping(root, "a companion", KEYS)
        for item in items(keys["include"], "'include'") if "include" in keys else ():
            self._include(item, path_in(path.parent, item, "an item of 'include'"), including)
        for name, node in mapping(keys["events"], "'events'").items() if "events" in keys else ():
            mapping(node, f"the event '{name}'")
            assert isinstance(node, Mapping)
            if name in self._named:
                hint = "give one of them another name"
                key = keys["events"]
                assert isinstance(key, Mapping)
                raise wrong(f"the event '{name}' is there already: {self._named[name].node.place}", key.key(name), hint)
            self._named[name] = _Named(node, path.parent)

    def _include(self, item: Node, path: Path, including: tuple[Path, ...]) -> None:
        resolved = Path(os.path.realpath(path))  # (which, unlike Path.resolve, takes a link to itself for a file)
        if resolved in including:
            raise wrong("this file includes itself, perhaps through others", item)
        if resolved in self._files:
            return
        if len(self._files) > MAX_FILES:
            raise wrong(f"more than {MAX_FILES} files are included", item)
        try:
            root = document(path)
        except OSError as error:
            hint = "the path is relative to the file that includes it"
            raise wrong(f"{path}: cannot be read: {error.strerror}", item, hint) from None
        if root is not None:
            self._add(root, path, including)

    def _check_chain(self, name: str) -> None:
        """Look whether what an event builds upon is there and comes to an end."""
        chain = [name]
        while (base := self._named[chain[-1]].node.get("from")) is not None:
            following = self._known(base)
            if following in chain:
                raise wrong(f"the event '{following}' builds upon itself", base)
            if len(chain) == MAX_CHAIN:
                raise wrong(f"more than {MAX_CHAIN} events build upon each other", base)
            chain.append(following)

    def _known(self, node: Node) -> str:
        name = text(node, "'from'")
        if name not in self._named:
            hint = close_to(name, self._named) or "name an event under `events`, here or in a file that is included"
            raise wrong(f"there is no event '{name}'", node, hint)
        return name

    def _base(self, node: Mapping, folder: Path) -> Value:
        """Return what a case or a named event builds upon, an empty event if there is nothing."""
        name, file = node.get("from"), node.get("file")
        if file is not None:
            content = self._content(node, folder)
            if content not in self._decoded:
                try:
                    value = from_json(content)
                except ValueError as error:
                    raise wrong(f"the event in this file cannot be changed: {error}", file) from None
                if not isinstance(value, dict):
                    raise wrong("what is in this file is no JSON object", file)
                self._decoded[content] = value
            return self._decoded[content]
        return {} if name is None else self._value(self._known(name))

    def _value(self, name: str) -> Value:
        if name not in self._values:
            node, folder = self._named[name]
            change = value_of(node)
            for key in ("from", "file"):
                change.pop(key, None)
            self._values[name] = merged(self._base(node, folder), change)
        return self._values[name]

    def _content(self, node: Mapping, folder: Path) -> bytes:
        """Return what is in the file that a case or a named event names."""
        file = node.get("file")
        assert file is not None
        if node.get("from") is not None:
            raise wrong("an event has either 'from' or 'file'", node.key("file"))
        path = path_in(folder, file, "'file'")
        if path not in self._contents:
            try:
                content = content_of(path)
            except OSError as error:
                hint = "the path is relative to this file"
                raise wrong(f"{path}: cannot be read: {error.strerror}", file, hint) from None
            if len(content) > MAX_BYTES:
                raise wrong(f"{path}: it has more than {MAX_BYTES} bytes", file)
            if sum(map(len, self._contents.values())) + len(content) > MAX_BUILT:
                raise wrong(f"the files that events are taken from have more than {MAX_BUILT} bytes", file)
            self._contents[path] = content
        return self._contents[path]


def _json_text(node: Scalar) -> str:
    if node.is_null or not node.value.strip():
        raise wrong("an event is a mapping, or a JSON text", node)
    return node.value
