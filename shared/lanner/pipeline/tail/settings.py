"""The settings of a tail: typed, from environment variables (functions/ovh_ldp/README.md lists them)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.pipeline.environment import SECRET_FORMS, Environment
from lanner.pipeline.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMES", "URL", "TailSettings"]

URL = "LANNER_LDP_URL"
_STATE, _HEALTH = "LANNER_TAIL_STATE", "LANNER_TAIL_HEALTH"
_GRACE, _IDLE, _BUFFER = "LANNER_TAIL_GRACE", "LANNER_TAIL_IDLE", "LANNER_TAIL_BUFFER"

NAMES = frozenset({*[URL + form for form in SECRET_FORMS], _STATE, _HEALTH, _GRACE, _IDLE, _BUFFER})
"""Every variable that means something to a tail alone."""


class TailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a tail needs to know beside `lanner.pipeline.Settings`.

    `url` is where the stream is; its token stands in it. `state` and `health` are paths of files, empty for none.
    `grace` is how many seconds there are to deal with what was received once the tail is told to stop, `idle` how many
    may pass without a message before it connects again. `buffer` is how many bytes may wait to be judged.
    """

    url: Secret | None = None
    state: str = ""
    health: str = ""
    grace: int = 25
    idle: int = 900
    buffer: int = 64 << 20

    @classmethod
    def read(cls, values: Mapping[str, str]) -> TailSettings:
        """Return the settings in environment variables. Raises `UsageError` if one is wrong."""
        environment = Environment(values)
        return cls(
            url=environment.secret(URL),
            state=environment.text(_STATE),
            health=environment.text(_HEALTH),
            grace=environment.number(_GRACE, 25, 1, 3600),
            idle=environment.number(_IDLE, 900, 10, 86400),
            buffer=environment.number(_BUFFER, 64, 1, 4096) << 20,
        )
