"""Guesses what a file is that was given as a rules file and is none."""

from __future__ import annotations

import re

__all__ = ["hint_for"]

_LOOK_AT = 65536
_GUESSES = (
    (
        r"(?s)\A\s*(?:\[\s*)?\{.*\"(?:auditID|requestURI|requestReceivedTimestamp|protoPayload|logEvents)\"",
        "this looks like an audit log: give it to `lanner scan` as a path, not with -r",
    ),
    (
        r"(?s)\A\s*[\[{]\s*[\"{\[\]}](?!.*\"(?:rule|macro|list)\")",
        "this looks like JSON data; a rules file is a YAML sequence of rules, macros and lists",
    ),
    (
        r"(?m)^apiVersion:\s*['\"]?audit\.k8s\.io",
        "this looks like an audit policy or an audit event in YAML; events are read as JSON lines",
    ),
    (
        r"(?m)^apiVersion:",
        "this looks like a Kubernetes manifest; the rules may be a value under its `data` key",
    ),
    (
        r"(?m)^customRules:",
        "this looks like Helm values; the rules are the texts under `customRules`",
    ),
    (
        r"(?m)^(?:rules_files?|json_output|plugins|load_plugins|engine|log_level):",
        "this looks like Falco's configuration: give it with -c",
    ),
    (
        r"(?m)^detection:",
        "this looks like a Sigma rule, which Lanner does not read",
    ),
    (
        r"(?m)^(?:rule|macro|list):",
        "put `- ` in front of the first key and indent the others by two blanks",
    ),
)
_BINARY = (
    (b"lanner-rules ", "this file holds rules that were built: give it with -r, alone"),
    (b"\x1f\x8b", "this file is compressed with gzip"),
    (b"PK\x03\x04", "this file is a zip archive"),
    (b"\x7fELF", "this file is a program"),
    (b"\xff\xfe", "this file is in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "this file is in UTF-16: save it as UTF-8"),
)


def hint_for(content: str | bytes) -> str:
    """Return what `content` seems to be, an empty text if it could well be a rules file."""
    if isinstance(content, bytes):
        for magic, what in _BINARY:
            if content.startswith(magic):
                return what
        content = content[:_LOOK_AT].decode("utf-8", "replace")
    for pattern, what in _GUESSES:
        if re.search(pattern, content[:_LOOK_AT]):
            return what
    return ""
