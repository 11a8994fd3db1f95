"""`lanner replay`: dead letters once more."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from lanner.cli.loading import add_rules_options
from lanner.cli.running import pipeline_of, settings_of
from lanner.cli.terminal import printable
from lanner.errors import UsageError
from lanner.outputs.boxes import box_at
from lanner.outputs.boxes.file import FileBox
from lanner.outputs.deadline import Deadline
from lanner.pipeline.destinations import routes_of
from lanner.pipeline.replay import Replay, Replayed, letter_in
from lanner.pipeline.settings import WebhookSettings
from lanner.pipeline.webhook import copier_of

if TYPE_CHECKING:
    from lanner.outputs.dead_letters import Acknowledge, DeadLetter
    from lanner.outputs.output import Output
    from lanner.pipeline.pipeline import Pipeline
    from lanner.pipeline.settings import Settings

__all__ = ["add_to"]

EXIT_DONE, EXIT_LEFT = 0, 3

_REASONS_SHOWN = 20
_KEPT = ".again"
_SECONDS = 30.0
_DESCRIPTION = """\
Takes dead letters from files (- for standard input), SQS queues (their URLs) and Pub/Sub subscriptions
(projects/P/subscriptions/S). Alerts are sent to the outputs that did not take them; input that could not be read is
judged anew. What a platform put aside (a Lambda function's destination for failures, a subscription's dead-letter
topic) is judged, too. Outputs are set by the environment variables of the functions (functions/README.md)."""
_EPILOG = """\
What is dealt with leaves its queue or subscription; what fails again stays there, unless --keep moves it. A file stays
as it is; what fails again is written to FILE.again, unless --keep names another.
Exit status: 0 nothing is left, 2 usage or invalid rules, 3 something failed again."""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("replay", help="send dead letters again", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("places", nargs="+", metavar="FROM", help="file, -, URL of a queue, or subscription")
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="OUTPUT",
        help="send alerts to this output (its kind, as sns, or its name, as sns:alerts), not to those that the letters "
        "name; repeatable",
    )
    parser.add_argument("--keep", metavar="FILE", help="write what fails again to FILE")
    parser.add_argument("--dry-run", action="store_true", help="send nothing, only say what is there and why")
    add_rules_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.dry_run:
        return _show(options.places)
    settings = settings_of({"LANNER_STDOUT": "true"} if "stdout" in options.to else {})
    outputs = [route.output for route in routes_of(settings)]
    to = [_chosen(name, outputs) for name in options.to]
    copier = copier_of(settings, WebhookSettings.read(os.environ))
    pipelines: list[Pipeline] = []

    def pipeline() -> Pipeline:
        if not pipelines:  # rules are needed only if there is input to be judged
            pipelines.append(_pipeline(options, settings, to))
        return pipelines[0]

    left = 0
    for place in options.places:
        kept = _kept(place, options.keep)
        replay = Replay(outputs, to, pipeline, copier, None if kept is None else _keep(kept))
        with _taken(place) as records:
            replay.run(records)
        left += replay.result.left.total()
        _report(place, replay.result, kept)
    return EXIT_LEFT if left else EXIT_DONE


def _pipeline(options: argparse.Namespace, settings: Settings, to: list[Output]) -> Pipeline:
    routes = [route for route in routes_of(settings) if not to or route.output.name in {output.name for output in to}]
    return pipeline_of(options, settings, routes, None)


def _chosen(name: str, outputs: list[Output]) -> Output:
    """Return the output that a name, or a kind, means."""
    for output in outputs:
        if name in (output.name, output.name.partition(":")[0]):
            return output
    names = ", ".join([output.name for output in outputs])
    raise UsageError(f"--to {name}: there is no such output; set are: {names}")


@contextmanager
def _taken(place: str) -> Iterator[Iterator[tuple[bytes, Acknowledge]]]:
    """Take the records of a place; what is not acknowledged is there again at once."""
    if place == "-":
        yield ((line, lambda: None) for line in sys.stdin.buffer if line.strip())
        return
    box = box_at(place if place.startswith(("https://", "http://", "projects/", "file:")) else f"file:{place}")
    try:
        yield box.take()
    finally:
        box.release()


def _kept(place: str, keep: str | None) -> FileBox | None:
    """Return the file for what fails again; `None` if it stays where it is."""
    if keep is not None:
        if os.path.exists(keep) and os.path.exists(place) and os.path.samefile(keep, place):
            raise UsageError(f"--keep {keep}: this file is read, too")
        return FileBox(keep)
    if place.startswith(("https://", "http://", "projects/")):
        return None
    return FileBox("replay" + _KEPT if place == "-" else place.removeprefix("file:") + _KEPT)


def _keep(box: FileBox) -> Callable[[DeadLetter], None]:
    def keep(letter: DeadLetter) -> None:
        box.keep(letter.records(box.limit), Deadline(_SECONDS))

    return keep


def _report(place: str, result: Replayed, kept: FileBox | None) -> None:
    """Say what came of the letters of one place."""
    left = result.left.total()
    parts = [f"{result.alerts:,} alerts sent"]
    if result.payloads or result.found:
        parts.append(f"{result.payloads:,} pieces of input dealt with ({result.found:,} alerts)")
    if left:
        parts.append(f"{left:,} failed again and " + ("stay there" if kept is None else f"are in {kept.path}"))
    print(printable(f"{place}: {', '.join(parts)}"), file=sys.stderr)
    _print_counts(result.left, sys.stderr)


def _show(places: Sequence[str]) -> int:
    """Say what dead letters there are, and why."""
    counts: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    for place in places:
        with _taken(place) as records:
            for record, _ in records:
                letter = letter_in(record)
                if (letter.id, letter.part) in seen:  # a queue shows it again after a while
                    continue
                seen.add((letter.id, letter.part))
                if letter.part == 1:
                    about = letter.output or letter.provider
                    counts[f"{letter.kind}{about and ' '}{about}: {letter.reason or letter.origin}"] += 1
    print(f"{counts.total():,} dead letters")
    _print_counts(counts, sys.stdout)
    return EXIT_DONE


def _print_counts(counts: Counter[str], stream: TextIO) -> None:
    for reason, count in counts.most_common(_REASONS_SHOWN):
        print(f"{count:>7,}  {printable(reason)}", file=stream)
    more = len(counts) - _REASONS_SHOWN
    if more > 0:
        print(f"... and {more:,} more reasons", file=stream)
