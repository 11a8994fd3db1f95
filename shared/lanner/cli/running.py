"""A pipeline on the command line: rules by options, everything else by the environment variables of the functions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from lanner.alerts import AlertFormat
from lanner.cli.loading import configuration, load_rules, select_rules
from lanner.errors import UsageError
from lanner.pipeline import Pipeline, Settings
from lanner.pipeline.authentication import is_cluster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from lanner.outputs.dead_letters import DeadLetterBox
    from lanner.outputs.fanout import Route

__all__ = ["add_dead_letters", "local_settings", "pipeline_of", "settings_of"]

DEAD_LETTERS = "dead-letters.jsonl"


def settings_of(defaults: Mapping[str, str]) -> Settings:
    """Return the settings of the environment; `defaults` stand in for variables that are not set."""
    return Settings.read({**defaults, **{name: value for name, value in os.environ.items() if value}})


def local_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of a function on this machine: alerts are printed and dead letters are in a file, unless the
    environment says otherwise; the options `cluster` and `dead_letters` go before it.
    """
    if options.cluster and not is_cluster(options.cluster):
        raise UsageError(f"--cluster {options.cluster}: use letters, digits, '.', '_' and '-'")
    settings = settings_of({"LANNER_STDOUT": "true", "LANNER_DEAD_LETTERS": f"file:{DEAD_LETTERS}"})
    if options.dead_letters:
        settings = msgspec.structs.replace(settings, dead_letters=f"file:{options.dead_letters}")
    if options.cluster:
        settings = msgspec.structs.replace(settings, cluster=options.cluster)
    return settings


def add_dead_letters(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where dead letters are kept."""
    parser.add_argument(
        "--dead-letters",
        metavar="FILE",
        help="keep what cannot be read or delivered in FILE, for `lanner replay` (default: LANNER_DEAD_LETTERS, or "
        f"{DEAD_LETTERS})",
    )


def pipeline_of(
    options: argparse.Namespace, settings: Settings, routes: Sequence[Route], box: DeadLetterBox | None
) -> Pipeline:
    """Return a pipeline with the rules that the options ask for; what they leave open, the settings say."""
    if settings.rules and not (options.rules or options.config or options.packs):
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
