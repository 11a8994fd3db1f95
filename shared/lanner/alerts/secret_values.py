"""Bodies of requests and answers without the values of Secrets, and without tokens. Keys stay."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from lanner.alerts.credentials import MASK
from lanner.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MASKED", "holds_secrets", "without_quotations", "without_values", "written"]

MASKED = b'"%b"' % MASK
"""Stands in JSON for a value."""

_MAX_DEPTH = 12
"""Levels that are looked into. What is deeper goes as a whole."""

_SECRETS = (b"Secret", b"SecretList")
_TOKENS = (b"TokenReview", b"TokenRequest")

_KEPT = frozenset(("kind", "apiVersion", "@type", "type", "immutable"))
_KEPT_BY_KIND = {
    b"Status": _KEPT | {"status", "reason", "details", "code"},
    b"DeleteOptions": _KEPT | {"propagationPolicy", "gracePeriodSeconds", "orphanDependents", "dryRun"},
}
"""Members of a body that are no values of Secrets."""

_KEPT_OF_PATCH = frozenset(("op", "path", "from"))
_VALUES = ("data", "stringdata")
_LAST_APPLIED = "last-applied-configuration"
_MAX_ANNOTATION = 256

_QUOTATION = b"error found in #"
"""Begins what some versions of the API server quote of a body that they could not read."""

_UNWRITABLE = rb'["\\\x00-\x1f]'


def holds_secrets(body: bytes) -> bool:
    """Tell whether a body may hold Secrets or tokens, whatever it was sent to. Most do not, and that is seen soon."""
    return b'"Secret' in body or b'"TokenRe' in body  # API servers write no letter as an escape


def without_values(body: bytes, resource: bytes, subresource: bytes) -> bytes:
    """Return a body of a request to `resource`, or of the answer, without values of Secrets and tokens.

    Raises `ValueError` or `RecursionError` if it cannot be taken apart.
    """
    kind = _kind(body)
    if resource == b"secrets" or kind in _SECRETS:
        return _secret(body, _MAX_DEPTH)
    if resource == b"tokenreviews" or subresource == b"token" or kind in _TOKENS:
        return _without_tokens(body, _MAX_DEPTH)
    return _without_inner_secrets(body, _MAX_DEPTH)


def without_quotations(text: bytes) -> bytes:
    """Return a JSON string without what an API server quotes in it of a body that it could not read."""
    place = text.find(_QUOTATION)
    return text if place < 0 else text[:place] + _QUOTATION + MASK + b'"'


def written(members: dict[str, bytes]) -> bytes:
    """Return the JSON object with these members."""
    return b"{%b}" % b",".join([b"%b:%b" % (_quoted(key), value) for key, value in members.items()])


def _secret(value: bytes, depth: int) -> bytes:
    """Return what stands in a body about Secrets: one, a list, a patch, or an answer that tells something else."""
    if json_text.is_array(value):
        return _listed(value, lambda item: _patch(item, depth - 1))
    kind = _kind(value)
    kept = _KEPT_BY_KIND.get(kind, _KEPT)

    def member(key: str, item: bytes) -> bytes:
        if key in kept:
            return item
        if key == "metadata":
            return _metadata(item)
        if key == "items" and json_text.is_array(item) and depth:
            return _listed(item, lambda one: _secret(one, depth - 1))
        if key == "message" and kind == b"Status":
            return without_quotations(item)
        return _masked(item, depth)

    return _mapped(value, member) if json_text.is_object(value) else _masked(value, depth)


def _patch(value: bytes, depth: int) -> bytes:
    """Return an element of a JSON patch."""
    if not json_text.is_object(value):
        return _masked(value, depth)
    return _mapped(value, lambda key, item: item if key in _KEPT_OF_PATCH else _masked(item, depth))


def _metadata(value: bytes) -> bytes:
    """Return the metadata of a Secret: annotations may hold a copy of it, written by tools."""

    def annotation(key: str, text: bytes) -> bytes:
        is_copy = key.endswith(_LAST_APPLIED) or b"{" in text or len(text) > _MAX_ANNOTATION
        return MASKED if is_copy and text != b"null" else text

    if not json_text.is_object(value):
        return _masked(value, 0)
    return _mapped(
        value,
        lambda key, item: _mapped(item, annotation) if key == "annotations" and json_text.is_object(item) else item,
    )


def _without_tokens(value: bytes, depth: int) -> bytes:
    """Return a value without the strings in it that are called a token."""

    def member(key: str, item: bytes) -> bytes:
        if item.startswith(b'"') and item != b'""' and key.lower().endswith("token"):
            return MASKED
        return _without_tokens(item, depth - 1)

    return _walked(value, depth, member, lambda item: _without_tokens(item, depth - 1))


def _without_inner_secrets(value: bytes, depth: int) -> bytes:
    """Return a value without the values of the Secrets somewhere in it, such as in a list of mixed objects."""
    if not holds_secrets(value):
        return value
    if _kind(value) in _SECRETS:
        # A reference to a Secret has this kind, too, and is worth seeing.
        return _mapped(
            value,
            lambda key, item: (
                _masked(item, depth)
                if key.lower() in _VALUES
                else _metadata(item)
                if key == "metadata"
                else _without_inner_secrets(item, depth - 1)
            ),
        )
    return _walked(
        value,
        depth,
        lambda key, item: _without_inner_secrets(item, depth - 1),
        lambda item: _without_inner_secrets(item, depth - 1),
    )


def _masked(value: bytes, depth: int) -> bytes:
    """Return a value with a mask for each scalar in it but null, which is how a patch removes a key."""
    if value == b"null":
        return value
    if not json_text.is_object(value) and not json_text.is_array(value):
        return MASKED
    return _walked(value, depth, lambda _, item: _masked(item, depth - 1), lambda item: _masked(item, depth - 1))


def _walked(
    value: bytes, depth: int, member: Callable[[str, bytes], bytes], element: Callable[[bytes], bytes]
) -> bytes:
    """Return an object with its members changed, an array with its elements changed, anything else as it is.

    At the greatest depth, objects and arrays are masked.
    """
    if json_text.is_object(value):
        return _mapped(value, member) if depth > 0 else MASKED
    if json_text.is_array(value):
        return _listed(value, element) if depth > 0 else MASKED
    return value


def _mapped(value: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    return written({key: change(key, item) for key, item in json_text.members(value).items()})


def _listed(value: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return b"[%b]" % b",".join([change(item) for item in json_text.elements(value)])


def _kind(value: bytes) -> bytes:
    """Return the kind of an object, empty if it names none."""
    kind = json_text.members(value).get("kind", b"")
    return json_text.render(kind) if kind.startswith(b'"') else b""


def _quoted(key: str) -> bytes:
    """Return a key as JSON has it, of which bytes that are not UTF-8 are surrogates."""
    return b'"%b"' % _unwritable().sub(lambda match: b"\\u%04x" % match[0][0], key.encode("utf-8", "surrogateescape"))


@cache
def _unwritable() -> re.Pattern[bytes]:
    return re.compile(_UNWRITABLE)
