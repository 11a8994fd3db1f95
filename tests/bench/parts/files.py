"""From a file to JSON alerts: the whole process, its start and the first sight of everything included."""

import filecmp
from collections.abc import Iterator

from bench.context import Context
from bench.cost import Cost, cpu
from bench.inputs import Input
from bench.process import take_turns
from bench.row import Row

__all__ = ["measure"]

PART = "From a file to JSON alerts, times json.loads of the same lines"
_WARM_PASSES = 21


def measure(context: Context) -> Iterator[Row]:
    yield from _input(context, context.inputs.mix(), "mix")
    yield from _input(context, context.inputs.recorded(), "recorded")
    yield from _beginning(context)


def _input(context: Context, input_: Input, key: str) -> Iterator[Row]:
    lanner = context.lanner
    rules = context.prepared(context.rules)
    first = context.inputs.beginning(input_, context.sizes.tenth)
    context.say(f"{input_.name}: {input_.events:,} events, {input_.size / input_.events:,.0f} bytes on average")
    runs = {"loads": context.loads(input_), lanner.engine: context.scan(input_, rules)}
    if lanner.engine != "reference":
        _compare(context, first)
        # the reference engine is slow: a tenth of the events, and less its start, so that it is told by the event
        runs["reference"] = context.scan(first, rules, engine="reference")
        runs["its start"] = context.scan(context.inputs.nothing(), rules, engine="reference")
    done = {name: cpu(usages) for name, usages in take_turns(context.sizes.repetitions, runs).items()}
    loads = done["loads"] / input_.events
    judged = done[lanner.engine] / input_.events
    yield Row.of(
        PART, f"{key} loads", f"{input_.name}, json.loads", loads * 1e6, "µs", note=f"{input_.events:,} events"
    )
    yield Row.of(
        PART, key, f"{input_.name}, {lanner.engine} engine", judged / loads, "x",
        note=_by_the_event(judged), target=0.35, stretch=0.28,
    )  # fmt: skip
    if "reference" in runs and lanner.engine != "reference":
        reference = (done["reference"] - done["its start"]) / first.events
        name = f"{input_.name}, reference engine"
        yield Row.of(PART, f"{key} reference", name, reference / loads, "x", note=_by_the_event(reference))


def _compare(context: Context, input_: Input) -> None:
    """Stop if the engines do not print the same alerts: then there is nothing to compare."""
    rules = context.prepared(context.rules)
    one, other = (
        context.scan(input_, rules, engine=engine, keep=f"alerts-{engine}")().output
        for engine in context.lanner.engines
    )
    if not filecmp.cmp(one, other, shallow=False):
        raise SystemExit(f"the engines give different alerts on {input_.path}: see {one} and {other}")


def _beginning(context: Context) -> Iterator[Row]:
    """What the whole process's cost consists of, measured on a part of the events."""
    # few events, so that the noise in what all events cost does not hide what the first ones cost in addition
    input_ = context.inputs.beginning(context.inputs.mix(), max(context.sizes.tenth // 4, 100))
    rules = context.prepared(context.rules)
    context.say(f"start-up and first sight, on {input_.events:,} events")
    runs = {
        "nothing": context.scan(context.inputs.nothing(), rules),
        "once": context.scan(input_, rules),
        "often": context.scan(input_, rules, passes=_WARM_PASSES),
    }
    done = {name: cpu(usages) for name, usages in take_turns(context.sizes.repetitions, runs).items()}
    warm = (done["often"] - done["once"]) / (_WARM_PASSES - 1)
    yield Row.of(PART, "start", "start-up and loading of the rules alone", done["nothing"] * 1e3, "ms")
    name = f"first sight of everything in {input_.events:,} events"
    yield Row.of(PART, "first sight", name, (done["once"] - done["nothing"] - warm) * 1e3, "ms")
    yield Row.of(PART, "warm", "an event when all is warm", warm / input_.events * 1e6, "µs")


def _by_the_event(cost: Cost) -> str:
    return f"{cost.median * 1e6:.2f} µs an event"
