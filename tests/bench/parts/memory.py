"""Peak memory of a scan that streams a file."""

from collections.abc import Iterator

from bench.context import Context
from bench.cost import peak
from bench.process import take_turns
from bench.row import Row

__all__ = ["measure"]

PART = "Peak memory of a scan"
_TARGETS = {1: 25, 16: 45}
_REPETITIONS = 2  # it hardly varies


def measure(context: Context) -> Iterator[Row]:
    input_ = context.inputs.mix()
    first = context.inputs.beginning(input_, context.sizes.tenth)
    context.say(f"memory, {input_.events:,} events")
    for copies, target in _TARGETS.items():
        rules = context.prepared(context.rules, copies)
        runs = {"all": context.scan(input_, rules), "tenth": context.scan(first, rules)}
        done = take_turns(_REPETITIONS, runs)
        note = f"{peak(done['tenth']).high:.1f} MB for a tenth of the events"
        name = f"{context.rules.name} rules, {copies} x"
        yield Row.of(PART, f"memory {copies}", name, peak(done["all"]), "MB", note=note, target=target)
