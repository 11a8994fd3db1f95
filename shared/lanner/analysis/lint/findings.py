"""Findings: what lint says of a place in a rules file, with a code that stays the same."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lanner.ruleset.places import Place

if TYPE_CHECKING:
    from lanner.ruleset.yaml_nodes import Node

__all__ = ["CODES", "Finding", "Severity", "Subject", "at"]


class Severity(enum.Enum):
    """How bad a finding is: an error breaks what the file promises, a warning is most likely a mistake."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


CODES: Mapping[str, str] = MappingProxyType(
    {
        "LINT_NOT_PORTABLE": "Falco would not load this",
        "LINT_DIFFERS": "Falco gives another verdict",
        "LINT_UNUSED_MACRO": "no rule or macro uses the macro",
        "LINT_UNUSED_LIST": "no rule, macro or list uses the list",
        "LINT_NEVER_MATCHES": "the rule cannot match any event",
        "LINT_SAME_CONDITION": "two rules have the same condition",
        "LINT_ANY_STAGE": "one request may alert several times",
        "LINT_EXCEPTION_NO_EFFECT": "the exception excludes nothing that the rule matches",
        "LINT_OUTPUT_NEVER_THERE": "the output shows a field that is missing whenever the rule matches",
        "LINT_AUDIT_LEVEL": "audit level that the rule needs",
        "LINT_NEVER_ON_PROVIDER": "the rule cannot match on a provider",
        "LINT_DATA_ACCESS": "the rule matches only where Data Access logs are switched on",
    }
)
"""The codes and what they mean. Warnings of the loader keep their codes (`lanner.ruleset.DESCRIPTIONS`)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: a `rule`, a `macro` or a `list`, and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'" if self.kind else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `snippet` is the line of its place above one with a caret."""

    code: str
    severity: Severity
    message: str
    place: Place
    subject: Subject
    hint: str = ""
    snippet: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as the JSON object of `lanner lint --format json`."""
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code,
            "severity": self.severity.value,
            "kind": self.subject.kind,
            "name": self.subject.name,
            "message": self.message,
            "hint": self.hint,
        }


def at(
    node: Node, place: Place, code: str, severity: Severity, message: str, subject: Subject, hint: str = ""
) -> Finding:
    """Return a finding at a place of the file that `node` stands in."""
    return Finding(code, severity, message, place, subject, hint, node.file.snippet(place))
