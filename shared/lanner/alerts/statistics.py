"""Counts of a run: what was read, what alerted, what could not be decided (spec/output.md section 6)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lanner.ruleset import Priority, Rule

__all__ = ["Statistics"]


class Statistics:
    """Counters of one run. `rules` gives the order in which rules are listed.

    `rejected` counts what could not be read, `others` what rightly is no audit event (`lanner.sources.other`).
    `put_in_order` and `exact` count the events that the fast path did not take as they are, and not at all.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self.events = 0
        self.truncated = 0
        self.rejected = 0
        self.others = 0
        self.put_in_order = 0
        self.exact = 0
        self.by_rule: Counter[str] = Counter()
        self.undecided: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    @property
    def alerts(self) -> int:
        """Number of alerts."""
        return self.by_rule.total()

    @property
    def by_priority(self) -> Counter[Priority]:
        """Number of alerts by the priorities of their rules."""
        counts: Counter[Priority] = Counter()
        for rule in self._rules:
            counts[rule.priority] += self.by_rule[rule.name]
        return +counts

    def count_alert(self, rule: Rule) -> None:
        """Count one alert of `rule`."""
        self.by_rule[rule.name] += 1

    def count_undecided(self, rule: Rule) -> None:
        """Count one event on which `rule` could not be decided."""
        self.undecided[rule.name] += 1

    def count_failed(self, rule: Rule) -> None:
        """Count one event on which `rule` failed, which is a defect of Lanner."""
        self.failed[rule.name] += 1

    def add(self, more: Statistics) -> None:
        """Add the counts of a later part of the run."""
        self.events += more.events
        self.truncated += more.truncated
        self.rejected += more.rejected
        self.others += more.others
        self.put_in_order += more.put_in_order
        self.exact += more.exact
        self.by_rule.update(more.by_rule)
        self.undecided.update(more.undecided)
        self.failed.update(more.failed)

    def text(self, printable: Callable[[str], str] = str) -> str:
        """Return the block that ends a run: Falco's lines (`Events detected` are alerts), and Lanner's above them.

        `printable` writes the names of rules so that they control no terminal.
        """
        lines = [f"Events read: {self.events}"]
        if self.truncated:
            lines.append(f"Events truncated: {self.truncated} (what was lost counts as unknown)")
        if self.put_in_order:
            lines.append(f"Events that had to be put in order: {self.put_in_order} (unusual ones; it takes longer)")
        if self.exact:
            lines.append(f"Events that took the exact way: {self.exact} (odd ones; it takes long)")
        lines.append(f"Rejected: {self.rejected}")
        if self.others:
            lines.append(f"Other records (no audit events): {self.others}")
        for counts, what in (
            (self.undecided, "Rules left undecided by truncated events:"),
            (self.failed, "Rules that failed, which is a defect of Lanner (please report it):"),
        ):
            if counts:
                lines.append(what)
                lines += self._by_rule(counts, printable)
        lines.append(f"Events detected: {self.alerts}")
        lines.append("Rule counts by severity:")
        lines += [f"   {priority.short}: {count}" for priority, count in sorted(self.by_priority.items())]
        lines.append("Triggered rules by rule name:")
        lines += self._by_rule(self.by_rule, printable)
        return "\n".join(lines)

    def _by_rule(self, counts: Counter[str], printable: Callable[[str], str]) -> list[str]:
        names = [rule.name for rule in self._rules if rule.name in counts]
        return [f"   {printable(name)}: {counts[name]}" for name in names]
