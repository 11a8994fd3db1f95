"""The choice among rules that a configuration makes (spec/rules.md section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lanner.ruleset.wildcard import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol, TypeVar

    class _Named(Protocol):
        @property
        def name(self) -> str: ...

        @property
        def tags(self) -> tuple[str, ...]: ...

    R = TypeVar("R", bound=_Named)

__all__ = ["Selection"]


class Selection(msgspec.Struct, frozen=True):
    """An entry of the configuration's `rules`: rules to be switched on or off.

    `rule` is a wildcard for names, `tag` a tag; if both are given, they select independently, `rule` first.
    """

    enable: bool
    rule: str | None = None
    tag: str | None = None

    def among(self, rules: Sequence[R]) -> Iterator[R]:
        """Yield those of `rules` that the entry selects, first by name, then by tag."""
        for rule in rules:
            if self.rule is not None and matches(self.rule, rule.name):
                yield rule
        for rule in rules:
            if self.tag is not None and self.tag in rule.tags:
                yield rule

    def applies_to(self, rule: _Named) -> bool:
        """Tell whether the entry selects a rule."""
        return any(self.among((rule,)))
