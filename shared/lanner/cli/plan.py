"""`lanner rules plan`: how the compiled engine finds a rule."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lanner.cli.loading import add_rules_options, configuration, load_rules
from lanner.cli.terminal import printable
from lanner.engine.plan import Situation, plan
from lanner.errors import UsageError
from lanner.language import TRUE
from lanner.ruleset import Rule, matches

__all__ = ["add_to", "text"]

_SHOWN = 20  # situations of a rule


def add_to(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to `lanner rules`."""
    parser = actions.add_parser(
        "plan",
        help="show how the compiled engine finds a rule",
        description="Shows by which values of an event a rule is looked up, what is left to ask then, and the code "
        "that asks it.",
    )
    parser.add_argument("rule", metavar="RULE", help="name of the rule (* stands for anything)")
    add_rules_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    rules = [rule for rule in load_rules(options, configuration(options)).rules if matches(options.rule, rule.name)]
    if not rules:
        raise UsageError(f"no rule has the name {options.rule!r}; `lanner rules list` lists them")
    print("\n\n".join(map(text, rules)))
    return 0


def text(rule: Rule) -> str:
    """Return the plan of a rule for people, in lines that control no terminal."""
    return "\n".join([printable(line) for line in (rule.name, *_lines(rule))])


def _lines(rule: Rule) -> Iterator[str]:
    if rule.condition is None:
        yield "  is not evaluated: it is for another source, or names a field that does not exist"
        return
    if rule.never:
        yield f"  cannot match: {rule.never}"
        return
    found = plan(rule)
    yield f"  looked up by  {', '.join(found.key) or 'nothing'}"
    if found.classes:
        yield f"  then by class {', '.join(found.classes)}"
    for name, checks in found.looked_at:
        yield f"  where a class of {name} is whether"
        yield from (f"                  {check}" for check in checks)
    if not found.situations:
        yield "  can never match"
    for situation in found.situations[:_SHOWN]:
        yield ""
        yield from _situation(situation)
    if len(found.situations) > _SHOWN:
        yield ""
        yield f"  and {len(found.situations) - _SHOWN} more situations"


def _situation(situation: Situation) -> Iterator[str]:
    width = max((len(name) for name, _ in situation.values), default=0)
    for number, (name, words) in enumerate(situation.values):
        yield f"  {'and ' if number else 'when'} {name:<{width}}  is {words}"
    if not situation.values:
        yield "  always"
    yield "  it matches" if situation.condition == TRUE else f"  ask  {situation.condition}"
    yield ""
    yield from (f"    {line}" for line in situation.residual.source.rstrip().split("\n"))
    yield ""
    yield from (f"    {name}: {words}" for name, words in situation.residual.names.items())
