"""Expressions that lead through structures: what generated readers are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from lanner.engine.projection import members_of

__all__ = ["Access", "access", "text"]


class Access(msgspec.Struct, frozen=True):
    """How a member is reached.

    `breaks` are the tests by which it is found missing; they give names to what they pass, so they come first. Then
    `place` is the expression for the member, and `type` what it is (or an element of it, if it `is_array`). `rest` is
    what is left of the path behind an array.
    """

    breaks: list[str]
    place: str
    type: Any
    is_array: bool
    rest: Sequence[str] = ()

    @property
    def is_broken(self) -> str:
        """The expression that tells whether the member is missing, empty if it never is."""
        return " or ".join(self.breaks)


def access(structure: Any, place: str, path: Sequence[str], name: str) -> Access | None:
    """Return how to follow `path`, up to an array, from `place`, where a `structure` stands.

    Names begin with `name`. `None` if the structures do not tell.
    """
    breaks: list[str] = []
    type_, is_array = structure, False
    for number, key in enumerate(path):
        members = members_of(type_)
        if key not in members:
            return None
        member = members[key]
        type_, is_array = member.type, member.is_array
        place = f"{place}.{key}"
        if member.is_optional or type_ is Raw:
            breaks.append(f"({name}{number} := {place}) is {'NOT_THERE' if type_ is Raw else 'UNSET'}")
            place = f"{name}{number}"
        if is_array:
            return Access(breaks, place, type_, is_array, path[number + 1 :])
    return Access(breaks, place, type_, is_array)


def text(value: Access) -> str | None:
    """Write the expression for the text of a member that is there, `None` if it has been taken apart."""
    if value.type is Raw:
        return f"render(bytes({value.place}))"
    if value.type is str:
        return f"{value.place}.encode()"
    return f'b"%d" % {value.place}' if value.type is int else None
