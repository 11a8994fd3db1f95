"""YAML nodes → values of events, and one value merged onto another.

Numbers keep the spelling that they are written with. What YAML's versions, or people, read in two ways (`yes`, `010`)
is refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from lanner.analysis.companions.nodes import wrong
from lanner.fields import json_text
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar

__all__ = ["JSON_TAG", "Value", "encoded", "from_json", "merged", "native", "value_of"]

Value = Any
"""What an event is made of: dict, list, str, bool, `None`, or a JSON text as it is (`msgspec.Raw`)."""

JSON_TAG = "!json"
"""Stands before a text that is JSON."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_AMBIGUOUS = re.compile(
    r"yes|no|on|off|[+-]?[0-9][0-9_]*|0[xob][0-9a-f_]+|\+?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?\.(?:inf|nan)",
    re.IGNORECASE,
)
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_TEXT_TAGS = ("!", "!!str")
_TAG = re.compile(r"(?:&\S+\s+)?(!\S*)")


def value_of(node: Node) -> Value:
    """Return the value that is written at a node. Raises `Invalid` if it is ambiguous, or has an unknown tag."""
    tag = _tag(node)
    if isinstance(node, Scalar):
        return _scalar(node, tag)
    if tag:
        hint = f"after {JSON_TAG}, write the value in quotes: {JSON_TAG} '[1]'" if tag == JSON_TAG else ""
        raise wrong(f"the tag {tag} means nothing here", node, hint)
    if not isinstance(node, Mapping):
        return [value_of(item) for item in node.items]
    found = {}
    for key, value in node.pairs:
        if not isinstance(key, Scalar):
            raise wrong("a key of an event is a text", key)
        if key.plain and key.value == "<<":
            raise wrong("the key '<<' merges nothing here", key, "name an event with `from`, or put the key in quotes")
        found[key.value] = value_of(value)
    return found


def _scalar(node: Scalar, tag: str) -> Value:
    if tag == JSON_TAG:
        content = node.value.encode()
        try:
            return msgspec.Raw(json_text.check(content))
        except json_text.JsonError as error:
            raise wrong(f"this is not JSON: {error}", node) from None
    if tag and tag not in _TEXT_TAGS:
        raise wrong(f"the tag {tag} means nothing here", node, f"known tags are {JSON_TAG} and !!str")
    if not node.plain:
        return node.value
    if node.is_null:
        return None
    if node.value in _TRUE or node.value in _FALSE:
        return node.value in _TRUE
    if _NUMBER.fullmatch(node.value):
        return msgspec.Raw(node.value.encode())
    if _AMBIGUOUS.fullmatch(node.value):
        hint = "put a text into quotes; write true, false, and numbers as JSON does"
        raise wrong(f"'{node.value}' can be read in two ways", node, hint)
    return node.value


def _tag(node: Node) -> str:
    """Return the tag before a value, empty if it has none. The reader keeps none: it is read once more."""
    if isinstance(node, Scalar) and node.plain:
        return ""
    found = _TAG.match(node.file.text, node.start)
    return found[1] if found is not None else ""


def merged(base: Value, change: Value) -> Value:
    """Return `base` with `change`: mappings key by key, `None` removes a key, everything else replaces."""
    if not isinstance(change, dict):
        return change
    result = dict(base) if isinstance(base, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def from_json(content: bytes) -> Value:
    """Return the value of a JSON text, as `value_of` does.

    Raises `ValueError` if it cannot be merged with anything: it is not strict JSON, has a key twice, or nests too deep.
    """
    if not json_text.within_depth(content):
        raise ValueError(f"it nests deeper than {json_text.MAX_DEPTH} levels")
    value = json.loads(
        content, parse_int=_raw, parse_float=_raw, parse_constant=_no_constant, object_pairs_hook=_unique
    )
    try:
        encoded(value)
    except UnicodeEncodeError:
        raise ValueError("a text in it has half of a surrogate pair") from None
    return value


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _no_constant(text: str) -> Value:
    raise ValueError(f"{text} is not JSON")


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object in it has a key twice")
    return found


def encoded(value: Value) -> bytes:
    """Return a value as compact JSON."""
    return msgspec.json.encode(value)


def native(value: Value) -> Value:
    """Return a value with its numbers, and what is written as JSON, as Python has them.

    Raises `ValueError` if it has no such value.
    """
    try:
        return msgspec.json.decode(encoded(value))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
