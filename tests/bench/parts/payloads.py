"""From payloads as the clouds deliver them to JSON alerts, inside a process that is warm."""

import json
from collections.abc import Iterator

from bench.context import Context
from bench.cost import cpu
from bench.engine import PAYLOADS, is_there
from bench.process import take_turns
from bench.row import Row

__all__ = ["measure"]

PART = "From raw payload to JSON alerts, times json.loads of the JSON inside alone"
_KINDS = {
    "CloudWatch": ("CloudWatch batches of 200 (base64, gzip, JSON, JSON)", 0.9),
    "Pub/Sub": ("Pub/Sub messages of GKE (JSON, base64, log entry)", None),
    "Event Hub": ("Event Hub messages of AKS, 22 records each (JSON, JSON)", None),
    "Logs Data Platform": ("messages of OVHcloud's stream (JSON, JSON, JSON)", None),
    "EventList": ("EventLists of 100 to 400, as webhooks post them", None),
}


def measure(context: Context) -> Iterator[Row]:
    rules = context.prepared(context.rules)
    events = context.inputs.beginning(context.inputs.mix(), context.sizes.quarter)
    for kind, (name, target) in _KINDS.items():
        if not is_there(PAYLOADS[kind]):
            context.say(f"{kind}: left out, this version does not read it")
            continue
        packed, plain = context.inputs.payloads(kind, events)
        context.say(f"{kind}: {packed.events:,} events, {packed.size / 1e6:,.0f} MB")
        runs = {
            "loads": context.loads(plain),
            "payloads": context.worker("payloads", kind, context.lanner.engine, packed.path, *rules),
        }
        done = take_turns(context.sizes.repetitions, runs)
        report = json.loads(done["payloads"][-1].output.read_text())
        if report["pieces"] != packed.events or report["rejects"]:
            raise SystemExit(f"{kind}: {packed.events} events were sent, {report} came out")
        cost = cpu(done["payloads"]) / packed.events
        note = f"{cost.median * 1e6:.2f} µs an event"
        yield Row.of(PART, kind, name, cost / (cpu(done["loads"]) / packed.events), "x", note=note, target=target)
