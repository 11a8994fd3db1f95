"""More rules: copies that each ask one thing more, with everything seen before."""

from collections.abc import Iterator

from bench.context import Context
from bench.cost import cpu, peak
from bench.process import take_turns
from bench.row import Row
from bench.rulesets import Rules

__all__ = ["measure"]

PART = "More rules, warm, times the cost with the rules once"
_COPIES = (4, 16, 64)
_TARGETS = {16: 1.2, 64: 1.5}
_PASSES = 4


def measure(context: Context) -> Iterator[Row]:
    yield from _copies(context, context.rules, "namespace")
    yield from _copies(context, context.rules, "name")
    yield from _copies(context, context.rules, "image")
    if context.ours != context.rules:
        yield from _copies(context, context.ours, "namespace")


def _copies(context: Context, rules: Rules, variant: str) -> Iterator[Row]:
    input_ = context.inputs.beginning(context.inputs.mix(), context.sizes.quarter)
    context.say(f"{rules.name} rules, up to {_COPIES[-1]} x, each copy with its {variant}; {input_.events:,} events")
    runs = {}
    for copies in (1, *_COPIES):
        prepared = context.prepared(rules, copies, variant)
        runs[f"{copies} once"] = context.scan(input_, prepared)
        runs[f"{copies} often"] = context.scan(input_, prepared, passes=_PASSES)
    done = take_turns(context.sizes.repetitions, runs)
    warm = {
        copies: (cpu(done[f"{copies} often"]) - cpu(done[f"{copies} once"])) / (_PASSES - 1) / input_.events
        for copies in (1, *_COPIES)
    }
    for copies, cost in warm.items():
        if copies == 1 and variant != "namespace":
            continue  # said before
        memory = f"{cost.median * 1e6:.2f} µs an event, {peak(done[f'{copies} often']).high:.0f} MB"
        name = f"{rules.name} rules, {copies} x" if copies == 1 else f"{rules.name} rules, {copies} x, by {variant}"
        # the targets mean this variant of the first rules
        target = _TARGETS.get(copies) if rules is context.rules and variant == "namespace" else None
        key = f"{rules.name} {variant} {copies}"
        yield Row.of(PART, key, name, cost / warm[1], "x", note=memory, target=target)
