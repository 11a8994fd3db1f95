"""The table of lists, macros and rules that all files together define (spec/rules.md sections 1.4, 2 and 6)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from lanner.ruleset.entries import Warn
from lanner.ruleset.exceptions import append_exceptions, check_exception
from lanner.ruleset.items import (
    AUDIT,
    SOURCES,
    EngineRequirement,
    Item,
    ListItem,
    MacroItem,
    PluginRequirement,
    RuleItem,
    RuleSwitch,
    RuleUpdate,
)
from lanner.ruleset.versions import ENGINE

__all__ = ["ListEntry", "MacroEntry", "Table"]

FieldProblem = Callable[[str, str], str]
"""Says why a text is not a field of a source (source, text); an empty text if it is one."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A list. `first` and `last` number its first and its last definition among all definitions."""

    item: ListItem
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class MacroEntry:
    """A macro. `first` and `last` number its first and its last definition among all definitions."""

    item: MacroItem
    first: int
    last: int


class Table:
    """All definitions so far, each in the order of its first one.

    `problem_of` judges the fields of exceptions, `warn` takes warnings.
    """

    def __init__(self, problem_of: FieldProblem) -> None:
        self.lists: dict[str, ListEntry] = {}
        self.macros: dict[str, MacroEntry] = {}
        self.rules: dict[str, RuleItem] = {}
        self.plugins: list[PluginRequirement] = []
        self._problem_of = problem_of
        self._number = itertools.count()

    def add(self, item: Item, warn: Warn) -> None:
        """Merge an item into the table. Raises `Invalid` (LOAD_ERR_VALIDATE) if it does not fit what is there."""
        if isinstance(item, EngineRequirement):
            if not ENGINE.satisfies(item.version):
                message = f"Rules require engine version {item.version}, but engine version is {ENGINE}"
                raise item.entry.rejected(message)
        elif isinstance(item, PluginRequirement):
            self.plugins.append(item)
        elif isinstance(item, ListItem):
            self._add_list(item)
        elif isinstance(item, MacroItem):
            self._add_macro(item)
        elif isinstance(item, RuleItem):
            self._define(item, warn)
        elif isinstance(item, RuleUpdate):
            self._update(item)
        elif isinstance(item, RuleSwitch):
            earlier = self.rules.get(item.name)
            if earlier is None:
                raise item.entry.rejected("Rule has 'enabled' key but no rule by that name already exists")
            self.rules[item.name] = replace(earlier, enabled=item.enabled)
        else:
            assert_never(item)

    def _add_list(self, item: ListItem) -> None:
        number = next(self._number)
        earlier = self.lists.get(item.name)
        if item.is_append:
            if earlier is None:
                raise item.entry.rejected(
                    "List uses 'append' or 'override.items: append' but no list by that name already exists"
                )
            item = replace(earlier.item, items=earlier.item.items + item.items)
        self.lists[item.name] = ListEntry(item, earlier.first if earlier else number, number)

    def _add_macro(self, item: MacroItem) -> None:
        number = next(self._number)
        earlier = self.macros.get(item.name)
        if item.is_append:
            if earlier is None:
                raise item.entry.rejected(
                    "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists"
                )
            item = replace(earlier.item, condition=earlier.item.condition.append(item.condition))
        self.macros[item.name] = MacroEntry(item, earlier.first if earlier else number, number)

    def _define(self, item: RuleItem, warn: Warn) -> None:
        next(self._number)
        self._check_source(item.name, item.source, item)
        if item.source not in SOURCES:
            message = f"Unknown source {item.source}, skipping"
            hint = f"Lanner evaluates rules of source {AUDIT}"
            warn(item.entry.warning("LOAD_UNKNOWN_SOURCE", message, item.entry.node.get("source"), hint))
        checked = [check_exception(exception, self._fields_of(item.source)) for exception in item.exceptions]
        self.rules[item.name] = replace(item, exceptions=tuple(checked))

    def _update(self, item: RuleUpdate) -> None:
        next(self._number)
        earlier = self.rules.get(item.name)
        if earlier is None:
            asked = (
                "Rule uses 'append' or 'override.<key>: append'"
                if item.is_append
                else "An 'override.<key>: replace' to a rule was requested"
            )
            raise item.entry.rejected(f"{asked} but no rule by that name already exists")
        appended = (item.condition, item.output, item.description, item.tags, item.exceptions)
        if item.is_append and all(value is None for value in appended):
            raise item.entry.rejected("Appended rule must have exceptions or condition property")
        if item.source:
            self._check_source(item.name, item.source, item)
        self.rules[item.name] = self._appended(earlier, item) if item.is_append else _replaced(earlier, item)

    def _check_source(self, name: str, source: str, item: RuleItem | RuleUpdate) -> None:
        earlier = self.rules.get(name)
        if earlier and earlier.source != source:
            hint = f"the rule's source is {earlier.source} in {earlier.entry.node.place}, here it is {source}"
            raise item.entry.rejected("Rule has been re-defined with a different source", hint=hint)

    def _fields_of(self, source: str) -> Callable[[str], str]:
        return lambda text: self._problem_of(source, text)

    def _appended(self, rule: RuleItem, item: RuleUpdate) -> RuleItem:
        description = rule.description if item.description is None else f"{rule.description} {item.description}"
        exceptions = append_exceptions(rule.exceptions, item.exceptions or (), self._fields_of(rule.source))
        return replace(
            rule,
            condition=rule.condition.append(item.condition) if item.condition else rule.condition,
            output=rule.output.append(item.output) if item.output else rule.output,
            description=description,
            tags=rule.tags | (item.tags or frozenset()),
            exceptions=exceptions,
        )


_REPLACED = (
    "condition",
    "output",
    "description",
    "tags",
    "exceptions",
    "priority",
    "enabled",
    "warn_evttypes",
    "skip_if_unknown_filter",
)


def _replaced(rule: RuleItem, item: RuleUpdate) -> RuleItem:
    """Return the rule with what `item` gives; exceptions go in unchecked, as in Falco (spec/rules.md section 1.4)."""
    given = {name: getattr(item, name) for name in _REPLACED}
    return replace(rule, **{name: value for name, value in given.items() if value is not None})
