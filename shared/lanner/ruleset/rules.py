"""What loading results in: rules that are ready to be evaluated."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lanner.language import Condition, Template
from lanner.ruleset.appending import ExtraField
from lanner.ruleset.places import Place
from lanner.ruleset.priority import Priority
from lanner.ruleset.selection import Selection

__all__ = ["Rule", "Ruleset"]


class Rule(msgspec.Struct, frozen=True):
    """A rule after all definitions of its name.

    `condition_text` is its condition without exceptions and with the names of lists. `condition` and `output` are
    `None` if Lanner does not evaluate the rule: it is of another source than `k8s_audit`, or it names an unknown field
    and has `skip-if-unknown-filter`. `place` is that of the last full definition. `never` says why the rule cannot
    match, if its condition is false on every event.
    """

    name: str
    source: str
    description: str
    priority: Priority
    tags: tuple[str, ...]
    enabled: bool
    condition_text: str
    condition: Condition | None
    output_text: str
    output: Template | None
    extra_fields: tuple[ExtraField, ...]
    place: Place
    never: str = ""

    @property
    def is_evaluable(self) -> bool:
        """Whether Lanner can evaluate the rule."""
        return self.condition is not None


class Ruleset(msgspec.Struct, frozen=True):
    """All rules in evaluation order (that of their first definitions), whether enabled or not."""

    rules: tuple[Rule, ...] = ()

    def select(self, selections: Sequence[Selection] = (), threshold: Priority = Priority.DEBUG) -> tuple[Rule, ...]:
        """Return the rules to be evaluated, in evaluation order (spec/rules.md sections 6 and 8).

        Rules that are less severe than `threshold`, and those that can never match, are left out. A rule that a
        selection switches on after it was off is evaluated after all others.
        """
        eligible = [rule for rule in self.rules if rule.is_evaluable and not rule.never and rule.priority <= threshold]
        enabled = {rule.name: rule for rule in eligible if rule.enabled}
        for selection in selections:
            for rule in selection.among(eligible):
                if selection.enable:
                    enabled.setdefault(rule.name, rule)
                else:
                    enabled.pop(rule.name, None)
        return tuple(enabled.values())
