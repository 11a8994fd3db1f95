"""Counts of a run: what was read, what alerted, what could not be decided (spec/output.md section 6)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lanner.ruleset import Priority, Rule

__all__ = ["Statistics"]


class Statistics:
    """Counters of one run. `rules` gives the order in which rules are listed."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self.events = 0
        self.truncated = 0
        self.rejected = 0
        self.by_rule: Counter[str] = Counter()
        self.by_priority: Counter[Priority] = Counter()
        self.undecided: Counter[str] = Counter()

    @property
    def alerts(self) -> int:
        """Number of alerts."""
        return self.by_priority.total()

    def count_alert(self, rule: Rule) -> None:
        """Count one alert of `rule`."""
        self.by_rule[rule.name] += 1
        self.by_priority[rule.priority] += 1

    def count_undecided(self, rule: Rule) -> None:
        """Count one event on which `rule` could not be decided."""
        self.undecided[rule.name] += 1

    def text(self, printable: Callable[[str], str] = str) -> str:
        """Return the block that ends a run: Falco's lines (`Events detected` are alerts), and Lanner's above them.

        `printable` writes the names of rules so that they control no terminal.
        """
        lines = [f"Events read: {self.events}"]
        if self.truncated:
            lines.append(f"Events truncated: {self.truncated} (their bodies count as unknown)")
        lines.append(f"Rejected: {self.rejected}")
        if self.undecided:
            lines.append("Rules left undecided by truncated events:")
            lines += [
                f"   {printable(rule.name)}: {self.undecided[rule.name]}"
                for rule in self._rules
                if rule.name in self.undecided
            ]
        lines.append(f"Events detected: {self.alerts}")
        lines.append("Rule counts by severity:")
        lines += [f"   {priority.short}: {self.by_priority[priority]}" for priority in sorted(self.by_priority)]
        lines.append("Triggered rules by rule name:")
        lines += [
            f"   {printable(rule.name)}: {self.by_rule[rule.name]}" for rule in self._rules if rule.name in self.by_rule
        ]
        return "\n".join(lines)
