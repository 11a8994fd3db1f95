"""The choice among rules (spec/rules.md sections 6 and 8)."""

from __future__ import annotations

import pytest

from lanner.language import FALSE, TRUE
from lanner.ruleset import Priority, Ruleset, Selection


@pytest.fixture
def ruleset(load, a_rule):
    """Four rules: A and B of tag x, C is off, D is of another source."""
    text = a_rule("A", tags=["x"]) + a_rule("B", tags=["x", "y"], priority="ERROR") + a_rule("C", enabled=False)
    return load(text + a_rule("D", source="okta", tags=["x"])).ruleset


def names(ruleset, *selections, **options) -> str:
    return "".join(rule.name for rule in ruleset.select(selections, **options))


def on(**what) -> Selection:
    return Selection(enable=True, **what)


def off(**what) -> Selection:
    return Selection(enable=False, **what)


def test_enabled_rules_in_the_order_of_their_definition(ruleset):
    assert names(ruleset) == "AB"
    assert len(ruleset.rules) == 4
    assert Ruleset().select() == ()


def test_rules_are_switched_by_name_and_tag(ruleset):
    assert names(ruleset, off(rule="A")) == "B"
    assert names(ruleset, off(tag="y")) == "A"
    assert names(ruleset, on(rule="C")) == "ABC"
    assert names(ruleset, off(rule="*"), on(tag="x")) == "AB"
    assert names(ruleset, off(rule="a"), off(tag="X")) == "AB"
    assert names(ruleset, on(tag="x"), on(rule="D")) == "AB"


def test_entries_apply_in_order(ruleset):
    assert names(ruleset, on(rule="C"), off(rule="*")) == ""
    assert names(ruleset, off(rule="*"), on(rule="C")) == "C"


def test_a_rule_that_is_switched_on_again_moves_to_the_end(ruleset):
    assert names(ruleset, off(rule="A"), on(rule="A")) == "BA"
    assert names(ruleset, on(rule="A")) == "AB"


def test_name_and_tag_of_an_entry_select_independently(ruleset):
    assert names(ruleset, off(rule="A", tag="y")) == ""
    assert names(ruleset, off(rule="*"), on(rule="C", tag="y")) == "CB"


def test_rules_below_the_threshold_cannot_be_switched_on(ruleset):
    assert names(ruleset, threshold=Priority.ERROR) == "B"
    assert names(ruleset, on(rule="*"), threshold=Priority.WARNING) == "B"
    assert names(ruleset, threshold=Priority.CRITICAL) == ""
    assert names(ruleset, threshold=Priority.INFORMATIONAL) == "AB"


def test_a_selection_knows_what_it_applies_to(ruleset):
    a, b, *_ = ruleset.rules
    assert on(rule="A*").applies_to(a)
    assert not on(rule="A*").applies_to(b)
    assert on(tag="y").applies_to(b)
    assert not on(tag="y").applies_to(a)


def test_a_rule_that_can_never_match_says_why_and_is_not_evaluated(load, a_rule):
    # GIVEN a rule that is switched off as Falco's own rules are
    macro = "- macro: never\n  condition: jevt.rawtime=0\n"
    loaded = load(macro + a_rule("A", condition="ka.verb = get and never") + a_rule("B")).ruleset
    # THEN it says so and no option brings it back
    dead, live = loaded.rules
    assert dead.never == "its condition is never true: jevt.rawtime = 0"
    assert dead.condition == FALSE
    assert dead.is_evaluable
    assert live.never == ""
    assert names(loaded, on(rule="A")) == "B"


def test_few_reasons_are_shown(load, a_rule):
    fields = ("verb", "uri", "stage", "verb", "useragent")
    condition = " or ".join(f"ka.{field} in ()" for field in fields)
    (rule,) = load(a_rule(condition=condition)).ruleset.rules
    assert rule.never == "its condition is never true: ka.verb in (), ka.uri in (), ka.stage in (), ..."


def test_a_condition_that_always_holds(load, a_rule):
    (rule,) = load(a_rule(condition="evt.num exists")).ruleset.rules
    assert rule.condition == TRUE
    assert names(Ruleset((rule,))) == "R"
