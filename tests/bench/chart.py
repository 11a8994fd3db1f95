"""The results as a picture: bars, with a mark where a target stands. Readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from bench.results import Results

__all__ = ["Bar", "Panel", "panels", "svg"]

_WIDTH = 820
_LABELS = 300  # width of the column of labels
_BARS = 400  # width of the longest bar
_STEP = 24  # from bar to bar
_HEAD = 46  # above a panel's first bar
_STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 14px; }
.value { font-variant-numeric: tabular-nums; }
.quiet { fill: #57606a; font-size: 12px; }
.ours { fill: #1f7a5c; }
.other { fill: #a8b1bb; }
.target { stroke: #c2410c; stroke-width: 2; }
.axis { stroke: #a8b1bb; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .quiet { fill: #9198a1; }
  .ours { fill: #3fb68b; }
  .other { fill: #59636e; }
  .target { stroke: #fb923c; }
  .axis { stroke: #59636e; }
}"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `ours` sets off what Lanner's main engine does from what it is compared with."""

    label: str
    value: float
    ours: bool = True
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of one unit on one scale."""

    title: str
    unit: str
    bars: tuple[Bar, ...]


def panels(results: Results) -> list[Panel]:
    """Return what is worth a picture, as far as it was measured."""
    found = (
        Panel("CPU time of an event, from a file to JSON alerts", "µs", tuple(_times(results))),
        Panel("The same, times json.loads of the JSON alone (mark: the target)", "x", tuple(_ratios(results))),
        Panel("More rules: times the cost with the rules once, warm (mark: the target)", "x", tuple(_copies(results))),
    )
    return [panel for panel in found if panel.bars]


def _times(results: Results) -> Iterator[Bar]:
    for key in ("mix", "recorded"):
        loads, row, reference = results.find(f"{key} loads"), results.find(key), results.find(f"{key} reference")
        if loads is None or row is None:
            continue
        name = loads.name.partition(",")[0]
        if reference is not None:
            yield Bar(f"{name}: reference engine", reference.value * loads.value, ours=False)
        yield Bar(f"{name}: json.loads alone", loads.value, ours=False)
        yield Bar(f"{name}: Lanner", row.value * loads.value)


def _ratios(results: Results) -> Iterator[Bar]:
    names = {
        "mix": "the bench file",
        "recorded": "recorded events",
        "CloudWatch": "CloudWatch batches",
        "Pub/Sub": "Pub/Sub messages",
        "EventList": "EventLists",
    }
    for key, name in names.items():
        row = results.find(key)
        if row is not None:
            yield Bar(name, row.value, target=row.target)


def _copies(results: Results) -> Iterator[Bar]:
    for copies in (1, 4, 16, 64):
        row = results.find(f"{results.rules} namespace {copies}")
        if row is not None:
            yield Bar(f"{results.rules} rules, {copies} x", row.value, target=row.target)


def svg(shown: list[Panel]) -> str:
    """Return the picture of these panels."""
    drawn, top = [], 0
    for panel in shown:
        drawn += _panel(panel, top)
        top += _HEAD + _STEP * len(panel.bars)
    height = top + 12
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" height="{height}" role="img">',
            f"<title>{escape('; '.join(panel.title for panel in shown))}</title>",
            f"<style>\n{_STYLE}\n</style>",
            *drawn,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, top: int) -> Iterator[str]:
    longest = max(max(bar.value, bar.target or 0) for bar in panel.bars)
    scale = _BARS / longest
    yield f'<text class="title" x="0" y="{top + 30}">{escape(panel.title)}</text>'
    first = top + _HEAD
    for number, bar in enumerate(panel.bars):
        y = first + number * _STEP
        width = max(bar.value * scale, 1)
        end = max(width, (bar.target or 0) * scale)
        kind = "ours" if bar.ours else "other"
        label = "" if bar.ours else " quiet"
        yield f'<text class="label{label}" x="{_LABELS - 10}" y="{y + 13}" text-anchor="end">{escape(bar.label)}</text>'
        yield f'<rect class="{kind}" x="{_LABELS}" y="{y + 1}" width="{width:.1f}" height="16" rx="2"/>'
        if bar.target is not None:
            x = _LABELS + bar.target * scale
            yield f'<line class="target" x1="{x:.1f}" y1="{y - 2}" x2="{x:.1f}" y2="{y + 20}"/>'
        value = f"{bar.value:.1f}" if panel.unit == "µs" else f"{bar.value:.2f}"
        yield f'<text class="value" x="{_LABELS + end + 8:.1f}" y="{y + 13}">{value} {panel.unit}</text>'
    bottom = first + len(panel.bars) * _STEP - 4
    yield f'<line class="axis" x1="{_LABELS}" y1="{first - 4}" x2="{_LABELS}" y2="{bottom}"/>'
