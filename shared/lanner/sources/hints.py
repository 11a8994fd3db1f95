"""Say what input probably is, when it is not an audit event, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lanner.fields import json_text
from lanner.sources.recognition import recognise

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BOM", "about_file", "about_object", "about_text", "is_binary"]

BOM = b"\xef\xbb\xbf"

_GZIP = b"\x1f\x8b"
_PACKED = {
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -dc"),
    b"\xfd7zXZ\x00": ("xz", "xz -dc"),
    b"BZh": ("bzip2", "bzip2 -dc"),
    b"PK\x03\x04": ("zip", "unzip -p"),
}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_RULES = re.compile(rb"^- +(?:rule|macro|list|required_engine_version|required_plugin_versions) *:", re.MULTILINE)
_JSON_LINE = re.compile(rb"^[{\[]", re.MULTILINE)

_RULES_FILE = "this looks like a rules file: give it with -r"
_MARKUP_FILE = "this is HTML or XML, no audit log (perhaps the error page of a download)"
_MISPLACED = "this is {}, where an audit event was expected"


def is_binary(text: bytes) -> bool:
    """Tell whether `text` holds control characters that no text has."""
    return _CONTROL.search(text) is not None


def about_file(head: bytes) -> str:
    """Say why a whole file, by its first bytes, is no audit log; empty if it may be one."""
    for magic, (name, command) in _PACKED.items():
        if head.startswith(magic):
            return f"this is compressed with {name}: unpack it first, e.g. {command} FILE | lanner scan -"
    if _JSON_LINE.search(head) is not None:
        return ""  # one bad line at the start of a log must not cost the rest
    if _MARKUP.match(head) is not None:
        return _MARKUP_FILE
    if _RULES.search(head) is not None:
        return _RULES_FILE
    return ""


def about_text(text: bytes, error: json_text.JsonError) -> str:
    """Say why `text` is not JSON: `error` in words for people, or what the text is instead."""
    if not text:
        return "empty: a JSON text was expected"
    if text.startswith(BOM):
        return "a byte order mark (the bytes EF BB BF) stands before the JSON text: remove it"
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16 text: convert it to UTF-8, e.g. iconv -f UTF-16 -t UTF-8"
    if text.startswith(_GZIP):
        return "gzip data that is damaged, or not expected here: unpack it first"
    if _MARKUP.match(text) is not None:
        return _MARKUP_FILE
    if _RULES.search(text) is not None:
        return _RULES_FILE
    if is_binary(text):
        return f"binary data, not text ({error})"
    message = f"not JSON: {error}"
    if text[0] not in b"{[":
        return message
    if text.startswith((b"{", b"["), error.position) and "follows" in str(error):
        return f"{message}: write one JSON value a line"
    if "does not end" in str(error) or error.position >= len(text):
        return f"{message} (was the line cut?)"
    return message


def about_object(members: Mapping[str, bytes]) -> str:
    """Say why a JSON object with these members is neither an Event nor an EventList."""
    kind = members.get("kind")
    envelope = recognise(members) if kind is None else None
    if envelope is not None:
        return _MISPLACED.format(envelope.description)
    if kind is None and "rule" in members and ("output" in members or "condition" in members):
        return "this is an alert or a rule, not an audit event"
    if kind is None:
        return "no audit event: it has no kind (Event or EventList)"
    if not kind.startswith(b'"'):
        return "no audit event: its kind is not a string (Event or EventList)"
    name = json_text.unquote(kind).decode(errors="replace")[:60]
    return f"no audit event: its kind is {name!r}, not 'Event' or 'EventList'"
