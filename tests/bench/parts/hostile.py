"""A stream in which nothing comes twice, made against every memory of what was seen."""

import sys
from collections.abc import Iterator

from bench.context import Context
from bench.cost import cpu, peak
from bench.process import Usage, take_turns
from bench.row import Row

__all__ = ["measure"]

PART = "Hostile stream: every event with a new user, resource, namespace, name and verb"
_FLAT = 2  # MB more than for a quarter of the stream
_MANY = 1_000_000  # events that are many repetitions in themselves


def measure(context: Context) -> Iterator[Row]:
    events = context.sizes.hostile
    normal = context.inputs.mix()
    scan = context.lanner.scan(["-"], context.prepared(context.rules))

    def stream(number: int, *options: str) -> Usage:
        return context.runner.feed([sys.executable, "-m", "bench.generator.hostile", number, *options], scan)

    context.say(f"hostile stream, {events:,} events")
    runs = {
        "normal": lambda: context.runner.feed(["cat", normal.path], scan),  # through a pipe, too
        "quarter": lambda: stream(events // 4),
        "all": lambda: stream(events),
        "alerting": lambda: stream(events // 4, "--alerting"),
    }
    done = take_turns(context.sizes.repetitions if events < _MANY else 1, runs)
    usual = cpu(done["normal"]) / normal.events
    cost = cpu(done["all"]) / events
    note = f"{cost.median * 1e6:.2f} µs an event, {events:,} events"
    yield Row.of(PART, "hostile", "an event, times the cost of a normal one", cost / usual, "x", note=note, target=3)
    alerting = cpu(done["alerting"]) / (events // 4)
    note = f"{alerting.median * 1e6:.2f} µs an event; most of it makes the alerts"
    yield Row.of(PART, "alerting", "the same where nearly every event alerts", alerting / usual, "x", note=note)
    growth = peak(done["all"]) - peak(done["quarter"])
    note = f"peak {peak(done['all']).high:.1f} MB"
    yield Row.of(PART, "growth", "memory above that for a quarter of it", growth, "MB", note=note, target=_FLAT)
