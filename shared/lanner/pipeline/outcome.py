"""What a run came to: the counts that metrics and logs show, and what is not safe."""

from __future__ import annotations

import time
from typing import Any

from lanner.alerts import Statistics

__all__ = ["MEASURES", "SEVERAL", "Outcome"]

MEASURES = (
    *("Events", "Alerts", "Delivered", "DeadLetters", "Rejected", "Others"),
    *("Truncated", "Undecided", "FailedRules", "NotSafe"),
)
"""The counts of every run, by their names as metrics. `LagSeconds` comes with those that saw an event."""

SEVERAL = "several"
"""What stands for the cluster where there is more than one."""

_SECOND = 10**9
_SHOWN = 5  # problems, and names of rules
_MAX_CLUSTERS = 100  # that are counted apart


class Outcome:
    """The counts of one run.

    `statistics` are those of judging. `delivered` counts deliveries (an alert that two outputs took, twice),
    `dead_letters` what was kept instead, `not_safe` what is neither. `cluster` is that of the last event, `newest` the
    time of that event in nanoseconds. `problems` say why something was not delivered, each once and not too many.
    """

    def __init__(self, cluster: str = "") -> None:
        self.statistics = Statistics(())
        self.delivered = 0
        self.dead_letters = 0
        self.not_safe = 0
        self.cluster = cluster
        self.newest: int | None = None
        self.problems: list[str] = []
        self._by_cluster: dict[str, Outcome] = {}

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing that anybody would want to know."""
        counts = self.statistics
        return not (
            counts.alerts
            or counts.rejected
            or counts.undecided
            or counts.failed
            or self.dead_letters
            or self.not_safe
            or self.problems
        )

    @property
    def lag(self) -> float | None:
        """Seconds from the newest event to now, `None` if there was none."""
        return None if self.newest is None else max(0.0, (time.time_ns() - self.newest) / _SECOND)

    def add(self, more: Outcome) -> None:
        """Add what a later run came to, so that both are reported as one."""
        self._merge(more)
        parts = self._by_cluster
        name = more.cluster or next(iter(parts), "")
        if "" in parts:
            parts[name] = parts.pop("")
        if name not in parts and len(parts) >= _MAX_CLUSTERS:
            name = SEVERAL
        parts.setdefault(name, Outcome(name))._merge(more)

    def by_cluster(self) -> list[Outcome]:
        """Return what the runs that were added came to, cluster by cluster; if none was added, this alone.

        Runs without a cluster, such as those of control messages, count for another one's, if there is one.
        """
        return list(self._by_cluster.values()) or [self]

    def _merge(self, more: Outcome) -> None:
        self.statistics.add(more.statistics)
        self.delivered += more.delivered
        self.dead_letters += more.dead_letters
        self.not_safe += more.not_safe
        if more.cluster:
            self.cluster = more.cluster if self.cluster in ("", more.cluster) else SEVERAL
        if more.newest is not None:
            self.newest = max(more.newest, self.newest or 0)
        for problem in more.problems:
            self.add_problem(problem)

    def add_problem(self, reason: str) -> None:
        """Note why something was not delivered, or not kept."""
        if len(self.problems) < _SHOWN and reason not in self.problems:
            self.problems.append(reason)

    def measures(self) -> dict[str, float]:
        """Return the numbers for metrics by their names (`MEASURES`, and `LagSeconds` if it is known)."""
        counts = self.statistics
        numbers: tuple[float, ...] = (
            *(counts.events, counts.alerts, self.delivered, self.dead_letters, counts.rejected, counts.others),
            *(counts.truncated, counts.undecided.total(), counts.failed.total(), self.not_safe),
        )
        found = dict(zip(MEASURES, numbers, strict=True))
        lag = self.lag
        if lag is not None:
            found["LagSeconds"] = round(lag, 3)
        return found

    def record(self) -> dict[str, Any]:
        """Return what a log line says beside its message: counts that are not 0, names of rules, problems."""
        found: dict[str, Any] = {_snake(name): number for name, number in self.measures().items() if number}
        if self.cluster:
            found["cluster"] = self.cluster
        counts = self.statistics
        for key, by_rule in (
            ("rules", counts.by_rule),
            ("undecided_rules", counts.undecided),
            ("failed_rule_names", counts.failed),
        ):
            if by_rule:
                found[key] = dict(by_rule.most_common(_SHOWN))
        if self.problems:
            found["problems"] = self.problems
        return found

    def __str__(self) -> str:
        counts = self.statistics
        parts = [_count(counts.events, "event"), _count(counts.alerts, "alert")]
        for number, what in (
            (counts.rejected, "rejected"),
            (self.dead_letters, "kept as dead letters"),
            (self.not_safe, "not safe"),
        ):
            if number:
                parts.append(f"{number:,} {what}")
        return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _snake(name: str) -> str:
    """Return a metric's name as logs write it: `DeadLetters` as `dead_letters`."""
    return "".join([f"_{char.lower()}" if char.isupper() else char for char in name]).lstrip("_")
