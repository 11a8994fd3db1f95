"""Reading the golden data, and running Lanner's own code on it as a scan does."""

import gzip
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lanner.alerts import Alert, AlertFormat
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Catalogue, Event, Intake, RawEvent
from lanner.ruleset import load
from lanner.sources import events


class Golden:
    """One folder of golden data; files may be packed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.deliberate = json.loads((root / "deliberate.json").read_text())

    def bytes(self, name: str) -> bytes:
        packed = self.root / f"{name}.gz"
        return gzip.decompress(packed.read_bytes()) if packed.exists() else (self.root / name).read_bytes()

    def lines(self, name: str) -> list[bytes]:
        return [line for line in self.bytes(name).split(b"\n") if line]

    def objects(self, name: str) -> list[dict]:
        return [json.loads(line.decode(errors="surrogateescape")) for line in self.lines(name)]

    def marked(self, suite: str, key: str) -> set[str]:
        """The names that a suite marks as deliberate differences under `key`."""
        return {name for marks in self.deliberate.get(suite, {}).values() for name in marks.get(key, [])}


def opened(lines: list[bytes]) -> Iterator[Event]:
    """Open the events of payload lines in order."""
    intake = Intake()
    for number, line in enumerate(lines, 1):
        for piece in events(line, origin=f"events:{number}"):
            if isinstance(piece, RawEvent):
                yield intake.open(piece)


def loaded_rules(*files: Path, catalogue: Catalogue | None = None, append_output=()):
    """Load rules files that must be valid and return the enabled rules in order."""
    result = load(files, catalogue or Catalogue(), append_output)
    assert result.ruleset is not None, [str(file) for file in result.results]
    return result.ruleset.select(())


recorded_rules = lru_cache(loaded_rules)
"""The same for files that no test writes: they are read once."""


def scan(
    rules,
    lines: list[bytes],
    format_: AlertFormat | None = None,
    *,
    first_match: bool = False,
    engine_of: type[CompiledEngine | ReferenceEngine] = ReferenceEngine,
) -> list[Alert]:
    """Return the alerts on payload lines, in order."""
    engine = engine_of(rules, first_match=first_match)
    return [
        Alert(rule, event, format_ or AlertFormat()) for event in opened(lines) for rule in engine.judge(event).matched
    ]
