"""The loop over a block of events, generated: it costs every event, so it does nothing that rules do not need."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.codegen import Residual
from lanner.engine.generated import function
from lanner.engine.projection import SMALL, Head, is_structure, members_of, nests_too_deep
from lanner.engine.switches import Switch

__all__ = ["Hit", "Select", "selector"]

Hit = tuple[int, Head, Residual]
"""An event that a rule may match: its number in the block, its structure, and what is left to ask."""

Select = Callable[[Iterable[Head]], list[Hit] | None]

NEW: Any = object()
"""Stands for a residual, or a value's class, that is not remembered."""


def selector(
    head: type[msgspec.Struct],
    switches: Sequence[Switch],
    key_size: int,
    empty: Container[tuple[Any, ...]],
    remembered: Callable[[Any, Any], Residual | None],
    find: Callable[[tuple[Any, ...]], Residual | None],
) -> tuple[Select, str]:
    """Return the function that picks out the events that a rule may match, and its source.

    It returns `None` if one of those nests too deep: that takes another look at each event of the block. The first
    `key_size` switches make the key; `empty` holds the keys for which no rule can match, `remembered` gives the
    residual of a key with the classes behind it, `find` that of the switches' values.
    """
    scope: dict[str, Any] = {
        "NEW": NEW,
        "UNSET": UNSET,
        "empty": empty,
        "enumerate": enumerate,
        "find": find,
        "len": len,
        "nests_too_deep": nests_too_deep,
        "remembered": remembered,
    }
    openings: dict[str, list[str]] = {}  # the lines that open an object inside the event, by its key
    texts = []
    for name, member in members_of(head).items():
        if member.type is Raw:
            texts.append((f"head.{name}", 1))
        elif is_structure(member.type):
            openings[name] = [f"        {name} = head.{name}"]
            if member.is_optional:
                scope[f"no_{name}"] = member.type()
                openings[name].append(f"        if {name} is UNSET: {name} = no_{name}")
            texts += [(f"{name}.{key}", 2) for key, inner in members_of(member.type).items() if inner.type is Raw]
    deep = " or ".join(f"len({text}) > {SMALL} and nests_too_deep({text}, {level})" for text, level in texts)
    values = [".".join(switch.path if len(switch.path) > 1 else ("head", *switch.path)) for switch in switches]
    asked = []
    for number, (switch, value) in enumerate(zip(switches, values, strict=True)):
        if switch.is_key:
            asked.append(value)
        else:
            scope[f"class_{number}"] = switch.table.get
            scope[f"default_{number}"] = NEW if switch.default is None else switch.default
            asked.append(f"class_{number}({value}, default_{number})")
    first = [name for name in openings if any(name in switch.path for switch in switches[:key_size])]
    lines = [
        "def select(heads):",
        "    hits = []",
        "    for index, head in enumerate(heads):",
        *[line for name in first for line in openings[name]],
        f"        key = {_tuple(asked[:key_size])}",
        "        if key in empty:",
        "            continue",
        *[line for name in openings if name not in first for line in openings[name]],
        f"        residual = remembered((key, {', '.join(asked[key_size:])}), NEW)",
        "        if residual is NEW:",
        f"            residual = find({_tuple(values)})",
        "        if residual is not None:",
        f"            if {deep}: return None",
        "            hits.append((index, head, residual))",
        "    return hits",
    ]
    source = "\n".join([*lines, ""])
    return function("select", source, scope), source


def _tuple(parts: Sequence[str]) -> str:
    """Write a tuple, whatever its length."""
    return f"({''.join([f'{part}, ' for part in parts])})"
