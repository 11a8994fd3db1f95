"""What every part of the benchmark needs: inputs, rules, the means to run, how often and how much."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.inputs import Input, Inputs
from bench.lanner_command import LannerCommand
from bench.process import Runner, Usage
from bench.rulesets import Rules

__all__ = ["Context", "Sizes"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: events, repetitions of everything, starts of processes."""

    events: int = 200_000
    hostile: int = 200_000
    jobs: int = 200_000
    repetitions: int = 5
    starts: int = 40

    @property
    def tenth(self) -> int:
        """Events for what is slow."""
        return max(self.events // 10, 100)

    @property
    def quarter(self) -> int:
        """Events for what is repeated often."""
        return max(self.events // 4, 100)


class Context:
    """One run of the benchmark."""

    def __init__(self, folder: Path, sizes: Sizes, inputs: Inputs, rules: Rules, ours: Rules) -> None:
        self.folder = folder
        self.sizes = sizes
        self.inputs = inputs
        self.rules = rules
        self.ours = ours
        self.runner = Runner(folder)
        self.lanner = LannerCommand()
        self._made: dict[tuple[str, int, str], tuple[Path, ...]] = {}

    def say(self, what: str) -> None:
        """Tell on standard error what is measured now."""
        print(f"... {what}", file=sys.stderr, flush=True)

    def prepared(self, rules: Rules, copies: int = 1, variant: str = "namespace") -> tuple[Path, ...]:
        """Return what to give to `-r`: an artefact of the copies, or rules files where there are no artefacts."""
        key = rules.name, copies, "" if copies == 1 else variant
        if key not in self._made:
            many = rules.copies(copies, variant, self.folder)
            self._made[key] = many.files
            if self.lanner.builds:
                artefact = self.folder / f"{rules.name}-{variant}-{copies}.lanner"
                self.runner.run(self.lanner.build(many.files, artefact))
                self._made[key] = (artefact,)
        return self._made[key]

    def scan(
        self, input_: Input, rules: Sequence[Path], *, engine: str = "", passes: int = 1, keep: str = "alerts"
    ) -> Callable[[], Usage]:
        """Return what scans an input, `passes` times in one process."""
        command = self.lanner.scan([input_.path] * passes, rules, engine=engine)
        return lambda: self.runner.run(command, keep=keep)

    def loads(self, input_: Input) -> Callable[[], Usage]:
        """Return what parses every line of an input with `json.loads`; only the parsing counts."""
        return self.worker("loads", input_.path)

    def worker(self, *arguments: object) -> Callable[[], Usage]:
        """Return what measures inside a process (`bench.worker`): its CPU seconds are those that it reports."""
        command = [sys.executable, "-m", "bench.worker", *arguments]

        def run() -> Usage:
            usage = self.runner.run(command)
            return replace(usage, cpu=json.loads(usage.output.read_text())["cpu"])

        return run
