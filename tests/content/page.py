"""The page docs/rules.md: what each shipped rule sees, why, what looks the same, and what to do about an alert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from content.shipped import FOLDERS, detections, known, rules
from lanner.analysis.companions import About, Kind, RuleTests, read_suites
from lanner.analysis.lint import RuleFacts
from lanner.ruleset import PACKS, Rule, pack_of

__all__ = ["ATTACK", "TACTICS", "TECHNIQUES", "companions", "text"]

ATTACK: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "attack.yaml").read_text())
TACTICS: dict[str, str] = ATTACK["tactics"]
TECHNIQUES: dict[str, list[str]] = ATTACK["techniques"]

_TECHNIQUE = re.compile(r"T[0-9]{4}([.][0-9]{3})?")
_NAMES = {"eks": "EKS", "gke": "GKE", "aks": "AKS", "iks": "IKS", "ovh": "OVHcloud", "self-managed": "self-managed"}


@cache
def companions() -> dict[str, RuleTests]:
    """Return what the companions say of each rule."""
    files = dict.fromkeys(Path(rule.place.file) for rule in rules())
    read = [suite.companion for suite in read_suites(files)]
    return {tests.rule: tests for companion in read if companion is not None for tests in companion.tests}


def text() -> str:
    """Return the page."""
    return "\n".join([*_head(), *_matrix(), *_tactics()]) + "\n"


def _head() -> Iterator[str]:
    yield "# The shipped rules"
    yield ""
    yield "`make docs` writes this page from the rules in [rules/](../rules) and the companions in their `tests`"
    yield "folders."
    yield ""
    yield "| pack | rules | what it is for |"
    yield "|---|---|---|"
    for pack, purpose in PACKS.items():
        count = sum(pack_of(rule.tags) == pack for rule in rules())
        yield f"| `{pack}` | {count} | {purpose} |"
    portable = sum(known()[rule.name].portable for rule in rules())
    yield ""
    yield "`lanner scan --pack NAME` chooses packs (`default` without it), `lanner build --pack NAME` builds them."
    yield "Rules marked *portable* name only fields that Falco has: `rules/portable` and `rules/providers` load in"
    yield f"Falco as they are ({portable} of {len(rules())} rules; those outside the pack `default` are off there)."
    yield ""
    yield "Each rule has empty exceptions to fill in a file of your own that is loaded later:"
    yield ""
    yield "```yaml"
    yield "- rule: Secrets Read by a Person"
    yield "  exceptions:"
    yield "    - {name: known_users_in_namespaces, values: [[carol, payments]]}"
    yield "  override: {exceptions: append}"
    yield "```"
    yield ""
    yield "*Audit level* is the least level of the API server's audit policy at which a rule can match. *Never on*"
    yield "names providers whose logs cannot show what a rule looks for, as far as that is certain (`lanner lint`)."


def _matrix() -> Iterator[str]:
    yield ""
    yield f"## ATT&CK {ATTACK['version']}"
    yield ""
    yield "| tactic | technique | rules |"
    yield "|---|---|---|"
    for tactic, ident in TACTICS.items():
        own = [rule for rule in rules() if ident in rule.tags]
        named = {technique for rule in own for technique in _techniques(rule)}
        for technique in sorted(technique for technique in named if tactic in TECHNIQUES[technique][1:]):
            links = [_link(rule) for rule in own if technique in rule.tags]
            yield f"| {_title(tactic)} | {technique} {TECHNIQUES[technique][0]} | {', '.join(links)} |"


def _tactics() -> Iterator[str]:
    for tactic, ident in TACTICS.items():
        own = [rule for rule in rules() if ident in rule.tags]
        if own:
            yield ""
            yield f"## {_title(tactic)} ({ident})"
        for rule in own:
            yield ""
            yield from _rule(rule)
    yield ""
    yield "## The audit trail"
    for rule in rules():
        if pack_of(rule.tags) == "audit-trail":
            yield ""
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    tests = companions().get(rule.name)
    about = (tests.about if tests is not None else None) or About()
    yield f"### {rule.name}"
    yield ""
    yield rule.description.strip()
    yield ""
    yield f"* **{rule.priority.label}.** {about.priority}"
    yield f"* {'; '.join(_facts(rule, known()[rule.name]))}"
    techniques = [f"{technique} {TECHNIQUES[technique][0]}" for technique in _techniques(rule)]
    numbers = ", ".join(map(str, sorted(detections(rule.tags))))
    if techniques:
        yield f"* ATT&CK: {', '.join(techniques)}{f'; detections {numbers}' if numbers else ''}"
    if about.false_positives:
        yield f"* Looks the same: {'; '.join(about.false_positives)}"
    if about.peers:
        yield f"* Peers: {', '.join(about.peers)}"
    if tests is not None and tests.of(Kind.EVASION):
        yield f"* Not fooled by: {'; '.join(case.name for case in tests.of(Kind.EVASION))}"
    if about.triage:
        yield "* Triage:"
        for number, step in enumerate(about.triage, 1):
            yield f"  {number}. {step}"


def _facts(rule: Rule, found: RuleFacts) -> Iterator[str]:
    yield f"pack `{pack_of(rule.tags)}`"
    yield f"audit level {found.level}"
    if found.never_on:
        yield f"never on {_providers(found.never_on)}"
    if found.data_access_on:
        yield f"needs Data Access logs on {_providers(found.data_access_on)}"
    yield "portable" if found.portable else "needs Lanner"
    yield f"in [{Path(rule.place.file).relative_to(FOLDERS[0].parent)}](../{_source(rule)})"


def _source(rule: Rule) -> str:
    return f"rules/{Path(rule.place.file).relative_to(FOLDERS[0].parent)}"


def _providers(names: frozenset[str]) -> str:
    return ", ".join(_NAMES[name] for name in sorted(names))


def _techniques(rule: Rule) -> list[str]:
    return [tag for tag in rule.tags if _TECHNIQUE.fullmatch(tag)]


def _title(tactic: str) -> str:
    return tactic.replace("-", " ").capitalize()


def _link(rule: Rule) -> str:
    return f"[{rule.name}](#{re.sub(r'[^a-z0-9 -]', '', rule.name.lower()).replace(' ', '-')})"
