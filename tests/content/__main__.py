"""`python -m content`: writes docs/rules.md and docs/evasions.md; `--check` says whether they are up to date."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path

from content import evasions, page

DOCS = Path(__file__).parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {"rules.md": page.text, "evasions.md": evasions.text}


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; return the exit status."""
    status = 0
    for name, written in PAGES.items():
        path, text = DOCS / name, written()
        if "--check" not in arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            there = path.read_text().splitlines() if path.exists() else []
            print("\n".join([*difflib.unified_diff(there, text.splitlines(), f"docs/{name}", lineterm="", n=1)][:40]))
            print(f"docs/{name} is out of date: run 'make docs'")
            status = 1
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
