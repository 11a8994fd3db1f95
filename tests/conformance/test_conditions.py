"""Verdicts of 1,600 random conditions."""

import pytest
from conformance_data import loaded_rules, opened


def test_conditions_match_the_same_events(golden, compared, tmp_path, engine_of):
    # GIVEN rules with random conditions and the events that each of them matched in Falco
    rules_file = tmp_path / "rules.yaml"
    rules_file.write_bytes(golden.bytes("conditions/rules.yaml"))
    rules = loaded_rules(rules_file)
    engine = engine_of(rules)
    marked = golden.marked("conditions", "rules")
    opened_events = list(opened(golden.lines("conditions/events.jsonl")))
    # WHEN Lanner judges the events
    number, different = 0, []
    for row in golden.objects("conditions/matches.jsonl"):
        got = {rule.name for rule in engine.judge(opened_events[row["id"] - 1]).matched} - marked
        wanted = set(row["rules"]) - marked
        number += len(rules) - len(marked)
        different += [(row["id"], name, name in wanted) for name in got ^ wanted]
    # THEN the same rules match
    compared(number, "verdicts of conditions", len(different))
    assert number > 80_000
    assert different == []


@pytest.mark.parametrize("suite", ["conditions"])
def test_rules_are_reported_in_the_order_of_the_file(golden, suite, tmp_path, engine_of):
    rules_file = tmp_path / "rules.yaml"
    rules_file.write_bytes(golden.bytes(f"{suite}/rules.yaml"))
    engine = engine_of(loaded_rules(rules_file))
    events = list(opened(golden.lines(f"{suite}/events.jsonl")))
    marked = golden.marked(suite, "rules")
    for row in golden.objects(f"{suite}/matches.jsonl")[:20]:
        got = [rule.name for rule in engine.judge(events[row["id"] - 1]).matched if rule.name not in marked]
        assert got == [name for name in row["rules"] if name not in marked]
