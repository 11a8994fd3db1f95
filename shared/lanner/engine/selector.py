"""The loop over a block of events, generated: it costs every event, so it does nothing that rules do not need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Raw

from lanner.engine.codegen import Residual
from lanner.engine.projection import SMALL, Head, nests_too_deep
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
    remembered: Callable[[Any, Any], Residual | None],
    find: Callable[[tuple[Any, ...]], Residual | None],
) -> tuple[Select, str]:
    """Return the function that picks out the events that a rule may match, and its source.

    It returns `None` if an event of the block nests too deep. `remembered` gives the residual of a key, `find` that of
    the switches' values.
    """
    scope: dict[str, Any] = {
        "NEW": NEW, "UNSET": UNSET, "enumerate": enumerate, "find": find, "nests_too_deep": nests_too_deep, "len": len,
        "remembered": remembered, "__builtins__": {},
    }  # fmt: skip
    lines = ["def select(heads):", "    hits = []", "    for index, head in enumerate(heads):"]
    texts = []
    for key, type_ in head.__annotations__.items():
        inner, *optional = get_args(type_) or (type_,)
        if inner is Raw:
            texts.append((f"head.{key}", 1))
        elif isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            lines.append(f"        {key} = head.{key}")
            if optional:
                scope[f"no_{key}"] = inner()
                lines.append(f"        if {key} is UNSET: {key} = no_{key}")
            texts += [(f"{key}.{name}", 2) for name, member in inner.__annotations__.items() if member is Raw]
    deep = " or ".join(f"len({text}) > {SMALL} and nests_too_deep({text}, {level})" for text, level in texts)
    lines += [f"        if {deep}:", "            return None"]
    parts: list[str] = []
    values: list[str] = []
    for number, switch in enumerate(switches):
        value = ".".join(switch.path if len(switch.path) > 1 else ("head", *switch.path))
        values.append(value)
        if not switch.is_key:
            scope[f"class_{number}"] = switch.table.get
            scope[f"default_{number}"] = NEW if switch.default is None else switch.default
            value = f"class_{number}({value}, default_{number})"
        parts.append(value)
    lines += [
        f"        residual = remembered(({''.join(f'{part}, ' for part in parts)}), NEW)",
        "        if residual is None:",
        "            continue",
        "        if residual is NEW:",
        f"            residual = find(({''.join(f'{value}, ' for value in values)}))",
        "            if residual is None:",
        "                continue",
        "        hits.append((index, head, residual))",
        "    return hits",
    ]
    source = "\n".join([*lines, ""])
    exec(compile(source, "<select>", "exec"), scope)  # noqa: S102 - names of our own tables only
    return scope["select"], source
