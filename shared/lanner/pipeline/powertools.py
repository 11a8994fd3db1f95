"""Logs and metrics of Lambda functions, by Powertools: JSON lines, and CloudWatch's embedded metric format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lanner.pipeline.authentication import is_cluster
from lanner.pipeline.telemetry import LOGGER, Telemetry

if TYPE_CHECKING:
    from lanner.pipeline.outcome import Outcome

__all__ = ["LambdaTelemetry"]

_NAMESPACE = "Lanner"
_MAX_CLUSTERS = 100
"""Names of clusters that metrics may have by one process: each is a metric that costs."""

_OTHER, _UNKNOWN = "other", "unknown"


class LambdaTelemetry(Telemetry):
    """Logs and metrics for Lambda. Metrics have the dimensions `service` and `cluster`."""

    def __init__(self) -> None:
        self.logger = Logger(service=LOGGER)
        super().__init__()
        self._metrics = Metrics(
            namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or _NAMESPACE,
            service=os.environ.get("POWERTOOLS_SERVICE_NAME") or LOGGER,
        )
        self._clusters: set[str] = set()

    def report(self, outcome: Outcome) -> None:
        """Log what a run came to, and write its metrics, those of each cluster apart."""
        super().report(outcome)
        metrics = self._metrics
        for one in outcome.by_cluster():
            metrics.add_dimension("cluster", self._dimension(one.cluster))
            for name, value in one.measures().items():
                metrics.add_metric(name, MetricUnit.Seconds if name == "LagSeconds" else MetricUnit.Count, value)
            metrics.flush_metrics()
            metrics.clear_metrics()  # which flushing leaves where metrics are disabled

    def _dimension(self, cluster: str) -> str:
        if not cluster:
            return _UNKNOWN
        if cluster not in self._clusters:
            if len(self._clusters) >= _MAX_CLUSTERS or not is_cluster(cluster):
                return _OTHER
            self._clusters.add(cluster)
        return cluster
