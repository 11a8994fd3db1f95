"""`python -m bench`: measures, and shows what it found. `make bench` runs it."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.chart import panels, svg
from bench.context import Context, Sizes
from bench.inputs import Inputs, shared_folder
from bench.parts import PARTS
from bench.report import markdown, rewrite, table
from bench.results import Results
from bench.rulesets import official_rules, our_rules

_REPOSITORY = Path(__file__).parents[2]
_FOLDER = _REPOSITORY / "build" / "bench"
_PAGE = _REPOSITORY / "docs" / "performance.md"
_CHART = _REPOSITORY / "docs" / "performance.svg"
_PUBLISHED = Sizes(jobs=1_000_000)  # what the target for --jobs means
_QUICK = Sizes(events=20_000, hostile=60_000, jobs=20_000, repetitions=2, starts=8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the options ask for and show it."""
    options = _options(arguments)
    if options.shown is not None:
        results = Results.read(options.shown)
        print(table(results))
    else:
        results = _measured(options)
    if options.json:
        results.write(options.json)
    if options.svg:
        options.svg.write_text(svg(panels(results)))
    if options.publish:
        _CHART.write_text(svg(panels(results)))
        rewrite(_PAGE, markdown(results))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures what an event costs beside json.loads.")
    usual = Sizes()
    parser.add_argument("--parts", default=",".join(PARTS), help="what to measure, of %(default)s")
    parser.add_argument("--quick", action="store_true", help="few events, few repetitions: a look, no measurement")
    parser.add_argument("--events", type=int, help=f"events of the bench file ({usual.events:,})")
    parser.add_argument("--file", type=Path, help="audit events (JSON lines) to take instead of the bench file")
    parser.add_argument("--hostile", type=int, help=f"events of the hostile stream ({usual.hostile:,})")
    parser.add_argument(
        "--jobs", type=int, help=f"events for --jobs 2 ({usual.jobs:,}; with --publish {_PUBLISHED.jobs:,})"
    )
    parser.add_argument("--repetitions", type=int, help=f"repetitions of everything ({usual.repetitions})")
    parser.add_argument("--starts", type=int, help=f"starts for the cold start ({usual.starts})")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where the inputs are kept (build/bench)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write the chart to FILE")
    parser.add_argument("--publish", action="store_true", help="put table and chart into docs/performance.*")
    parser.add_argument(
        "--show", dest="shown", type=Path, metavar="FILE", help="measure nothing, show what --json wrote"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.parts.split(",")).difference(PARTS)
    if unknown:
        parser.error(f"--parts: no part is called {', '.join(sorted(unknown))}")
    if options.publish and (options.quick or set(options.parts.split(",")) != set(PARTS)):
        parser.error("--publish: a part of the numbers is not for the page; leave out --quick and --parts")
    for option, path in (("--file", options.file), ("--show", options.shown)):
        if path is not None and not path.is_file():
            parser.error(f"{option} {path}: there is no such file")
    return options


def _measured(options: argparse.Namespace) -> Results:
    sizes = _sizes(options)
    shared = shared_folder()
    ours = our_rules()
    options.folder.mkdir(parents=True, exist_ok=True)
    inputs = Inputs(options.folder, sizes.events, shared, options.file)
    sizes = replace(sizes, events=inputs.events)
    context = Context(options.folder, sizes, inputs, official_rules(shared) or ours, ours)
    results = Results.of(context)
    try:
        for name in PARTS:  # in their order
            if name in options.parts.split(","):
                # the targets mean the official rules
                rows = PARTS[name](context)
                results.rows.extend(rows if context.rules is not ours else (row.without_targets() for row in rows))
    finally:  # what was measured before a failure may have taken minutes
        if results.rows:
            print(table(results), flush=True)
    return results


def _sizes(options: argparse.Namespace) -> Sizes:
    usual = _QUICK if options.quick else _PUBLISHED if options.publish else Sizes()
    chosen = {name: getattr(options, name) or getattr(usual, name) for name in Sizes.__slots__}
    return Sizes(**chosen)


if __name__ == "__main__":
    raise SystemExit(main())
