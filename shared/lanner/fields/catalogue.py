"""The catalogue: finds a field by its name and binds it to its argument (spec/fields.md section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from lanner.errors import FieldError
from lanner.fields import addresses, generic
from lanner.fields.definitions import builtin_fields
from lanner.fields.field import WHOLE, BoundField, Field
from lanner.fields.types import Argument

__all__ = ["Catalogue", "catalogue"]


class Catalogue:
    """The fields by name. `static` adds `static.<name>` constants of a configuration (spec/fields.md section 5)."""

    def __init__(self, static: Mapping[str, str] | None = None) -> None:
        self.fields: dict[str, Field] = dict(builtin_fields())
        for name, text in (static or {}).items():
            constant = generic.constant(text.encode(errors="surrogateescape"))
            full_name = f"static.{name}"
            self.fields[full_name] = Field(
                full_name, "Constant of the configuration", "", "5", constant, is_always_there=True, is_constant=True
            )
        self._bound: dict[tuple[str, str | None], BoundField] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a field of this name."""
        return name in self.fields

    def bind(self, name: str, argument: str | None = None) -> BoundField:
        """Return the field `name[argument]`. The same object for the same text.

        Raises `FieldError` for a field that does not exist and for an argument that it cannot take.
        """
        bound = self._bound.get((name, argument))
        if bound is None:
            field = self._find(name, argument)
            _check_argument(field, argument)
            reads, whole = field.reads, None
            if field.bind is generic.pointer:
                path = generic.pointer_path(argument or "")
                reads = frozenset((path[0] if path else WHOLE,))
                whole = path[0] if len(path) == 1 else None
            bound = BoundField(field, argument, field.bind(argument), reads, whole)
            self._bound[name, argument] = bound
        return bound

    def _find(self, name: str, argument: str | None) -> Field:
        text = name if argument is None else f"{name}[{argument}]"
        field = self.fields.get(name)
        if field is not None and not _is_unknown_with(field, argument):
            if argument is not None and any(blank in argument for blank in " \t\r\n\f\v"):
                cut = text.split()[0]
                raise FieldError(
                    f"filter '{cut}': {name} has unbalanced argument brackets",
                    text=text,
                    hint="an argument must not contain a blank",
                )
            return field
        hint = ""
        if field is None:
            import difflib

            close = difflib.get_close_matches(name, self.fields, n=1, cutoff=0.75)
            hint = f"did you mean {close[0]}?" if close else "`lanner fields` lists the fields"
        raise FieldError(f"unknown field {text}", text=text, hint=hint, unknown_field=True)


def _is_unknown_with(field: Field, argument: str | None) -> bool:
    """Tell whether Falco takes name and argument together for an unknown field (spec/fields.md section 3)."""
    return argument is not None and ("]" in argument or field.name.startswith(("evt.", "static.")))


def _check_argument(field: Field, argument: str | None) -> None:
    name = field.name
    written = f"{name}[{argument}]"
    if field.argument is Argument.NONE:
        if argument is not None:
            raise FieldError(
                f"filter '{written}': {name} does not allow nor require an argument but one is provided: {argument}",
                text=written,
            )
    elif argument is None:
        if field.argument in (Argument.KEY, Argument.NETWORK):
            raise FieldError(
                f"filter '{name}': {name} requires an argument but none provided",
                text=name,
                hint=f"write it as {name}[...]",
            )
    elif field.argument is Argument.INDEX:
        problem = ""
        if not (argument.isascii() and argument.isdigit()):
            problem = f"not composed only by digits: {argument}"
        elif argument[0] == "0" and argument != "0":
            problem = f"starting with 0: {argument}"
        elif len(argument) > 20 or int(argument) >= 2**64:
            problem = f"not representable on 64 bit: {argument}"
        if problem:
            raise FieldError(f"filter {written} {name} has an invalid index argument {problem}", text=written)
    elif field.argument is Argument.NETWORK:
        _check_network(name, argument, written)


def _check_network(name: str, argument: str, written: str) -> None:
    try:
        addresses.network(argument)
    except ValueError:
        hint = f"write it as {name}[10.0.0.0/8] or {name}[2001:db8::/32]"
        with suppress(ValueError):
            hint = f"did you mean {addresses.network(argument, is_exact=False)}?"
        raise FieldError(f"filter '{written}': this is no network", text=written, hint=hint) from None


@cache
def catalogue() -> Catalogue:
    """Return the catalogue without any `static.*` field."""
    return Catalogue()
