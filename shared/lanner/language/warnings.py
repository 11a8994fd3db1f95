"""What is allowed in a condition and yet most likely a mistake (spec/conditions.md section 9)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lanner.errors import LanguageError
from lanner.fields import Catalogue
from lanner.language import nodes
from lanner.language.operands import parse_operand
from lanner.language.parser import TRANSFORMERS

__all__ = ["ConditionWarning", "condition_warnings"]

_TRANSFORMER = re.compile(rf"({'|'.join(TRANSFORMERS)})\(.*\)", re.DOTALL)
_BLANKS = re.compile(r"\s+")
_EDGES = re.compile(r"^\^?(?:\.[*+?])?|(?:\.[*+?])?\$?$")
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_NA_OPERATORS = ("=", "==", "!=", "in", "intersects", "pmatch")


@dataclass(frozen=True, slots=True)
class ConditionWarning:
    """A warning with one of Falco's codes and its position in the condition."""

    code: str
    message: str
    position: int


def condition_warnings(
    condition: nodes.Condition, catalogue: Catalogue, done: dict[nodes.Check, list[tuple[str, str]]] | None = None
) -> list[ConditionWarning]:
    """Return the warnings for a condition, from left to right.

    `done` remembers what is to be said of a check, for other conditions and the same catalogue.
    """
    done = {} if done is None else done
    found: list[ConditionWarning] = []
    for check in nodes.walk(condition):
        if isinstance(check, nodes.Check) and isinstance(check.right, tuple):
            problems = done.get(check)
            if problems is None:
                problems = done[check] = _of_check(check, check.right, catalogue)
            found += [ConditionWarning(code, message, check.right_position) for code, message in problems]
    return found


def _of_check(check: nodes.Check, constants: tuple[bytes, ...], catalogue: Catalogue) -> list[tuple[str, str]]:
    found = []
    if (
        b"<NA>" in constants
        and check.modifier is None
        and check.operator in _NA_OPERATORS
        and isinstance(check.left, nodes.FieldRef)
        and check.left.name.startswith(("ka.", "jevt."))
    ):
        message = f"{check.left} is compared with <NA>; a missing field makes every check false, use `exists`"
        found.append(("LOAD_UNSAFE_NA_CHECK", message))
    for constant in constants:
        text = constant.decode(errors="replace")
        bare = _BLANKS.sub("", text)
        problem = ""
        if _TRANSFORMER.fullmatch(bare):
            problem = f"'{text}' may be a valid field transformer misused as a const string value"
        elif _is_field(bare, catalogue):
            problem = f"'{text}' may be a valid field misused as a const string value"
        elif check.operator == "regex" and not _SPECIAL.search(_EDGES.sub("", text)):
            simpler = "'=', 'contains', 'startswith', 'endswith'"
            problem = f"regex check with '{text}' may be optimized with simpler operators such as {simpler}"
        if problem:
            found.append(("LOAD_COMPILE_CONDITION", problem))
    return found


def _is_field(text: str, catalogue: Catalogue) -> bool:
    if "." not in text:  # which the name of every field has
        return False
    try:
        operand = parse_operand(text)
        if isinstance(operand, nodes.FieldRef):
            catalogue.bind(operand.name, operand.argument)
            return True
    except LanguageError:
        pass
    return False
