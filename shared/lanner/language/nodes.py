"""The tree of a condition. Every node prints itself as a condition text that parses to the same tree.

A condition is `And`, `Or`, `Not` or a `Leaf`: a `MacroRef`, a `Check`, or what a later stage puts in its place. A
check compares its left operand (a `FieldRef` or a `Transform`) with constants or with a right operand. Texts are
bytes, as in the events they are compared with.
"""

from __future__ import annotations

import re
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "FALSE",
    "MAX_TREE_DEPTH",
    "MAX_TREE_SIZE",
    "TRUE",
    "And",
    "Check",
    "Condition",
    "Constant",
    "FieldRef",
    "Leaf",
    "MacroRef",
    "Not",
    "Operand",
    "Or",
    "Transform",
    "TupleArgument",
    "quote",
    "replace_macros",
    "walk",
]

MAX_TREE_DEPTH = 250
"""A condition, its macros expanded, may nest this deep; evaluation recurses as deep."""

MAX_TREE_SIZE = 100_000
"""Parts that a condition may have, its macros expanded."""

_BARE = r"[^\s\b()\"'=,]+"
_BARE_ARGUMENT = r"[^\s\[\]\"']+"
_NAMED_ESCAPES = {"\b": "\\b", "\f": "\\f", "\r": "\\r", "\\": "\\\\", '"': '\\"'}


def quote(text: bytes) -> str:
    """Write `text` as a quoted string of the language."""
    body = text.rstrip(b"\\")
    out = ['"']
    for char in body.decode("utf-8", "surrogateescape"):
        if "\udc80" <= char <= "\udcff":
            out.append(f"\\x{ord(char) - 0xDC00:02x}")
        elif char in _NAMED_ESCAPES:
            out.append(_NAMED_ESCAPES[char])
        else:
            out.append(char)
    out.append("\\x5c" * (len(text) - len(body)))  # a string cannot end in a backslash, but in its code
    out.append('"')
    return "".join(out)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compile a regex when it is first used: who only judges events prints no conditions."""
    return re.compile(text)


def _constant(text: bytes) -> str:
    decoded = text.decode("utf-8", "surrogateescape")
    return decoded if _pattern(_BARE).fullmatch(decoded) and not _has_raw_bytes(decoded) else quote(text)


def _has_raw_bytes(text: str) -> bool:
    return any("\udc80" <= char <= "\udcff" for char in text)


def _argument(argument: str) -> str:
    bare = _pattern(_BARE_ARGUMENT).fullmatch(argument) and not _has_raw_bytes(argument)
    return f"[{argument}]" if bare else f"[{quote(argument.encode('utf-8', 'surrogateescape'))}]"


class _Placed:
    """A node with its position in the text, which does not count when nodes are compared: what it says does."""

    __slots__ = ()
    _said: ClassVar[attrgetter[Any]]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bool(self._said(self) == self._said(other))

    def __hash__(self) -> int:
        return hash(self._said(self))


class FieldRef(_Placed, msgspec.Struct, frozen=True):
    """A field, `name` or `name[argument]`. `is_val`: written `val(name)`, on the right-hand side."""

    name: str
    argument: str | None = None
    is_val: bool = False
    position: int = 0
    _said = attrgetter("name", "argument", "is_val")

    def __str__(self) -> str:
        text = self.name if self.argument is None else self.name + _argument(self.argument)
        return f"val({text})" if self.is_val else text


class Constant(msgspec.Struct, frozen=True):
    """A string or number among the arguments of a transformer."""

    text: bytes
    is_number: bool = False

    def __str__(self) -> str:
        return self.text.decode() if self.is_number else quote(self.text)


class TupleArgument(msgspec.Struct, frozen=True):
    """A list written in parentheses among the arguments of a transformer."""

    items: tuple[FieldRef | Transform | Constant, ...]

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.items))})"


class Transform(_Placed, msgspec.Struct, frozen=True):
    """A transformer applied to its arguments, `name(a, b)` or `name(a, b)[argument]`."""

    name: str
    arguments: tuple[FieldRef | Transform | Constant | TupleArgument, ...]
    argument: str | None = None
    position: int = 0
    _said = attrgetter("name", "arguments", "argument")

    def __str__(self) -> str:
        text = f"{self.name}({', '.join(map(str, self.arguments))})"
        return text if self.argument is None else text + _argument(self.argument)


Operand = FieldRef | Transform


class Leaf:
    """What conditions are built from: a check or a macro's name."""

    __slots__ = ()
    size: ClassVar[int] = 1
    depth: ClassVar[int] = 1


class Check(_Placed, Leaf, msgspec.Struct, frozen=True):
    """`left operator right`.

    `right` is a tuple of constants, an operand, or `None` (for `exists`). `modifier` is `oneof`, `anyof` or `allof`.
    """

    left: Operand
    operator: str
    right: tuple[bytes, ...] | Operand | None = None
    modifier: str | None = None
    position: int = 0
    operator_position: int = 0
    right_position: int = 0
    _said = attrgetter("left", "operator", "right", "modifier")

    def __str__(self) -> str:
        if self.right is None:
            return f"{self.left} {self.operator}"
        if not isinstance(self.right, tuple):
            return f"{self.left} {self.operator} {self.right}"
        if self.modifier is None and self.operator not in ("in", "intersects", "pmatch"):
            # The right side of an ordering operator is a number, which is never quoted; `oneof` and the like are
            # quoted where they could be read as a modifier.
            word = self.right[0].decode("utf-8", "replace")
            constant = word if self.operator in ("<", "<=", ">", ">=") else _constant(self.right[0])
            if word in ("oneof", "anyof", "allof"):
                constant = quote(self.right[0])
            return f"{self.left} {self.operator} {constant}"
        items = ", ".join(map(_constant, self.right))
        modifier = "" if self.modifier is None else f"{self.modifier} "
        return f"{self.left} {self.operator} {modifier}({items})"


class MacroRef(_Placed, Leaf, msgspec.Struct, frozen=True):
    """A macro's name standing for its condition."""

    name: str
    position: int = 0
    _said = attrgetter("name")

    def __str__(self) -> str:
        return "(not)" if self.name == "not" else self.name  # the bare word would negate what follows


class Not:
    """True where its child is false."""

    __slots__ = ("child", "depth", "size")

    def __init__(self, child: Condition) -> None:
        self.child = child
        self.size: int = child.size + 1
        self.depth: int = child.depth + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Not) and self.child == other.child

    def __hash__(self) -> int:
        return ~hash(self.child)

    def __str__(self) -> str:
        return f"not ({self.child})" if isinstance(self.child, And | Or) else f"not {self.child}"

    def __repr__(self) -> str:
        return f"Not({self.child!r})"


class _Group:
    """What `And` and `Or` have in common."""

    __slots__ = ("_hash", "children", "depth", "size")

    def __init__(self, children: tuple[Condition, ...]) -> None:
        self.children = children
        self.size: int = sum(child.size for child in children) + 1
        self.depth: int = max((child.depth for child in children), default=0) + 1
        self._hash: int | None = None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _Group) and self.children == other.children

    def __hash__(self) -> int:
        if self._hash is None:  # kept, because groups that hold groups are asked again for each level
            self._hash = hash((type(self), self.children))
        return self._hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.children!r})"


class And(_Group):
    """True where every child is true. Without children it is the constant `TRUE`, which no text parses to."""

    __slots__ = ()

    def __str__(self) -> str:
        if not self.children:
            return "true"
        return " and ".join([f"({child})" if isinstance(child, And | Or) else str(child) for child in self.children])


class Or(_Group):
    """True where any child is true. Without children it is the constant `FALSE`, which no text parses to."""

    __slots__ = ()

    def __str__(self) -> str:
        if not self.children:
            return "false"
        return " or ".join([f"({child})" if isinstance(child, Or) else str(child) for child in self.children])


Condition = And | Or | Not | Leaf

TRUE = And(())
FALSE = Or(())


def walk(condition: Condition) -> Iterator[Leaf]:
    """Yield the leaves of a condition from left to right."""
    pending: list[Condition] = [condition]
    while pending:
        node = pending.pop()
        if isinstance(node, And | Or):
            pending.extend(reversed(node.children))
        elif isinstance(node, Not):
            pending.append(node.child)
        else:
            yield node


def replace_macros(condition: Condition, expand: Callable[[MacroRef], Condition]) -> Condition:
    """Return `condition` with every macro reference replaced by what `expand` returns for it."""
    if isinstance(condition, MacroRef):
        return expand(condition)
    if isinstance(condition, Not):
        return Not(replace_macros(condition.child, expand))
    if isinstance(condition, And | Or):
        return type(condition)(tuple([replace_macros(child, expand) for child in condition.children]))
    return condition
