"""Functions from generated code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["function"]


def function(name: str, source: str, scope: Mapping[str, Any]) -> Any:
    """Return the function `name` that `source` defines. It sees the names of `scope`, and nothing else.

    Whatever comes from rules or events has to come through `scope`: `source` is made of names of our own tables only.
    """
    names = {**scope, "__builtins__": {}}
    exec(compile(source, f"<{name}>", "exec"), names)  # noqa: S102 - see above
    return names[name]
