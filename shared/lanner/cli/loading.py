"""Rules for a verb: from `-r`, from a falco.yaml, or those shipped with Lanner; what loading found is shown.

An artefact needs neither YAML nor the parser, so what reads rules files is imported where one is read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lanner.cli.terminal import Style, printable
from lanner.errors import RulesError, UsageError
from lanner.fields import Catalogue
from lanner.ruleset import Config, Priority, Rule, Ruleset, Selection, artefact, read_config, rules_paths, shipped_rules

if TYPE_CHECKING:
    from lanner.ruleset import Diagnostic, FileResult

__all__ = [
    "add_configuration_options",
    "add_pack_option",
    "add_rules_options",
    "configuration",
    "is_artefact",
    "load_files",
    "load_rules",
    "packs",
    "print_results",
    "rules_files",
    "select_rules",
]

_EVERY_RULE = "*"
_SOURCE = "k8s_audit"
_REMARKS_SHOWN = 20  # of one file, before a scan


class _Select(argparse.Action):
    """Collects `--enable`, `--disable` and `--tag` in the order in which they stand."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        chosen: list[Selection] = list(namespace.selections or [])
        if option == "--tag":
            if not any(selection.tag for selection in chosen):
                chosen.append(Selection(enable=False, rule=_EVERY_RULE, tag=None))
            chosen.append(Selection(enable=True, rule=None, tag=values))
        else:
            chosen.append(Selection(enable=option == "--enable", rule=values, tag=None))
        namespace.selections = chosen


def add_configuration_options(group: argparse._ActionsContainer, *override: str) -> None:
    """Add `-c`, and the option that sets one key of the configuration, by the names of `override`."""
    group.add_argument("-c", dest="config", type=Path, metavar="FILE", help="read Falco's configuration from FILE")
    group.add_argument(
        *override,
        dest="override",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one key of that configuration; repeatable",
    )


def add_pack_option(group: argparse._ActionsContainer) -> None:
    """Add the option that chooses among the packs of rules shipped with Lanner."""
    from lanner.ruleset.packs import ALL, DEFAULT, PACKS

    purposes = "; ".join([f"{name}: {purpose}" for name, purpose in PACKS.items()])
    group.add_argument(
        "--pack",
        dest="packs",
        action="append",
        default=[],
        choices=(*PACKS, ALL),
        help=f"rules shipped with Lanner ({purposes}; {ALL}); repeatable ({DEFAULT} if no other rules are given); "
        "other rules are loaded after them, and may change them",
    )


def add_rules_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which rules are used."""
    group = parser.add_argument_group("rules")
    group.add_argument(
        "-r",
        dest="rules",
        action="append",
        default=[],
        metavar="RULES",
        help="rules file or directory, in this order; repeatable (default: the rules shipped with Lanner); "
        "or one file that `lanner build` has made of rules",
    )
    add_pack_option(group)
    add_configuration_options(group, "-o", "--set")
    group.add_argument(
        "--priority", type=_priority, metavar="PRIORITY", help="only rules of at least this priority (default: debug)"
    )
    group.add_argument("--rule-matching", choices=("all", "first"), help="alert by all rules that match, or the first")
    for option, what in (
        ("--disable", "switch off the rules whose name matches PATTERN (* stands for anything)"),
        ("--enable", "switch on the rules whose name matches PATTERN"),
        ("--tag", "only rules with this tag"),
    ):
        metavar = "TAG" if option == "--tag" else "PATTERN"
        group.add_argument(option, dest="selections", action=_Select, metavar=metavar, help=f"{what}; repeatable")


def _priority(text: str) -> Priority:
    try:
        return Priority.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def configuration(options: argparse.Namespace) -> Config:
    """Return the configuration of `-c` and `-o`; keys that mean nothing to Lanner are named on standard error."""
    config = read_config(options.config, options.override)
    if config.not_applying:
        style = Style.for_stream(sys.stderr)
        keys = ", ".join(config.not_applying)
        print(f"{style.warning('Note:')} keys without a meaning for Lanner: {printable(keys)}", file=sys.stderr)
    return config


def is_artefact(path: Path) -> bool:
    """Tell whether there is an artefact at `path`, by its first bytes. Raises `UsageError` if it cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return artefact.is_artefact(file.read(len(artefact.MAGIC)))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def load_rules(options: argparse.Namespace, config: Config) -> Ruleset:
    """Load the rules that the options ask for, rules files or an artefact; warnings go to standard error.

    Raises `RulesError` if they cannot be used.
    """
    for path in map(Path, options.rules):
        if is_artefact(path):
            if len(options.rules) > 1 or options.packs:
                raise UsageError(
                    f"-r {path}: this file holds rules that were built, it stands alone: leave out other -r, and --pack"
                )
            return _load_artefact(path, config)
    return load_files(rules_files(options, config), config, packs(options, config))


def _load_artefact(path: Path, config: Config) -> Ruleset:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    return artefact.read(content, str(path), artefact.digest(config.static_fields, config.append_output))


def packs(options: argparse.Namespace, config: Config) -> frozenset[str] | None:
    """Return the packs of shipped rules that the options ask for, `None` if they ask for other rules only."""
    from lanner.ruleset import DEFAULT, chosen

    if options.packs:
        return chosen(options.packs)
    return None if options.rules or options.config or config.rules_files else frozenset((DEFAULT,))


def rules_files(options: argparse.Namespace, config: Config) -> list[Path]:
    """Return the rules files that the options ask for, in order: those shipped with Lanner first."""
    shipped = [] if packs(options, config) is None else rules_paths(shipped_rules(), explicit=True)
    if "" in options.rules:
        raise UsageError("the name of the rules file is empty")
    if options.rules:
        return shipped + rules_paths([Path(path) for path in options.rules], explicit=True)
    name = options.config or "-o"
    if config.rules_files:
        for path in config.rules_files:
            if is_artefact(path):
                raise UsageError(f"{name}: rules_files: {path} holds rules that were built: give it with -r, alone")
        files = rules_paths(config.rules_files, explicit=False)
        if not files:
            raise UsageError(
                f"{name}: none of its rules_files exists here as a *.yaml or *.yml file; give rules with -r"
            )
        return shipped + files
    if not shipped:
        raise UsageError(f"{options.config}: it names no rules_files; give rules with -r")
    return shipped


def load_files(files: Sequence[Path], config: Config, chosen: frozenset[str] | None) -> Ruleset:
    """Load rules files, with those of the packs `chosen` switched on; warnings go to standard error.

    Raises `RulesError` if they are invalid.
    """
    from lanner.ruleset import load

    loaded = load(files, Catalogue(config.static_fields), config.append_output, chosen)
    if loaded.ruleset is None:
        print_results([result for result in loaded.results if not result.successful], sys.stderr)
        raise RulesError("the rules cannot be used, see above", loaded.results)
    style = Style.for_stream(sys.stderr)
    for name, remarks in loaded.remarks.items():
        for diagnostic in remarks[:_REMARKS_SHOWN]:
            print(_one_line(diagnostic, style), file=sys.stderr)
        if len(remarks) > _REMARKS_SHOWN:
            more = len(remarks) - _REMARKS_SHOWN
            print(f"{printable(name)}: {more:,} more, see `lanner rules validate`", file=sys.stderr)
    return loaded.ruleset


def select_rules(options: argparse.Namespace, config: Config, ruleset: Ruleset) -> Sequence[Rule]:
    """Return the rules to evaluate, in order: configuration first, then the options of the command line."""
    chosen = list(options.selections or [])
    style = Style.for_stream(sys.stderr)
    for selection in chosen:
        if not any(selection.applies_to(rule) for rule in ruleset.rules):
            what = f"tag {selection.tag!r}" if selection.tag is not None else f"name {selection.rule!r}"
            print(style.warning("Note:"), f"no rule has the {what}", file=sys.stderr)
    _explain_dead_rules([*config.selections, *chosen], ruleset, style)
    threshold = config.priority if options.priority is None else options.priority
    rules = ruleset.select([*config.selections, *chosen], threshold)
    if not rules:
        print(style.warning("Note:"), "no rule is enabled, so nothing can be found", file=sys.stderr)
    return rules


def _explain_dead_rules(selections: Sequence[Selection], ruleset: Ruleset, style: Style) -> None:
    """Say of rules that a selection switches on why none of them is evaluated, if that is so."""
    dead: dict[str, str] = {}
    for selection in selections:
        chosen = {rule.name: _death(rule) for rule in selection.among(ruleset.rules)} if selection.enable else {}
        if all(chosen.values()):
            dead |= chosen
    for name, reason in list(dead.items())[:_REMARKS_SHOWN]:
        print(style.warning("Note:"), printable(f"the rule {name!r} {reason}"), file=sys.stderr)
    if len(dead) > _REMARKS_SHOWN:
        print(style.warning("Note:"), f"{len(dead) - _REMARKS_SHOWN:,} more, see `lanner rules list`", file=sys.stderr)


def _death(rule: Rule) -> str:
    """Return why a rule is never evaluated, an empty text if it can be."""
    if rule.never:
        return f"cannot match: {rule.never}"
    if rule.is_evaluable:
        return ""
    if rule.source != _SOURCE:
        return f"is not evaluated: it is for the source {rule.source!r}"
    return "is not evaluated: it names a field that does not exist, and has skip-if-unknown-filter"


def _one_line(diagnostic: Diagnostic, style: Style) -> str:
    severity = diagnostic.severity.value
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    message = printable(f"{diagnostic.message}{hint}")
    return f"{printable(str(diagnostic.place))}: {style.warning(severity)} {diagnostic.code}: {message}"


def print_results(results: Sequence[FileResult], stream: Any) -> None:
    """Print what was found in rules files, in Falco's form: a summary a file, then each problem with its place."""
    style = Style.for_stream(stream)
    for result in results:
        for number, line in enumerate(str(result).splitlines()):
            shown = printable(line)
            if number == 0:
                shown = (style.heading if result.successful else style.error)(shown)
            elif line.startswith("LOAD_ERR"):
                shown = style.error(shown)
            print(shown, file=stream)
