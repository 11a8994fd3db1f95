"""One measured number, with what was aimed at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.cost import Cost

__all__ = ["Row"]

_DIGITS = {"x": 3, "µs": 2, "ms": 1, "MB": 1}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the report.

    `key` names it for the chart, `unit` is "x" (times what the part's title says), "µs" (of CPU, an event), "ms" (of
    CPU) or "MB". `target` and `stretch` are upper bounds, or lower ones if `at_least`.
    """

    part: str
    key: str
    name: str
    value: float
    unit: str
    low: float
    high: float
    note: str = ""
    target: float | None = None
    stretch: float | None = None
    at_least: bool = False

    @classmethod
    def of(cls, part: str, key: str, name: str, cost: Cost, unit: str, **more: object) -> Row:
        """Return the row for a cost."""
        return cls(part, key, name, cost.median, unit, cost.low, cost.high, **more)

    def without_targets(self) -> Row:
        """Return the row for a measurement that the targets do not mean."""
        return replace(self, target=None, stretch=None)

    @property
    def shown(self) -> str:
        """The value with its unit."""
        return f"{self._digits(self.value)} {self.unit}"

    @property
    def spread(self) -> str:
        """The least and the most of all repetitions."""
        return f"{self._digits(self.low)} to {self._digits(self.high)}"

    @property
    def verdict(self) -> str:
        """Whether the target and the stretch are met; empty without a target."""
        if self.target is None:
            return ""
        if not self._meets(self.target):
            return "MISSED"
        return "stretch met" if self.stretch is not None and self._meets(self.stretch) else "met"

    def bound(self, limit: float | None) -> str:
        """Show a target."""
        if limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {limit:g} {self.unit}"

    def _digits(self, value: float) -> str:
        return f"{value:.{_DIGITS[self.unit]}f}"

    def _meets(self, limit: float) -> bool:
        return self.value >= limit if self.at_least else self.value <= limit
