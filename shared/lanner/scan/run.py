"""A run over the input, in as many processes as are asked for and of use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lanner.fields import Intake, RawEvent
from lanner.scan.demands import ask_first_time, ask_number
from lanner.sources import Progress
from lanner.sources.files import read_places

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from lanner.ruleset import Rule
    from lanner.scan.judge import Judge
    from lanner.scan.part import Part
    from lanner.sources import Context
    from lanner.sources.places import Place

__all__ = ["parts_of"]


def parts_of(
    places: Sequence[Place], judge: Judge, settings: Context, rules: Sequence[Rule], *, jobs: int = 1, prompt: bool
) -> Generator[Part, None, None]:
    """Yield what `places` come to by `rules`; if `prompt`, as soon as it is known.

    With more than one of `jobs`, for which all places have to be files, processes share the work. Raises `WorkerError`
    if one of them dies.
    """
    if jobs > 1 and hasattr(os, "fork") and not _reads_standard_input(places):
        from lanner.scan.parallel import Parallel  # only here: multiprocessing takes its time

        first_time = _first_time(places, settings) if ask_first_time(rules) else 0
        parallel = Parallel(places, judge, settings, jobs=jobs, first_time=first_time, numbered=ask_number(rules))
        try:
            if parallel.start():
                yield from parallel.parts()
                return
        finally:
            parallel.close()
    progress = Progress()
    yield from judge.parts(read_places(places, settings, progress, blocks=True), Intake(), progress, prompt=prompt)


def _reads_standard_input(places: Sequence[Place]) -> bool:
    """Tell whether a place is what this process has as its standard input (`/dev/stdin`): others have not."""
    try:
        standard_input = os.fstat(0)
    except OSError:
        return False
    for place in places:
        try:
            if isinstance(place, str) and os.path.samestat(os.stat(place), standard_input):
                return True
        except OSError:
            pass
    return False


def _first_time(places: Sequence[Place], settings: Context) -> int | None:
    """Return the time of the first event, `None` if there is none."""
    for piece in read_places(places, settings, Progress(), blocks=False):
        if isinstance(piece, RawEvent):
            intake = Intake()
            intake.open(piece)
            return intake.first_time
    return None
