"""A companion file → `Companion` (docs/testing-rules.md has the format)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lanner.analysis.companions.events import KEYS, Events
from lanner.analysis.companions.model import About, Case, Companion, Kind, RuleTests
from lanner.analysis.companions.nodes import close_to, document, items, mapping, text, texts, wrong
from lanner.analysis.companions.values import native, value_of
from lanner.errors import UsageError
from lanner.ruleset.diagnostics import Diagnostic, Invalid
from lanner.ruleset.yaml_nodes import Mapping, Node
from lanner.sources.envelopes import PROVIDERS

__all__ = ["ENVELOPES", "read_companion"]

ENVELOPES = tuple([name for name in PROVIDERS if name != "apiserver"])
"""What a case may give as its provider: an API server's own log names none."""

_KINDS = tuple([kind.value for kind in Kind])
_TESTS_KEYS = ("rule", "about", *_KINDS)
_ABOUT_KEYS = ("priority", "false_positives", "triage", "peers")
_CASE_KEYS = ("name", "from", "file", "event", "provider", "output", "rules")


def read_companion(path: Path) -> Companion:
    """Read a companion file. Raises `UsageError`, with place and hint, if it cannot be read or is wrong."""
    try:
        root = document(path)
        if root is None:
            return Companion(path, ())
        keys = mapping(root, "a companion", KEYS)
        reader = _Reader(Events(root, path))
        entries = items(keys["tests"], "'tests'") if "tests" in keys else ()
        return Companion(path, tuple([reader.tests(entry) for entry in entries]))
    except Invalid as invalid:
        raise UsageError(_told(invalid.diagnostic)) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _told(problem: Diagnostic) -> str:
    lines = [f"{problem.place}: {problem.message}"]
    lines += [f"    {line}" for line in problem.snippet.split("\n") if line]
    return "\n".join(lines + ([f"hint: {problem.hint}"] if problem.hint else []))


class _Reader:
    """Reads the entries of one companion. Everything in here raises `Invalid`."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._rules: set[str] = set()

    def tests(self, node: Node) -> RuleTests:
        """Read what is said of one rule."""
        keys = mapping(node, "an item of 'tests'", _TESTS_KEYS)
        if "rule" not in keys:
            raise wrong("the item of 'tests' names no rule", node, "write it as `- rule: name`")
        rule = text(keys["rule"], "'rule'")
        if rule in self._rules:
            raise wrong(f"the rule '{rule}' is there already", keys["rule"], "put all its cases into one item")
        self._rules.add(rule)
        about = _about(keys["about"]) if "about" in keys else None
        names: set[str] = set()
        cases = [
            self._case(entry, rule, kind, names)
            for kind in Kind
            if kind.value in keys
            for entry in items(keys[kind.value], f"'{kind.value}'")
        ]
        cases.sort(key=lambda case: case.place.offset)
        return RuleTests(rule, tuple(cases), node.place, about)

    def _case(self, node: Node, rule: str, kind: Kind, names: set[str]) -> Case:
        keys = mapping(node, "a case", _CASE_KEYS)
        assert isinstance(node, Mapping)
        if "name" not in keys:
            raise wrong("the case has no name", node, "say in `name` what happens")
        name = text(keys["name"], "'name'")
        if name in names:
            raise wrong(f"the rule has a case '{name}' already", keys["name"])
        names.add(name)
        if "output" in keys and not kind.expects_alert:
            raise wrong("there is no output without an alert", node.key("output"))
        return Case(
            rule=rule,
            kind=kind,
            name=name,
            event=self._events.build(node),
            place=node.place,
            provider=_provider(keys["provider"]) if "provider" in keys else "",
            output=dict(_output(keys["output"])) if "output" in keys else {},
            rules=_rules(keys["rules"], rule, kind) if "rules" in keys else None,
        )


def _about(node: Node) -> About:
    keys = mapping(node, "'about'", _ABOUT_KEYS)
    lists = {
        key: tuple([entry.strip() for entry in texts(keys[key], f"'{key}'")]) for key in _ABOUT_KEYS[1:] if key in keys
    }
    return About(priority=text(keys["priority"], "'priority'").strip() if "priority" in keys else "", **lists)


def _provider(node: Node) -> str:
    name = text(node, "'provider'")
    if name not in ENVELOPES:
        hint = close_to(name, ENVELOPES) or "leave it out for the log of an API server"
        raise wrong(f"'{name}' is none of the providers {', '.join(ENVELOPES)}", node, hint)
    return name


def _output(node: Node) -> Iterator[tuple[str, Any]]:
    for field, value in mapping(node, "'output'").items():
        try:
            yield field, native(value_of(value))
        except ValueError as error:
            raise wrong(f"this value cannot be compared: {error}", value) from None


def _rules(node: Node, rule: str, kind: Kind) -> tuple[str, ...]:
    names = texts(node, "'rules'")
    if kind.expects_alert is not (rule in names):
        lacks = f"the rule '{rule}' itself must alert" if kind.expects_alert else f"the rule '{rule}' must not alert"
        raise wrong(lacks, node, "`rules` names all rules that alert on the event")
    return names
