"""Tables of variables and outputs in the modules' READMEs, and the examples there: `python -m terraform.tables`."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from terraform.hcl import Block, literal, members, read
from terraform.places import EXAMPLES, MODULES, REPOSITORY, TERRAFORM

__all__ = ["filled", "main"]

_MARKED = re.compile(
    r"(<!-- (variables|outputs|example ([\w-]+)) -->\n)(.*?)(<!-- /(?:variables|outputs|example) -->)", re.DOTALL
)
_LONGEST = 40
"""Characters of a default that a table shows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables, or with `--check` tell which are out of date."""
    parser = argparse.ArgumentParser(prog="terraform.tables", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if something would be written")
    check = parser.parse_args(arguments).check
    status = 0
    for folder in (*MODULES, *EXAMPLES):
        path = folder / "README.md"
        if not path.exists():
            continue
        old = path.read_text()
        new = filled(old, folder)
        if new == old:
            continue
        if check:
            status = 1
            name = str(path.relative_to(REPOSITORY))
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), name, name))
            print(f"{name} is out of date: run 'make docs'", file=sys.stderr)
        else:
            path.write_text(new)
    return status


def filled(text: str, folder: Path) -> str:
    """Return the README `text` of `folder` with what belongs between its markers."""

    def between(match: re.Match[str]) -> str:
        if match[3]:
            content = "```hcl\n" + (TERRAFORM / "examples" / match[3] / "main.tf").read_text() + "```\n"
        else:
            blocks = [block for block in read(folder, f"{match[2]}.tf") if block.labels]
            content = variables(blocks) if match[2] == "variables" else outputs(blocks)
        return f"{match[1]}\n{content}\n{match[5]}"

    return _MARKED.sub(between, text)


def variables(blocks: Iterable[Block]) -> str:
    """Return the table of variables."""
    rows = [
        (
            f"`{block.name}`",
            described(block),
            f"`{short_type(block.attributes.get('type', 'any'))}`",
            default(block),
            "" if "default" in block.attributes else "yes",
        )
        for block in blocks
    ]
    return table(("name", "description", "type", "default", "required"), rows)


def outputs(blocks: Iterable[Block]) -> str:
    """Return the table of outputs."""
    rows = [
        (f"`{block.name}`", described(block), "yes" if block.attributes.get("sensitive") == "true" else "")
        for block in blocks
    ]
    return table(("name", "description", "sensitive"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, in which no cell breaks it."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", r"\|").replace("\n", " ") for cell in line] for line in lines)
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in cells)


def described(block: Block) -> str:
    """Return the description of a variable or an output, as one line."""
    return " ".join((literal(block.attributes.get("description", "")) or "").split())


def default(block: Block) -> str:
    """Return what a table says of a variable's default."""
    if "default" not in block.attributes:
        return ""
    text = " ".join(block.attributes["default"].split())
    if text in ('""', "{}", "[]", "null"):
        return f"`{text}`"
    return f"`{text}`" if len(text) <= _LONGEST and "<<" not in text else "see [variables.tf](variables.tf)"


def short_type(text: str) -> str:
    """Return a type on one line: of an object the names of its members, those that may be left out with `?`."""
    head, object_, rest = text.partition("object({")
    if not object_:
        return " ".join(text.split())
    body = rest[: rest.rindex("})")]
    names = (name + ("?" if expression.startswith("optional(") else "") for name, expression in members(body).items())
    return f"{head}object({{ {', '.join(names)} }}{rest[rest.rindex('})') + 1 :]}"


if __name__ == "__main__":
    raise SystemExit(main())
