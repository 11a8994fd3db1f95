"""`lanner rules`: `validate` and `list`; for `plan` see `lanner.cli.plan`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lanner.cli import plan
from lanner.cli.loading import (
    add_configuration_options,
    add_rules_options,
    configuration,
    is_artefact,
    load_rules,
    print_results,
    select_rules,
)
from lanner.cli.terminal import Style, printable
from lanner.errors import UsageError
from lanner.fields import Catalogue
from lanner.ruleset import Rule, read_config, rules_paths

__all__ = ["add_to"]


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("rules", help="validate or list rules, show the plan of one")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    validate = actions.add_parser(
        "validate",
        help="check rules files (-V)",
        description="Checks rules files, each together with the ones before it.",
    )
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="rules file or directory, in this order")
    add_configuration_options(validate, "-o", "--set")
    validate.add_argument("--format", choices=("text", "json"))
    validate.set_defaults(run=_validate)

    listing = actions.add_parser("list", help="list rules (-L)")
    add_rules_options(listing)
    listing.add_argument("--format", choices=("text", "json"), default="text")
    listing.set_defaults(run=_list)

    plan.add_to(actions)


def _validate(options: argparse.Namespace) -> int:
    from lanner.ruleset import load

    for path in options.files:
        if is_artefact(path):
            raise UsageError(f"{path}: these rules were valid when they were built; validate the files they come from")
    config = read_config(options.config, options.override)
    loaded = load(rules_paths(options.files, explicit=True), Catalogue(config.static_fields), config.append_output)
    if options.format == "json" or (options.format is None and config.json_output):
        results = [result.to_json() for result in loaded.results]
        print(json.dumps({"falco_load_results": results}, ensure_ascii=False, separators=(",", ":")))
    else:
        print_results(loaded.results, sys.stdout)
    if loaded.fatal:
        print(Style.for_stream(sys.stderr).error("Error:"), printable(loaded.fatal), file=sys.stderr)
    return 0 if loaded.ruleset is not None else 2


def _list(options: argparse.Namespace) -> int:
    config = configuration(options)
    ruleset = load_rules(options, config)
    enabled = {rule.name for rule in select_rules(options, config, ruleset)}
    if options.format == "json":
        objects = [_object(rule, enabled=rule.name in enabled) for rule in ruleset.rules]
        print(json.dumps(objects, ensure_ascii=False, indent=2))
        return 0
    width = max((len(rule.name) for rule in ruleset.rules), default=0)
    for rule in ruleset.rules:
        state = "" if rule.name in enabled else f"  ({_state(rule)})"
        tags = f"  [{', '.join(rule.tags)}]" if rule.tags else ""
        print(printable(f"{rule.priority.label:<13}  {rule.name:<{width}}{tags}{state}"))
    return 0


def _state(rule: Rule) -> str:
    """Say in short why a rule is not used."""
    if rule.never:
        return "cannot match"
    return "disabled" if rule.is_evaluable else "not evaluated"


def _object(rule: Rule, *, enabled: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "rule": rule.name,
        "desc": rule.description,
        "condition": rule.condition_text,
        "output": rule.output_text,
        "priority": rule.priority.label,
        "source": rule.source,
        "tags": list(rule.tags),
        "enabled": enabled,
        "file": rule.place.file,
        "line": rule.place.line,
    }
    return shown | {"never": rule.never} if rule.never else shown
