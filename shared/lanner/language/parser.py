"""Conditions and field expressions: text → tree (spec/conditions.md sections 1 and 2).

The language has no separate lexer: what a character means depends on where it stands (`in(` is an operator in one
place and part of a bare string in another), so each rule of the grammar matches its own tokens at the cursor.
"""

from __future__ import annotations

import re

from lanner.errors import ConditionError
from lanner.language.advice import advice
from lanner.language.nodes import (
    MAX_TREE_DEPTH,
    And,
    Check,
    Condition,
    Constant,
    FieldRef,
    MacroRef,
    Not,
    Operand,
    Or,
    Transform,
    TupleArgument,
)

__all__ = ["LIST_OPERATORS", "MODIFIERS", "OPERATORS", "TRANSFORMERS", "Parser", "parse"]

TRANSFORMERS = ("val", "tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt")
MODIFIERS = ("oneof", "anyof", "allof")
LIST_OPERATORS = ("intersects", "in", "pmatch")
_ORDER_OPERATORS = ("<=", "<", ">=", ">")
_WORD_OPERATORS = (
    "glob",
    "iglob",
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "regex",
)
OPERATORS = ("exists", *_ORDER_OPERATORS, "==", "=", "!=", *_WORD_OPERATORS, *LIST_OPERATORS)

_MAX_DEPTH = 1000
_COST_OF_GROUP = 5
_MAX_NESTED_TRANSFORMERS = 60

_BLANKS = re.compile(r"[ \t\r\n\b]*")
_NOT = re.compile(r"not(?:[ \t\r\n\b]+|(?=\())")
_IDENTIFIER = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_FIELD = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+")
_TRANSFORM = re.compile(rf"({'|'.join(TRANSFORMERS[1:])})\(")
_VAL = re.compile(r"val\(")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?)")
_BARE = re.compile(r"[^ \t\r\n\v\f()\"'=,]+")
_BARE_ARGUMENT = re.compile(r"[^ \t\r\n\v\f\[\]\"']+")
_OPERATOR = re.compile(
    "exists|<=|<|>=|>|==|=|!=|(?:" + "|".join(_WORD_OPERATORS) + r")(?=[ \t\r\n\b])|intersects|in|pmatch"
)
_MODIFIER = re.compile(r"(oneof|anyof|allof)[ \t\r\n\b]+(?=\(|(?!(?:and|or|not)\b)[a-zA-Z])")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", " ": "\\"}

_EXPECTED_TRANSFORMER = "a field with a valid transformer: " + ", ".join(f"'{name}'" for name in TRANSFORMERS)
_EXPECTED_OPERATOR = "expected a valid check operator: one of " + ", ".join(f"'{name}'" for name in OPERATORS)


def parse(text: str) -> Condition:
    """Parse a condition. Raises `ConditionError` with the position of what is wrong."""
    return Parser(text).condition()


class Parser:
    """A cursor over one text and the rules of the grammar, one method each."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position
        self.bracket = position
        """Where the last argument in brackets begins, if there was one."""
        self._depth = 0
        self._last = ""

    def condition(self) -> Condition:
        """Condition = disjunction, up to the end of the text."""
        node = self._disjunction()
        self._blanks()
        if self.position < len(self.text):
            raise self._error(f"unexpected token after '{self._last}', expecting 'or', 'and'")
        if node.depth > MAX_TREE_DEPTH:
            raise self._error(f"the condition nests deeper than {MAX_TREE_DEPTH} levels", 0)
        return node

    def _disjunction(self) -> Condition:
        """Disjunction = conjunction { "or" conjunction }; conjunction = negation { "and" negation };
        negation = { "not" } ( "(" disjunction ")" | check ). Groups are kept on a list of our own: they may nest deep.
        """
        enclosing: list[tuple[list[Condition], list[Condition], bool]] = []
        alternatives: list[Condition] = []
        factors: list[Condition] = []
        while True:
            negated = self._negations()
            if self.text.startswith("(", self.position):
                if (len(enclosing) + 2) * _COST_OF_GROUP >= _MAX_DEPTH:
                    raise self._error(f"exceeded max depth limit of {_MAX_DEPTH}", hint="use fewer nested parentheses")
                self._take("(")
                enclosing.append((alternatives, factors, negated))
                alternatives, factors = [], []
                continue
            node = self._check()
            while True:
                factors.append(_negate(node) if negated else node)
                self._blanks()
                if self._connective("and"):
                    break
                alternatives.append(_chain(And, factors))
                factors = []
                if self._connective("or"):
                    break
                node = _chain(Or, alternatives)
                if not enclosing:
                    return node
                if not self._word(")"):
                    raise self._error("expected a ')' token")
                alternatives, factors, negated = enclosing.pop()

    def _negations(self) -> bool:
        """Skip the `not` words that stand here; tell whether their number is odd."""
        self._blanks()
        negated = False
        while True:
            found = _NOT.match(self.text, self.position)
            if found is None:
                return negated
            negated = not negated
            self._advance(found)
            self._last = "not"

    def _connective(self, word: str) -> bool:
        """Take `and` or `or`, behind which a blank or a parenthesis must follow."""
        if not self._word(word):
            return False
        if not self._blanks() and not self.text.startswith("(", self.position):
            raise self._error(f"expected blank or '(' after '{word}'")
        return True

    def _check(self) -> Condition:
        """Check = left operator right | macro."""
        start = self.position
        left = self.operand()
        if left is None:
            name = self._match(_IDENTIFIER)
            if name is None:
                raise self._error("expected a '(' token, a field check, or an identifier")
            return MacroRef(name, start)
        self._blanks()
        operator_position = self.position
        operator = self._match(_OPERATOR)
        if operator is None:
            raise self._error(_EXPECTED_OPERATOR)
        if operator == "exists":
            return Check(left, operator, None, None, start, operator_position, self.position)
        self._blanks()
        modifier = None
        if operator in LIST_OPERATORS:
            right_position = self.position
            right = self._list_or_operand()
        elif operator in _ORDER_OPERATORS:
            right_position = self.position
            right = self._number_or_operand()
        else:
            if operator_position + len(operator) < self.position:
                modifier = self._modifier()
            right_position = self.position
            right = self._constants() if modifier else self._string_or_operand()
        return Check(left, operator, right, modifier, start, operator_position, right_position)

    def operand(self) -> Operand | None:
        """Operand = field | transformer; `None`, and the cursor stays, if neither stands here."""
        start = self.position
        found = _TRANSFORM.match(self.text, start)
        if found is not None:
            self._advance(found)
            self._last = found[1]
            return self._transform(found[1], start)
        return self._field()

    def _field(self) -> FieldRef | None:
        start = self.position
        name = self._match(_FIELD)
        if name is None:
            return None
        return FieldRef(name, self._argument(), position=start)

    def _argument(self) -> str | None:
        """Argument = [ "[" (quoted | bare) "]" ]."""
        if not self.text.startswith("[", self.position):
            return None
        self.bracket = self.position
        self._take("[")
        argument = self._quoted_text()
        if argument is None:
            argument = self._match(_BARE_ARGUMENT)
            if argument is None:
                raise self._error("expected a valid field argument: a quoted string or a bare string")
        if not self._word("]"):
            raise self._error("expected a ']' token")
        return argument

    def _transform(self, name: str, start: int) -> Transform:
        """The rest of a transformer behind its opening parenthesis."""
        self._depth += 1
        if self._depth > _MAX_NESTED_TRANSFORMERS:
            raise self._error(f"exceeded max depth limit of {_MAX_DEPTH}", hint="use fewer nested transformers")
        arguments = [self._transform_argument()]
        self._blanks()
        while self._word(","):
            arguments.append(self._transform_argument())
            self._blanks()
        if not self._word(")"):
            raise self._error("expected a ')' token closing the transformer")
        self._depth -= 1
        return Transform(name, tuple(arguments), self._argument(), start)

    def _transform_argument(self) -> FieldRef | Transform | Constant | TupleArgument:
        self._blanks()
        if self.text.startswith("(", self.position):
            self._take("(")
            self._blanks()
            items: list[FieldRef | Transform | Constant] = []
            if not self._word(")"):
                items.append(self._transform_item())
                self._blanks()
                while self._word(","):
                    self._blanks()
                    items.append(self._transform_item())
                    self._blanks()
                if not self._word(")"):
                    raise self._error("expected a ')' token closing the transformer list")
            return TupleArgument(tuple(items))
        return self._transform_item()

    def _transform_item(self) -> FieldRef | Transform | Constant:
        number = self._match(_NUMBER)
        if number is not None:
            return Constant(number.encode(), is_number=True)
        text = self._quoted()
        if text is not None:
            return Constant(text)
        operand = self.operand()
        if operand is None:
            raise self._error(
                "expected field transformer argument: field, transformer, quoted string, number, or transformer list"
            )
        return operand

    def _right_operand(self) -> Operand | None:
        """Right operand = "val(" field ")" | transformer."""
        start = self.position
        found = _VAL.match(self.text, start)
        if found is None:
            return self.operand() if _TRANSFORM.match(self.text, start) else None
        self._advance(found)
        self._last = "val"
        self._blanks()
        inner = None if _TRANSFORM.match(self.text, self.position) else self._field()
        if inner is None:
            raise self._error("expected a field within 'val' transformer")
        self._blanks()
        if not self._word(")"):
            raise self._error("expected a ')' token closing the transformer")
        return FieldRef(inner.name, inner.argument, is_val=True, position=inner.position)

    def _number_or_operand(self) -> tuple[bytes, ...] | Operand:
        operand = self._right_operand()
        if operand is not None:
            return operand
        number = self._match(_NUMBER)
        if number is None:
            raise self._error(f"expected a number value or {_EXPECTED_TRANSFORMER}")
        return (number.encode(),)

    def _string_or_operand(self) -> tuple[bytes, ...] | Operand:
        operand = self._right_operand()
        if operand is not None:
            return operand
        constant = self._constant()
        if constant is None:
            raise self._error(f"expected a string value or {_EXPECTED_TRANSFORMER}")
        return (constant,)

    def _list_or_operand(self) -> tuple[bytes, ...] | Operand:
        if not self.text.startswith("(", self.position):
            operand = self._right_operand()
            if operand is not None:
                return operand
        return self._constants(f"expected a list, an identifier, or {_EXPECTED_TRANSFORMER}")

    def _constants(self, expected: str = "expected a list or an identifier") -> tuple[bytes, ...]:
        """Constants = "(" [ constant { "," constant } ] ")" | identifier."""
        if not self._word("("):
            name = self._match(_IDENTIFIER)
            if name is None:
                raise self._error(expected)
            return (name.encode(),)
        items: list[bytes] = []
        self._blanks()
        first = self._constant()
        if first is not None:
            items.append(first)
            self._blanks()
            while self._word(","):
                self._blanks()
                item = self._constant()
                if item is None:
                    raise self._error("expected a string value")
                items.append(item)
                self._blanks()
        if not self._word(")"):
            raise self._error("expected a ')' token")
        return tuple(items)

    def _constant(self) -> bytes | None:
        quoted = self._quoted()
        if quoted is not None:
            return quoted
        bare = self._match(_BARE)
        return None if bare is None else bare.encode("utf-8", "surrogateescape")

    def _quoted(self) -> bytes | None:
        """A quoted string with its escapes undone."""
        text = self._quoted_text()
        return None if text is None else text.encode("utf-8", "surrogateescape")

    def _quoted_text(self) -> str | None:
        """A quoted string ends at the first of its quotes that has no backslash right before it."""
        start = self.position
        mark = self.text[start : start + 1]
        if mark not in ("'", '"'):
            return None
        end = self.text.find(mark, start + 1)
        while end > 0 and self.text[end - 1] == "\\":
            end = self.text.find(mark, end + 1)
        if end < 0:
            hint = "a backslash before a quote makes it part of the string" if self.text.endswith(f"\\{mark}") else ""
            raise self._error("the string that begins here is not closed", hint=hint)

        def undo(escape: re.Match[str]) -> str:
            what = escape[1]
            if len(what) == 3:
                code = int(what[1:], 16)
                return chr(code) if code < 0x80 else chr(0xDC00 + code)
            if what in _SHORT:
                return _SHORT[what]
            if what == mark:
                return mark
            where = start + 1 + escape.start()
            if what in "\"'":
                raise self._error(f"invalid \\{what} escape in {mark}-quoted string", where)
            if what == "x":
                raise self._error("truncated hex char escape sequence", where, "write two hex digits, as in \\x41")
            hint = f"write \\\\{what} for a backslash, or use a bare string" if what.isprintable() else ""
            raise self._error(f"unsupported string escape sequence: \\{what}", where, hint)

        text = _ESCAPE.sub(undo, self.text[start + 1 : end])
        self.position = end + 1
        self._last = text
        # Bytes written by \xHH may form characters together with their neighbours.
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")

    def _modifier(self) -> str | None:
        found = _MODIFIER.match(self.text, self.position)
        if found is None:
            return None
        self._advance(found)
        self._last = found[1]
        return found[1]

    def _blanks(self) -> bool:
        start = self.position
        found = _BLANKS.match(self.text, start)
        assert found is not None  # it matches the empty text, too
        self.position = found.end()
        return self.position > start

    def _word(self, word: str) -> bool:
        if self.text.startswith(word, self.position):
            self._take(word)
            return True
        return False

    def _take(self, word: str) -> None:
        self.position += len(word)
        self._last = word

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self._advance(found)
        self._last = found[0]
        return found[0]

    def _advance(self, found: re.Match[str]) -> None:
        self.position = found.end()

    def _error(self, message: str, position: int | None = None, hint: str = "") -> ConditionError:
        where = self.position if position is None else position
        return ConditionError(message, text=self.text, position=where, hint=hint or advice(self.text, where))


def _negate(node: Condition) -> Condition:
    return node.child if isinstance(node, Not) else Not(node)


def _chain(kind: type[And] | type[Or], nodes: list[Condition]) -> Condition:
    """Join `nodes` by `kind`; those that are of this kind themselves become part of the chain."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Condition] = []
    for node in nodes:
        flat.extend(node.children if isinstance(node, kind) else (node,))
    return kind(tuple(flat))
