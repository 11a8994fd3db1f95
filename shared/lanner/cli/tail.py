"""`lanner tail`: listens to a stream of audit events on this machine."""

from __future__ import annotations

import argparse
import logging
import os
import sys

import msgspec

from lanner.cli.loading import add_rules_options
from lanner.cli.running import add_dead_letters, local_settings, pipeline_of
from lanner.cli.terminal import printable
from lanner.pipeline.destinations import dead_letter_box, routes_of
from lanner.pipeline.secret import Secret
from lanner.pipeline.tail.running import run_until_signal, tail_of
from lanner.pipeline.tail.settings import NAMES, URL, TailSettings
from lanner.pipeline.telemetry import LOGGER
from lanner.sources import ovh

__all__ = ["add_to"]

_DESCRIPTION = f"""\
Listens to a stream of OVHcloud's Logs Data Platform by its WebSocket address, and prints alerts as JSON lines as they
come: what happens in the container of functions/ovh_ldp, on this machine. An address with &begin=SECONDS&end=SECONDS
(Unix times) is a replay of that time, and ends. Other users of this machine can see arguments: better put the address,
whose token is secret, into {URL}, or the name of a file with it into {URL}_FILE. Further outputs and
dead letters are set by the environment variables of the functions (functions/README.md)."""
_EPILOG = """\
Exit status: 0 ended by Ctrl-C or SIGTERM, and all that was received is safe; 1 some of it is not; 2 usage, invalid
rules, or an address that is refused."""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "tail", help="listen to a stream of OVHcloud's logs", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument(
        "url",
        nargs="?",
        metavar="ADDRESS",
        help=f"wss://HOST/tail/?tk=TOKEN, or as Falco takes it without wss:// (default: {URL})",
    )
    parser.add_argument("--cluster", default="", metavar="NAME", help="name of the cluster where messages tell none")
    add_dead_letters(parser)
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="remember in FILE what was seen last, so that a gap between two runs is noticed (default: "
        "LANNER_TAIL_STATE, or nothing)",
    )
    add_rules_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    settings = local_settings(options)
    tail_settings = _tail_settings(options)
    box = dead_letter_box(settings.dead_letters)
    pipeline = pipeline_of(options, settings, routes_of(settings), box)
    _log()
    return run_until_signal(tail_of(pipeline, box, ovh.events, settings, tail_settings, provider="ovh"))


def _tail_settings(options: argparse.Namespace) -> TailSettings:
    """Return the settings of the environment, and of the options, which come first."""
    values = {name: value for name, value in os.environ.items() if name in NAMES}
    if options.url:
        values = {name: value for name, value in values.items() if not name.startswith(URL)}
    settings = TailSettings.read(values)
    if options.url:
        settings = msgspec.structs.replace(settings, url=Secret.given("the address", options.url))
    return msgspec.structs.replace(settings, state=options.state) if options.state else settings


class _Formatter(logging.Formatter):
    """Writes lines that control no terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join([printable(line) for line in super().format(record).splitlines()])


def _log() -> None:
    """Write what happens to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger(LOGGER)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
