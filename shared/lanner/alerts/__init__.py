"""Verdicts → alerts: their identity, their texts, the counts of a run."""

from lanner.alerts.alert import Alert
from lanner.alerts.identity import alert_id
from lanner.alerts.statistics import Statistics
from lanner.alerts.stencil import AlertFormat
from lanner.alerts.summary import Note, Summary, note

__all__ = ["Alert", "AlertFormat", "Note", "Statistics", "Summary", "alert_id", "note"]
