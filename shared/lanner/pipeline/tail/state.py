"""What a tail has to know of the process before it, in a small file."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

import msgspec

from lanner.pipeline.telemetry import LOGGER

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DIGESTS", "State", "StateFile"]

DIGESTS = 256
"""Digests that are written."""

_EVERY = 5.0
"""Seconds between two writes at the least."""

_MAX_SIZE = 65536


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """The time of the newest event in nanoseconds, its cluster, and the digests of the last messages.

    `host` is that of the stream: a state of another one says nothing.
    """

    host: str
    newest: int | None = None
    cluster: str = ""
    digests: tuple[bytes, ...] = ()


_decode = msgspec.json.Decoder(State).decode
_encode = msgspec.json.Encoder().encode


class StateFile:
    """The file `path` for the stream at `host`; with an empty path, nothing is kept."""

    def __init__(self, path: str, host: str) -> None:
        self._path = path
        self._host = host
        self._written = -_EVERY
        self._complained = False

    def read(self) -> State:
        """Return what is in the file; an empty state if there is none, or none that can be read."""
        empty = State(self._host)
        if not self._path:
            return empty
        try:
            with open(self._path, "rb") as file:
                state = _decode(file.read(_MAX_SIZE))
        except FileNotFoundError:
            return empty
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            logging.getLogger(LOGGER).warning("%s: the state cannot be read: %s", self._path, _shown(error))
            return empty
        return state if state.host == self._host else empty

    def write(self, state: Callable[[], State], *, at_once: bool = False) -> None:
        """Write what `state` returns, whole or not at all, unless that was done just now."""
        now = time.monotonic()
        if not self._path or not (at_once or now - self._written >= _EVERY):
            return
        self._written = now
        unfinished = f"{self._path}.new"
        try:
            with open(unfinished, "wb", opener=_private) as file:
                file.write(_encode(state()))
            os.replace(unfinished, self._path)
        except OSError as error:
            if not self._complained:
                logging.getLogger(LOGGER).error("%s: the state cannot be written: %s", self._path, _shown(error))
            self._complained = True
        else:
            self._complained = False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _shown(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
