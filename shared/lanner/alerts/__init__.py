"""Verdicts → alerts: their identity, their texts, the counts of a run."""

from lanner.alerts.alert import Alert, AlertFormat, alert_id
from lanner.alerts.statistics import Statistics
from lanner.alerts.summary import Summary

__all__ = ["Alert", "AlertFormat", "Statistics", "Summary", "alert_id"]
