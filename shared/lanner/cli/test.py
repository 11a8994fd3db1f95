"""`lanner test`: the tests beside rules files (docs/testing-rules.md)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lanner.cli.loading import add_configuration_options, configuration, is_artefact, print_results
from lanner.cli.terminal import Style, printable
from lanner.cli.writing import output_file, replace
from lanner.errors import RulesError, UsageError
from lanner.fields import Catalogue
from lanner.ruleset import Config, Ruleset, matches, rules_paths, shipped_rules

if TYPE_CHECKING:
    from lanner.analysis.companions import CaseResult, Report, Suite

__all__ = ["add_to"]

_DESCRIPTION = """\
Runs the tests that stand beside rules files: those of rules/NAME.yaml are in rules/tests/NAME.yaml. Every event is
judged by all rules, also by those that are disabled, and by both engines. Exit status 1 if a test failed."""

_NAMES_SHOWN = 10
_UNUSED = ("LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST")


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("test", help="run the tests that stand beside rules files", description=_DESCRIPTION)
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="rules file or directory, in this order (default: the rules shipped with Lanner)",
    )
    parser.add_argument(
        "-r",
        dest="others",
        action="append",
        default=[],
        metavar="RULES",
        help="rules file or directory that is loaded before, and whose tests are not run; repeatable",
    )
    add_configuration_options(parser, "-o", "--set")
    parser.add_argument(
        "--rule",
        dest="only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="test only the rules whose name matches PATTERN (* stands for anything); repeatable",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail also if a rule has too few tests (2 alerts, 3 quiet, 1 evasion), or tests have no rules file",
    )
    parser.add_argument("--junit", metavar="FILE", help="write the results to FILE, as JUnit XML")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--no-color", action="store_true", help="no colours (also: the environment variable NO_COLOR)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from lanner.analysis.companions import junit_xml, read_suites, run

    config = configuration(options)
    files = _rules_files(options, config)
    others = _distinct(rules_paths(_paths(options.others, "-r"), explicit=True))
    tested = {os.path.realpath(path) for path in files}
    loaded = _distinct([*others, *files])
    suites = read_suites([path for path in loaded if os.path.realpath(path) in tested])
    junit = (
        None
        if options.junit is None
        else output_file(options.junit, "--junit", _read(loaded, suites, options), what="JUnit XML is written into one")
    )
    ruleset = _load(loaded, config)
    report = run(ruleset.rules, suites, options.only)
    for pattern in options.only:
        if not any(matches(pattern, rule) for rule in report.rules):
            raise UsageError(f"--rule: no rule of these files has the name {pattern!r}; `lanner rules list` lists them")
    if junit is not None:
        replace(junit, junit_xml(report, strict=options.strict), f"--junit {options.junit}")
    if options.format == "json":
        print(json.dumps(_object(report, strict=options.strict), indent=2))
    else:
        _show(report, options)
    return 0 if report.passed(strict=options.strict) else 1


def _paths(names: Sequence[str], what: str) -> list[Path]:
    from lanner.analysis.companions import FOLDER

    paths = [Path(name) for name in names]
    for name, path in zip(names, paths, strict=True):
        if not name:
            raise UsageError(f"{what}: the name of a rules file is empty")
        if is_artefact(path):
            raise UsageError(f"{path}: these rules were built; give the files that they come from")
        rules_file = path.parent.parent / path.name
        if path.parent.name == FOLDER and rules_file.is_file():
            raise UsageError(f"{path}: these are tests; give the rules file that they belong to, {rules_file}")
    return paths


def _rules_files(options: argparse.Namespace, config: Config) -> list[Path]:
    """Return the rules files whose tests are run."""
    if options.paths:
        return _distinct(rules_paths(_paths(options.paths, "PATH"), explicit=True))
    if config.rules_files:
        names = [str(path) for path in config.rules_files]
        files = _distinct(rules_paths(_paths(names, "rules_files"), explicit=False))
        if not files:
            raise UsageError("none of the rules_files exists here as a *.yaml or *.yml file")
        return files
    return rules_paths(shipped_rules(), explicit=True)


def _load(files: Sequence[Path], config: Config) -> Ruleset:
    """Load rules files; of warnings only the number is shown. Raises `RulesError` if the files are invalid."""
    from lanner.ruleset import load

    loaded = load(files, Catalogue(config.static_fields), config.append_output)
    if loaded.ruleset is None:
        print_results([result for result in loaded.results if not result.successful], sys.stderr)
        raise RulesError("the rules cannot be used, see above", loaded.results)
    style = Style.for_stream(sys.stderr)
    for result in loaded.results:
        # What a file defines for others is unused if they are not there.
        count = sum(warning.code not in _UNUSED for warning in result.warnings)
        if count:
            told = f"{result.name}: {_count(count, 'warning')}, see `lanner rules validate`"
            print(style.warning("Note:"), printable(told), file=sys.stderr)
    return loaded.ruleset


def _distinct(paths: Iterable[Path]) -> list[Path]:
    """Return paths, of those that are the same file only the first: a rules file may not be loaded twice."""
    return list({os.path.realpath(path): path for path in reversed(list(paths))}.values())[::-1]


def _read(files: Sequence[Path], suites: Sequence[Suite], options: argparse.Namespace) -> list[Path]:
    """Return the files that are read, as far as they are known."""
    companions = [suite.companion.path for suite in suites if suite.companion is not None]
    return [*files, *companions, *([options.config] if options.config else [])]


def _object(report: Report, *, strict: bool) -> dict[str, object]:
    """Return the report as JSON shows it."""
    return {
        "passed": report.passed(strict=strict),
        "tests": len(report.results),
        "failed": len(report.failures),
        "rules": list(report.rules),
        "untested": list(report.untested),
        "gaps": [{"rule": gap.rule, "where": gap.where, "message": gap.message} for gap in report.gaps],
        "results": [_result(result) for result in report.results],
    }


def _result(result: CaseResult) -> dict[str, object]:
    case = result.case
    shown: dict[str, object] = {
        "rule": case.rule,
        "kind": case.kind.value,
        "name": case.name,
        "file": case.place.file,
        "line": case.place.line,
        "passed": result.passed,
        "alerted": list(result.alerted),
        "problems": [{"message": problem.message, "lines": list(problem.lines)} for problem in result.problems],
    }
    return shown if result.passed else shown | {"event": case.event.decode("utf-8", "replace")}


def _show(report: Report, options: argparse.Namespace) -> None:
    style = Style.for_stream(sys.stdout, allowed=not options.no_color)
    for result in report.failures:
        print("\n".join(_failure(result, style)), end="\n\n")
    for gap in report.gaps:
        about_rule = f"{gap.rule}: " if gap.rule else ""
        if options.strict:
            print(style.error("MISSING"), printable(f"{gap.where}: {about_rule}{gap.message}"))
        elif not gap.rule:
            print(style.warning("Note:"), printable(f"{gap.where}: {gap.message}"))
    if report.untested and not options.strict:
        more = len(report.untested) - _NAMES_SHOWN
        names = ", ".join(report.untested[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
        print(printable(f"Without tests: {names}"))
    passed = report.passed(strict=options.strict)
    print((style.heading if passed else style.error)(_summary(report, strict=options.strict)))


def _failure(result: CaseResult, style: Style) -> Iterator[str]:
    """Yield the lines that tell of a case that failed."""
    case = result.case
    yield f"{style.error('FAILED')} {style.heading(printable(case.rule))}"
    yield printable(f"  {case.kind.value}: {case.name}")
    yield printable(f"  {case.place}")
    for problem in result.problems:
        yield f"  {style.warning(printable(problem.message))}"
        yield from (printable(f"    {line}") for line in problem.lines)


def _summary(report: Report, *, strict: bool) -> str:
    tests, rules, failed, untested = map(len, (report.results, report.rules, report.failures, report.untested))
    parts = [f"{failed:,} failed" if failed else "all passed" if tests else "nothing was tested"]
    if untested:
        parts.append(f"{_count(untested, 'rule')} without tests")
    if strict and report.gaps:
        parts.append(f"{len(report.gaps):,} missing")
    return f"{_count(tests, 'test')} of {_count(rules, 'rule')}: {', '.join(parts)}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
