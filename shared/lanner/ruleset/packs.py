"""Packs: the rules shipped with Lanner, by what they are for. A rule's tag says which pack it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import lanner
from lanner.ruleset.rules import Rule, Ruleset

__all__ = ["ALL", "DEFAULT", "PACKS", "chosen", "is_shipped", "pack_of", "shipped_rules", "without_others"]

DEFAULT = "default"
ALL = "all"
PACKS = {
    DEFAULT: "what somebody should read today",
    "hunting": "worth a query, too frequent in some clusters to wake anybody",
    "audit-trail": "the plain record of what was done",
}
"""The packs and what they are for."""

_TAG = "pack-"
_FOLDERS = ("portable", "providers", "lanner")


def shipped_rules() -> list[Path]:
    """Return the directories of the shipped rules in load order: beside the package in a checkout, else inside it."""
    package = Path(lanner.__file__).parent
    inside = package / "_rules"
    rules = inside if inside.is_dir() else package.parents[1] / "rules"
    return [rules / folder for folder in _FOLDERS]


def is_shipped(file: str) -> bool:
    """Tell whether the rules file of this name is one of those shipped."""
    return Path(file).parent in shipped_rules()


def pack_of(tags: Iterable[str]) -> str | None:
    """Return the pack that a rule with these tags belongs to, `None` if to none that is known."""
    return next((pack for pack in PACKS if f"{_TAG}{pack}" in tags), None)


def chosen(names: Iterable[str]) -> frozenset[str]:
    """Return the packs that some names mean, one of which may be `all`."""
    names = frozenset(names)
    return frozenset(PACKS) if ALL in names else names


def without_others(ruleset: Ruleset, packs: Collection[str]) -> Ruleset:
    """Return the rules without the shipped ones of other packs than `packs`, unless somebody has switched them on."""

    def stays(rule: Rule) -> bool:
        return rule.enabled or pack_of(rule.tags) in (None, *packs) or not is_shipped(rule.place.file)

    return Ruleset(tuple(filter(stays, ruleset.rules)))
