"""`lanner build`: rules files into one file that loads without YAML, for functions and for quick starts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from lanner.cli.loading import add_configuration_options, configuration, is_artefact, load_files, rules_files
from lanner.cli.terminal import printable
from lanner.errors import UsageError
from lanner.ruleset import Ruleset, artefact

__all__ = ["add_to"]

_DESCRIPTION = """\
Checks rules files, resolves their lists, macros and exceptions, and writes all rules to FILE, those that are disabled,
too. `lanner scan -r FILE` and the functions take it in place of rules files; every option that selects rules works on
it. static_fields and append_output of a configuration are settled by building."""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("build", help="compile rules into one file that loads fast", description=_DESCRIPTION)
    parser.add_argument(
        "rules",
        nargs="*",
        metavar="RULES",
        help="rules file or directory, in this order (default: the rules shipped with Lanner)",
    )
    parser.add_argument("-o", dest="output", type=Path, required=True, metavar="FILE", help="write the rules to FILE")
    add_configuration_options(parser, "--set")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    config = configuration(options)
    for path in map(Path, options.rules):
        if is_artefact(path):
            raise UsageError(f"{path}: these rules were built already; give the files they come from")
    files = rules_files(options, config)
    output = _output(options.output, [*files, *([options.config] if options.config else [])])
    ruleset = load_files(files, config)
    content = artefact.write(ruleset, config.static_fields, config.append_output)
    _replace(output, content)
    _report(options.output, ruleset, len(content))
    return 0


def _output(path: Path, inputs: Iterable[Path]) -> Path:
    """Return the file to be written, a link followed, unless it is one of those that are read, or no file."""
    try:
        output = Path(os.path.realpath(path))
        if output.exists():
            if not output.is_file():
                raise UsageError(f"-o {path}: this is not a file")
            if any(output.samefile(file) for file in inputs):
                raise UsageError(f"-o {path}: this file is read, too")
    except OSError as error:
        raise UsageError(f"-o {path}: {error.strerror}") from None
    return output


def _replace(output: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        try:
            unfinished.write_bytes(content)
            unfinished.replace(output)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"-o {output}: {error.strerror}") from None


def _report(output: Path, ruleset: Ruleset, size: int) -> None:
    dropped = [rule for rule in ruleset.rules if rule.never]
    for rule in dropped:
        print(printable(f"Dropped {rule.name!r}: {rule.never}"))
    others = [rule for rule in ruleset.rules if not rule.is_evaluable]
    count = len(ruleset.rules) - len(dropped) - len(others)
    parts = [f"{count:,} rule{'' if count == 1 else 's'}"]
    if dropped:
        parts.append(f"{len(dropped):,} dropped")
    if others:
        parts.append(f"{len(others):,} that Lanner does not evaluate")
    print(printable(f"{output}: {', '.join(parts)}; {size:,} bytes"))
