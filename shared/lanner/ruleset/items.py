"""The items of a rules file, decoded (spec/rules.md sections 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

from lanner.ruleset.entries import Entry
from lanner.ruleset.exceptions import RuleException
from lanner.ruleset.priority import Priority
from lanner.ruleset.texts import Text
from lanner.ruleset.versions import Requirement, Version

__all__ = [
    "AUDIT",
    "SOURCES",
    "SYSCALL",
    "EngineRequirement",
    "Item",
    "ListItem",
    "MacroItem",
    "PluginRequirement",
    "RuleItem",
    "RuleSwitch",
    "RuleUpdate",
]

SYSCALL = "syscall"
"""The event source of system calls, and that of rules that name none. Lanner checks such rules, no more."""
AUDIT = "k8s_audit"
"""The event source whose rules Lanner evaluates."""
SOURCES = (SYSCALL, AUDIT)
"""The event sources that are known; rules of others are kept, but not looked into."""


@dataclass(frozen=True, slots=True)
class EngineRequirement:
    """The engine version that the rules need."""

    version: Version
    entry: Entry


@dataclass(frozen=True, slots=True)
class PluginRequirement:
    """Plugins of which one is needed."""

    alternatives: tuple[Requirement, ...]
    entry: Entry


@dataclass(frozen=True, slots=True)
class ListItem:
    """A list, or further items for one."""

    name: str
    items: tuple[str, ...]
    is_append: bool
    entry: Entry


@dataclass(frozen=True, slots=True)
class MacroItem:
    """A macro, or a continuation of one."""

    name: str
    condition: Text
    is_append: bool
    entry: Entry


@dataclass(frozen=True, slots=True)
class RuleItem:
    """The full definition of a rule."""

    name: str
    source: str
    condition: Text
    output: Text
    description: str
    priority: Priority
    tags: frozenset[str]
    enabled: bool
    warn_evttypes: bool
    skip_if_unknown_filter: bool
    exceptions: tuple[RuleException, ...]
    entry: Entry


@dataclass(frozen=True, slots=True)
class RuleUpdate:
    """What is to be appended to, or replaced in, an existing rule; `None` leaves a property as it is."""

    name: str
    is_append: bool
    entry: Entry
    source: str = ""
    condition: Text | None = None
    output: Text | None = None
    description: str | None = None
    tags: frozenset[str] | None = None
    exceptions: tuple[RuleException, ...] | None = None
    priority: Priority | None = None
    enabled: bool | None = None
    warn_evttypes: bool | None = None
    skip_if_unknown_filter: bool | None = None


@dataclass(frozen=True, slots=True)
class RuleSwitch:
    """The deprecated form that only switches a rule on or off."""

    name: str
    enabled: bool
    entry: Entry


Item = EngineRequirement | PluginRequirement | ListItem | MacroItem | RuleItem | RuleUpdate | RuleSwitch
