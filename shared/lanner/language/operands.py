"""Operands that are ready to be read: fields and transformers, with their types (spec/conditions.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import msgspec

from lanner.errors import ConditionError, FieldError
from lanner.fields import BoundField, Catalogue, Event, Extracted, NoValue, Type
from lanner.language import nodes
from lanner.language.transformers import MAPPINGS, getopt, getopt_option

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "BoundOperand",
    "ConstantOperand",
    "FieldOperand",
    "ListOperand",
    "TransformOperand",
    "bind_operand",
    "compile_operand",
    "fields_of",
    "parse_operand",
]


class FieldOperand(msgspec.Struct, frozen=True):
    """A field of the event."""

    field: BoundField

    @property
    def type(self) -> Type:
        """Type of the value, or of a list's elements."""
        return self.field.field.type

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return self.field.field.is_list

    @property
    def text(self) -> str:
        """The operand as messages name it."""
        return self.field.text

    def value(self, event: Event) -> Extracted:
        """Return the value on `event`."""
        return self.field.value(event)


class ConstantOperand(msgspec.Struct, frozen=True):
    """A constant among the arguments of a transformer."""

    constant: bytes

    type = Type.STRING
    is_list = False

    @property
    def text(self) -> str:
        """The operand as messages name it."""
        return nodes.quote(self.constant)

    def value(self, event: Event) -> Extracted:
        """Return the constant."""
        return self.constant


class ListOperand(msgspec.Struct, frozen=True):
    """A list written in parentheses among the arguments of a transformer. Numbers in it become texts."""

    items: tuple[BoundOperand, ...]

    type = Type.STRING
    is_list = True

    @property
    def text(self) -> str:
        """The operand as messages name it."""
        return f"({', '.join(item.text for item in self.items)})"

    def value(self, event: Event) -> Extracted:
        """Return the values of the items; no value if one of them has none."""
        values = [item.value(event) for item in self.items]
        lack = _lack(values)
        return lack or [_as_text(cast(bytes | int | bool, value)) for value in values]


class TransformOperand(msgspec.Struct, frozen=True):
    """A transformer applied to operands. `option` is the letter of `getopt(...)[letter]`."""

    name: str
    arguments: tuple[BoundOperand, ...]
    type: Literal[Type.STRING, Type.UINT64]
    is_list: bool
    option: bytes | None = None

    @property
    def text(self) -> str:
        """The operand as messages name it."""
        return self.arguments[0].text

    def value(self, event: Event) -> Extracted:
        """Return the transformed value; no value where an argument has none."""
        values = [argument.value(event) for argument in self.arguments]
        lack = _lack(values)
        if lack is NoValue.HIDDEN and self.name in ("b64", "getopt"):
            return NoValue.UNKNOWN  # these may make no value of one
        if lack is not None:
            return lack
        first = values[0]
        if self.name in MAPPINGS:
            change = MAPPINGS[self.name]
            if isinstance(first, bytes):
                return change(first)
            changed = [change(text) for text in cast(list[bytes], first)]
            return NoValue.MISSING if NoValue.MISSING in changed else cast(list[bytes], changed)
        texts = cast(list[bytes], values)
        if self.name == "len":
            return self._length(cast(bytes | list[bytes], first))
        if self.name == "concat":
            return b"".join(texts)
        if self.name == "join":
            return texts[0].join(cast(list[bytes], values[1]))
        line = cast(list[bytes], first)
        if self.option is None:
            return getopt(line, texts[1])
        return getopt_option(line, texts[1], self.option)

    def _length(self, value: bytes | list[bytes]) -> Extracted:
        inner = self.arguments[0]
        if isinstance(inner, TransformOperand) and inner.name == "getopt" and isinstance(value, list):
            return len(value[0]) if value else NoValue.MISSING  # Falco's quirk, spec/conditions.md section 5
        return len(value)


BoundOperand = FieldOperand | ConstantOperand | ListOperand | TransformOperand


def _as_text(value: bytes | int | bool) -> bytes:
    if isinstance(value, bytes):
        return value
    return str(value).lower().encode()


def _lack(values: list[Extracted]) -> NoValue | None:
    """Return why not all of `values` are there: missing outweighs unknown, unknown outweighs hidden."""
    for lack in (NoValue.MISSING, NoValue.UNKNOWN, NoValue.HIDDEN):
        if lack in values:
            return lack
    return None


def parse_operand(text: str) -> nodes.Operand:
    """Parse a text that is one field or transformer and nothing else. Raises `ConditionError`."""
    from lanner.language.parser import Parser  # an artefact holds operands that were parsed when it was built

    parser = Parser(text)
    operand = parser.operand()
    if operand is None or parser.position != len(text):
        raise ConditionError(f"'{text}' is not a field", text=text, position=parser.position)
    return operand


def compile_operand(text: str, catalogue: Catalogue) -> BoundOperand:
    """Parse and bind a field or transformer. Raises `LanguageError`."""
    return bind_operand(parse_operand(text), catalogue, text)


def fields_of(operand: BoundOperand) -> Iterator[BoundField]:
    """Yield every field that an operand reads."""
    if isinstance(operand, FieldOperand):
        yield operand.field
    elif isinstance(operand, ListOperand | TransformOperand):
        for part in operand.items if isinstance(operand, ListOperand) else operand.arguments:
            yield from fields_of(part)


def bind_operand(operand: nodes.Operand, catalogue: Catalogue, text: str = "") -> BoundOperand:
    """Find an operand's fields and check its types. Raises `LanguageError` with a position in `text`."""
    if isinstance(operand, nodes.FieldRef):
        try:
            return FieldOperand(catalogue.bind(operand.name, operand.argument))
        except FieldError as error:
            raise ConditionError(
                error.message,
                text=text,
                position=operand.position,
                hint=error.hint,
                unknown_field=error.unknown_field,
            ) from None
    arguments = tuple(_bind_argument(argument, catalogue, text) for argument in operand.arguments)
    problem = _problem(operand, arguments)
    if problem:
        raise ConditionError(problem, text=text, position=operand.position)
    option = None
    is_list = operand.name in MAPPINGS and arguments[0].is_list
    if operand.name == "getopt":
        option = None if operand.argument is None else operand.argument.encode("utf-8", "surrogateescape")
        is_list = option is None
    type_: Literal[Type.STRING, Type.UINT64] = Type.UINT64 if operand.name == "len" else Type.STRING
    return TransformOperand(operand.name, arguments, type_, is_list, option)


def _bind_argument(
    argument: nodes.FieldRef | nodes.Transform | nodes.Constant | nodes.TupleArgument, catalogue: Catalogue, text: str
) -> BoundOperand:
    if isinstance(argument, nodes.Constant):
        return ConstantOperand(argument.text)
    if isinstance(argument, nodes.TupleArgument):
        items = tuple(_bind_argument(item, catalogue, text) for item in argument.items)
        for item, source in zip(items, argument.items, strict=True):
            if item.is_list:
                message = f"the items of a list must be single values, {item.text} is a list"
                assert not isinstance(source, nodes.Constant)
                raise ConditionError(message, text=text, position=source.position)
        return ListOperand(items)
    return bind_operand(argument, catalogue, text)


def _problem(transform: nodes.Transform, arguments: tuple[BoundOperand, ...]) -> str:
    """Return what is wrong with a transformer's arguments, empty if nothing is."""
    name, first = transform.name, arguments[0]
    if transform.argument is not None and name != "getopt":
        return f"filter error: transformer '{name}' does not support field arguments"
    if name in MAPPINGS or name == "len":
        if len(arguments) > 1:
            return "unknown multivalue transformer"
        if first.type is not Type.STRING:
            what = f"type '{first.type.value}' is not supported by '{name}' transformer"
            return f"can't add field transformer: {what} applied on field '{first.text}'"
        return ""
    if len(arguments) == 1:
        return f"{name}() needs at least two arguments"
    if name == "concat":
        strings = all(argument.type is Type.STRING and not argument.is_list for argument in arguments)
        return "" if strings else "concat() arguments must be strings"
    if len(arguments) > 2:
        what = "separator and list" if name == "join" else "list and option string"
        return f"{name}() requires exactly 2 arguments: {what}"
    if name == "join":
        if first.is_list:
            return "join() first argument (separator) must be a single value, not a list"
        if first.type is not Type.STRING:
            return "join() first argument (separator) must be a string"
        return "" if arguments[1].is_list else "join() second argument must be a list"
    if not first.is_list:
        return "getopt() first argument must be a list"
    if arguments[1].is_list or arguments[1].type is not Type.STRING:
        return "getopt() second argument must be a string"
    if transform.argument is not None and len(transform.argument.encode("utf-8", "surrogateescape")) != 1:
        return "getopt() field argument must be a single option character"
    return ""
