"""The parts of the benchmark, each giving rows for the report."""

from collections.abc import Callable, Iterable

from bench.context import Context
from bench.parts import cold, files, hostile, jobs, memory, payloads, rules
from bench.row import Row

__all__ = ["PARTS"]

PARTS: dict[str, Callable[[Context], Iterable[Row]]] = {
    "files": files.measure,
    "rules": rules.measure,
    "payloads": payloads.measure,
    "cold": cold.measure,
    "memory": memory.measure,
    "hostile": hostile.measure,
    "jobs": jobs.measure,
}
"""By the names that choose them, in the order of the report."""
