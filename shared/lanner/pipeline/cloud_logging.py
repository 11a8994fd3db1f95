"""Log lines as Google's Cloud Logging reads them: one JSON object each, with a severity."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import msgspec

from lanner.pipeline.telemetry import LOGGER, Telemetry

__all__ = ["CloudFormatter", "CloudTelemetry"]

_ORDINARY = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # severities of Cloud Logging, too
_encode = msgspec.json.Encoder(enc_hook=str).encode


class CloudFormatter(logging.Formatter):
    """Writes a record as a JSON object; what stands in its `extra` becomes keys of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        entry: dict[str, Any] = {key: value for key, value in vars(record).items() if key not in _ORDINARY}
        entry |= {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            entry["message"] += "\n" + self.formatException(record.exc_info)
        return _encode(entry).decode()


class CloudTelemetry(Telemetry):
    """Logs for Cloud Run functions. Their level is that of `LOG_LEVEL`, INFO if there is none."""

    def __init__(self) -> None:
        super().__init__()
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(CloudFormatter())
        logger = logging.getLogger(LOGGER)
        logger.handlers = [handler]  # a function may be loaded again in the same process
        logger.propagate = False  # the functions framework has a handler of its own, which would say it again
        level = os.environ.get("LOG_LEVEL", "").strip().upper()
        logger.setLevel(level if level in _LEVELS else "INFO")
