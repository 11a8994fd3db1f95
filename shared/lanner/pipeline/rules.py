"""The rules that were packed with a function: an artefact of `lanner build`, never YAML."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import lanner
from lanner.errors import UsageError
from lanner.pipeline.telemetry import LOGGER
from lanner.ruleset import artefact

if TYPE_CHECKING:
    from lanner.pipeline.settings import Settings
    from lanner.ruleset import Rule

__all__ = ["PACKED", "packed_rules"]

PACKED = "rules.lanner"
"""Name of the artefact in a package: it lies beside the package `lanner`."""


def packed_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules to evaluate, in order. Raises `UsageError` or `RulesError` if there are none."""
    path = settings.rules or os.path.join(os.path.dirname(os.path.dirname(lanner.__file__)), PACKED)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise UsageError(
            f"LANNER_RULES: {path} cannot be read: {error.strerror}; make it by `lanner build -o FILE`"
        ) from None
    if not artefact.is_artefact(content):
        raise UsageError(f"LANNER_RULES: {path} holds no rules that were built; make it by `lanner build -o FILE`")
    ruleset = artefact.read(content, path)
    for selection in settings.selections:
        if not any(selection.applies_to(rule) for rule in ruleset.rules):
            what = f"tag {selection.tag!r}" if selection.tag is not None else f"name {selection.rule!r}"
            logging.getLogger(LOGGER).warning("no rule has the %s", what)
    rules = ruleset.select(settings.selections, settings.minimum_priority)
    if not rules:
        raise UsageError(
            "no rule is enabled, so nothing can be found: see LANNER_TAGS, LANNER_DISABLE and LANNER_MINIMUM_PRIORITY"
        )
    return rules
