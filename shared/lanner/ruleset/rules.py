"""What loading results in: rules that are ready to be evaluated, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lanner.fields import BoundField
from lanner.language import Condition, Template
from lanner.ruleset.places import Place
from lanner.ruleset.priority import Priority
from lanner.ruleset.wildcard import matches

__all__ = ["AppendOutput", "ExtraField", "ExtraFieldText", "Rule", "Ruleset", "Selection"]


@dataclass(frozen=True, slots=True)
class ExtraField:
    """A further key of `output_fields` (spec/output.md section 4).

    With a `template` its value is the rendered text, with `raw` the value of that field, else always null.
    """

    key: str
    template: Template | None = None
    raw: BoundField | None = None


@dataclass(frozen=True, slots=True)
class ExtraFieldText:
    """An extra field as the configuration has it: a `template` for a `key`, or (no template) a field as the key."""

    key: str
    template: str | None = None


@dataclass(frozen=True, slots=True)
class AppendOutput:
    """An entry of the configuration's `append_output` (spec/output.md section 4).

    It applies to the rules of this source and name that have all of these tags.
    """

    source: str | None = None
    tags: tuple[str, ...] = ()
    rule: str | None = None
    extra_output: str = ""
    extra_fields: tuple[ExtraFieldText, ...] = ()
    suggested_output: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule after all definitions of its name.

    `condition_text` is its condition without exceptions and with its lists' names. `condition` and `output` are
    `None` if Lanner does not evaluate the rule: it is of another source than `k8s_audit`, or it names an unknown field
    and has `skip-if-unknown-filter`. `place` is that of the last full definition.
    """

    name: str
    source: str
    description: str
    priority: Priority
    tags: tuple[str, ...]
    enabled: bool
    condition_text: str
    condition: Condition | None = field(repr=False)
    output_text: str
    output: Template | None = field(repr=False)
    extra_fields: tuple[ExtraField, ...]
    place: Place

    @property
    def is_evaluable(self) -> bool:
        """Whether Lanner can evaluate the rule."""
        return self.condition is not None


@dataclass(frozen=True, slots=True)
class Selection:
    """An entry of the configuration's `rules`: rules to be switched on or off (spec/rules.md section 8).

    `rule` is a wildcard for names, `tag` a tag; both given, they select one after the other.
    """

    enable: bool
    rule: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules in evaluation order (that of their first definitions), whether enabled or not."""

    rules: tuple[Rule, ...] = ()

    def select(
        self, selections: Sequence[Selection] = (), threshold: Priority = Priority.DEBUG
    ) -> tuple[Rule, ...]:
        """Return the rules to be evaluated, in evaluation order (spec/rules.md sections 6 and 8).

        Rules that are less severe than `threshold` are left out. A rule that a selection switches on after it was off
        is evaluated after all others.
        """
        eligible = [rule for rule in self.rules if rule.is_evaluable and rule.priority <= threshold]
        enabled = {rule.name: rule for rule in eligible if rule.enabled}
        for selection in selections:
            for chosen in _chosen(selection, eligible):
                for rule in chosen:
                    if selection.enable:
                        enabled.setdefault(rule.name, rule)
                    else:
                        enabled.pop(rule.name, None)
        return tuple(enabled.values())


def _chosen(selection: Selection, rules: Sequence[Rule]) -> Iterable[list[Rule]]:
    if selection.rule is not None:
        yield [rule for rule in rules if matches(selection.rule, rule.name)]
    if selection.tag is not None:
        yield [rule for rule in rules if selection.tag in rule.tags]
