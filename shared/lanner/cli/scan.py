"""`lanner scan`: audit events in, alerts out."""

from __future__ import annotations

import argparse
import base64
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from lanner.alerts import Alert, AlertFormat, Statistics, Summary
from lanner.cli.loading import add_rules_options, configuration, load_rules, select_rules
from lanner.cli.terminal import Progress, Style, printable
from lanner.engine import CompiledEngine, ReferenceEngine, Verdict
from lanner.errors import UsageError
from lanner.fields import Event, Intake
from lanner.fields.block import Block
from lanner.ruleset import Config
from lanner.sources import MAX_EVENT_SIZE, Reject, read_blocks
from lanner.sources import Progress as ReadProgress

__all__ = ["add_to"]

EXIT_CLEAN, EXIT_ALERTS, EXIT_UNREADABLE = 0, 1, 3

_REJECTS_SHOWN = 10
_EVENTS_PER_LOOK = 256  # between looks at the clock for the progress line
_DESCRIPTION = """\
Reads audit events (JSON lines, a JSON document, an EventList, arrays, .gz) from files, directories and standard input,
and prints an alert for every rule that matches."""
_EPILOG = """\
Exit status: 0 done, 1 alerts were found (only with --exit-code), 2 usage or invalid rules,
3 some input could not be read."""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("scan", help="find attacks in audit logs", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="file or directory of audit events, - for standard input"
    )
    add_rules_options(parser)
    parser.add_argument(
        "--engine",
        choices=("compiled", "reference"),
        default="compiled",
        help="compiled (default), or the one that defines what it has to find, and takes longer",
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
    statistics = Statistics(rules)
    settings = [Path(path) for path in (*options.rules, *config.rules_files, options.config) if path]
    with _rejects_file(options.rejects, [Path(path) for path in paths], settings) as rejects:
        engine = (CompiledEngine if options.engine == "compiled" else ReferenceEngine)(rules, first_match=first_match)
        scan = _Scan(options, config, engine, statistics, rejects)
        gc.freeze()  # the rules stay: the collector need not look at them again and again
        scan.run(paths)
    if statistics.rejected:
        return EXIT_UNREADABLE
    return EXIT_ALERTS if options.exit_code and statistics.alerts else EXIT_CLEAN


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


class _Scan:
    """One run over the input."""

    def __init__(
        self,
        options: argparse.Namespace,
        config: Config,
        engine: CompiledEngine | ReferenceEngine,
        statistics: Statistics,
        rejects: BinaryIO | None,
    ) -> None:
        self._as_json = options.format == "json" if options.format else config.json_output
        self._engine = engine
        self._statistics = statistics
        self._rejects = rejects
        self._summary = Summary() if options.summary else None
        self._progress = Progress(sys.stderr)
        self._style = Style.for_stream(sys.stdout, allowed=not options.no_color)
        self._on_terminal = sys.stdout.isatty()
        self._format = AlertFormat(
            time_format_iso_8601=config.time_format_iso_8601,
            json_include_output_property=config.json_include_output_property,
            json_include_message_property=config.json_include_message_property,
            json_include_tags_property=config.json_include_tags_property,
            json_include_output_fields_property=config.json_include_output_fields_property,
            cluster=options.cluster.encode("utf-8", "surrogateescape").decode(errors="replace"),
        )
        self._max_size = MAX_EVENT_SIZE if config.max_event_size is None else config.max_event_size
        self._drop_larger = config.max_event_size is not None

    def run(self, paths: list[str]) -> None:
        """Read everything, print alerts as they are found, and end with the statistics."""
        try:
            self._read(paths)
        except KeyboardInterrupt:  # the usual end of a stream: somebody has seen enough
            self._finish(paths)
            raise
        self._finish(paths)

    def _read(self, paths: list[str]) -> None:
        output = sys.stdout.buffer
        # Somebody may be waiting for the alerts of a stream; those of files may go out in blocks.
        flush_each = self._on_terminal or not all(os.path.isfile(path) or os.path.isdir(path) for path in paths)
        reading = ReadProgress()
        intake = Intake()
        statistics = self._statistics
        for piece in read_blocks(paths, max_size=self._max_size, drop_larger=self._drop_larger, progress=reading):
            if isinstance(piece, Reject):
                self._reject(piece)
                continue
            before = statistics.events
            if isinstance(piece, Block):
                found = self._engine.judge_block(piece, intake)
                if found is None:
                    continue
                statistics.events += piece.events
            else:
                event = intake.open(piece)
                found = [(event, self._engine.judge(event))]
                statistics.events += 1
            if statistics.events // _EVENTS_PER_LOOK > before // _EVENTS_PER_LOOK:
                share = reading.bytes_read / reading.total_bytes if reading.total_bytes else None
                self._progress.show(share, statistics.events, statistics.alerts)
            lines = [line for event, verdict in found for line in self._lines(event, verdict)]
            if lines:
                self._progress.clear()
                output.writelines(lines)
                if flush_each:
                    output.flush()

    def _lines(self, event: Event, verdict: Verdict) -> list[bytes]:
        """Return the lines of the alerts on one event, and count what there is to count."""
        statistics = self._statistics
        if event.lost:
            statistics.truncated += 1
            for rule in verdict.undecided:
                statistics.count_undecided(rule)
        lines = []
        for rule in verdict.matched:
            alert = Alert(rule, event, self._format)
            statistics.count_alert(rule)
            if self._summary is not None:
                self._summary.add(alert)
            lines.append(self._line(alert))
        return lines

    def _line(self, alert: Alert) -> bytes:
        if self._as_json:
            return alert.json_line() + b"\n"
        text = alert.text_line()
        if self._on_terminal:
            text = self._style.priority(printable(text), alert.rule.priority)
        return text.encode() + b"\n"

    def _reject(self, reject: Reject) -> None:
        count = self._statistics.rejected = self._statistics.rejected + 1
        if count <= _REJECTS_SHOWN:
            self._progress.clear()
            style = Style.for_stream(sys.stderr)
            print(style.warning("Rejected"), printable(f"{reject.origin}: {reject.reason}"), file=sys.stderr)
        if self._rejects is not None:
            kept = {"origin": reject.origin, "reason": reject.reason}
            try:
                kept["text"] = reject.text.decode()
            except UnicodeDecodeError:
                kept["base64"] = base64.b64encode(reject.text).decode()
            self._rejects.write(msgspec.json.encode(kept) + b"\n")

    def _finish(self, paths: list[str]) -> None:
        self._progress.clear()
        sys.stdout.flush()
        more = self._statistics.rejected - _REJECTS_SHOWN
        if more > 0:
            kept = "" if self._rejects is not None else "; --rejects FILE keeps them all"
            print(f"... and {more:,} more rejected{kept}", file=sys.stderr)
        if not self._statistics.events and not self._statistics.rejected:
            print(Style.for_stream(sys.stderr).warning("Note:"), "the input holds no events", file=sys.stderr)
        stream = sys.stderr if self._as_json else sys.stdout
        print(self._statistics.text(printable), file=stream)
        if self._summary is not None:
            print(self._summary.text(paths, Style.for_stream(stream).heading, printable), file=stream)
