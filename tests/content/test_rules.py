"""What every shipped rule is held to: its form, its tags, its place, its reach."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from content.page import TACTICS, TECHNIQUES
from content.shipped import FOLDERS, NUMBERED, detections, files, of_file, rules
from lanner.ruleset import PACKS, Rule, pack_of
from support import loaded_shipped

NEED_STATE = {
    4: "a burst of requests",
    8: "a burst of refusals",
    9: "a burst of failed logins",
    10: "what was seen before",
    47: "a sequence of requests",
    56: "how many secrets in which time",
    65: "how many kinds in which time",
    83: "the absence of events",
    93: "no event of the audit log: the provider's own trail has it",
}
"""Detections of the catalogue that no rule about one event can make, and what they would have to know."""

KEYS = ["rule", "desc", "condition", "output", "priority", "source", "enabled", "tags", "exceptions"]
NAME = re.compile(r"[A-Z][A-Za-z0-9/-]*,?( ([a-z]{1,7}|[A-Z][A-Za-z0-9/-]*,?))*")
TRAIL = ["k8s", "pack-audit-trail", "trail"]
TAGS = re.compile(
    r"k8s pack-(default|hunting) mitre_(?P<tactic>[a-z_]+) (?P<id>TA[0-9]{4})"
    r"(?P<techniques>( T[0-9]{4}([.][0-9]{3})?)+)( lanner-[0-9]+)+"
)
SUMMARY = ("source=%ka.sourceips", "agent=%ka.useragent", "code=%ka.response.code")


def items(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text()) or ())


def written() -> list[Any]:
    return [pytest.param(path, item, id=item["rule"]) for path in files() for item in items(path) if "desc" in item]


RULES = {rule.name: rule for rule in rules()}


def test_they_load_without_a_word() -> None:
    # (macros and lists that nothing uses are warnings, too)
    assert {name: remarks for name, remarks in loaded_shipped(*PACKS).remarks.items() if remarks} == {}
    assert [rule.name for rule in rules() if rule.never or not rule.is_evaluable] == []


def test_files_are_named_after_tactics_or_providers() -> None:
    portable, providers, ours = FOLDERS
    addons = {"00-addons", "01-addons-network", "02-addons-storage", "03-addons-watching", "04-addons-nodes"}
    for folder, common in (
        (portable, {"00-common", "01-addons", "audit-trail"}),
        (ours, addons | {"05-addons-known"}),
    ):
        names = {path.stem for path in folder.glob("*.yaml")}
        assert names - common <= set(TACTICS), folder
    assert {path.stem for path in providers.glob("*.yaml")} == {"aks", "eks", "gke", "iks", "ovh", "self-managed"}


@pytest.mark.parametrize(("path", "item"), written())
def test_form(path: Path, item: dict[str, Any]) -> None:
    assert list(item) == [key for key in KEYS if key in item]
    assert set(KEYS) - {"enabled"} <= set(item)
    assert NAME.fullmatch(item["rule"]), "Title Case, without numbers of detections"
    assert len(item["rule"]) <= 60
    sentences = len(re.findall(r"[.!?:)](?=\s|$)", item["desc"].strip()))
    assert sentences >= (1 if path.stem == "audit-trail" else 2), "what happened, and why it matters"
    assert item["priority"] in ("CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL")
    assert item["source"] == "k8s_audit"


@pytest.mark.parametrize(("path", "item"), written())
def test_who_what_where_stand_in_the_output(path: Path, item: dict[str, Any]) -> None:
    output = " ".join(item["output"].split())
    assert "%ka.user.name" in output
    assert [part for part in SUMMARY if part not in output] == []
    assert output.endswith("audit=%ka.auditid")
    assert "%ka.target" in output or "%ka.uri" in output or "%ka.resp.name" in output


@pytest.mark.parametrize(("path", "item"), written())
def test_each_has_a_hook_for_exceptions(path: Path, item: dict[str, Any]) -> None:
    names = [exception["name"] for exception in item["exceptions"]]
    assert names
    assert len(set(names)) == len(names)
    assert not any("values" in exception for exception in item["exceptions"]), (
        "what is known is data of whoever runs it"
    )


@pytest.mark.parametrize(("path", "item"), written())
def test_tags(path: Path, item: dict[str, Any]) -> None:
    if path.stem == "audit-trail":  # the record of what was done is of no tactic, and off
        assert (item["tags"], item["enabled"]) == (TRAIL, False)
        return
    tags = TAGS.fullmatch(" ".join(item["tags"]))
    assert tags, item["tags"]
    assert len(set(item["tags"])) == len(item["tags"])
    # the tactic is that of the file, and the first technique is one of that tactic
    tactic = tags["tactic"].replace("_", "-")
    assert TACTICS[tactic] == tags["id"]
    assert path.stem == tactic or path.stem not in TACTICS
    techniques = tags["techniques"].split()
    assert [technique for technique in techniques if technique not in TECHNIQUES] == []
    assert tactic in TECHNIQUES[techniques[0]][1:]
    # a rule outside the default pack is off for those who know no packs
    pack = pack_of(item["tags"])
    assert pack in PACKS
    assert item.get("enabled", True) is (pack == "default")
    assert "enabled" not in item or pack != "default"
    assert detections(item["tags"]) <= set(NUMBERED)


def test_every_detection_that_needs_no_state_has_a_rule() -> None:
    made = frozenset().union(*[detections(rule.tags) for rule in rules()])
    assert made == set(NUMBERED) - NEED_STATE.keys()


def test_every_detection_has_a_rule_for_its_success() -> None:
    # a rule for failed attempts alone would be a poor one
    made = frozenset().union(*[detections(rule.tags) for rule in rules() if "Attempt" not in rule.name])
    assert made == set(NUMBERED) - NEED_STATE.keys()


def test_no_two_rules_are_alike() -> None:
    conditions = Counter(str(rule.condition) for rule in rules())
    assert [text for text, times in conditions.items() if times > 1] == []
    words = Counter(frozenset(re.findall(r"[a-z]+", rule.name.lower())) for rule in rules())
    assert [sorted(name) for name, times in words.items() if times > 1] == []


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_are_plain(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    assert "\t" not in text
    # (a pattern cannot be broken across lines)
    assert [line for line in text.splitlines() if len(line) > 130 and " " in line.strip()] == []
    first = text.splitlines()[0]
    assert first.startswith("# ")


def test_rules_stand_in_the_file_of_their_tactic() -> None:
    by_file = {path: [rule.name for rule in of_file(path)] for path in files()}
    assert sorted(name for names in by_file.values() for name in names) == sorted(RULES)


def failed(rule: Rule) -> bool:
    return "Attempt Failed" in rule.name


def test_severity_follows_outcome() -> None:
    # attempts that failed wake nobody at a higher priority than what succeeded
    for rule in rules():
        if failed(rule):
            assert rule.priority.label in ("Notice", "Informational"), rule.name
