"""The rules language: conditions and output templates, parsed, printed, type-checked and ready to be evaluated.

What is only needed where rules are read as texts is imported when it is first asked for: a function that starts with an
artefact never asks.
"""

from typing import TYPE_CHECKING

from lanner.language.checks import BoundCheck, compile_condition
from lanner.language.nodes import FALSE, TRUE, And, Check, Condition, FieldRef, MacroRef, Not, Or, Transform
from lanner.language.operands import BoundOperand, compile_operand
from lanner.language.template import Piece, Template, compile_template, field_key, value_text

if TYPE_CHECKING:
    from lanner.language.folding import decisive, fold
    from lanner.language.parser import MODIFIERS, OPERATORS, TRANSFORMERS, parse
    from lanner.language.warnings import ConditionWarning, condition_warnings

__all__ = [
    "FALSE",
    "MODIFIERS",
    "OPERATORS",
    "TRANSFORMERS",
    "TRUE",
    "And",
    "BoundCheck",
    "BoundOperand",
    "Check",
    "Condition",
    "ConditionWarning",
    "FieldRef",
    "MacroRef",
    "Not",
    "Or",
    "Piece",
    "Template",
    "Transform",
    "compile_condition",
    "compile_operand",
    "compile_template",
    "condition_warnings",
    "decisive",
    "field_key",
    "fold",
    "parse",
    "value_text",
]

_LATER = {
    "folding": ("decisive", "fold"),
    "parser": ("MODIFIERS", "OPERATORS", "TRANSFORMERS", "parse"),
    "warnings": ("ConditionWarning", "condition_warnings"),
}


if not TYPE_CHECKING:  # pragma: no branch - a type checker would take every name to be there

    def __getattr__(name: str) -> object:
        for module, names in _LATER.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
