"""Cold start: from the start of a process to its first verdict."""

import sys
from collections.abc import Iterator

from bench.context import Context
from bench.cost import cpu, peak
from bench.process import take_turns
from bench.row import Row

__all__ = ["measure"]

PART = "Cold start to the first verdict, CPU above `python -c 'import msgspec'`"
_FIRST_VERDICT = "import sys; from bench.engine import first_verdict; first_verdict(*sys.argv[1:])"


def measure(context: Context) -> Iterator[Row]:
    lanner = context.lanner
    event = context.inputs.beginning(context.inputs.mix(), 1)
    sources = {"rules files": context.rules.files}
    if lanner.builds:
        sources = {"artefact": context.prepared(context.rules)} | sources
    commands: dict[str, list[object]] = {
        "python": [sys.executable, "-c", "pass"],
        "msgspec": [sys.executable, "-c", "import msgspec"],
    }
    for source, rules in sources.items():
        api = [sys.executable, "-c", _FIRST_VERDICT, lanner.engine, event.path, *rules]
        commands[f"function {source}"] = api
        commands[f"command {source}"] = lanner.scan([event.path], rules)
    context.say(f"cold start, {context.sizes.starts} times each")
    runs = {name: lambda command=command: context.runner.run(command) for name, command in commands.items()}
    for run in runs.values():
        run()  # byte code gets written, files get cached
    done = take_turns(context.sizes.starts, runs)
    bare = cpu(done["msgspec"])
    yield Row.of(PART, "bare", "python -c 'import msgspec' itself", bare * 1e3, "ms", note=_least(bare.low))
    for source in sources:
        for way, name in (("function", "in a function"), ("command", "lanner scan")):
            usages = done[f"{way} {source}"]
            above = cpu(usages) - bare
            note = f"{_least(cpu(usages).low - bare.low)}, {peak(usages).high:.0f} MB"
            target = 15 if (way, source) == ("function", "artefact") else None
            key = f"{way} {source}"
            yield Row.of(PART, key, f"{name}, from {source}", above * 1e3, "ms", note=note, target=target)


def _least(seconds: float) -> str:
    return f"least {seconds * 1e3:.1f} ms"
