"""A pipeline on the command line: rules by options, everything else by the environment variables of the functions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lanner.alerts import AlertFormat
from lanner.cli.loading import configuration, load_rules, select_rules
from lanner.pipeline import Pipeline, Settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from lanner.outputs.dead_letters import DeadLetterBox
    from lanner.outputs.fanout import Route

__all__ = ["pipeline_of", "settings_of"]


def settings_of(defaults: Mapping[str, str]) -> Settings:
    """Return the settings of the environment; `defaults` stand in for variables that are not set."""
    return Settings.read({**defaults, **{name: value for name, value in os.environ.items() if value}})


def pipeline_of(
    options: argparse.Namespace, settings: Settings, routes: Sequence[Route], box: DeadLetterBox | None
) -> Pipeline:
    """Return a pipeline with the rules that the options ask for; what they leave open, the settings say."""
    if settings.rules and not (options.rules or options.config):
        options.rules = [settings.rules]
    options.selections = [*settings.selections, *(options.selections or [])]
    config = configuration(options)
    if options.priority is None and options.config is None:
        options.priority = settings.minimum_priority
    rules = select_rules(options, config, load_rules(options, config))
    if options.rule_matching:
        first_match = options.rule_matching == "first"
    else:
        first_match = config.first_match or settings.first_match
    format_ = AlertFormat(
        time_format_iso_8601=config.time_format_iso_8601,
        json_include_output_property=config.json_include_output_property,
        json_include_message_property=config.json_include_message_property,
        json_include_tags_property=config.json_include_tags_property,
        json_include_output_fields_property=config.json_include_output_fields_property,
        redact=settings.redact,
    )
    return Pipeline(
        rules,
        format_,
        routes,
        box,
        first_match=first_match,
        cluster=settings.cluster,
        provider=settings.provider,
        max_event_size=settings.max_event_size,
    )
