"""Log lines of Azure Functions: one JSON object each, by the host's own way to Application Insights."""

from __future__ import annotations

import copy
import logging

from lanner.pipeline.cloud_logging import CloudFormatter, CloudTelemetry
from lanner.pipeline.telemetry import LOGGER

__all__ = ["AzureTelemetry", "HostHandler"]

_TALKATIVE = ("azure.core", "azure.identity")
"""Loggers that tell of every request, which the host would take as lines of ours."""


class HostHandler(logging.Handler):
    """Hands records on to the root logger, whose handler is the host's, as JSON.

    The host keeps the message, the level and the invocation of a record, and nothing that stands in its `extra`.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on a record."""
        told = copy.copy(record)
        told.msg, told.args, told.exc_info = self.format(record), (), None
        logging.root.handle(told)


class AzureTelemetry(CloudTelemetry):
    """Logs for Azure Functions. Their level is that of `LOG_LEVEL`, INFO if there is none."""

    def __init__(self) -> None:
        super().__init__()
        handler = HostHandler()
        handler.setFormatter(CloudFormatter())
        logging.getLogger(LOGGER).handlers = [handler]
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
