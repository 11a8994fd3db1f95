"""Falco's configuration, as far as it concerns Lanner (spec/rules.md section 10).

A falco.yaml is read into one `Config`; keys without a meaning here are named, not ignored in silence. Of keys that are
absent Falco's defaults hold, or Lanner's own if there is no falco.yaml.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from lanner.errors import UsageError
from lanner.ruleset.appending import AppendOutput
from lanner.ruleset.priority import Priority
from lanner.ruleset.selection import Selection

if TYPE_CHECKING:
    from lanner.ruleset.diagnostics import Diagnostic
    from lanner.ruleset.yaml_nodes import Node

__all__ = ["Config", "read_config"]

T = TypeVar("T")
Plain = str | list["Plain"] | dict[str, "Plain"] | None
"""A configuration value: every scalar is the text it was written with, `None` is null."""

_TRUE = ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y")
_FALSE = ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N")
_VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_KEY_PART = re.compile(r"([^.\[\]]+)((?:\[\d*\])*)")
_PLUGIN = re.compile(r"k8saudit(-\w+)?")
_SIZE_KEYS = ("maxEventSize", "max_event_size")
_MAX_INDEX = 1000


class Config(msgspec.Struct, frozen=True):
    """The settings of a run. `max_event_size` is in bytes, `None` if the configuration does not set it.

    `not_applying` names the keys that were given and mean nothing here.
    """

    rules_files: tuple[Path, ...] = ()
    selections: tuple[Selection, ...] = ()
    priority: Priority = Priority.DEBUG
    first_match: bool = False
    json_output: bool = False
    json_include_output_property: bool = True
    json_include_message_property: bool = False
    json_include_tags_property: bool = True
    json_include_output_fields_property: bool = True
    time_format_iso_8601: bool = False
    append_output: tuple[AppendOutput, ...] = ()
    static_fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    max_event_size: int | None = None
    not_applying: tuple[str, ...] = ()


def read_config(
    path: Path | None, overrides: Sequence[str] = (), *, environment: Mapping[str, str] = os.environ
) -> Config:
    """Read the falco.yaml at `path` (`None`: there is none) and the `key=value` texts of `-o` on top of it.

    Raises `UsageError`, with the place as far as it is known, for what cannot be read or has no meaning.
    """
    tree: dict[str, Plain] = {}
    if path is not None:
        loaded = _load(str(path), _read(path))
        if loaded is not None and not isinstance(loaded, dict):
            raise UsageError(f"{path}: a configuration is a YAML mapping of keys and values")
        tree = loaded or {}
    for override in overrides:
        _override(tree, override)
    return _Reader(tree, "-o" if path is None else str(path), environment).config(falco_defaults=path is not None)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _load(name: str, content: bytes) -> Plain:
    # Many runs have no configuration to read: these take their time to import.
    from lanner.ruleset.diagnostics import Invalid
    from lanner.ruleset.yaml_reader import decode, documents

    notes: list[Diagnostic] = []
    try:
        found = documents(decode(name, content), notes)
    except Invalid as invalid:
        raise UsageError(str(invalid.diagnostic)) from None
    return _plain(found[0]) if found else None


def _plain(node: Node) -> Plain:
    from lanner.ruleset.yaml_nodes import Mapping, Scalar

    if isinstance(node, Scalar):
        return None if node.is_null else node.value
    if isinstance(node, Mapping):
        return {key.value: _plain(value) for key, value in node.pairs if isinstance(key, Scalar)}
    return [_plain(item) for item in node.items]


def _override(tree: dict[str, Plain], text: str) -> None:
    """Put the value of one `-o key=value` into the tree; `key` may have dots, `[n]` and, to append, `[]`."""
    key, equals, value_text = text.partition("=")
    steps: list[str | int | None] = []
    position = 0
    while position < len(key) or not steps:
        part = _KEY_PART.match(key, position)
        if not equals or part is None or key[part.end() : part.end() + 1] not in ("", "."):
            raise UsageError(f"-o {text}: write key=value, such as priority=warning or rules[].disable.rule=*")
        steps.append(part[1])
        steps += [int(index) if index else None for index in re.findall(r"\[(\d*)\]", part[2])]
        position = part.end() + 1
    # Lists and mappings are written as in YAML; anything else is a text, so that `*` needs no quotes.
    value: Plain = value_text or None
    if value_text.startswith(("[", "{")):
        value = _load(f"-o {key}", value_text.encode("utf-8", "surrogateescape"))
    place: dict[str, Plain] | list[Plain] = tree
    for step, following in zip(steps, [*steps[1:], ""], strict=True):
        last = following == ""
        inner: Plain = value if last else ({} if isinstance(following, str) else [])
        if isinstance(place, dict):
            assert isinstance(step, str)
            if last or not isinstance(place.get(step), type(inner)):
                place[step] = inner
            child = place[step]
        else:
            index = len(place) if step is None else int(step)
            if index > min(len(place), _MAX_INDEX):
                raise UsageError(f"-o {text}: there is no element {index}, the list has {len(place)}")
            if index == len(place):
                place.append(inner)
            elif last or not isinstance(place[index], type(inner)):
                place[index] = inner
            child = place[index]
        if isinstance(child, dict | list):
            place = child


class _Reader:
    """Reads the keys that mean something here from a tree, and remembers which ones it took."""

    def __init__(self, tree: dict[str, Plain], name: str, environment: Mapping[str, str]) -> None:
        self._tree = {key: _expand(value, environment) for key, value in tree.items()}
        self._name = name
        self._taken: set[str] = {"plugins", "load_plugins"}  # what they say of event sizes is looked at

    def config(self, *, falco_defaults: bool) -> Config:
        flags = {
            name: self._take(name, self._flag, default)
            for name, default in (
                ("json_output", False),
                ("json_include_output_property", True),
                ("json_include_message_property", False),
                ("json_include_tags_property", True),
                ("json_include_output_fields_property", True),
                ("time_format_iso_8601", False),
            )
        }
        matching = self._take("rule_matching", self._text, "first" if falco_defaults else "all").lower()
        if matching not in ("first", "all"):
            raise self._wrong("rule_matching", f"'{matching}' is neither first nor all")
        try:
            priority = Priority.parse(self._take("priority", self._text, "debug"))
        except ValueError as error:
            raise self._wrong("priority", str(error)) from None
        if "rules_file" in self._tree and "rules_files" in self._tree:
            raise self._wrong("rules_file", "give rules_files only, rules_file is its old name")
        nothing: list[str] = []
        files = [*self._take("rules_file", self._texts, nothing), *self._take("rules_files", self._texts, nothing)]
        return Config(
            rules_files=tuple(Path(text) for text in files),
            selections=tuple(self._selections()),
            priority=priority,
            first_match=matching == "first",
            append_output=tuple(self._append_output(entry) for entry in self._entries("append_output")),
            static_fields=self._take("static_fields", self._text_map, {}),
            max_event_size=self._max_event_size(),
            not_applying=tuple(key for key in self._tree if key not in self._taken),
            **flags,
        )

    def _take(self, key: str, read: Callable[[str, Plain], T], default: T) -> T:
        self._taken.add(key)
        value = self._tree.get(key)
        return default if value is None else read(key, value)

    def _entries(self, key: str) -> list[Plain]:
        nothing: list[Plain] = []
        return self._take(key, self._list, nothing)

    def _wrong(self, key: str, problem: str) -> UsageError:
        return UsageError(f"{self._name}: {key}: {problem}")

    def _flag(self, key: str, value: Plain) -> bool:
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise self._wrong(key, f"{value!r} is neither true nor false")

    def _text(self, key: str, value: Plain) -> str:
        if isinstance(value, str):
            return value
        raise self._wrong(key, "one value is expected here")

    def _list(self, key: str, value: Plain) -> list[Plain]:
        if isinstance(value, list):
            return value
        raise self._wrong(key, "a list is expected here")

    def _texts(self, key: str, value: Plain) -> list[str]:
        return [self._text(key, item) for item in (value if isinstance(value, list) else [value])]

    def _map(self, key: str, value: Plain) -> dict[str, Plain]:
        if isinstance(value, dict):
            return value
        raise self._wrong(key, "a mapping is expected here")

    def _text_map(self, key: str, value: Plain) -> dict[str, str]:
        return {name: self._text(f"{key}.{name}", text) for name, text in self._map(key, value).items()}

    def _selections(self) -> Iterator[Selection]:
        for number, entry in enumerate(self._entries("rules")):
            key = f"rules[{number}]"
            actions = self._map(key, entry)
            if len(actions) != 1 or not actions.keys() <= {"enable", "disable"}:
                raise self._wrong(key, "an entry is either enable: or disable:")
            (action, what) = next(iter(actions.items()))
            selectors = self._map(f"{key}.{action}", what)
            rule, tag = selectors.get("rule"), selectors.get("tag")
            if rule is None and tag is None:
                raise self._wrong(f"{key}.{action}", "give rule: or tag:")
            yield Selection(
                enable=action == "enable",
                rule=None if rule is None else self._text(f"{key}.{action}.rule", rule),
                tag=None if tag is None else self._text(f"{key}.{action}.tag", tag),
            )

    def _append_output(self, entry: Plain) -> AppendOutput:
        key = "append_output"
        keys = self._map(key, entry)
        match = self._map(f"{key}.match", keys.get("match") or {})
        fields: dict[str, str | None] = {}
        for item in self._list(f"{key}.extra_fields", keys.get("extra_fields") or []):
            pairs = (
                [(item, None)] if isinstance(item, str) else list(self._text_map(f"{key}.extra_fields", item).items())
            )
            for name, template in pairs:
                if name in fields:
                    raise self._wrong(f"{key}.extra_fields", f"'{name}' is given twice")
                fields[name] = template
        source, rule = match.get("source"), match.get("rule")
        return AppendOutput(
            source=None if source is None else self._text(f"{key}.match.source", source),
            tags=tuple(self._texts(f"{key}.match.tags", match.get("tags") or [])),
            rule=None if rule is None else self._text(f"{key}.match.rule", rule),
            extra_output=self._text(f"{key}.extra_output", keys.get("extra_output") or ""),
            extra_fields=tuple(fields.items()),
            suggested_output=self._flag(f"{key}.suggested_output", keys.get("suggested_output") or "false"),
        )

    def _max_event_size(self) -> int | None:
        """Return the event size that an audit plugin's `init_config` sets."""
        for plugin in self._entries("plugins"):
            settings = self._map("plugins", plugin)
            if not _PLUGIN.fullmatch(self._text("plugins.name", settings.get("name") or "")):
                continue
            init = settings.get("init_config")
            if isinstance(init, str) and init:
                init = _load(f"{self._name}: plugins.init_config", init.encode("utf-8", "surrogateescape"))
            for key in _SIZE_KEYS:
                size = init.get(key) if isinstance(init, dict) else None
                if size is not None:
                    if not (isinstance(size, str) and size.isascii() and size.isdigit()):
                        raise self._wrong(f"plugins.init_config.{key}", "a number of bytes is expected here")
                    return int(size)
        return None


def _expand(value: Plain, environment: Mapping[str, str]) -> Plain:
    """Replace `${NAME}` by the environment variable (empty if unset) and `$${NAME}` by `${NAME}` itself."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: found[0][1:] if found[1] else environment.get(found[2], ""), value)
    if isinstance(value, list):
        return [_expand(item, environment) for item in value]
    if isinstance(value, dict):
        return {key: _expand(item, environment) for key, item in value.items()}
    return value
