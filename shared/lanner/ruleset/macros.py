"""Macros and their replacement in conditions (spec/conditions.md section 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lanner.errors import ConditionError
from lanner.language import Check, Condition, MacroRef
from lanner.language.nodes import MAX_TREE_DEPTH, MAX_TREE_SIZE, replace_macros, walk

__all__ = ["MAX_WORK", "Macros"]

MAX_WORK = 1_000_000
"""Checks and connectives gone through for macros that are used by others before they are replaced themselves."""


class Macros:
    """The parsed macros of a table, replaced one by one. `used` holds the names of those that were referred to."""

    def __init__(self, parsed: Mapping[str, Condition]) -> None:
        self.used: set[str] = set()
        self._parsed = parsed
        self._replaced: dict[str, Condition] = {}
        self._work = 0

    def resolve(self, name: str, is_visible: Callable[[str], bool]) -> None:
        """Replace the macros that the macro `name` uses; it may use those that are visible. Raises like `expand`."""
        self._replaced[name] = self.expand(self._parsed[name], is_visible)

    def expand(self, condition: Condition, is_visible: Callable[[str], bool] = lambda name: True) -> Condition:
        """Return `condition` with its macros replaced.

        Raises `ConditionError` for undefined macros, for loops, and for conditions that get too large or too deep. Its
        position is that of the reference in `condition` that leads there.
        """
        expanded: dict[str, Condition] = {}
        for reference in _references(condition):
            self._expand(reference, is_visible, expanded)
        self.used.update(expanded)
        return _replaced(condition, expanded, 0)

    def _expand(self, start: MacroRef, is_visible: Callable[[str], bool], expanded: dict[str, Condition]) -> None:
        """Put the trees of a macro and of all macros below it into `expanded`, the innermost first."""
        path: dict[str, Iterator[MacroRef]] = {}
        pending = [start.name]
        while pending:
            name = pending[-1]
            if name in expanded:
                pending.pop()
            elif name not in self._parsed or not is_visible(name):
                is_later = name in self._parsed
                where = "before the macro that uses it" if is_later else "here, or in a file that is loaded before"
                raise _error(f"Undefined macro '{name}' used in filter.", start.position, f"define it {where}")
            elif name in self._replaced:
                expanded[name] = self._replaced[name]
            else:
                if name not in path:
                    self._work += self._parsed[name].size
                    if self._work > MAX_WORK:
                        raise _error("the macros refer to each other too often", start.position)
                    path[name] = _references(self._parsed[name])
                following = next(path[name], None)
                if following is None:
                    expanded[name] = _replaced(self._parsed[name], expanded, start.position)
                    del path[name]
                elif following.name in path:
                    raise _error(f"reference loop in macro '{following.name}'", start.position)
                else:
                    pending.append(following.name)

    def checks(self, condition: Condition) -> Iterator[tuple[str, Check]]:
        """Yield every check of a condition and of the macros below it in order, each macro once.

        Each comes with the name of the macro that it stands in, an empty name for the condition itself.
        """
        seen: set[str] = set()
        pending = [("", walk(condition))]
        while pending:
            owner, leaves = pending[-1]
            leaf = next(leaves, None)
            if leaf is None:
                pending.pop()
            elif isinstance(leaf, Check):
                yield owner, leaf
            elif isinstance(leaf, MacroRef) and leaf.name not in seen:
                seen.add(leaf.name)
                pending.append((leaf.name, walk(self._parsed[leaf.name])))


def _references(condition: Condition) -> Iterator[MacroRef]:
    return (leaf for leaf in walk(condition) if isinstance(leaf, MacroRef))


def _replaced(condition: Condition, expanded: Mapping[str, Condition], position: int) -> Condition:
    replaced = replace_macros(condition, lambda reference: expanded[reference.name]) if expanded else condition
    if replaced.size > MAX_TREE_SIZE:
        raise _error(f"with its macros replaced, the condition has more than {MAX_TREE_SIZE} parts", position)
    if replaced.depth > MAX_TREE_DEPTH:
        raise _error(f"with its macros replaced, the condition nests deeper than {MAX_TREE_DEPTH} levels", position)
    return replaced


def _error(message: str, position: int, hint: str = "") -> ConditionError:
    return ConditionError(message, position=position, hint=hint)
