"""The rules language: conditions and output templates, parsed, printed, type-checked and ready to be evaluated."""

from lanner.language.checks import BoundCheck, compile_condition
from lanner.language.folding import decisive, fold
from lanner.language.nodes import FALSE, TRUE, And, Check, Condition, FieldRef, MacroRef, Not, Or, Transform
from lanner.language.operands import BoundOperand, compile_operand
from lanner.language.parser import MODIFIERS, OPERATORS, TRANSFORMERS, parse
from lanner.language.template import Piece, Template, compile_template, field_key, value_text
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
