"""Lint of rules files: what the loader remarks, and what follows from the rules by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lanner.analysis.lint import behaviour
from lanner.analysis.lint.definitions import Definitions
from lanner.analysis.lint.facts import Question, RuleFacts, facts_of
from lanner.analysis.lint.findings import Finding, Severity, Subject, at
from lanner.analysis.lint.portability import Portability
from lanner.errors import UsageError
from lanner.fields import Catalogue
from lanner.ruleset import FileResult, Place, Rule, load_texts
from lanner.ruleset.diagnostics import Diagnostic
from lanner.ruleset.items import RuleItem
from lanner.ruleset.yaml_reader import MAX_BYTES

__all__ = ["LintResult", "RuleSummary", "lint"]

_UNUSED = {
    "LOAD_UNUSED_MACRO": "no rule or macro uses it",
    "LOAD_UNUSED_LIST": "no rule, macro or list uses it",
}
_ORDER = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """A rule and what is certain about it; `portable` counts its exceptions and the macros as they are written, too."""

    name: str
    place: Place
    portable: bool
    facts: RuleFacts

    def to_json(self) -> dict[str, Any]:
        """Return the summary as the JSON object of `lanner lint --format json`."""
        return {
            "rule": self.name,
            "file": self.place.file,
            "line": self.place.line,
            "level": self.facts.level,
            "full_level": self.facts.full_level,
            "portable": self.portable,
            "providers": self.facts.providers,
            "resources": list(self.facts.resources),
            "verbs": list(self.facts.verbs),
        }


@dataclass(frozen=True, slots=True)
class LintResult:
    """What lint found. `loaded` is what the loader says of every file; without rules there are no findings."""

    loaded: tuple[FileResult, ...]
    findings: tuple[Finding, ...] = ()
    rules: tuple[RuleSummary, ...] = ()

    @property
    def successful(self) -> bool:
        """Whether the files can be used at all."""
        return all(result.successful for result in self.loaded)

    def count(self, severity: Severity) -> int:
        """Return how many findings are this bad."""
        return sum(finding.severity is severity for finding in self.findings)


def lint(
    files: Sequence[Path],
    before: Sequence[Path] = (),
    *,
    portable: bool = False,
    providers: Collection[str] = (),
    fields: Catalogue | None = None,
) -> LintResult:
    """Return what is to be said of rules files, which are loaded in this order behind those of `before`.

    Nothing is said of the files of `before`. With `portable` no file may have what Falco has not; else those that are
    marked (`# lanner: portable`) may not. Rules that cannot match on one of `providers` are warned of. Raises
    `UsageError` if a file cannot be read.
    """
    texts = [(str(path), _content(path)) for path in (*before, *files)]
    loaded = load_texts(texts, fields)
    if loaded.ruleset is None:
        return LintResult(loaded.results)
    reported = {str(path): number for number, path in enumerate(files)}
    definitions = Definitions(fields)
    portability = Portability(definitions, reported, everything=portable)
    findings = list(_remarks(loaded.results))
    for name, content in texts:
        findings.extend(portability.of(definitions.add(name, content)))
    items = {item.name: item for item in definitions.rules}
    summaries = []
    alike: dict[str, Rule] = {}
    for rule in loaded.ruleset.rules:
        item = items.get(rule.name)
        if item is None or rule.condition is None:
            continue
        findings.extend(behaviour.exceptions_without_effect(item, definitions, reported))
        question = Question(rule)
        findings.extend(behaviour.output_never_there(question, item, definitions.catalogue))
        findings.extend(_same_condition(rule, item, alike))
        if rule.place.file in reported:
            certain = facts_of(question)
            findings.extend(behaviour.needs(question, item, certain, providers))
            findings.extend(behaviour.stages(question, item))
            summaries.append(RuleSummary(rule.name, rule.place, portability.is_portable(item), certain))
    kept = {finding: None for finding in findings if finding.place.file in reported}

    def order(finding: Finding) -> tuple[int, int, int, int, str]:
        place = finding.place
        return reported[place.file], place.line, place.column, _ORDER[finding.severity], finding.code

    return LintResult(loaded.results, tuple(sorted(kept, key=order)), tuple(summaries))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _remarks(results: Sequence[FileResult]) -> Iterator[Finding]:
    """Yield what the loader remarks; what is unused is known when all files are loaded."""
    for number, result in enumerate(results, start=1):
        for diagnostic in (*result.warnings, *result.notes):
            if diagnostic.code not in _UNUSED:
                yield _remark(diagnostic, diagnostic.code, diagnostic.message)
            elif number == len(results):
                yield _remark(diagnostic, diagnostic.code.replace("LOAD_", "LINT_"), _UNUSED[diagnostic.code])


def _remark(diagnostic: Diagnostic, code: str, message: str) -> Finding:
    return Finding(
        code, Severity.WARNING, message, diagnostic.place, _subject(diagnostic), diagnostic.hint, diagnostic.snippet
    )


def _subject(diagnostic: Diagnostic) -> Subject:
    for location in diagnostic.context:
        if location.item_type in ("rule", "macro", "list"):
            return Subject(location.item_type, location.item_name)
    return Subject("", "")


def _same_condition(rule: Rule, item: RuleItem, alike: dict[str, Rule]) -> Iterator[Finding]:
    if rule.never:
        return
    first = alike.setdefault(str(rule.condition), rule)
    if first is not rule:
        node = item.entry.node
        message = f"the rule {first.name!r} ({first.place}) has the same condition"
        subject = Subject("rule", rule.name)
        yield at(node, node.place, "LINT_SAME_CONDITION", Severity.WARNING, message, subject)
