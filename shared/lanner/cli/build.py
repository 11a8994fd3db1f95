"""`lanner build`: rules files into one file that loads without YAML, for functions and for quick starts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lanner.cli.loading import (
    add_configuration_options,
    add_pack_option,
    configuration,
    is_artefact,
    load_files,
    packs,
    rules_files,
)
from lanner.cli.terminal import Style, printable
from lanner.cli.writing import output_file, replace
from lanner.errors import UsageError
from lanner.ruleset import Ruleset, artefact, without_others

__all__ = ["add_to"]

_DESCRIPTION = """\
Checks rules files, resolves their lists, macros and exceptions, and writes all rules to FILE, those that are disabled,
too, but none of a pack that was not asked for. `lanner scan -r FILE` and the functions take it in place of rules files;
every option that selects rules works on it. static_fields and append_output of a configuration are settled by
building."""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("build", help="compile rules into one file that loads fast", description=_DESCRIPTION)
    parser.add_argument(
        "rules",
        nargs="*",
        metavar="RULES",
        help="rules file or directory, in this order (default: the rules shipped with Lanner)",
    )
    add_pack_option(parser)
    parser.add_argument("-o", dest="output", required=True, metavar="FILE", help="write the rules to FILE")
    add_configuration_options(parser, "--set")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    config = configuration(options)
    for path in map(Path, options.rules or config.rules_files):
        if is_artefact(path):
            raise UsageError(f"{path}: these rules were built already; give the files they come from")
    files = rules_files(options, config)
    inputs = [*files, *([options.config] if options.config else [])]
    output = output_file(options.output, "-o", inputs, what="rules are built into one")
    chosen = packs(options, config)
    loaded = load_files(files, config, chosen)
    ruleset = loaded if chosen is None else without_others(loaded, chosen)
    content = artefact.write(ruleset, config.static_fields, config.append_output)
    replace(output, content, f"-o {options.output}")
    _report(options.output, ruleset, len(content), len(loaded.rules) - len(ruleset.rules))
    return 0


def _report(output: str, ruleset: Ruleset, size: int, left_out: int) -> None:
    dropped = [rule for rule in ruleset.rules if rule.never]
    for rule in dropped:
        print(printable(f"Dropped {rule.name!r}: {rule.never}"))
    others = [rule for rule in ruleset.rules if not rule.is_evaluable]
    count = len(ruleset.rules) - len(dropped) - len(others)
    if not ruleset.rules:
        print(Style.for_stream(sys.stderr).warning("Note:"), "there are no rules in these files", file=sys.stderr)
    parts = [f"{count:,} rule{'' if count == 1 else 's'}"]
    if dropped:
        parts.append(f"{len(dropped):,} dropped")
    if others:
        parts.append(f"{len(others):,} that Lanner does not evaluate")
    if left_out:
        parts.append(f"{left_out:,} of other packs left out")
    print(printable(f"{output}: {', '.join(parts)}; {size:,} bytes"))
