"""All that one run found: the rows, and what they were measured with."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

import lanner
from bench.context import Context, Sizes
from bench.row import Row

__all__ = ["Results"]

_PROCESSORS = Path("/proc/cpuinfo")


@dataclass(slots=True)
class Results:
    """What `--json` writes and the other forms are made of."""

    lanner: str
    python: str
    machine: str
    engine: str
    rules: str
    from_artefact: bool
    sizes: Sizes
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, context: Context) -> Results:
        """Return the results of a run that begins."""
        return cls(
            lanner=lanner.__version__,
            python=f"{platform.python_implementation()} {platform.python_version()}",
            machine=f"{os.cpu_count()} x {_processor()}",
            engine=context.lanner.engine,
            rules=context.rules.name,
            from_artefact=context.lanner.builds,
            sizes=context.sizes,
        )

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read what `write` wrote."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(self))) + b"\n")

    def find(self, key: str) -> Row | None:
        """Return the row of this key, `None` if its part was not measured."""
        return next((row for row in self.rows if row.key == key), None)

    def parts(self) -> Iterable[tuple[str, list[Row]]]:
        """Yield the parts' titles with their rows."""
        for part in dict.fromkeys(row.part for row in self.rows):
            yield part, [row for row in self.rows if row.part == part]

    def conditions(self) -> str:
        """Say in a sentence what was measured with."""
        sizes = self.sizes
        source = "an artefact" if self.from_artefact else "rules files"
        return (
            f"Lanner {self.lanner}, {self.engine} engine, {self.rules} rules from {source}, "
            f"{self.python} on {self.machine}; {sizes.events:,} events "
            f"({sizes.hostile:,} hostile, {sizes.jobs:,} for --jobs), "
            f"median of {sizes.repetitions} repetitions ({sizes.starts} starts)"
        )


def _processor() -> str:
    if _PROCESSORS.exists():
        for line in _PROCESSORS.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
