"""Conditions of macros and rules: lists inserted, parsed, macros replaced, compiled (spec/conditions.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lanner.errors import ConditionError, LanguageError
from lanner.fields import Catalogue
from lanner.language import (
    FALSE,
    TRUE,
    BoundCheck,
    Check,
    Condition,
    ConditionWarning,
    MacroRef,
    Template,
    compile_condition,
    condition_warnings,
    decisive,
    fold,
    parse,
)
from lanner.ruleset import syscalls
from lanner.ruleset.diagnostics import Diagnostic, Invalid, Location, Severity, about_text
from lanner.ruleset.entries import Entry, Warn
from lanner.ruleset.items import SYSCALL, MacroItem, RuleItem
from lanner.ruleset.lists import MAX_TEXT, Lists, TooLong
from lanner.ruleset.macros import Macros
from lanner.ruleset.table import MacroEntry, Table
from lanner.ruleset.texts import Text

__all__ = ["Compiled", "Conditions", "Memory"]

_NO_EVENT_TYPE = "Rule matches too many evt.type values. This has a significant performance penalty."
_UNSAFE_NA = "LOAD_UNSAFE_NA_CHECK"
_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A condition as it was written, the same with its lists inserted, and the tree of that."""

    written: Text
    inserted: str
    tree: Condition
    entry: Entry


class Compiled(NamedTuple):
    """A condition that is compiled and folded, and, if it is `FALSE` then, why."""

    condition: Condition
    never: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What was parsed and compiled for a table, and need not be again when it has grown."""

    templates: dict[str, Template] = field(default_factory=dict)
    trees: dict[str, Condition] = field(default_factory=dict)
    compiled: dict[tuple[str, Condition], tuple[Compiled, list[ConditionWarning]]] = field(default_factory=dict)
    checks: dict[Check, BoundCheck] = field(default_factory=dict)
    warnings: dict[Check, list[tuple[str, str]]] = field(default_factory=dict)


class Conditions:
    """The conditions of a table. Making one parses all macros and replaces what they use.

    Everything in here raises `Invalid`.
    """

    def __init__(self, table: Table, catalogue: Catalogue, warn: Warn, memory: Memory) -> None:
        self.lists = Lists(table.lists)
        self._catalogue = catalogue
        self._warn = warn
        self._memory = memory
        self._macros = {name: self._parse(entry.item, entry.item.condition) for name, entry in table.macros.items()}
        self.macros = Macros({name: macro.tree for name, macro in self._macros.items()})
        for name, entry in table.macros.items():
            try:
                self.macros.resolve(name, _visible(table, entry))
            except ConditionError as error:
                raise Invalid(self._about("LOAD_ERR_VALIDATE", error, self._macros[name])) from None

    def compile(self, rule: RuleItem, written: Text) -> Compiled | None:
        """Return a rule's condition, `written` with its exceptions, compiled and folded.

        `None` if Lanner does not evaluate it: it is about system calls (then it is only checked), or it names an
        unknown field and the rule is to be skipped then.
        """
        parsed = self._parse(rule, written)
        try:
            tree = self.macros.expand(parsed.tree)
        except ConditionError as error:
            raise Invalid(self._about("LOAD_ERR_VALIDATE", error, parsed)) from None
        try:
            if rule.source != SYSCALL:
                return self._compile(parsed, tree)
            self._check_syscall(rule, tree)
        except LanguageError as error:
            problem, where = self._first_problem(error, parsed, is_syscall=rule.source == SYSCALL)
            if problem.unknown_field and rule.skip_if_unknown_filter:
                self._warn(self._about("LOAD_UNKNOWN_FILTER", problem, where, parsed, Severity.WARNING))
            else:
                raise Invalid(self._about("LOAD_ERR_COMPILE_CONDITION", problem, where, parsed)) from None
        return None

    def _parse(self, item: MacroItem | RuleItem, written: Text) -> _Parsed:
        try:
            inserted = self.lists.insert(written.text)
        except TooLong:
            message = f"with its lists inserted, the condition has more than {MAX_TEXT} characters"
            raise item.entry.rejected(message, item.entry.node.get("condition")) from None
        trees = self._memory.trees
        if inserted not in trees:
            try:
                trees[inserted] = parse(inserted)
            except ConditionError as error:
                where = _Parsed(written, inserted, MacroRef(""), item.entry)
                raise Invalid(self._about("LOAD_ERR_COMPILE_CONDITION", error, where)) from None
        return _Parsed(written, inserted, trees[inserted], item.entry)

    def _compile(self, parsed: _Parsed, tree: Condition) -> Compiled:
        memory = self._memory
        known = memory.compiled.get((parsed.inserted, tree))
        warnings = known[1] if known else condition_warnings(tree, self._catalogue, memory.warnings)
        unsafe = [warning for warning in warnings if warning.code == _UNSAFE_NA]
        self._report(unsafe[:1], parsed)  # Falco gives this one once for a rule
        if known:
            compiled = known[0]
        else:
            compiled = _folded(compile_condition(tree, self._catalogue, parsed.inserted, memory.checks))
            memory.compiled[parsed.inserted, tree] = compiled, warnings
        self._report([warning for warning in warnings if warning.code != _UNSAFE_NA], parsed)
        return compiled

    def _check_syscall(self, rule: RuleItem, tree: Condition) -> None:
        condition = rule.entry.node.get("condition")
        for name in syscalls.deprecated_fields(tree):
            message = f"usage of deprecated field '{name}' has been detected in the rule condition"
            self._warn(rule.entry.warning("LOAD_DEPRECATED_ITEM", message, condition))
        syscalls.check_fields(tree)
        if rule.warn_evttypes and not syscalls.is_bound_to_event_types(tree):
            self._warn(rule.entry.warning("LOAD_NO_EVTTYPE", _NO_EVENT_TYPE, condition))

    def _report(self, warnings: list[ConditionWarning], parsed: _Parsed) -> None:
        """Warn about checks of the condition or of its macros, each at its place."""
        for warning in warnings:
            places = (
                (found.position, where)
                for where, check in self._checks(parsed)
                for found in condition_warnings(check, self._catalogue)
                if (found.code, found.message) == (warning.code, warning.message)
            )
            position, where = next(places, (0, parsed))
            error = ConditionError(warning.message, position=position)
            self._warn(self._about(warning.code, error, where, parsed, Severity.WARNING))

    def _first_problem(
        self, error: LanguageError, parsed: _Parsed, *, is_syscall: bool
    ) -> tuple[LanguageError, _Parsed]:
        """Return the error again, with the position where it was written: in the condition or in one of its macros."""

        def problems() -> Iterator[tuple[LanguageError, _Parsed]]:
            for where, check in self._checks(parsed):
                try:
                    if is_syscall:
                        syscalls.check_fields(check)
                    else:
                        compile_condition(check, self._catalogue, where.inserted)
                except LanguageError as found:
                    yield found, where

        return next(problems(), (error, parsed))

    def _checks(self, parsed: _Parsed) -> Iterator[tuple[_Parsed, Check]]:
        for macro, check in self.macros.checks(parsed.tree):
            yield self._macros[macro] if macro else parsed, check

    def _about(
        self,
        code: str,
        error: LanguageError,
        where: _Parsed,
        user: _Parsed | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Diagnostic:
        """Return a diagnostic about a condition that was met on behalf of `user`."""
        context = list(where.entry.context)
        if user and user is not where:
            context = [*user.entry.context, *context]
        position = self.lists.trace(where.written.text, error.position)
        node, _ = where.written.locate(position)
        context.append(Location("condition", "", node.place))
        shown = ConditionError(error.message, text=where.inserted, position=error.position, hint=error.hint)
        return about_text(code, shown, where.written, position, context, severity=severity)


def _folded(condition: Condition) -> Compiled:
    folded = fold(condition)
    if folded is False:
        parts = list(dict.fromkeys(str(part) for part in decisive(condition, False)))
        more = ", ..." if len(parts) > _REASONS_SHOWN else ""
        return Compiled(FALSE, f"its condition is never true: {', '.join(parts[:_REASONS_SHOWN])}{more}")
    return Compiled(TRUE if folded is True else folded, "")


def _visible(table: Table, user: MacroEntry) -> Callable[[str], bool]:
    """Return which macros `user` may use: those whose first definition stands before its last one."""
    return lambda name: table.macros[name].first < user.last
