"""The files that are measured on, made when they are first asked for and kept for the next run."""

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.generator import write_events
from bench.generator.envelopes import (
    write_cloudwatch,
    write_event_hub,
    write_event_lists,
    write_log_entries,
    write_pubsub,
    write_stream,
)

__all__ = ["Input", "Inputs", "shared_folder"]

_REPOSITORY = Path(__file__).parents[2]
_GENERATOR = Path(__file__).with_name("generator")
_DAY = Path("corpus", "day", "events.jsonl.gz")
_INCIDENT = _REPOSITORY / "tests" / "events" / "incident.jsonl"
_WRITERS = {
    "CloudWatch": write_cloudwatch,
    "Event Hub": write_event_hub,
    "Logs Data Platform": write_stream,
    "EventList": write_event_lists,
}


@dataclass(frozen=True, slots=True)
class Input:
    """A file of events or payloads, and how many events are in it."""

    name: str
    path: Path
    events: int

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size


class Inputs:
    """Gives the inputs for a run on `events` events, made in `folder`; recorded events come from `shared`.

    A file `given` takes the place of the generated one, and what it holds that of `events`.
    """

    def __init__(self, folder: Path, events: int, shared: Path | None, given: Path | None = None) -> None:
        self._folder = folder / f"inputs-{_fingerprint(given)}"
        self._given = given
        self._shared = shared
        self.events = events if given is None else _lines(given)
        for other in folder.glob("inputs-" + "[0-9a-f]" * 12):  # made by another generator, or of another file
            if other != self._folder:
                shutil.rmtree(other)
        self._folder.mkdir(parents=True, exist_ok=True)

    def mix(self) -> Input:
        """Return the bench file."""
        if self._given is not None:
            return Input(self._given.name, self._given, self.events)
        path = self._made(f"mix-{self.events}.jsonl", lambda path: write_events(path, self.events))
        return Input("the bench file", path, self.events)

    def recorded(self) -> Input:
        """Return recorded events: a day's log ten times over, or of the incident as many as generated ones."""
        source = None if self._shared is None else self._shared / _DAY
        if source is not None and source.is_file():
            lines = gzip.decompress(source.read_bytes()).splitlines(keepends=True)
            name, times = "a recorded day", max(1, min(10, self.events // 20_000))
        else:
            lines = _INCIDENT.read_bytes().splitlines(keepends=True)
            name, times = "the recorded incident", max(1, self.events // len(lines))
        kept = f"{name.replace(' ', '-')}-{times}.jsonl"
        path = self._made(kept, lambda path: path.write_bytes(b"".join(lines * times)))
        return Input(f"{name}, {times} x", path, len(lines) * times)

    def beginning(self, of: Input, events: int) -> Input:
        """Return the first events of an input."""

        def write(path: Path) -> None:
            with of.path.open("rb") as source:
                path.write_bytes(b"".join(islice(source, events)))

        path = self._made(f"{of.path.stem}-first-{events}.jsonl", write)
        return Input(f"the first {events:,} of {of.name}", path, min(events, of.events))

    def nothing(self) -> Input:
        """Return an empty file."""
        return Input("nothing", self._made("nothing.jsonl", lambda path: path.touch()), 0)

    def payloads(self, kind: str, plain: Input) -> tuple[Input, Input]:
        """Return events as payloads of a kind, and the plain JSON that is in them."""
        name = plain.path.stem
        if kind == "Pub/Sub":
            entries = self._made(f"{name}-log-entries.jsonl", lambda path: write_log_entries(plain.path, path))
            plain = Input("log entries", entries, _lines(entries))
            path = self._made(f"{name}-pubsub.jsonl", lambda path: write_pubsub(entries, path))
        else:
            write = _WRITERS[kind]
            path = self._made(f"{name}-{kind.lower().replace(' ', '-')}.jsonl", lambda path: write(plain.path, path))
        return Input(kind, path, plain.events), plain

    def _made(self, name: str, make: Callable[[Path], object]) -> Path:
        path = self._folder / name
        if not path.exists():
            unfinished = path.with_suffix(".part")
            make(unfinished)
            unfinished.rename(path)
        return path


def shared_folder() -> Path | None:
    """Return the maintainers' recorded data, where it lies beside the repository or where LANNER_SHARED says."""
    folder = Path(os.environ.get("LANNER_SHARED") or _REPOSITORY.parent / "shared")
    return folder if folder.is_dir() else None


def _fingerprint(given: Path | None) -> str:
    """Tell the versions of the generator and of the given file: with others, other files are to be made."""
    digest = hashlib.sha256()
    for path in sorted(_GENERATOR.glob("*.py")):
        digest.update(path.read_bytes())
    if given is not None:
        status = given.stat()
        digest.update(f"{given.resolve()} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()[:12]


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
