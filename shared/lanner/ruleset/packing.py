"""The form in which checks, conditions and outputs stand in an artefact, and the way there and back.

The structures say what a reader accepts: whatever else a file holds is refused while it is decoded. All of them are
written as arrays. What comes back is bound anew, so fields, types, operators and constants are checked once more.
"""

# No `from __future__ import annotations`: msgspec would have to evaluate each annotation again, at every start.

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from lanner.fields import Catalogue
from lanner.language import And, BoundCheck, Check, Condition, FieldRef, Not, Or, Piece, Template, Transform
from lanner.language.checks import bind_check
from lanner.language.nodes import MAX_TREE_DEPTH, MAX_TREE_SIZE, Constant, Operand, TupleArgument
from lanner.language.operands import bind_operand
from lanner.language.template import MAX_WIDTH

__all__ = [
    "Malformed",
    "PackedCheck",
    "PackedField",
    "PackedGroup",
    "PackedTemplate",
    "PackedTree",
    "Unpacked",
    "field_name",
    "pack_check",
    "pack_condition",
    "pack_field",
    "pack_template",
    "unpack_check",
    "unpack_condition",
    "unpack_groups",
    "unpack_template",
]

_LIST_OPERATORS = ("in", "intersects", "pmatch")
_AT_LEAST_ONE = msgspec.Meta(min_length=1)


class Malformed(ValueError):
    """The structures fit, and yet nothing that Lanner writes looks like that."""


class PackedField(msgspec.Struct, frozen=True, array_like=True, tag="field"):
    """A field. The argument may hold any bytes."""

    name: str
    argument: bytes | None = None


class PackedConstant(msgspec.Struct, frozen=True, array_like=True, tag="constant"):
    """A constant among the arguments of a transformer."""

    text: bytes
    is_number: bool = False


class PackedTuple(msgspec.Struct, frozen=True, array_like=True, tag="list"):
    """A list among the arguments of a transformer."""

    items: "tuple[PackedField | PackedTransform | PackedConstant, ...]"


class PackedTransform(msgspec.Struct, frozen=True, array_like=True, tag="transform"):
    """A transformer applied to its arguments."""

    name: Literal["tolower", "toupper", "basename", "b64", "len", "concat", "join", "getopt"]
    arguments: "Annotated[tuple[PackedField | PackedTransform | PackedConstant | PackedTuple, ...], _AT_LEAST_ONE]"
    argument: bytes | None = None


class PackedCheck(msgspec.Struct, frozen=True, array_like=True):
    """A check: with constants, with an operand on the right, or with neither."""

    left: PackedField | PackedTransform
    operator: str
    constants: tuple[bytes, ...] = ()
    modifier: Literal["oneof", "anyof", "allof"] | None = None
    right: PackedField | PackedTransform | None = None


class PackedGroup(msgspec.Struct, frozen=True, array_like=True):
    """What combines parts of conditions; `not` has one."""

    kind: Literal["and", "or", "not"]
    parts: tuple[int, ...]


PackedTree = int
"""A condition, or a part of one: the number of a check, or `-1 - n` for group `n`.

Groups stand in a table, each once, behind those that are parts of it: rules share most of what their macros say.
"""


class PackedValue(msgspec.Struct, frozen=True, array_like=True):
    """A value in an output."""

    operand: PackedField | PackedTransform
    width: Annotated[int, msgspec.Meta(ge=0, le=MAX_WIDTH)] = 0


class PackedTemplate(msgspec.Struct, frozen=True, array_like=True):
    """An output."""

    text: str
    parts: tuple[bytes | PackedValue, ...]


def pack_field(name: str, argument: str | None) -> PackedField:
    """Return a field in its packed form."""
    return PackedField(name, _packed_argument(argument))


def field_name(field: PackedField) -> tuple[str, str | None]:
    """Return a packed field's name and argument."""
    return field.name, _argument(field.argument)


def pack_check(check: Check) -> PackedCheck:
    """Return a check in its packed form."""
    left = _pack_operand(check.left)
    if check.right is None or isinstance(check.right, tuple):
        return PackedCheck(left, check.operator, check.right or (), check.modifier)  # type: ignore[arg-type]
    return PackedCheck(left, check.operator, right=_pack_operand(check.right))


def unpack_check(packed: PackedCheck, catalogue: Catalogue) -> BoundCheck:
    """Return a check, bound. Raises `Malformed` and `LanguageError`."""
    if packed.operator == "exists":
        fits = not packed.constants and packed.right is None
    elif packed.right is not None:
        fits = not packed.constants
    else:
        is_list = packed.modifier is not None or packed.operator in _LIST_OPERATORS
        fits = is_list or len(packed.constants) == 1
    if not fits:
        raise Malformed(f"the operator {packed.operator} has too few or too many constants")
    right: tuple[bytes, ...] | Operand | None = packed.constants
    if packed.operator == "exists":
        right = None
    elif packed.right is not None:
        right = _operand(packed.right, is_val=True)
    return bind_check(Check(_operand(packed.left), packed.operator, right, packed.modifier), catalogue)


def pack_condition(condition: Condition, checks: dict[Check, int], groups: dict[PackedGroup, int]) -> PackedTree:
    """Return a compiled condition in its packed form. Its checks and groups get their numbers in `checks`, `groups`."""
    if isinstance(condition, BoundCheck):
        return checks.setdefault(condition.source, len(checks))
    assert isinstance(condition, Not | And | Or)
    children = (condition.child,) if isinstance(condition, Not) else condition.children
    kind: Literal["and", "or", "not"] = "not"
    if not isinstance(condition, Not):
        kind = "and" if isinstance(condition, And) else "or"
    group = PackedGroup(kind, tuple([pack_condition(child, checks, groups) for child in children]))
    return -1 - groups.setdefault(group, len(groups))


class Unpacked(NamedTuple):
    """A condition, and how many levels and parts it has."""

    condition: Condition
    levels: int
    size: int


def unpack_groups(groups: Sequence[PackedGroup], checks: Sequence[BoundCheck]) -> list[Unpacked]:
    """Return the conditions that a table of groups makes of `checks`, one for each. Raises `Malformed`."""
    made: list[Unpacked] = []
    for group in groups:
        parts = [unpack_condition(part, checks, made) for part in group.parts]
        levels = 1 + max([part.levels for part in parts], default=0)
        size = 1 + sum([part.size for part in parts])
        if levels > MAX_TREE_DEPTH:
            raise Malformed(f"a condition nests deeper than {MAX_TREE_DEPTH} levels")
        if size > MAX_TREE_SIZE:
            raise Malformed(f"a condition has more than {MAX_TREE_SIZE} parts")
        made.append(Unpacked(_combined(group.kind, tuple([part.condition for part in parts])), levels, size))
    return made


def unpack_condition(packed: PackedTree, checks: Sequence[BoundCheck], groups: Sequence[Unpacked]) -> Unpacked:
    """Return the condition that is a check, or one of these groups. Raises `Malformed`."""
    if packed < 0:
        if -1 - packed >= len(groups):
            raise Malformed(f"there is no group {-1 - packed} here")
        return groups[-1 - packed]
    if packed >= len(checks):
        raise Malformed(f"there is no check {packed}")
    return Unpacked(checks[packed], 0, 1)


def _combined(kind: str, parts: tuple[Condition, ...]) -> Condition:
    if kind != "not":
        return And(parts) if kind == "and" else Or(parts)
    if len(parts) != 1:
        raise Malformed("a negation has other than one part")
    return Not(parts[0])


def pack_template(template: Template) -> PackedTemplate:
    """Return an output in its packed form."""
    parts = [
        part if isinstance(part, bytes) else PackedValue(_pack_operand(part.source), part.width)
        for part in template.parts
    ]
    return PackedTemplate(template.text, tuple(parts))


def unpack_template(packed: PackedTemplate, catalogue: Catalogue) -> Template:
    """Return an output, bound. Raises `LanguageError`."""
    parts: list[bytes | Piece] = []
    for part in packed.parts:
        if isinstance(part, bytes):
            parts.append(part)
        else:
            source = _operand(part.operand)
            parts.append(Piece(bind_operand(source, catalogue), source, part.width))
    return Template(packed.text, tuple(parts))


def _packed_argument(argument: str | None) -> bytes | None:
    return None if argument is None else argument.encode("utf-8", "surrogateescape")


def _argument(packed: bytes | None) -> str | None:
    return None if packed is None else packed.decode("utf-8", "surrogateescape")


def _pack_operand(operand: Operand) -> PackedField | PackedTransform:
    if isinstance(operand, FieldRef):
        return pack_field(operand.name, operand.argument)
    arguments = tuple([_pack_argument(argument) for argument in operand.arguments])
    return PackedTransform(operand.name, arguments, _packed_argument(operand.argument))  # type: ignore[arg-type]


def _pack_argument(
    argument: FieldRef | Transform | Constant | TupleArgument,
) -> PackedField | PackedTransform | PackedConstant | PackedTuple:
    if isinstance(argument, TupleArgument):
        return PackedTuple(tuple([_pack_item(item) for item in argument.items]))
    return _pack_item(argument)


def _pack_item(item: FieldRef | Transform | Constant) -> PackedField | PackedTransform | PackedConstant:
    if isinstance(item, Constant):
        return PackedConstant(item.text, item.is_number)
    return _pack_operand(item)


def _operand(packed: PackedField | PackedTransform, *, is_val: bool = False) -> Operand:
    if isinstance(packed, PackedField):
        return FieldRef(*field_name(packed), is_val=is_val)
    arguments = tuple([_argument_node(argument) for argument in packed.arguments])
    return Transform(packed.name, arguments, _argument(packed.argument))


def _argument_node(
    packed: PackedField | PackedTransform | PackedConstant | PackedTuple,
) -> FieldRef | Transform | Constant | TupleArgument:
    if isinstance(packed, PackedTuple):
        return TupleArgument(tuple([_item(item) for item in packed.items]))
    return _item(packed)


def _item(packed: PackedField | PackedTransform | PackedConstant) -> FieldRef | Transform | Constant:
    if isinstance(packed, PackedConstant):
        return Constant(packed.text, packed.is_number and packed.text.isascii())
    return _operand(packed)
