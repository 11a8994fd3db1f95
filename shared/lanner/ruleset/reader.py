"""Mappings of a rules file → items (spec/rules.md sections 1 and 2)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from collections.abc import Sequence as Names

from lanner.ruleset.entries import Entry, Warn
from lanner.ruleset.exceptions import read_exceptions
from lanner.ruleset.items import (
    SYSCALL,
    EngineRequirement,
    Item,
    ListItem,
    MacroItem,
    PluginRequirement,
    RuleItem,
    RuleSwitch,
    RuleUpdate,
)
from lanner.ruleset.texts import Text
from lanner.ruleset.versions import Requirement, Version
from lanner.ruleset.yaml_nodes import Mapping, Scalar, Sequence

__all__ = ["read_item"]

_BLANKS = " \t\n\r\f\v"

_LIST_NAME = re.compile(r"[^()\"'\s=,]+", re.ASCII)
_MACRO_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")

_APPENDABLE = ("condition", "exceptions", "output", "desc", "tags")
_REPLACEABLE = (
    *_APPENDABLE,
    "priority",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "capture",
    "capture_duration",
)
_REQUIRED = ("condition", "output", "desc", "priority")
_KEYS = {
    "required_engine_version": (),
    "required_plugin_versions": (),
    "list": ("items", "append", "override"),
    "macro": ("condition", "append", "override"),
    "rule": (*_REPLACEABLE, "source", "append", "override"),
}
_APPEND_IS_DEPRECATED = (
    "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
)
_ENABLED_IS_DEPRECATED = (
    "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the "
    "'override' key (i.e. 'enabled: replace')."
)
_NEITHER_FULL_NOR_OVERRIDE = (
    "a new rule needs condition, output, desc and priority; to change a rule, name what is changed under 'override'"
)


def read_item(node: Mapping, warn: Warn) -> Iterator[Item]:
    """Yield what one mapping of a rules file says, piece by piece: what follows a piece is only checked afterwards.

    Raises `Invalid` where the structure is wrong.
    """
    kind = next((key for key in _KEYS if node.get(key) is not None), None)
    entry = Entry(node)
    if kind is None:
        keys = [key.value for key, _ in node.pairs if isinstance(key, Scalar)]
        close = next((match for key in keys for match in difflib.get_close_matches(key, _KEYS, 1)), None)
        hint = f"did you mean '{close}'?" if close else "an item begins with one of " + ", ".join(_KEYS)
        warn(entry.named("item", "").warning("LOAD_UNKNOWN_ITEM", "Unknown top level item", hint=hint))
        return
    if kind == "required_engine_version":
        yield _engine_requirement(entry.named("required_engine_version", ""))
    elif kind == "required_plugin_versions":
        yield from _plugin_requirements(entry.named("required_plugin_versions", ""))
    else:
        name = entry.named(kind, "").text(kind).value
        entry = entry.named(kind, name)
        if kind == "list":
            yield _list(name, entry, warn)
        elif kind == "macro":
            yield _macro(name, entry, warn)
        else:
            yield from _rule(name, entry, warn)
    _check_keys(entry, (kind, *_KEYS[kind]), warn)


def _check_keys(entry: Entry, known: Names[str], warn: Warn) -> None:
    for key, _ in entry.node.pairs:
        name = key.value if isinstance(key, Scalar) else "?"
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known keys are {', '.join(known)}"
            warn(entry.warning("LOAD_UNKNOWN_KEY", f"Unknown key '{name}'. The key will be ignored.", key, hint))


def _engine_requirement(entry: Entry) -> EngineRequirement:
    written = entry.text("required_engine_version")
    version = Version.of_engine(written.value)
    if version is None:
        message = f"Unable to parse engine version '{written.value}' as a semver string."
        message += ' Expected "x.y.z" semver format.'
        raise entry.invalid(message, written)
    return EngineRequirement(version, entry)


def _plugin_requirements(entry: Entry) -> Iterator[PluginRequirement]:
    node = entry.node.get("required_plugin_versions")
    if not isinstance(node, Sequence):
        raise entry.invalid("Value of required_plugin_versions must be a sequence", node)
    for item in node.items:
        if not isinstance(item, Mapping):
            raise entry.invalid("Plugin version must be a mapping", item)
        plugin = Entry(item, entry.context).named("required plugin", "")
        written = [(plugin.text("name").value, plugin.text("version").value)]
        plugin = Entry(item, entry.context).named("required plugin", written[0][0])
        alternatives = item.get("alternatives")
        if alternatives is not None and not isinstance(alternatives, Sequence):
            raise plugin.invalid("Value of plugin version alternatives must be a sequence", alternatives)
        for other in alternatives.items if alternatives else ():
            if not isinstance(other, Mapping):
                raise plugin.invalid("Plugin version alternative must be a mapping", other)
            alternative = Entry(other, plugin.context)
            written.append((alternative.text("name").value, alternative.text("version").value))
        yield PluginRequirement(tuple(_parsed(written, plugin)), plugin)


def _parsed(written: Names[tuple[str, str]], entry: Entry) -> Iterator[Requirement]:
    names: set[str] = set()
    for name, text in written:
        version = Version.parse(text)
        if version is None:
            message = f"Invalid required version '{text}' for plugin '{name}'"
            raise entry.rejected(message, hint="a version is three numbers, such as 0.7.0")
        if name in names:
            raise entry.rejected(f"Defined multiple alternative version requirements for plugin '{name}'")
        names.add(name)
        yield Requirement(name, version, text)


def _list(name: str, entry: Entry, warn: Warn) -> ListItem:
    if not _LIST_NAME.fullmatch(name):
        pattern = "([^()\"'[:space:]=,]+)"
        message = f"List has an invalid name. List names should match a regular expression: {pattern}"
        warn(entry.warning("LOAD_INVALID_LIST_NAME", message))
    items = tuple(entry.texts("items"))
    return ListItem(name, items, _is_append("items", entry, warn), entry)


def _macro(name: str, entry: Entry, warn: Warn) -> MacroItem:
    if not _MACRO_NAME.fullmatch(name):
        pattern = "([a-zA-Z]+[a-zA-Z0-9_]*)"
        message = f"Macro has an invalid name. Macro names should match a regular expression: {pattern}"
        warn(entry.warning("LOAD_INVALID_MACRO_NAME", message))
    condition = Text.of(entry.text("condition"))
    return MacroItem(name, condition, _is_append("condition", entry, warn), entry)


def _is_append(key: str, entry: Entry, warn: Warn) -> bool:
    """Tell whether a list or macro is appended to; `key` is all that it has."""
    is_append = _append_flag(entry, warn)
    overrides = _overrides(entry, (key,), (key,), is_append)
    return is_append or overrides.get(key) == "append"


def _append_flag(entry: Entry, warn: Warn) -> bool:
    is_append = entry.flag("append", False)
    if is_append:
        warn(entry.warning("LOAD_DEPRECATED_ITEM", _APPEND_IS_DEPRECATED, entry.node.key("append")))
    return is_append


def _overrides(entry: Entry, appendable: Names[str], replaceable: Names[str], is_append: bool) -> dict[str, str]:
    overrides = entry.overrides({"append": frozenset(appendable), "replace": frozenset(replaceable)})
    if is_append and overrides:
        raise entry.invalid(
            "Keys 'override' and 'append: true' cannot be used together. "
            "Add an 'append' entry (e.g. 'condition: append') under 'override' instead.",
            entry.node.key("append"),
        )
    return overrides


def _rule(name: str, entry: Entry, warn: Warn) -> Iterator[Item]:
    is_append = _append_flag(entry, warn)
    overrides = _overrides(entry, _APPENDABLE, _REPLACEABLE, is_append)
    if overrides:
        missing = {key for key in _REPLACEABLE if entry.has(key)}
        for operation in ("append", "replace"):
            keys = [key for key in _REPLACEABLE if overrides.get(key) == operation]
            if keys:
                may_conflict = "condition" in keys
                yield _update(name, keys, entry, warn, is_append=operation == "append", may_conflict=may_conflict)
                missing.difference_update(keys)
        for key in sorted(missing):
            message = f"Unexpected key '{key}': no corresponding entry under 'override' is defined."
            raise entry.invalid(message, entry.node.key(key), f"add `{key}: replace` under 'override'")
    elif is_append:
        keys = [key for key in ("condition", "exceptions") if entry.has(key)]
        yield _update(name, keys, entry, warn, is_append=True, may_conflict=True)
    elif any(entry.has(key) for key in _REQUIRED):
        yield _definition(name, entry, warn)
    else:
        if not entry.has("enabled"):
            raise entry.lacks("enabled", _NEITHER_FULL_NOR_OVERRIDE)
        enabled = entry.flag("enabled")
        warn(entry.warning("LOAD_DEPRECATED_ITEM", _ENABLED_IS_DEPRECATED, entry.node.key("enabled")))
        yield RuleSwitch(name, enabled, entry)


def _definition(name: str, entry: Entry, warn: Warn) -> RuleItem:
    condition, output, description = entry.text("condition"), entry.text("output"), entry.text("desc")
    priority = entry.priority()
    source = entry.optional_text("source")
    enabled = entry.flag("enabled", True)
    warn_evttypes = entry.flag("warn_evttypes", True)
    skip_if_unknown_filter = entry.flag("skip-if-unknown-filter", False)
    entry.flag("capture", False)
    entry.number("capture_duration")
    tags = entry.tags()
    return RuleItem(
        name=name,
        source=source.value if source else SYSCALL,
        condition=Text.of(condition),
        output=Text.of(output, strip=_BLANKS),
        description=description.value,
        priority=priority,
        tags=tags,
        enabled=enabled,
        warn_evttypes=warn_evttypes,
        skip_if_unknown_filter=skip_if_unknown_filter,
        exceptions=read_exceptions(entry, warn, is_append=False),
        entry=entry,
    )


def _update(
    name: str, keys: Names[str], entry: Entry, warn: Warn, *, is_append: bool, may_conflict: bool
) -> RuleUpdate:
    """Return what is to happen to the properties `keys`. `may_conflict`: the source, if named, is compared."""

    def wanted(key: str) -> bool:
        if key in keys and not entry.has(key):
            message = f"An {'append' if is_append else 'replace'} override for '{key}' was specified"
            raise entry.invalid(f"{message} but '{key}' is not defined", entry.node.key("override"))
        return key in keys

    condition = Text.of(entry.text("condition")) if wanted("condition") else None
    exceptions = read_exceptions(entry, warn, is_append=is_append) if wanted("exceptions") else None
    output = Text.of(entry.text("output")) if wanted("output") else None
    description = entry.text("desc").value if wanted("desc") else None
    tags = entry.tags() if wanted("tags") else None
    priority = entry.priority() if wanted("priority") else None
    enabled, warn_evttypes, skip_if_unknown_filter, _ = (
        entry.flag(key) if wanted(key) else None
        for key in ("enabled", "warn_evttypes", "skip-if-unknown-filter", "capture")
    )
    if wanted("capture_duration"):
        entry.number("capture_duration")
    source = entry.node.get("source")
    return RuleUpdate(
        name=name,
        is_append=is_append,
        entry=entry,
        source=source.value if isinstance(source, Scalar) and not source.is_null and may_conflict else "",
        condition=condition,
        output=output,
        description=description,
        tags=tags,
        exceptions=exceptions,
        priority=priority,
        enabled=enabled,
        warn_evttypes=warn_evttypes,
        skip_if_unknown_filter=skip_if_unknown_filter,
    )
