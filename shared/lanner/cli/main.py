"""Entry point: finds the verb, runs it, and turns every error into a message and an exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import lanner
from lanner.cli import fields, rules, scan
from lanner.cli.terminal import Style
from lanner.errors import LannerError

__all__ = ["main"]

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

# Falco's users know these; each stands for a verb.
_FALCO_FLAGS = {
    "-V": ["rules", "validate"],
    "--validate": ["rules", "validate"],
    "-L": ["rules", "list"],
    "--list": ["fields"],
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 alerts (with `--exit-code`), 2 usage or invalid rules,
    3 some input could not be read.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in _FALCO_FLAGS:
        words[:1] = _FALCO_FLAGS[words[0]]
    parser = _parser()
    if not words:
        parser.print_help()
        return EXIT_USAGE
    options = parser.parse_args(words)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except LannerError as error:
        print(Style.for_stream(sys.stderr).error("Error:"), error, file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:  # the reader of our output has seen enough (`lanner scan ... | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lanner",
        description="Finds attacks in Kubernetes audit logs with Falco's rules.",
        epilog="Falco's flags work, too: -V FILE (validate rules), -L (list rules), --list (list fields).",
    )
    parser.add_argument("--version", action="version", version=f"lanner {lanner.__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for module in (scan, rules, fields):
        module.add_to(verbs)
    return parser
