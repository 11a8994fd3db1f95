"""The container that listens to a stream of OVHcloud's Logs Data Platform: audit logs of MKS in, alerts out."""

from __future__ import annotations

import logging
import os

from lanner.errors import LannerError, UsageError
from lanner.pipeline import Pipeline, Settings
from lanner.pipeline.cloud_logging import CloudTelemetry
from lanner.pipeline.destinations import dead_letter_box
from lanner.pipeline.tail.running import run_until_signal, tail_of
from lanner.pipeline.tail.settings import TailSettings
from lanner.pipeline.tail.tail import Tail
from lanner.pipeline.telemetry import LOGGER
from lanner.sources import ovh

__all__ = ["main"]

_UNUSABLE = 2  # exit status


def main() -> int:
    """Run until a signal ends it; return the status to exit with."""
    telemetry = CloudTelemetry()
    try:
        tail = telemetry.started(_tail)
    except LannerError:  # that is logged
        return _UNUSABLE
    try:
        return run_until_signal(tail)
    except LannerError as error:
        logging.getLogger(LOGGER).critical("ended: %s", error)
        return _UNUSABLE


def _tail() -> Tail:
    settings, tail_settings = Settings.read(os.environ), TailSettings.read(os.environ)
    pipeline, box = Pipeline.from_settings(settings), dead_letter_box(settings.dead_letters)
    if box is None:
        raise UsageError("LANNER_DEAD_LETTERS: without it, one message that cannot be read stops everything behind it")
    return tail_of(pipeline, box, ovh.events, settings, tail_settings, provider="ovh")


if __name__ == "__main__":
    raise SystemExit(main())
