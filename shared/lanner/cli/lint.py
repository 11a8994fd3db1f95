"""`lanner lint`: what is wrong, or worth knowing, with rules that load."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lanner.cli.loading import is_artefact, print_results
from lanner.cli.terminal import Style, printable
from lanner.errors import UsageError
from lanner.fields.availability import PROVIDERS
from lanner.ruleset import rules_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.analysis.lint import Finding, LintResult, RuleSummary

__all__ = ["add_to"]

EXIT_FINDINGS = 1
EXIT_INVALID = 2
_SHORT = {"yes": "yes", "never": "never", "data-access": "data access"}


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "lint",
        help="find mistakes in rules that load, and what they need",
        description="Says of rules files what is certain without any log. docs/linting-rules.md explains the codes.",
        epilog="Ends with 1 if there are errors (with --strict: or warnings), with 2 if the rules cannot be used.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="rules file or directory, in this order")
    parser.add_argument(
        "-r",
        dest="before",
        action="append",
        default=[],
        type=Path,
        metavar="RULES",
        help="rules file or directory that is loaded before, and not reported on; repeatable",
    )
    parser.add_argument(
        "--portable",
        action="store_true",
        help="what Falco does not have is an error, in every file (else in those with a comment `# lanner: portable`)",
    )
    parser.add_argument(
        "--provider",
        dest="providers",
        action="append",
        default=[],
        choices=PROVIDERS,
        help="warn of rules that can never match there; repeatable",
    )
    parser.add_argument("--strict", action="store_true", help="warnings count like errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="show information, too, and a table of the rules")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from lanner.analysis.lint import Severity, lint

    for path in (*options.before, *options.files):
        if is_artefact(path):
            raise UsageError(f"{path}: these rules were built; lint the files they come from")
    files, before = rules_paths(options.files, explicit=True), rules_paths(options.before, explicit=True)
    result = lint(files, before, portable=options.portable, providers=options.providers)
    if not result.successful:
        print_results([loaded for loaded in result.loaded if not loaded.successful], sys.stderr)
        return EXIT_INVALID
    if options.format == "json":
        print(_json(result))
    else:
        _print(result, verbose=options.verbose)
    worst = Severity.WARNING if options.strict else Severity.ERROR
    is_bad = result.count(Severity.ERROR) or (worst is Severity.WARNING and result.count(worst))
    return EXIT_FINDINGS if is_bad else 0


def _json(result: LintResult) -> str:
    shown = {
        "findings": [finding.to_json() for finding in result.findings],
        "rules": [summary.to_json() for summary in result.rules],
    }
    return json.dumps(shown, indent=2)


def _print(result: LintResult, *, verbose: bool) -> None:
    from lanner.analysis.lint import Severity

    style = Style.for_stream(sys.stdout)
    shown = [finding for finding in result.findings if verbose or finding.severity is not Severity.INFO]
    file = ""
    for finding in shown:
        if finding.place.file != file:
            file = finding.place.file
            print(style.heading(printable(file)))
        _print_finding(finding, style)
    if verbose and result.rules:
        _print_table(result.rules, style)
    errors, warnings, infos = (result.count(severity) for severity in Severity)
    counts = f"{_number(len(result.rules), 'rule')}: {_number(errors, 'error')}, {_number(warnings, 'warning')}"
    hidden = "" if verbose or not infos else " (-v shows them)"
    print(f"{counts}, {infos:,} for information{hidden}")


def _print_finding(finding: Finding, style: Style) -> None:
    from lanner.analysis.lint import Severity

    paint = {Severity.ERROR: style.error, Severity.WARNING: style.warning}.get(finding.severity, str)
    about = f"{finding.subject}: " if str(finding.subject) else ""
    severity = paint(finding.severity.value)
    print(f"{printable(str(finding.place))}: {severity} {finding.code}: {printable(about + finding.message)}")
    if finding.severity is not Severity.INFO:
        for line in finding.snippet.split("\n"):
            print(f"    {printable(line.replace(chr(9), ' '))}")
    if finding.hint:
        print(f"    hint: {printable(finding.hint)}")


def _print_table(rules: Sequence[RuleSummary], style: Style) -> None:
    providers = list(rules[0].facts.providers)
    head = ["rule", "level", "Falco", *providers]
    rows = [
        [
            printable(summary.name),
            summary.facts.level or "never",
            "yes" if summary.portable else "no",
            *[_SHORT[summary.facts.providers[name]] for name in providers],
        ]
        for summary in rules
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for number, row in enumerate([head, *rows]):
        line = "  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]).rstrip()
        print(style.heading(line) if number == 0 else line)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
