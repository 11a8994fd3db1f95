"""`lanner build`: rules files into one file that loads without YAML, for functions and for quick starts."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable
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
    output = _output(options.output, [*files, *([options.config] if options.config else [])])
    chosen = packs(options, config)
    ruleset = load_files(files, config, chosen)
    if chosen is not None:
        ruleset = without_others(ruleset, chosen)
    content = artefact.write(ruleset, config.static_fields, config.append_output)
    _replace(output, content, options.output)
    _report(options.output, ruleset, len(content))
    return 0


def _output(name: str, inputs: Iterable[Path]) -> Path:
    """Return the file to be written, a link followed, unless it is one of those that are read, or no file."""
    if not name:
        raise UsageError("-o: the name of the file is empty")
    given = Path(name)
    try:
        # `given` itself: /dev/stdout is a link to a pipe, which has no path
        if name == "-" or (given.exists() and not given.is_file()):
            raise UsageError(f"-o {name}: this is not a file; rules are built into one")
        if given.exists() and any(given.samefile(file) for file in inputs):
            raise UsageError(f"-o {name}: this file is read, too")
        return Path(os.path.realpath(given))
    except OSError as error:
        raise UsageError(f"-o {name}: {error.strerror}") from None


def _replace(output: Path, content: bytes, name: str) -> None:
    """Write a file, which the user calls `name`, so that it is there as a whole or not at all; keep its mode."""
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        try:
            unfinished.write_bytes(content)
            if output.exists():
                shutil.copymode(output, unfinished)
            unfinished.replace(output)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"-o {name}: {error.strerror}") from None


def _report(output: str, ruleset: Ruleset, size: int) -> None:
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
    print(printable(f"{output}: {', '.join(parts)}; {size:,} bytes"))
