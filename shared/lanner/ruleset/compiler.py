"""Table of definitions → rules that are ready to be evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from lanner.errors import LanguageError
from lanner.fields import Catalogue
from lanner.language import Condition, Template, compile_operand
from lanner.ruleset import syscalls
from lanner.ruleset.appending import AppendOutput, ExtraField
from lanner.ruleset.conditions import Conditions, Memory
from lanner.ruleset.diagnostics import Invalid, about
from lanner.ruleset.entries import Warn
from lanner.ruleset.exceptions import expand_exceptions
from lanner.ruleset.items import AUDIT, SOURCES, SYSCALL, RuleItem
from lanner.ruleset.outputs import check_container_info, compile_extra_fields, compile_output
from lanner.ruleset.rules import Rule
from lanner.ruleset.table import Table

__all__ = ["Compiler"]


class Compiler:
    """Compiles the same table again and again while it grows."""

    def __init__(self, catalogue: Catalogue, append_output: Sequence[AppendOutput] = ()) -> None:
        self._catalogue = catalogue
        self._append_output = append_output
        self._memory = Memory()

    def compile(self, table: Table, warn: Warn) -> tuple[Rule, ...]:
        """Return all rules of a table in the order of their first definitions. Raises `Invalid`."""
        conditions = Conditions(table, self._catalogue, warn, self._memory)
        rules = tuple([self._rule(rule, conditions, warn) for rule in table.rules.values()])
        for name, macro in table.macros.items():
            if name not in conditions.macros.used:
                message = "Macro not referred to by any other rule/macro"
                warn(macro.item.entry.warning("LOAD_UNUSED_MACRO", message))
        for name, entry in table.lists.items():
            if name not in conditions.lists.used:
                message = "List not referred to by any other rule/macro"
                warn(entry.item.entry.warning("LOAD_UNUSED_LIST", message))
        return rules

    def field_problem(self, source: str, text: str) -> str:
        """Return why `text` is not a field of an event source; an empty text if it is one or nobody can know."""
        if source == SYSCALL:
            return syscalls.field_problem(text)
        if source == AUDIT:
            try:
                compile_operand(text, self._catalogue)
            except LanguageError as error:
                return f"{error.message}; {error.hint}" if error.hint else error.message
        return ""

    def _rule(self, rule: RuleItem, conditions: Conditions, warn: Warn) -> Rule:
        compiled = self._compiled(rule, conditions, warn) if rule.source in SOURCES else None
        condition, never, output, extra_fields = compiled or (None, "", None, ())
        return Rule(
            name=rule.name,
            source=rule.source,
            description=rule.description,
            priority=rule.priority,
            tags=tuple(sorted(rule.tags)),
            enabled=rule.enabled,
            condition_text=rule.condition.text,
            condition=condition,
            output_text=rule.output.text,
            output=output,
            extra_fields=extra_fields,
            place=rule.entry.node.place,
            never=never,
        )

    def _compiled(
        self, rule: RuleItem, conditions: Conditions, warn: Warn
    ) -> tuple[Condition, str, Template, tuple[ExtraField, ...]] | None:
        """Return the parts of a rule that Lanner evaluates, `None` if it does not.

        The output is looked at before the condition, as in Falco: that decides which error is found.
        """
        written = expand_exceptions(rule.condition, rule.exceptions)
        check_container_info(rule, warn)
        if rule.source == SYSCALL:
            if not rule.output.text:
                node = rule.entry.node
                raise Invalid(about("LOAD_ERR_COMPILE_OUTPUT", "empty formatting token", node, rule.entry.context))
            conditions.compile(rule, written)
            return None
        output = compile_output(rule, self._append_output, self._catalogue, warn, self._memory.templates)
        if output is None:
            return None
        extra_fields = compile_extra_fields(rule, self._append_output, self._catalogue)
        compiled = conditions.compile(rule, written)
        return None if compiled is None else (*compiled, output, extra_fields)
