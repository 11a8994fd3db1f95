"""A file whose age tells whether a tail is well."""

from __future__ import annotations

import logging
import time

from lanner.pipeline.telemetry import LOGGER

__all__ = ["HealthFile"]


class HealthFile:
    """The file `path`, written anew as long as all is well; with an empty path, there is none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._complained = False

    def write(self) -> None:
        """Say that all is well now. If that cannot be written, it is logged, once."""
        if not self._path:
            return
        try:
            with open(self._path, "w", encoding="ascii") as file:
                file.write(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))
        except OSError as error:
            if not self._complained:
                logging.getLogger(LOGGER).error("%s: cannot be written: %s", self._path, error.strerror)
            self._complained = True
