"""What Falco does not know, or takes for something else: fields, and the few liberties of conditions.

A file is judged when it has been added, with what stands before it. A finding is at the place where the field stands; a
rule of a file marked as portable that uses a macro of another file is told of at the macro's name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lanner.analysis.lint.definitions import Definitions, File, Spot, Written
from lanner.analysis.lint.findings import Finding, Severity, Subject, at
from lanner.analysis.lint.glued import glued_or
from lanner.errors import LanguageError
from lanner.fields import BoundField, Catalogue
from lanner.language import Check, FieldRef, Piece, Transform, compile_operand, compile_template
from lanner.language.nodes import Operand, TupleArgument
from lanner.language.operands import bind_operand, fields_of
from lanner.language.transformers import MAPPINGS
from lanner.ruleset.items import RuleItem
from lanner.ruleset.yaml_nodes import Sequence

__all__ = ["DIFFERENCES", "Portability"]

MAX_CONSTANT = 255
"""Bytes of a constant that Falco takes (docs/compatibility.md, difference i)."""

DIFFERENCES = {
    "a": "there the field is practically always missing",
    "b": "there it is practically always 0",
    "c": "there an image is cut at its first colon, so a registry with a port has no repository",
    "d": "there it is one JSON text for each container",
    "e": "there lists that a transformer has changed never match",
    "j": "a request body that is an array ends Falco",
}
"""What Falco does instead, by the letters of docs/compatibility.md, where it concerns a field or an operator."""


class Portability:
    """Judges files, one after the other; only what is found in those of `reported` will be seen."""

    def __init__(self, definitions: Definitions, reported: Collection[str], *, everything: bool) -> None:
        self._definitions = definitions
        self._reported = reported
        self._promised = set(reported) if everything else set()
        """The files that promise to be portable."""
        self._macros: dict[str, bool] = {}
        """Macros that are not portable, and whether an error says so."""
        self._rules: set[str] = set()
        """Rules that are not, whatever their macros are."""

    def is_portable(self, rule: RuleItem) -> bool:
        """Tell whether Falco knows all that a rule consists of, by the files judged so far."""
        if rule.name in self._rules:
            return False
        pending = [self._definitions.condition(rule)]
        seen: set[str] = set()
        while pending:
            for name in {reference.name for reference in pending.pop().references()} - seen:
                if name in self._macros:
                    return False
                seen.add(name)
                pending.append(self._definitions.macro(name))
        return True

    def of(self, file: File) -> Iterator[Finding]:
        """Yield the findings of a file that was added last."""
        if file.is_marked:
            self._promised.add(file.name)
        for name in file.macros:
            written = self._definitions.macro(name)
            found = list(self._of_condition(written, Subject("macro", name)))
            self._macros.pop(name, None)
            if _is_broken(found) or any(reference.name in self._macros for reference in written.references()):
                self._macros[name] = any(
                    finding.severity is Severity.ERROR and finding.place.file in self._reported for finding in found
                )
            yield from found
        for name in file.rules:
            rule = self._definitions.rule(name)
            if rule is not None:
                yield from self._of_rule(rule)

    def _of_rule(self, rule: RuleItem) -> Iterator[Finding]:
        subject = Subject("rule", rule.name)
        found = [
            *self._of_condition(self._definitions.condition(rule), subject),
            *self._of_exceptions(rule, subject),
            *self._of_output(rule, subject),
        ]
        self._rules.discard(rule.name)
        if _is_broken(found):
            self._rules.add(rule.name)
        yield from found

    def _of_condition(self, written: Written, subject: Subject) -> Iterator[Finding]:
        fields = self._definitions.catalogue
        for check in written.checks():
            for operand in _operands(check):
                for position, bound in _fields(operand, fields):
                    yield from self._of_field(bound, written.spot(position), subject)
            constant = _longest(check)
            if constant > MAX_CONSTANT:
                message = f"Falco takes constants of at most {MAX_CONSTANT} bytes, this one has {constant:,}"
                yield self._broken(written.spot(check.right_position), message, subject)
            if check.operator in ("in", "intersects") and any(_is_changed_list(o, fields) for o in _operands(check)):
                yield _differs("e", "Falco compares otherwise", written.spot(check.operator_position), subject)
        for reference in written.references():
            spot = written.spot(reference.position)
            if spot.place.file in self._promised and self._macros.get(reference.name) is False:
                yield self._broken(spot, f"the macro '{reference.name}' uses what Falco does not have", subject)
        glued = glued_or(written.text.text)
        if glued is not None:
            message = "Falco refuses an `and` behind a group that touches its `or`"
            yield self._broken(Spot(*written.text.locate(glued)), message, subject, "write `or (`")

    def _of_exceptions(self, rule: RuleItem, subject: Subject) -> Iterator[Finding]:
        for exception in rule.exceptions:
            fields = exception.fields if isinstance(exception.fields, tuple) else (exception.fields,)
            node = exception.entry.node.get("fields") or exception.entry.node
            written = node.items if isinstance(node, Sequence) else ()
            nodes = written if len(written) == len(fields) else [node] * len(fields)
            for text, where in zip(fields, nodes, strict=True):
                for bound in _named(text, self._definitions.catalogue):
                    yield from self._of_field(bound, Spot(where, where.place), subject)

    def _of_output(self, rule: RuleItem, subject: Subject) -> Iterator[Finding]:
        """Yield what Falco does not have; that it shows some values otherwise is no matter here."""
        for position, bound in output_fields(rule.output.text, self._definitions.catalogue):
            if not bound.field.is_portable:
                yield from self._of_field(bound, Spot(*rule.output.locate(position)), subject)

    def _of_field(self, bound: BoundField, spot: Spot, subject: Subject) -> Iterator[Finding]:
        if not bound.field.is_portable:
            yield self._broken(spot, f"Falco does not have the field {bound.field.name}", subject)
        elif bound.field.correction:
            yield _differs(bound.field.correction, f"Falco reads {bound.field.name} otherwise", spot, subject)

    def _broken(self, spot: Spot, message: str, subject: Subject, hint: str = "") -> Finding:
        severity = Severity.ERROR if spot.place.file in self._promised else Severity.INFO
        return at(spot.node, spot.place, "LINT_NOT_PORTABLE", severity, message, subject, hint)


def _is_broken(findings: list[Finding]) -> bool:
    return any(finding.code == "LINT_NOT_PORTABLE" for finding in findings)


def _differs(letter: str, message: str, spot: Spot, subject: Subject) -> Finding:
    why = f"{message}: {DIFFERENCES[letter]}"
    hint = f"difference {letter} in docs/compatibility.md"
    return at(spot.node, spot.place, "LINT_DIFFERS", Severity.INFO, why, subject, hint)


def output_fields(text: str, catalogue: Catalogue) -> Iterator[tuple[int, BoundField]]:
    """Yield the fields of an output with the positions of their percent signs; none if it does not compile."""
    try:
        template = compile_template(text, catalogue)
    except LanguageError:
        return
    position = 0
    for part in template.parts:
        if isinstance(part, Piece):
            position = max(text.find("%", position), 0)
            for bound in fields_of(part.operand):
                yield position, bound
            position += 1 + (len(str(part.source)) if text.startswith(str(part.source), position + 1) else 0)


def _operands(check: Check) -> Iterator[Operand]:
    yield check.left
    if isinstance(check.right, FieldRef | Transform):
        yield check.right


def _fields(operand: Operand, catalogue: Catalogue) -> Iterator[tuple[int, BoundField]]:
    """Yield the fields of an operand with their positions; unknown ones are left out."""
    if isinstance(operand, FieldRef):
        try:
            yield operand.position, catalogue.bind(operand.name, operand.argument)
        except LanguageError:
            return  # the rule has skip-if-unknown-filter, or nothing uses the macro
        return
    for argument in operand.arguments:
        parts = argument.items if isinstance(argument, TupleArgument) else (argument,)
        for part in parts:
            if isinstance(part, FieldRef | Transform):
                yield from _fields(part, catalogue)


def _named(text: object, catalogue: Catalogue) -> list[BoundField]:
    """Return the fields that a field of an exception names."""
    try:
        return list(fields_of(compile_operand(text, catalogue))) if isinstance(text, str) else []
    except LanguageError:
        return []  # an exception that was put in unchecked, and has no values


def _longest(check: Check) -> int:
    """Return how many bytes the longest constant has that a check compares texts with."""
    if not isinstance(check.right, tuple) or check.operator in ("<", "<=", ">", ">="):
        return 0
    return max(map(len, check.right), default=0)


def _is_changed_list(operand: Operand, catalogue: Catalogue) -> bool:
    """Tell whether an operand is a list whose elements a transformer has changed."""
    if not isinstance(operand, Transform) or operand.name not in MAPPINGS:
        return False
    try:
        return bind_operand(operand, catalogue).is_list
    except LanguageError:
        return False
