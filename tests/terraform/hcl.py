"""Reading Terraform's files as far as tables and checks need it: blocks, their attributes, and literals."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Block", "literal", "members", "parse", "read"]

_NAME = re.compile(r"[A-Za-z_][\w-]*")
_SPACE = re.compile(r"(?:\s|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_PARTED = re.compile(rf"(?:{_SPACE.pattern}|,)+", re.DOTALL)
_BLANK = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)(\w+)\n(.*?)\n[ \t]*\2(?=\n|$)", re.DOTALL)
_OPEN, _CLOSE = "([{", ")]}"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


@dataclass
class Block:
    """A block with the text of its attributes' expressions; `text` is the whole of it as written."""

    kind: str
    labels: list[str]
    text: str
    file: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The last label."""
        return self.labels[-1]

    def every(self) -> Iterator[Block]:
        """Yield the block and those within it."""
        yield self
        for block in self.blocks:
            yield from block.every()


def read(folder: Path, pattern: str = "*.tf") -> list[Block]:
    """Return the blocks in the files of a folder."""
    found = []
    for path in sorted(folder.glob(pattern)):
        for block in parse(path.read_text()):
            block.file = path.name
            found.append(block)
    return found


def parse(text: str) -> list[Block]:
    """Return the blocks in the text of a file. Raises `ValueError` if it is not of that form."""
    root = Block("", [], text)
    if _body(root, text, 0) != len(text):
        raise ValueError("a closing brace too many")
    return root.blocks


def members(text: str) -> dict[str, str]:
    """Return the members of an object whose `text` stands between its braces, with their expressions."""
    found: dict[str, str] = {}
    at = 0
    while name := _NAME.match(text, at := _skip(_PARTED, text, at)):
        start = _skip(_BLANK, text, name.end()) + 1  # behind `=` or `:`
        at = _expression(text, start, "\n},")
        found[name[0]] = text[start:at].strip()
    return found


def literal(expression: str) -> str | None:
    """Return the text that an expression stands for, if it is a string without templates, or a heredoc without them."""
    heredoc = _HEREDOC.fullmatch(expression)
    if heredoc:
        content = heredoc[3] + "\n"
        content = textwrap.dedent(content) if heredoc[1] else content
    elif len(expression) > 1 and expression[0] == '"' == expression[-1] and _string(expression, 0) == len(expression):
        content = re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], expression[1:-1])
    else:
        return None
    return None if re.search(r"(?<!\$)\$\{|(?<!%)%\{", content) else content.replace("$${", "${").replace("%%{", "%{")


def _body(block: Block, text: str, at: int) -> int:
    while True:
        at = _skip(_SPACE, text, at)
        if at == len(text) or text[at] == "}":
            return at
        name = _NAME.match(text, at)
        if not name:
            raise ValueError(f"no name at {text[at : at + 40]!r}")
        start, at = at, _skip(_BLANK, text, name.end())
        if text[at : at + 1] == "=":
            start = _skip(_BLANK, text, at + 1)
            at = _expression(text, start)
            block.attributes[name[0]] = text[start:at].strip()
            continue
        inner = Block(name[0], [], "")
        while text[at] != "{":
            end = _string(text, at) if text[at] == '"' else _skip(_NAME, text, at)
            if end == at:
                raise ValueError(f"neither block nor attribute at {text[start : start + 40]!r}")
            inner.labels.append(text[at:end].strip('"'))
            at = _skip(_BLANK, text, end)
        at = _body(inner, text, at + 1) + 1
        if at > len(text):
            raise ValueError(f"no end of {inner.kind} {inner.labels}")
        inner.text = text[start:at]
        block.blocks.append(inner)


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _expression(text: str, at: int, ends: str = "\n}") -> int:
    """Return where an expression ends: at one of `ends`, unless a bracket is open."""
    depth = 0
    while at < len(text):
        heredoc = _HEREDOC.match(text, at)
        comment = _COMMENT.match(text, at)
        if heredoc or (comment and depth):
            at = (heredoc or comment).end()  # type: ignore[union-attr]
        elif comment or (text[at] in ends and not depth):
            return at
        elif text[at] == '"':
            at = _string(text, at)
        else:
            depth += (text[at] in _OPEN) - (text[at] in _CLOSE)
            at += 1
    return at


def _string(text: str, at: int) -> int:
    """Return where a string ends. In its templates stand expressions, with strings of their own."""
    at += 1
    while text[at] != '"':
        if text[at] == "\\" or text[at : at + 3] in ("$${", "%%{"):
            at += 2 if text[at] == "\\" else 3
        elif text[at : at + 2] in ("${", "%{"):
            at = _template(text, at + 2)
        else:
            at += 1
    return at + 1


def _template(text: str, at: int) -> int:
    depth = 1
    while depth:
        if text[at] == '"':
            at = _string(text, at)
            continue
        depth += (text[at] == "{") - (text[at] == "}")
        at += 1
    return at
