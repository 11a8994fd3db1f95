"""Two processes against one, on the clock."""

import filecmp
from collections.abc import Iterator

from bench.context import Context
from bench.cost import cpu, wall
from bench.process import take_turns
from bench.row import Row

__all__ = ["measure"]

PART = "scan --jobs 2, time on the clock"


def measure(context: Context) -> Iterator[Row]:
    if not context.lanner.runs_jobs:
        context.say("--jobs: left out, this version has no such option")
        return
    input_ = context.inputs.mix()
    times = max(1, context.sizes.jobs // input_.events)
    events = times * input_.events
    rules = context.prepared(context.rules)
    context.say(f"--jobs 2, {events:,} events")
    paths = [input_.path] * times
    runs = {
        jobs: lambda jobs=jobs: context.runner.run(context.lanner.scan(paths, rules, jobs=jobs), keep=f"alerts-{jobs}")
        for jobs in (1, 2)
    }
    done = take_turns(context.sizes.repetitions, runs)
    if not filecmp.cmp(done[1][-1].output, done[2][-1].output, shallow=False):
        raise SystemExit("one process and two print different alerts")
    more = (cpu(done[2]) / cpu(done[1])).median
    note = f"{events:,} events, {more:.2f} x the CPU time, the same alerts"
    faster = wall(done[1]) / wall(done[2])
    yield Row.of(PART, "jobs", "times as fast as one process", faster, "x", note=note, target=1.8, at_least=True)
