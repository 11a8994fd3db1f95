"""Macros: visibility, loops, growth (spec/conditions.md section 7)."""

from __future__ import annotations

import pytest

from lanner.errors import ConditionError
from lanner.language import parse
from lanner.ruleset import macros as module
from lanner.ruleset.macros import Macros

VALIDATION = "LOAD_ERR_VALIDATE"


def macro(name: str, condition: str) -> str:
    return f"- macro: {name}\n  condition: {condition}\n"


def test_a_reference_stands_for_the_whole_macro(rules, a_rule):
    text = macro("m", "ka.verb = a or ka.verb = b") + a_rule(condition="not m and ka.uri exists")
    assert str(rules(text)[0].condition) == "not (ka.verb = a or ka.verb = b) and ka.uri exists"


def test_a_rule_may_use_later_macros(codes, a_rule):
    assert codes(a_rule(condition="m") + macro("m", "ka.verb exists")) == ([], [])


def test_a_macro_may_use_earlier_macros_only(codes, error, a_rule):
    earlier = macro("a", "ka.verb exists") + macro("b", "not a")
    assert codes(earlier + a_rule(condition="b")) == ([], [])
    found = error(macro("b", "ka.uri exists or a") + macro("a", "ka.verb exists"))
    assert (found.code, found.message) == (VALIDATION, "Undefined macro 'a' used in filter.")
    assert found.hint == "define it before the macro that uses it"
    assert (found.line, found.column) == (2, 31)
    assert found.caret.endswith("ka.uri exists or a\n" + " " * 17 + "^")


def test_a_macro_that_is_completed_later_sees_more(codes, a_rule):
    text = macro("b", "ka.uri exists") + macro("a", "ka.verb exists") + macro("b", "a")
    assert codes(text + a_rule(condition="b")) == ([], [])


def test_undefined_macros(error, a_rule):
    found = error(a_rule(condition="ka.verb exists and nope"))
    assert (found.code, found.message, found.position) == (VALIDATION, "Undefined macro 'nope' used in filter.", 19)
    assert found.hint == "define it here, or in a file that is loaded before"


@pytest.mark.parametrize("condition", ["m", "not m", "ka.verb exists or (not m)"])
def test_a_macro_cannot_use_itself(error, condition):
    assert error(macro("m", condition)).message == "Undefined macro 'm' used in filter."


@pytest.mark.parametrize(
    "text",
    [
        macro("b", "ka.verb exists") + macro("a", "b") + macro("b", "a"),
        macro("m", "ka.verb exists") + macro("m", "m"),
        macro("c", "ka.verb exists") + macro("b", "c") + macro("a", "b") + macro("c", "a"),
    ],
)
def test_loops(error, text):
    found = error(text)
    assert found.code == VALIDATION
    assert found.message.startswith("reference loop in macro '")


def test_what_an_unfinished_macro_uses_must_be_visible_too(error):
    # GIVEN `b`, completed while `a` is there, and `a` that uses the later `c`
    text = macro("b", "ka.verb exists") + macro("a", "ka.uri exists") + macro("b", "a")
    found = error(text + macro("c", "ka.verb exists") + macro("a", "c"))
    # THEN `b`, which is replaced first, cannot use `c`
    assert found.message == "Undefined macro 'c' used in filter."
    assert [str(location) for location in found.context] == ["macro 'b'", "condition"]


def test_a_redefinition_affects_those_who_use_it(rules, a_rule):
    text = macro("m", "ka.verb = a") + a_rule(condition="m")
    assert str(rules(text, macro("m", "ka.verb = b"))[0].condition) == "ka.verb = b"


@pytest.mark.parametrize(("condition", "code"), [("ka.verb =", "LOAD_ERR_COMPILE_CONDITION"), ("nope", VALIDATION)])
def test_unused_macros_must_be_right(error, condition, code):
    assert error(macro("m", condition)).code == code


def test_unused_macros_may_name_unknown_fields(warning):
    found = warning(macro("m", "ka.nope exists"))
    assert (found.code, found.message) == ("LOAD_UNUSED_MACRO", "Macro not referred to by any other rule/macro")


def test_a_macro_used_by_an_unused_one_is_used(warning):
    assert warning(macro("a", "ka.verb exists") + macro("b", "a")).context[0].item_name == "b"


def test_macros_that_double_each_time_are_stopped(error):
    text = macro("m0", "ka.verb = x") + "".join(macro(f"m{n + 1}", f"m{n} and not m{n}") for n in range(40))
    found = error(text)
    assert found.code == VALIDATION
    assert found.message == f"with its macros replaced, the condition has more than {module.MAX_TREE_SIZE} parts"


def test_macros_that_nest_too_deep_are_stopped(error):
    text = macro("m0", "ka.verb = x") + "".join(macro(f"m{n + 1}", f"not (ka.uri = y or m{n})") for n in range(200))
    assert error(text).message == "with its macros replaced, the condition nests deeper than 250 levels"


def test_long_chains_are_fine(codes, a_rule):
    text = macro("m0", "ka.verb = x") + "".join(macro(f"m{n + 1}", f"m{n}") for n in range(2000))
    assert codes(text + a_rule(condition="m2000")) == ([], [])


def test_chains_in_an_unlucky_order_cost_no_more_than_they_may(monkeypatch):
    # GIVEN macros of which each uses the next one, which is replaced later
    chain = {f"m{n}": parse(f"m{n + 1}") for n in range(50)} | {"m50": parse("ka.verb exists")}
    macros = Macros(chain)
    macros.resolve("m0", lambda name: True)
    assert str(macros.expand(parse("m0"))) == "ka.verb exists"
    # WHEN that is done for too many of them
    monkeypatch.setattr(module, "MAX_WORK", 60)
    with pytest.raises(ConditionError, match="refer to each other too often") as caught:
        macros.resolve("m1", lambda name: True)
    assert caught.value.position == 0


def test_every_check_below_a_condition_is_found_once():
    macros = Macros({"a": parse("ka.verb = 1 and b"), "b": parse("ka.verb = 2")})
    found = [(owner, str(check)) for owner, check in macros.checks(parse("ka.verb = 0 or a or b or ka.verb = 3"))]
    assert found == [("", "ka.verb = 0"), ("a", "ka.verb = 1"), ("b", "ka.verb = 2"), ("", "ka.verb = 3")]
