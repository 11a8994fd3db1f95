"""Entry point: finds the verb, runs it, and turns every error into a message and an exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

import lanner
from lanner.cli.terminal import Style, printable
from lanner.errors import LannerError

__all__ = ["main"]

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141  # as a shell reports a process that SIGPIPE has ended

_VERBS = ("scan", "serve", "tail", "replay", "rules", "lint", "test", "build", "fields")  # a module each

# Falco's users know these; each stands for a verb, wherever it stands among the other options.
_FALCO_FLAGS = {
    "-V": ["rules", "validate"],
    "--validate": ["rules", "validate"],
    "-L": ["rules", "list"],
    "--list": ["fields"],
}
_EVENT_SOURCES = ("k8s_audit", "syscall")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0 done, 1 alerts (with `--exit-code`), 2 usage or invalid rules, 3 some input could not be read, 130 interrupted,
    141 the reader of the output went away.
    """
    _prepare_streams()
    words = _with_verb(list(sys.argv[1:] if arguments is None else arguments))
    parser = _parser(words)
    if not words:
        parser.print_help()
        return EXIT_USAGE
    options = parser.parse_args(words)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of our output has seen enough (`lanner scan ... | head`)
        _drop(sys.stdout)
        return EXIT_PIPE_CLOSED
    except OSError as error:  # of input it is a reject: this is our output, or a full disk
        _drop(sys.stdout)
        return _fail(f"cannot write: {error.strerror or error}")
    except LannerError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _fail(message: str) -> int:
    shown = "\n".join([printable(line) for line in message.split("\n")])
    try:
        print(Style.for_stream(sys.stderr).error("Error:"), shown, file=sys.stderr, flush=True)
    except OSError:
        _drop(sys.stderr)
    return EXIT_USAGE


def _drop(stream: TextIO) -> None:
    """Let what is still to be written to a stream go nowhere, so that leaving does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _prepare_streams() -> None:
    """Make standard output and standard error take any text, also if they are closed or know few characters."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - it stays open
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _with_verb(words: list[str]) -> list[str]:
    """Return the command line with Falco's flag for a verb, if there is one, replaced by the verb."""
    if not words or not words[0].startswith("-"):
        return words
    words = [part for word in words for part in _detached(word)]
    for flag, verb in _FALCO_FLAGS.items():
        if flag in words:
            rest = [word for word in words if word != flag]
            if flag == "--list":
                rest = [word for word in rest if word not in _EVENT_SOURCES]
            return [*verb, *rest]
    return words


def _detached(word: str) -> list[str]:
    """Return a flag of Falco's and the value written behind it without a blank as two words."""
    for flag in ("--validate=", "--list="):
        if word.startswith(flag):
            return [flag[:-1], word[len(flag) :]]
    return ["-V", word[2:]] if word.startswith("-V") and len(word) > 2 else [word]


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line, with all verbs or only the one that is asked for."""
    parser = argparse.ArgumentParser(
        prog="lanner",
        description="Finds attacks in Kubernetes audit logs with Falco's rules.",
        epilog="Falco's flags work, too: -V FILE (validate rules), -L (list rules), --list (list fields).",
    )
    parser.add_argument("--version", action="version", version=f"lanner {lanner.__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb in words[:1] if words and words[0] in _VERBS else _VERBS:
        import_module(f"lanner.cli.{verb}").add_to(verbs)
    return parser
