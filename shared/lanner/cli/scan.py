"""`lanner scan`: audit events in, alerts out."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from lanner.alerts import Alert, AlertFormat
from lanner.cli.loading import add_rules_options, configuration, load_rules, select_rules
from lanner.cli.results import REJECTS_SHOWN, Results
from lanner.cli.terminal import Style, printable
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.errors import UsageError, WorkerError
from lanner.ruleset import Config, Rule
from lanner.scan import Judge, parts_of
from lanner.sources import MAX_EVENT_SIZE, Context
from lanner.sources.envelopes import PROVIDERS
from lanner.sources.places import places, total_size

__all__ = ["add_to"]

EXIT_CLEAN, EXIT_ALERTS, EXIT_UNREADABLE = 0, 1, 3

_MAX_JOBS = 1000
_DESCRIPTION = """\
Reads audit events (JSON lines, a JSON document, an EventList, arrays, .gz), as such or in the envelopes of providers
(CloudWatch Logs batches of EKS, also in Kinesis records; Cloud Logging entries and Pub/Sub messages of GKE; Event Hub
batches and diagnostic records of AKS; Logs Data Platform messages of OVHcloud), from files, directories and standard
input, and prints an alert for every rule that matches."""
_EPILOG = """\
Exit status: 0 done, 1 alerts were found (only with --exit-code), 2 usage or invalid rules,
3 some input could not be read."""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("scan", help="find attacks in audit logs", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="file or directory of audit events, - for standard input"
    )
    parser.add_argument(
        "--provider",
        choices=PROVIDERS,
        default="",
        help="read every document as what this provider delivers (apiserver, iks: audit events as such, and lists of "
        "them); "
        "by default each is read as what it looks like",
    )
    add_rules_options(parser)
    parser.add_argument(
        "--engine",
        choices=("compiled", "reference"),
        default="compiled",
        help="compiled (default), or the one that defines what it has to find, and takes longer",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="read files by N processes; what is found, and its order, stay the same (default: 1)",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=("text", "json"), help="alerts as text, or as one JSON object a line")
    output.add_argument("--summary", action="store_true", help="end with what happened, who did it, where to look next")
    output.add_argument("--cluster", default="", metavar="NAME", help="name of the cluster, for the alerts")
    output.add_argument("--rejects", type=Path, metavar="FILE", help="keep what could not be read in FILE (JSON lines)")
    output.add_argument("--exit-code", action="store_true", help="exit with status 1 if there were alerts")
    output.add_argument("--no-color", action="store_true", help="no colours (also: the environment variable NO_COLOR)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    paths = _paths(options)
    config = configuration(options)
    rules = select_rules(options, config, load_rules(options, config))
    first_match = options.rule_matching == "first" if options.rule_matching else config.first_match
    settings = [Path(path) for path in (*options.rules, *config.rules_files, options.config) if path]
    with _rejects_file(options.rejects, [Path(path) for path in paths], settings) as rejects:
        engine = (CompiledEngine if options.engine == "compiled" else ReferenceEngine)(rules, first_match=first_match)
        return _scan(options, config, paths, rules, engine, rejects)


def _scan(
    options: argparse.Namespace,
    config: Config,
    paths: list[str],
    rules: Sequence[Rule],
    engine: CompiledEngine | ReferenceEngine,
    rejects: BinaryIO | None,
) -> int:
    """Read everything, show alerts as they are found, and end with the counts."""
    found = places(paths)
    total_bytes = total_size(found)
    as_json = options.format == "json" if options.format else config.json_output
    # Somebody may be waiting for the alerts of a stream; those of files may go out in blocks.
    prompt = sys.stdout.isatty() or total_bytes is None
    results = Results(
        rules, as_json=as_json, summary=options.summary, rejects=rejects, prompt=prompt, total_bytes=total_bytes
    )
    judge = Judge(
        engine,
        _format(options, config),
        _json_line if as_json else _text_line(Style.for_stream(sys.stdout, allowed=not options.no_color)),
        notes=options.summary,
        rejects_shown=None if rejects is not None else REJECTS_SHOWN,
    )
    max_size = MAX_EVENT_SIZE if config.max_event_size is None else config.max_event_size
    drop_larger = config.max_event_size is not None
    provider = "" if options.provider == "apiserver" else options.provider
    context = Context(provider, max_size=max_size, drop_larger=drop_larger, envelope=options.provider)
    gc.freeze()  # the rules stay: the collector need not look at them again and again
    jobs = options.jobs if total_bytes is not None else 1  # a stream comes to one process
    failure = ""
    try:
        with closing(parts_of(found, judge, context, rules, jobs=jobs, prompt=prompt)) as parts:
            for part in parts:
                results.show(part)
    except WorkerError as error:
        failure = str(error)
    except KeyboardInterrupt:  # the usual end of a stream: somebody has seen enough
        results.finish(paths, interrupted=True)
        raise
    results.finish(paths, failure)
    if failure or results.statistics.rejected:
        return EXIT_UNREADABLE
    return EXIT_ALERTS if options.exit_code and results.statistics.alerts else EXIT_CLEAN


def _format(options: argparse.Namespace, config: Config) -> AlertFormat:
    return AlertFormat(
        time_format_iso_8601=config.time_format_iso_8601,
        json_include_output_property=config.json_include_output_property,
        json_include_message_property=config.json_include_message_property,
        json_include_tags_property=config.json_include_tags_property,
        json_include_output_fields_property=config.json_include_output_fields_property,
        cluster=options.cluster.encode("utf-8", "surrogateescape").decode(errors="replace"),
    )


def _json_line(alert: Alert) -> bytes:
    return alert.json_line() + b"\n"


def _text_line(style: Style) -> Callable[[Alert], bytes]:
    """Return what writes an alert as a line of text for standard output."""
    if not sys.stdout.isatty():
        return lambda alert: alert.text_line().encode() + b"\n"
    return lambda alert: style.priority(printable(alert.text_line()), alert.rule.priority).encode() + b"\n"


def _jobs(text: str) -> int:
    """Return the number of processes; 0 means one, too."""
    try:
        jobs = int(text)
    except ValueError:
        jobs = -1
    if not 0 <= jobs <= _MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_MAX_JOBS}")
    return max(1, jobs)


def _paths(options: argparse.Namespace) -> list[str]:
    if options.paths:
        return list(options.paths)
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("nothing to read: give a file or directory of audit events, or - for standard input")
    return ["-"]


@contextmanager
def _rejects_file(path: Path | None, inputs: list[Path], settings: list[Path]) -> Iterator[BinaryIO | None]:
    """Open the file for rejects, unless that would empty, or feed the scan with, one of the files that are read."""
    if path is None:
        yield None
        return
    try:
        if path.is_file() and _identity(path) in {
            _identity(file) for file in _files(inputs + settings) if file.exists()
        }:
            raise UsageError(f"--rejects {path}: this file is read, too")
        folders = {folder.resolve() for folder in inputs if folder.is_dir()}
        if folders.intersection(path.resolve().parents):
            raise UsageError(f"--rejects {path}: this file would stand in a directory that is read")
        file = path.open("wb")
    except OSError as error:
        raise UsageError(f"--rejects {path}: {error.strerror}") from None
    with file:
        yield file


def _files(paths: list[Path]) -> Iterator[Path]:
    """Yield every file that is read if `paths` are: those in directories, too, and standard input."""
    yield Path("/dev/stdin")
    for path in paths:
        if path.is_dir():
            yield from path.iterdir()
        else:
            yield path


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
