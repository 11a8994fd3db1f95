"""What loading finds in rules files: errors, warnings and notes, with their places (spec/rules.md section 7)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lanner.errors import LanguageError
from lanner.ruleset.places import Place
from lanner.ruleset.texts import Text
from lanner.ruleset.yaml_nodes import Node

__all__ = ["DESCRIPTIONS", "Diagnostic", "FileResult", "Invalid", "Location", "Severity", "about", "about_text"]

DESCRIPTIONS = {
    "LOAD_ERR_FILE_READ": "File read error",
    "LOAD_ERR_YAML_PARSE": "YAML parse error",
    "LOAD_ERR_YAML_VALIDATE": "Error validating internal structure of YAML file",
    "LOAD_ERR_COMPILE_CONDITION": "Error compiling condition",
    "LOAD_ERR_COMPILE_OUTPUT": "Error compiling output",
    "LOAD_ERR_VALIDATE": "Error validating rule/macro/list/exception objects",
    "LOAD_ERR_EXTENSION": "Error in extension item",
    "LOAD_UNKNOWN_SOURCE": "Unknown event source",
    "LOAD_UNSAFE_NA_CHECK": "Unsafe <NA> comparison in condition",
    "LOAD_NO_EVTTYPE": "Condition has no event-type restriction",
    "LOAD_UNKNOWN_FILTER": "Unknown field or event-type in condition or output",
    "LOAD_UNUSED_MACRO": "Unused macro",
    "LOAD_UNUSED_LIST": "Unused list",
    "LOAD_UNKNOWN_ITEM": "Unknown rules file item",
    "LOAD_DEPRECATED_ITEM": "Used deprecated item",
    "LOAD_WARNING_EXTENSION": "Warning in extension item",
    "LOAD_APPEND_NO_VALUES": "Overriding/appending with no values",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": "Multiple exceptions defined with the same name",
    "LOAD_INVALID_MACRO_NAME": "Invalid macro name",
    "LOAD_INVALID_LIST_NAME": "Invalid list name",
    "LOAD_COMPILE_CONDITION": "Warning in rule condition",
    "LOAD_UNKNOWN_KEY": "Unknown key in item definition",
    "LANNER_DUPLICATE_KEY": "Duplicate key, the first one counts",
}
"""Falco's codes and Lanner's own ones (`LANNER_…`, only in notes), with the texts that explain them."""


class Severity(enum.Enum):
    """How bad a diagnostic is: an error makes the file unusable; a note is one that Falco would not give."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Location:
    """What a diagnostic is about: `rule`, `macro`, `list`, `exception`, … with its name and place."""

    item_type: str
    item_name: str
    place: Place

    def __str__(self) -> str:
        return f"{self.item_type} '{self.item_name}'" if self.item_name else self.item_type


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `file`, `line` and `column` (from 1) tell where, `snippet` is that line above one with a caret, `context` leads
    from the outermost item to the innermost. For a text of the rules language, `position` is the offset of the
    problem in the text as it was compiled (lists and exceptions inserted) and `caret` shows it there; else they are
    -1 and empty.
    """

    code: str
    severity: Severity
    message: str
    place: Place
    snippet: str = ""
    hint: str = ""
    context: tuple[Location, ...] = ()
    position: int = -1
    caret: str = ""

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.place.file

    @property
    def line(self) -> int:
        """Line in the file, from 1."""
        return self.place.line

    @property
    def column(self) -> int:
        """Column in the line, from 1."""
        return self.place.column

    @property
    def description(self) -> str:
        """What the code means."""
        return DESCRIPTIONS[self.code]

    def to_json(self) -> dict[str, Any]:
        """Return the object that Falco prints for an error or warning."""
        locations = [Location("rules content", "", Place(self.file, 0, 0)), *self.context]
        if locations[-1].place != self.place:
            locations.append(Location("value", "", self.place))
        return {
            "code": self.code,
            "codedesc": self.description,
            "message": self.message,
            "context": {
                "locations": [
                    {
                        "item_type": location.item_type,
                        "item_name": location.item_name,
                        "position": {
                            "name": location.place.file,
                            "line": location.place.line,
                            "column": location.place.column,
                            "offset": location.place.offset,
                        },
                    }
                    for location in locations
                ],
                "snippet": self.caret or self.snippet,
            },
        }

    def __str__(self) -> str:
        """Return the diagnostic as a block of lines without colours."""
        about = ", ".join([str(location) for location in self.context])
        lines = [f"{self.place}: {about}" if about else str(self.place)]
        if self.snippet:
            lines += ["------", self.snippet, "------"]
        if self.caret and self.caret.splitlines()[0].strip() not in self.snippet:
            lines += ["as it is compiled:", self.caret, "------"]
        lines.append(f"{self.code} ({self.description}): {self.message}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class FileResult:
    """What was found in one rules file, given the files loaded before it. `notes` are Lanner's own remarks."""

    name: str
    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def successful(self) -> bool:
        """Whether the file can be used."""
        return not self.errors

    @property
    def summary(self) -> str:
        """One line: the file's name and `Ok`, `Ok, with warnings` or `Invalid`."""
        verdict = "Invalid" if self.errors else "Ok, with warnings" if self.warnings or self.notes else "Ok"
        return f"{self.name}: {verdict}"

    def to_json(self) -> dict[str, Any]:
        """Return Falco's object for a validated file, with our notes beside its warnings."""
        return {
            "name": self.name,
            "successful": self.successful,
            "errors": [error.to_json() for error in self.errors],
            "warnings": [warning.to_json() for warning in self.warnings],
            "notes": [note.to_json() for note in self.notes],
            "schema_valid": self.successful,
            "schema_warnings": [],
        }

    def __str__(self) -> str:
        """Return the summary and, below it, every finding."""
        blocks = [self.summary]
        for title, found in (("error", self.errors), ("warning", self.warnings), ("note", self.notes)):
            if found:
                blocks.append(f"{len(found)} {title}{'s' if len(found) > 1 else ''}:")
                blocks.extend([str(diagnostic) for diagnostic in found])
        return "\n".join(blocks)


class Invalid(Exception):
    """A rules file is wrong; reading it stops here. Only used inside this package: users get `FileResult`s."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def about(
    code: str,
    message: str,
    node: Node,
    context: Iterable[Location] = (),
    *,
    severity: Severity = Severity.ERROR,
    hint: str = "",
) -> Diagnostic:
    """Return a diagnostic about a node of a rules file."""
    return Diagnostic(
        code, severity, message, node.place, node.file.snippet(node.place), hint=hint, context=tuple(context)
    )


def about_text(
    code: str,
    error: LanguageError,
    text: Text,
    position: int,
    context: Iterable[Location] = (),
    *,
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    """Return a diagnostic about the character `position` of a condition or an output.

    `error` holds the message and the position in the text as compiled.
    """
    node, place = text.locate(position)
    return Diagnostic(
        code,
        severity,
        error.message,
        place,
        node.file.snippet(place),
        error.hint,
        tuple(context),
        error.position,
        error.caret(),
    )
