"""The results as a table: on the terminal, and in docs/performance.md."""

from collections.abc import Sequence
from pathlib import Path

from bench.results import Results
from bench.row import Row

__all__ = ["BEGIN", "END", "markdown", "rewrite", "table"]

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"

_HEADINGS = ("", "median", "least to most", "target", "stretch", "", "")


def table(results: Results) -> str:
    """Return the table for the terminal."""
    cells = {part: [_cells(row) for row in rows] for part, rows in results.parts()}
    columns = zip(_HEADINGS, *(line for lines in cells.values() for line in lines), strict=True)
    widths = [max(map(len, column)) for column in columns]
    text = [results.conditions(), "", _line(_HEADINGS, widths)]
    for part, lines in cells.items():
        text += [part, *(_line(line, widths) for line in lines)]
    return "\n".join(text)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = row.verdict
    return f"  {row.name}", row.shown, row.spread, row.bound(row.target), row.bound(row.stretch), verdict, row.note


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join([first, *rest]).rstrip()


def markdown(results: Results) -> str:
    """Return the results as they stand in docs/performance.md."""
    text = ["![the numbers below as bars](performance.svg)", "", f"{results.conditions()}."]
    for part, rows in results.parts():
        text += [
            "",
            f"**{part}**",
            "",
            "| | median | least to most | target | stretch | | |",
            "|---|--:|--:|--:|--:|---|---|",
        ]
        text += ["| " + " | ".join(cell.strip() for cell in _cells(row)) + " |" for row in rows]
    return "\n".join(text)


def rewrite(page: Path, block: str) -> None:
    """Put `block` between the marks of a page."""
    before, mark, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{page.name}: it has no place for measured numbers ({BEGIN} ... {END})")
    page.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}")
