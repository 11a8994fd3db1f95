"""How long a tail waits, for what."""

from __future__ import annotations

import random

import msgspec

__all__ = ["Timing"]


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds.

    A connection has to be there within `opening`. It is asked for a sign of life every `ping`, which has to come within
    `pong`; `idle` may pass without a message. One that lasted `proven` is no failed attempt. Pauses between attempts
    grow from `first_pause` to `longest_pause`; a server that asks for more gets `longest_wait` at the most.
    `run` is for one attempt to judge and deliver a batch, `grace` for all that was received when the tail is stopped,
    `closing` for the end of a connection. A file says every `beat` that the tail is alive, if that is true or was
    within `patience`. Counts are logged every `report`. `replay_idle` without a message is the end of a replay.
    """

    opening: float = 15.0
    ping: float = 15.0
    pong: float = 20.0
    idle: float = 900.0
    proven: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    longest_wait: float = 600.0
    run: float = 20.0
    grace: float = 25.0
    closing: float = 3.0
    beat: float = 10.0
    patience: float = 300.0
    report: float = 60.0
    replay_idle: float = 30.0

    def pause(self, attempt: int, least: float = 0.0) -> float:
        """Return how many seconds to wait after attempt number `attempt`, counted from 0: at random ("full jitter"),
        up to twice as many each time, but those that the server asks for (`least`) at the least.
        """
        most = min(self.longest_pause, self.first_pause * 2 ** min(attempt, 20))
        return min(least, self.longest_wait) + random.uniform(0, most)  # noqa: S311 - no secret
