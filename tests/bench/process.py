"""Processes and what they used."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Runner", "Usage", "environment", "take_turns"]

TESTS = Path(__file__).parents[1]
_LAUNCH = Path(__file__).with_name("launch.py")
_FINE = (0, 3)  # of a scan: 3 says that some input could not be read


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process used: seconds of CPU and on the clock, bytes of memory at most; what it printed."""

    cpu: float
    wall: float
    peak: int
    output: Path


class Runner:
    """Runs commands one after the other; what they print goes to files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, command: Sequence[object], *, keep: str = "output", stdin: IO[bytes] | int | None = None) -> Usage:
        """Run a command to its end; raise `SystemExit` with what it said if it fails."""
        output = self._folder / keep
        program = [sys.executable, "-I", "-S", str(_LAUNCH), str(output), *map(str, command)]
        done = subprocess.run(
            program,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        words = done.stdout.split()
        if done.returncode or int(words[3]) not in _FINE:
            raise SystemExit(f"failed: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")
        return Usage(float(words[0]), float(words[1]), int(words[2]), output)

    def feed(self, producer: Sequence[object], command: Sequence[object]) -> Usage:
        """Run a command on what another one prints; only the command's own use counts."""
        with subprocess.Popen(list(map(str, producer)), stdout=subprocess.PIPE, env=environment()) as source:
            usage = self.run(command, stdin=source.stdout)
        if source.returncode:
            raise SystemExit(f"failed: {' '.join(map(str, producer))}")
        return usage


def environment() -> dict[str, str]:
    """Return the environment for all processes: no settings of Python's but the way to this package.

    An interpreter that may not write byte code, or does not buffer its output, would be measured with a burden.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PYTHONPATH": str(TESTS), "TZ": "UTC"}


def take_turns(repetitions: int, runs: Mapping[str, Callable[[], Usage]]) -> dict[str, list[Usage]]:
    """Run everything `repetitions` times in turn, so that a disturbance of the machine meets all alike."""
    done: dict[str, list[Usage]] = {name: [] for name in runs}
    for _ in range(repetitions):
        for name, run in runs.items():
            done[name].append(run())
    return done
