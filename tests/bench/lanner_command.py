"""The command lines of Lanner that are measured, and what this version of it can do."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.process import environment

__all__ = ["LannerCommand"]


class LannerCommand:
    """The `lanner` beside the interpreter that runs the benchmark."""

    def __init__(self) -> None:
        self._program = Path(sys.executable).with_name("lanner")
        if not self._program.exists():
            raise SystemExit("lanner is not installed beside this Python: say `make bench`")
        verbs, scan = self._help(), self._help("scan")
        self.engines = ("compiled", "reference") if "--engine" in scan else ("reference",)
        self.builds = " build " in verbs
        self.runs_jobs = "--jobs" in scan

    @property
    def engine(self) -> str:
        """The engine that a scan uses unless told otherwise."""
        return self.engines[0]

    def scan(
        self, paths: Iterable[Path | str], rules: Sequence[Path], *, engine: str = "", jobs: int = 1
    ) -> list[object]:
        """Return the command that turns files of events into JSON alerts."""
        command: list[object] = [self._program, "scan", "--format", "json"]
        for path in rules:
            command += ["-r", path]
        if engine and len(self.engines) > 1:
            command += ["--engine", engine]
        if jobs > 1:
            command += ["--jobs", jobs]
        return [*command, *paths]

    def build(self, rules: Sequence[Path], artefact: Path) -> list[object]:
        """Return the command that makes an artefact of rules files."""
        return [self._program, "build", *rules, "-o", artefact]

    def _help(self, *verb: str) -> str:
        command = [self._program, *verb, "--help"]
        return subprocess.run(command, capture_output=True, text=True, env=environment(), check=True).stdout
