"""The dead letters of one run: collected, and kept in few calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.errors import LannerError
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.outputs.dead_letters import DeadLetterBox
    from lanner.outputs.delivery import Undelivered
    from lanner.pipeline.outcome import Outcome
    from lanner.sources import Reject

__all__ = ["Keeping"]

_HELD = 4 << 20
"""Bytes of dead letters that wait for more. Alerts come first: a slow box must not keep them from their outputs."""

_LETTER = 1000  # bytes that a letter takes beside its content, about


class Keeping:
    """Keeps what one run could not deliver or read in `box`; counts it, or that it is not safe, in `outcome`."""

    def __init__(self, box: DeadLetterBox | None, outcome: Outcome, deadline: Deadline) -> None:
        self._box = box
        self._outcome = outcome
        self._deadline = deadline
        self._failed = False
        self._letters: list[DeadLetter] = []
        self._held = 0

    def undelivered(self, failures: Sequence[Undelivered]) -> None:
        """Take alerts that an output did not take."""
        for failure in failures:
            self._outcome.add_problem(f"{failure.output_name}: {failure.reason}")
            self.add(DeadLetter.of_alert(failure))

    def rejects(self, rejects: Sequence[Reject], provider: str, cluster: str) -> None:
        """Take pieces of input that could not be read."""
        for reject in rejects:
            self._outcome.add_problem(f"{reject.origin}: {reject.reason}")
            self.add(DeadLetter.of_reject(reject, provider, cluster))

    def add(self, letter: DeadLetter) -> None:
        """Take a letter."""
        if self._box is None or self._failed:
            self._outcome.not_safe += 1
            return
        self._letters.append(letter)
        self._held += len(letter.text) + len(letter.base64) + _LETTER
        if self._held >= _HELD:
            self._flush(Deadline(self._deadline.left() / 2))

    def finish(self) -> None:
        """Keep what waits."""
        self._flush(self._deadline)

    def _flush(self, deadline: Deadline) -> None:
        letters, self._letters, self._held = self._letters, [], 0
        if not letters:
            return
        assert self._box is not None  # else nothing is collected
        records = [record for letter in letters for record in letter.records(self._box.limit)]
        try:
            self._box.keep(records, deadline)
        except Exception as error:  # also if it is a defect of ours: what is not kept is not safe
            told = str(error) if isinstance(error, LannerError) else type(error).__name__
            self._failed = True
            self._outcome.not_safe += len(letters)
            self._outcome.add_problem(f"{self._box.name}: {told}")
        else:
            self._outcome.dead_letters += len(letters)
