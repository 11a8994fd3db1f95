"""Packs: the rules shipped with Lanner, by what they are for. A rule's tag says which pack it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import lanner
from lanner.ruleset.items import RuleItem
from lanner.ruleset.rules import Ruleset

if TYPE_CHECKING:
    from lanner.ruleset.items import Item

__all__ = ["ALL", "DEFAULT", "PACKS", "chosen", "pack_of", "shipped_rules", "switched", "without_others"]

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


def pack_of(tags: Iterable[str]) -> str | None:
    """Return the pack that a rule with these tags belongs to, `None` if to none that is known."""
    return next((pack for pack in PACKS if f"{_TAG}{pack}" in tags), None)


def chosen(names: Iterable[str]) -> frozenset[str]:
    """Return the packs that some names mean, one of which may be `all`."""
    names = frozenset(names)
    return frozenset(PACKS) if ALL in names else names


def switched(item: Item, packs: Collection[str]) -> Item:
    """Return an item of a rules file; a rule of a pack is switched on if that is among `packs`, else off.

    What files that are loaded later say of the rule counts more.
    """
    if not isinstance(item, RuleItem):
        return item
    pack = pack_of(item.tags)
    return item if pack is None else replace(item, enabled=pack in packs)


def without_others(ruleset: Ruleset, packs: Collection[str]) -> Ruleset:
    """Return the rules without those of other packs than `packs`, unless somebody has switched them on."""
    return Ruleset(tuple([rule for rule in ruleset.rules if rule.enabled or pack_of(rule.tags) in (None, *packs)]))
