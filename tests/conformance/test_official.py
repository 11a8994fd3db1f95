"""Falco's official rules on events made around every rule, and on recorded audit logs: alert for alert."""

import gzip
import json

import pytest
from conformance_data import Golden, recorded_rules, scan

from lanner.ruleset import load

SUITES = {
    "all": ["k8s_audit_rules.yaml"],
    "first": ["k8s_audit_rules.yaml"],
    "activated-all": ["k8s_audit_rules.yaml", "activate.yaml"],
    "activated-first": ["k8s_audit_rules.yaml", "activate.yaml"],
    "gke-all": ["k8s_audit_rules.yaml", "k8s_audit_rules_gke.yaml"],
}
FALCO_KEYS = ("hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time")
CUT_LIST = 1000  # bytes: correction f, Falco's texts of longer lists are cut


def essence(alert: dict) -> dict:
    """Return Falco's part of an alert, without a text in which Falco cut a list."""
    kept = {key: alert[key] for key in FALCO_KEYS}
    if any(
        isinstance(value, list) and len(",".join(value).encode()) > CUT_LIST for value in kept["output_fields"].values()
    ):
        kept["output"] = ""
    return kept


def compare(rules, lines, wanted, compared, engine_of, *, first_match):
    got = [essence(alert.to_dict()) for alert in scan(rules, lines, first_match=first_match, engine_of=engine_of)]
    wanted = [essence(json.loads(line)) for line in wanted]
    compared(len(wanted), "alerts of the official rules")
    assert len(got) == len(wanted)
    for number, (have, want) in enumerate(zip(got, wanted, strict=True)):
        assert have == want, number


@pytest.mark.parametrize("name", SUITES)
def test_official_rules_give_falcos_alerts(whole, compared, name, engine_of):
    rules = recorded_rules(*(whole.root / "official" / file for file in SUITES[name]))
    lines = whole.lines("official/events.jsonl")
    wanted = whole.lines(f"official/alerts-{name}.jsonl")
    compare(rules, lines, wanted, compared, engine_of, first_match=name.endswith("first"))


@pytest.mark.parametrize("name", ["all", "first"])
@pytest.mark.parametrize("part", ["day", "incident", "attacks"])
def test_recorded_logs_give_falcos_alerts(whole: Golden, compared, part, name, engine_of):
    folder = whole.root.parent / "corpus" / part
    rules = recorded_rules(whole.root / "official/k8s_audit_rules.yaml")
    lines = gzip.decompress((folder / "events.jsonl.gz").read_bytes()).splitlines()
    wanted = gzip.decompress((folder / f"golden-{name}.jsonl.gz").read_bytes()).splitlines()
    compare(rules, lines, wanted, compared, engine_of, first_match=name == "first")


def test_official_rules_load_without_a_word(whole):
    files = [whole.root / "official" / file for file in SUITES["gke-all"]]
    for result in load(files).results:
        assert result.successful
        assert not result.warnings
        assert not result.notes
