"""The shipped rules, loaded, and what their tags say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lanner.analysis.lint import RuleFacts, facts
from lanner.ruleset import PACKS, Rule, pack_of, rules_paths, shipped_rules
from support import shipped

__all__ = ["FOLDERS", "NUMBERED", "detections", "files", "is_default", "known", "of_file", "rules"]

FOLDERS = shipped_rules()
"""The folders of rules: portable, providers, lanner."""

NUMBERED = range(1, 94)
"""The numbers of the catalogue of detections."""

_DETECTION = "lanner-"


@cache
def files() -> tuple[Path, ...]:
    """Return the rules files in load order."""
    return tuple(rules_paths(FOLDERS, explicit=True))


def rules() -> tuple[Rule, ...]:
    """Return the shipped rules in evaluation order; those of every pack are on."""
    return shipped(*PACKS).rules


@cache
def known() -> dict[str, RuleFacts]:
    """Return what is certain about each rule, by its name."""
    return {rule.name: facts(rule) for rule in rules()}


def of_file(path: Path) -> list[Rule]:
    """Return the rules of one file."""
    return [rule for rule in rules() if rule.place.file == str(path)]


def detections(tags: Iterable[str]) -> frozenset[int]:
    """Return the numbers of the detections that a rule with these tags makes."""
    return frozenset(int(tag.removeprefix(_DETECTION)) for tag in tags if tag.startswith(_DETECTION))


def is_default(rule: Rule) -> bool:
    """Tell whether a rule is in the pack that is on by default."""
    return pack_of(rule.tags) == "default"
