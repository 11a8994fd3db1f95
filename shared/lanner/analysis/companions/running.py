"""All cases of some rules files, run; and what their rules lack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lanner.analysis.companions.judging import Judge
from lanner.analysis.companions.model import Kind, RuleTests
from lanner.analysis.companions.nodes import close_to
from lanner.analysis.companions.outcome import Gap, Report, SuiteResult
from lanner.analysis.companions.suites import Suite, companion_path, stray_companions
from lanner.errors import UsageError
from lanner.ruleset import Rule, matches
from lanner.ruleset.yaml_nodes import Mapping, Scalar
from lanner.ruleset.yaml_nodes import Sequence as Items
from lanner.ruleset.yaml_reader import decode, documents

__all__ = ["NEEDED", "run"]

_HINTS = 20
"""Errors that come with a guess what was meant: each costs a look at all names."""

NEEDED = {Kind.ALERT: 2, Kind.QUIET: 3, Kind.EVASION: 1}
"""How many cases of each kind a rule must have where tests are strict."""


def run(rules: Sequence[Rule], suites: Sequence[Suite], only: Sequence[str] = ()) -> Report:
    """Run the cases of `suites` by all of `rules`, which are those that their files, and others, were loaded to.

    With `only`, wildcards for names, other rules are not tested (but judge events, too). Raises `UsageError` if a
    companion has tests for a rule that its rules file does not have.
    """
    _check(rules, suites)
    judge = Judge(rules)
    found = [_run(suite, rules, judge, only) for suite in suites]
    if not only:
        for path in stray_companions([suite.rules_file for suite in suites]):
            rules_file = path.parent.parent / path.name
            gap = Gap(str(path), "", f"its tests are not run: there is no rules file {rules_file}")
            found.append(SuiteResult(rules_file, gaps=(gap,)))
    return Report(tuple(found))


def _run(suite: Suite, rules: Sequence[Rule], judge: Judge, only: Sequence[str]) -> SuiteResult:
    def is_wanted(name: str) -> bool:
        return not only or any(matches(pattern, name) for pattern in only)

    entries = [] if suite.companion is None else [tests for tests in suite.companion.tests if is_wanted(tests.rule)]
    by_rule = {tests.rule: tests for tests in entries}
    judged = {rule.name: rule for rule in rules if rule.is_evaluable and not rule.never}
    own = [rule.name for rule in judged.values() if rule.place.file == str(suite.rules_file) and is_wanted(rule.name)]
    return SuiteResult(
        rules_file=suite.rules_file,
        rules=tuple(dict.fromkeys((*own, *by_rule))),
        results=tuple([judge.judge(case) for tests in entries for case in tests.cases]),
        gaps=tuple([gap for name in own for gap in _gaps(judged[name], by_rule.get(name), suite)]),
        untested=tuple([name for name in own if name not in by_rule or not by_rule[name].cases]),
    )


def _gaps(rule: Rule, tests: RuleTests | None, suite: Suite) -> Iterator[Gap]:
    if tests is None or not tests.cases:
        yield Gap(str(rule.place), rule.name, f"the rule has no tests in {companion_path(suite.rules_file)}")
        return
    for kind, needed in NEEDED.items():
        count = len(tests.of(kind))
        if count < needed:
            message = f"the rule has {count} of at least {needed} cases under '{kind.value}'"
            yield Gap(str(tests.place), rule.name, message)


def _check(rules: Sequence[Rule], suites: Sequence[Suite]) -> None:
    """Look whether the rules that companions test stand in their rules files."""
    files = {rule.name: rule.place.file for rule in rules}
    errors: list[str] = []
    for suite in suites:
        named: set[str] | None = None  # found when it is needed: most rules stand where they are defined
        for tests in suite.companion.tests if suite.companion is not None else ():
            if files.get(tests.rule) == str(suite.rules_file):
                continue
            named = _named_in(suite.rules_file) if named is None else named
            if tests.rule not in named or tests.rule not in files:
                own = [name for name, file in files.items() if file == str(suite.rules_file)]
                hint = close_to(tests.rule, (*own, *named)) if len(errors) < _HINTS else ""
                where = f"{suite.rules_file} has no rule '{tests.rule}'"
                errors.append(f"{tests.place}: {where}{f'; {hint}' if hint else ''}")
    if errors:
        raise UsageError("\n".join(errors))


def _named_in(rules_file: Path) -> set[str]:
    """Return the rules that a rules file, which was loaded, defines or changes."""
    found: set[str] = set()
    for document in documents(decode(str(rules_file), rules_file.read_bytes()), []):
        for item in document.items if isinstance(document, Items) else ():
            name = item.get("rule") if isinstance(item, Mapping) else None
            if isinstance(name, Scalar):
                found.add(name.value)
    return found
