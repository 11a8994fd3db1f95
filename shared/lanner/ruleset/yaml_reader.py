"""Text of a rules file → YAML nodes, whatever the text is (spec/rules.md section 1).

Nothing in here recurses, and what aliases may blow up is counted, so that no file can exhaust the stack or the memory.
"""

from __future__ import annotations

import re

import yaml

from lanner.ruleset.diagnostics import Diagnostic, Invalid, Severity, about
from lanner.ruleset.foreign import hint_for
from lanner.ruleset.places import Place, RulesText
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar, Sequence

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "MAX_NOTES", "decode", "documents"]

MAX_BYTES = 16 * 2**20
"""Size of a rules file, in bytes."""
MAX_DEPTH = 100
"""Levels of nested sequences and mappings."""

_TOO_DEEP = f"the file nests deeper than {MAX_DEPTH} levels"
MAX_NOTES = 100
"""Remarks on a file; more are left out."""
MAX_NODES = 1_000_000
"""Nodes of a rules file, those behind aliases counted each time."""

_PARSE_ERROR = "LOAD_ERR_YAML_PARSE"
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def decode(name: str, content: bytes) -> RulesText:
    """Return the text of a rules file. Raises `Invalid` if it is too long, binary or not UTF-8."""
    if len(content) > MAX_BYTES:
        raise _unreadable(name, f"the file has more than {MAX_BYTES} bytes", hint_for(content))
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        message = f"the file is not UTF-8: invalid byte 0x{content[error.start]:02x}"
        hint = hint_for(content) or "save the file as UTF-8"
        raise _unreadable(name, message, hint, Place(name, line, column, error.start)) from None
    file = RulesText(name, text)
    found = _NOT_YAML.search(text)
    if found:
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
        hint = hint_for(text) or "this may be a binary file; in double quotes, write it as an escape sequence"
        raise _wrong(file, found.start(), message, hint)
    return file


def documents(file: RulesText, notes: list[Diagnostic]) -> list[Node]:
    """Return the YAML documents of a file. Remarks on suspicious places go to `notes`.

    Raises `Invalid` (LOAD_ERR_YAML_PARSE) if the text is not YAML or nests too deep, or aliases make it too large.
    """
    builder = _Builder(file, notes)
    try:
        for event in yaml.parse(file.text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        context = getattr(error, "context", None)
        problem = getattr(error, "problem", None) or str(error)
        offset = min(mark.index, len(file.text)) if mark else 0
        message = f"{problem} {context}" if context else problem
        if "nesting" in message:  # the scanner reads on before we can count, and has a limit of its own
            message = _TOO_DEEP
        raise _wrong(file, offset, message, hint_for(file.text) or _advice(file, offset, builder.bracket)) from None
    return builder.documents


def _wrong(file: RulesText, offset: int, message: str, hint: str = "") -> Invalid:
    place = file.place(offset)
    return Invalid(Diagnostic(_PARSE_ERROR, Severity.ERROR, message, place, file.snippet(place), hint))


def _unreadable(name: str, message: str, hint: str, place: Place | None = None) -> Invalid:
    return Invalid(Diagnostic(_PARSE_ERROR, Severity.ERROR, message, place or Place(name, 1, 1), hint=hint))


def _advice(file: RulesText, offset: int, bracket: Place | None) -> str:
    line = file.snippet(file.place(offset)).split("\n")[0]
    if "\t" in line:
        return "YAML does not allow tabs for indentation"
    if re.search(r"\".*\\", line):
        return (
            "in double quotes a backslash is written twice; or put the text into single quotes or in a block after `>`"
        )
    if re.search(r":\s+(?=[^'\"|>\s]).*(?::\s|\s#|%|@|`)", line):
        return "put values with special characters in quotes, or write them as a block after `>`"
    return f"the bracket in line {bracket.line} may not be closed" if bracket else ""


class _Open:
    """A sequence or mapping whose end has not come yet."""

    def __init__(self, start: int, anchor: str | None, *, is_mapping: bool) -> None:
        self.start = start
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.children: list[Node] = []
        self.size = 1
        self.height = 0


class _Builder:
    """Puts nodes together from the parser's events."""

    def __init__(self, file: RulesText, notes: list[Diagnostic]) -> None:
        self.documents: list[Node] = []
        self._file = file
        self._notes = notes
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._nodes = 0

    @property
    def bracket(self) -> Place | None:
        """Where the innermost `[` or `{` is whose end has not come yet."""
        starts = [opened.start for opened in self._open if self._file.text[opened.start] in "[{"]
        return self._file.place(starts[-1]) if starts else None

    def take(self, event: yaml.Event) -> None:
        """Take the parser's next event."""
        assert event.start_mark is not None
        assert event.end_mark is not None
        start = event.start_mark.index
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            plain = not style and event.tag is None
            self._count(1, start)
            scalar = Scalar(event.value, plain, self._file, start, event.end_mark.index, style)
            self._add(scalar, event.anchor, start)
        elif isinstance(event, yaml.AliasEvent):
            target = self._target(event.anchor or "", start)
            self._count(target.size, start)
            self._add(target, None, start)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= MAX_DEPTH:
                raise _wrong(self._file, start, _TOO_DEEP, hint_for(self._file.text))
            self._count(1, start)
            if event.anchor:
                self._anchors[event.anchor] = None
            self._open.append(_Open(start, event.anchor, is_mapping=isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            self._add(self._finish(done), done.anchor, done.start)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()

    def _target(self, name: str, start: int) -> Node:
        node = self._anchors.get(name)
        if node is not None:
            return node
        if name in self._anchors:
            raise _wrong(self._file, start, f"the alias '*{name}' refers to a value that contains it")
        hint = f"put `&{name}` in front of the value that is meant, or quotes around the text"
        raise _wrong(self._file, start, f"the alias '*{name}' refers to nothing", hint)

    def _add(self, node: Node, anchor: str | None, start: int) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        parent.children.append(node)
        parent.size += node.size
        parent.height = max(parent.height, node.height)
        if len(self._open) + node.height > MAX_DEPTH:
            raise _wrong(self._file, start, f"the aliases make the file nest deeper than {MAX_DEPTH} levels")

    def _count(self, nodes: int, start: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise _wrong(self._file, start, f"the file has more than {MAX_NODES} values, those behind aliases included")

    def _finish(self, done: _Open) -> Node:
        children, height = done.children, done.height + 1
        if not done.is_mapping:
            return Sequence(tuple(children), self._file, done.start, done.size, height)
        pairs: list[tuple[Node, Node]] = []
        known: set[str] = set()
        for key, value in zip(children[::2], children[1::2], strict=True):
            if isinstance(key, Scalar):
                if key.value in known:
                    if len(self._notes) == MAX_NOTES:
                        continue
                    message = f"the key '{key.value}' is there twice; this value is ignored, the first one counts"
                    self._notes.append(about("LANNER_DUPLICATE_KEY", message, key, severity=Severity.NOTE))
                    continue
                known.add(key.value)
            pairs.append((key, value))
        return Mapping(tuple(pairs), self._file, done.start, done.size, height)
