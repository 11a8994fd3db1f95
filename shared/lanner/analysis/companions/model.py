"""What a companion file holds, read and ready to be run."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from lanner.ruleset import Place

__all__ = ["About", "Case", "Companion", "Kind", "RuleTests"]


class Kind(enum.Enum):
    """What a case expects of its rule. The values are the keys that cases stand under."""

    ALERT = "alerts"
    """An event that the rule is there for: it must alert."""
    QUIET = "quiet"
    """A near miss: the rule must not alert."""
    EVASION = "evasions"
    """A way around a simpler rule: this one must alert."""

    @property
    def expects_alert(self) -> bool:
        """Whether the rule must alert."""
        return self is not Kind.QUIET


class Case(msgspec.Struct, frozen=True):
    """An event, and what a rule must make of it.

    `event` is a JSON text, complete: built from named events and not checked yet. `provider` is the envelope's, empty
    if there is none. `output` holds fields of the alert's `output_fields` and their values as JSON has them. `rules`
    are all rules that may alert, and must; `None` if the case does not say.
    """

    rule: str
    kind: Kind
    name: str
    event: bytes
    place: Place
    provider: str = ""
    output: Mapping[str, Any] = msgspec.field(default_factory=dict)
    rules: tuple[str, ...] | None = None


class About(msgspec.Struct, frozen=True):
    """What people should know of a rule; what is not given is empty."""

    priority: str = ""
    """Why the rule has its priority."""
    false_positives: tuple[str, ...] = ()
    """Rightful activity that looks the same."""
    triage: tuple[str, ...] = ()
    """What to do about an alert, step by step."""
    peers: tuple[str, ...] = ()
    """Who else has such a rule."""


class RuleTests(msgspec.Struct, frozen=True):
    """The entry of one rule: its cases in the order of the file, and what is to be known of it."""

    rule: str
    cases: tuple[Case, ...]
    place: Place
    about: About | None = None

    def of(self, kind: Kind) -> tuple[Case, ...]:
        """Return the cases of one kind."""
        return tuple([case for case in self.cases if case.kind is kind])


class Companion(msgspec.Struct, frozen=True):
    """A companion file; one entry a rule, in the order of the file."""

    path: Path
    tests: tuple[RuleTests, ...]

    def of(self, rule: str) -> RuleTests | None:
        """Return the entry of a rule, `None` if it has none."""
        return next((tests for tests in self.tests if tests.rule == rule), None)
