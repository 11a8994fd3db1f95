"""Reading values out of the mappings of a rules file (spec/rules.md section 1)."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from collections.abc import Mapping as Names
from dataclasses import dataclass

from lanner.ruleset.diagnostics import Diagnostic, Invalid, Location, Severity, about
from lanner.ruleset.priority import Priority
from lanner.ruleset.versions import unsigned
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar, Sequence

__all__ = ["Entry", "Warn", "invalid"]

_BOOLEANS = {"true": True, "yes": True, "on": True, "y": True, "false": False, "no": False, "off": False, "n": False}

Warn = Callable[[Diagnostic], None]
"""Takes the warnings met on the way."""


def invalid(message: str, node: Node, context: tuple[Location, ...], hint: str = "") -> Invalid:
    """Return the error that the structure of a file is wrong at `node`."""
    return Invalid(about("LOAD_ERR_YAML_VALIDATE", message, node, context, hint=hint))


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping of a rules file, and what it is (a rule, one of its exceptions, …).

    The reading methods raise `Invalid` with code LOAD_ERR_YAML_VALIDATE.
    """

    node: Mapping
    context: tuple[Location, ...] = ()

    def named(self, item_type: str, name: str) -> Entry:
        """Return the entry, known to be an item of this type and name."""
        return Entry(self.node, (*self.context, Location(item_type, name, self.node.place)))

    def has(self, key: str) -> bool:
        """Tell whether the mapping has `key`, with whatever value."""
        return self.node.get(key) is not None

    def invalid(self, message: str, node: Node | None = None, hint: str = "") -> Invalid:
        """Return the error that the structure is wrong, here or at `node`."""
        return invalid(message, node or self.node, self.context, hint)

    def rejected(self, message: str, node: Node | None = None, hint: str = "") -> Invalid:
        """Return the error that the entry, or `node`, cannot be used, though the structure is right."""
        return Invalid(about("LOAD_ERR_VALIDATE", message, node or self.node, self.context, hint=hint))

    def warning(self, code: str, message: str, node: Node | None = None, hint: str = "") -> Diagnostic:
        """Return a warning about the entry, or about `node`."""
        return about(code, message, node or self.node, self.context, severity=Severity.WARNING, hint=hint)

    def text(self, key: str) -> Scalar:
        """Return the text that `key` must have; it is not empty."""
        value = self.optional_text(key)
        if value is None:
            raise self.lacks(key)
        return value

    def lacks(self, key: str, hint: str = "") -> Invalid:
        """Return the error that `key` is missing."""
        keys = [other.value for other, _ in self.node.pairs if isinstance(other, Scalar)]
        close = difflib.get_close_matches(key, keys, 1)
        if close:
            hint = f"is '{close[0]}' meant to be '{key}'?"
        return self.invalid(f"Item has no mapping for key '{key}'", hint=hint)

    def optional_text(self, key: str) -> Scalar | None:
        """Return the text of `key`, which is not empty; `None` if there is no such key."""
        value = self.node.get(key)
        if value is None:
            return None
        if isinstance(value, Scalar) and value.is_null:
            raise self.invalid(f"Mapping for key '{key}' is empty", self.node.key(key))
        if not isinstance(value, Scalar):
            raise self.invalid("Value is not a scalar value", value, f"'{key}' is one text")
        if not value.value:
            raise self.invalid("Value must be non-empty", value)
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return the boolean that `key` has. Without a default it must be there."""
        value = self.text(key) if default is None else self.optional_text(key)
        if value is None:
            assert default is not None  # else `text` has raised
            return default
        word = value.value
        result = _BOOLEANS.get(word.lower())
        if result is None or word not in (word.lower(), word.upper(), word.capitalize()):
            raise self.invalid("Can't decode YAML scalar value", value, f"'{key}' is true or false")
        return result

    def number(self, key: str) -> int | None:
        """Return the unsigned number that `key` has; `None` if there is no such key."""
        value = self.optional_text(key)
        if value is None:
            return None
        number = unsigned(value.value)
        if number is None:
            raise self.invalid("Can't decode YAML scalar value", value, f"'{key}' is a number, not less than 0")
        return number

    def priority(self) -> Priority:
        """Return the priority that the entry must have."""
        value = self.text("priority")
        try:
            return Priority.parse(value.value)
        except ValueError as error:
            raise self.invalid("Invalid priority", value, str(error)) from None

    def sequence(self, key: str) -> Sequence:
        """Return the sequence that `key` must have."""
        value = self.node.get(key)
        if value is None:
            raise self.lacks(key)
        if not isinstance(value, Sequence):
            hint = f"write it as `{key}: [a, b]`, or `[]` if there is none"
            raise self.invalid("Value is not a sequence", value, hint)
        return value

    def texts(self, key: str) -> list[str]:
        """Return the texts of the sequence that `key` must have."""
        texts = []
        for value in self.sequence(key).items:
            if not isinstance(value, Scalar) or value.is_null:
                raise self.invalid("sequence value is not scalar", value, "an item is one text, a name or a number")
            texts.append(value.value)
        return texts

    def tags(self) -> frozenset[str]:
        """Return the tags; none if there is no such key."""
        return frozenset(self.texts("tags")) if self.has("tags") else frozenset()

    def overrides(self, allowed: Names[str, frozenset[str]]) -> dict[str, str]:
        """Return the operation (`append` or `replace`) that `override` names for each key.

        `allowed` gives the keys that each operation is allowed for.
        """
        node = self.node.get("override")
        if isinstance(node, Sequence) and node.items:
            raise self.rejected("'override' is not a mapping", node, "write it as `override: {condition: append}`")
        operations: dict[str, str] = {}
        for key, value in node.pairs if isinstance(node, Mapping) else ():
            if not isinstance(key, Scalar) or not isinstance(value, Scalar):
                hint = "write it as `override: {condition: append}`"
                raise self.rejected("an 'override' is not a pair of texts", key, hint)
            name, operation = key.value, "null" if value.is_null else value.value
            if operation not in allowed:
                possible = "".join([f"{word} " for word, keys in allowed.items() if name in keys])
                message = f"Invalid override operation for key '{name}': '{operation}'. Allowed values are: {possible}"
                raise self.invalid(message, value)
            if name not in allowed[operation]:
                problem = "appended to, use 'replace' instead" if operation == "append" else "replaced"
                raise self.invalid(f"Key '{name}' cannot be {problem}", key)
            operations[name] = operation
        return operations
