"""What something cost in each repetition; the median stands for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from bench.process import Usage

__all__ = ["Cost", "cpu", "peak", "wall"]


@dataclass(frozen=True, slots=True)
class Cost:
    """One number a repetition.

    Costs of the same repetitions are set against each other repetition by repetition, so that both sides were
    measured side by side, in whatever state the machine was.
    """

    each: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.each)

    @property
    def low(self) -> float:
        return min(self.each)

    @property
    def high(self) -> float:
        return max(self.each)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(tuple(mine - its for mine, its in zip(self.each, other.each, strict=True)))

    def __truediv__(self, other: Cost | float) -> Cost:
        if isinstance(other, Cost):
            return Cost(tuple(mine / its for mine, its in zip(self.each, other.each, strict=True)))
        return Cost(tuple(mine / other for mine in self.each))

    def __mul__(self, factor: float) -> Cost:
        return Cost(tuple(mine * factor for mine in self.each))


def cpu(usages: Iterable[Usage]) -> Cost:
    """Return the seconds of CPU."""
    return Cost(tuple(usage.cpu for usage in usages))


def wall(usages: Iterable[Usage]) -> Cost:
    """Return the seconds on the clock."""
    return Cost(tuple(usage.wall for usage in usages))


def peak(usages: Iterable[Usage]) -> Cost:
    """Return the most memory, in millions of bytes."""
    return Cost(tuple(usage.peak / 1e6 for usage in usages))
