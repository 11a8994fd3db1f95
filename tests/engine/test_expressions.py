"""Conditions as expressions: equal parts are one, known parts are gone."""

import pytest

from engine.random_rules import rule
from lanner.engine.expressions import FALSE, TRUE, Expressions, Kind
from lanner.language import And, Or


def condition(text: str):
    """Return a condition as it is written, with nothing folded."""
    made = rule(text, folded=False)
    assert made is not None
    return made.condition


@pytest.fixture
def expressions():
    return Expressions()


def test_equal_conditions_are_one_expression(expressions):
    first = expressions.of(condition("ka.verb = get and (ka.stage exists or not ka.user.name = a)"))
    again = expressions.of(condition("ka.verb   =   get and (ka.stage exists or not ka.user.name = 'a')"))
    assert first == again
    assert first != expressions.of(condition("ka.verb = list and (ka.stage exists or not ka.user.name = a)"))


def test_double_negation_goes(expressions):
    check = expressions.of(condition("ka.verb = get"))
    assert expressions.negation(expressions.negation(check)) == check
    assert expressions.negation(TRUE) == FALSE
    assert expressions.negation(FALSE) == TRUE


@pytest.mark.parametrize(
    ("kind", "parts", "result"),
    [
        (Kind.AND, [], TRUE),
        (Kind.OR, [], FALSE),
        (Kind.AND, [TRUE, "a"], "a"),
        (Kind.OR, [FALSE, "a"], "a"),
        (Kind.AND, ["a", FALSE, "b"], FALSE),
        (Kind.OR, ["a", TRUE, "b"], TRUE),
        (Kind.AND, ["a", "a"], "a"),
    ],
)
def test_groups_are_as_short_as_can_be(expressions, kind, parts, result):
    checks = {name: expressions.of(condition(f"ka.verb = {name}")) for name in "ab"}
    found = expressions.group(kind, [checks.get(part, part) for part in parts])
    assert found == checks.get(result, result)


def test_groups_in_groups_of_the_same_kind_become_one(expressions):
    nested = expressions.of(condition("ka.verb = a and (ka.verb = b and (ka.verb = c and ka.verb = a))"))
    assert nested == expressions.of(condition("ka.verb = a and ka.verb = b and ka.verb = c"))
    assert expressions.nodes[nested].kind is Kind.AND
    assert len(expressions.nodes[nested].parts) == 3


def test_what_costs_little_is_asked_first(expressions):
    both = expressions.of(
        condition("ka.req.pod.host_network = true and (ka.uri contains x or ka.stage = a) and ka.verb = b")
    )
    assert str(expressions.condition(both)) == (
        "ka.verb = b and (ka.stage = a or ka.uri contains x) and ka.req.pod.host_network = true"
    )


@pytest.mark.parametrize(
    ("text", "known", "left"),
    [
        ("ka.verb = a and ka.stage = b", {"ka.verb = a": True}, "ka.stage = b"),
        ("ka.verb = a and ka.stage = b", {"ka.verb = a": False}, "false"),
        ("ka.verb = a or ka.stage = b", {"ka.verb = a": True}, "true"),
        ("ka.verb = a or ka.stage = b", {"ka.verb = a": False}, "ka.stage = b"),
        ("not (ka.verb = a and ka.stage = b)", {"ka.verb = a": True}, "not ka.stage = b"),
        ("ka.verb = a and ka.stage = b", {"ka.user.name = c": True}, "ka.verb = a and ka.stage = b"),
        ("(ka.verb = a or ka.stage = b) and (ka.verb = a or ka.uri = c)", {"ka.verb = a": True}, "true"),
    ],
)
def test_known_checks_are_filled_in(expressions, text, known, left):
    whole = expressions.of(condition(text))
    known = {expressions.of(condition(check)): verdict for check, verdict in known.items()}
    assert str(expressions.condition(expressions.restrict(whole, known, {}))) == left


def test_an_expression_knows_its_checks(expressions):
    verb, stage = expressions.of(condition("ka.verb = a")), expressions.of(condition("ka.stage = b"))
    assert expressions.checks(expressions.of(condition("not (ka.verb = a or not ka.stage = b)"))) == {verb, stage}
    assert expressions.checks(TRUE) == frozenset()


def test_constants_are_conditions_too(expressions):
    assert expressions.of(And(())) == TRUE
    assert expressions.of(Or(())) == FALSE
    assert expressions.condition(TRUE) == And(())
    assert expressions.condition(FALSE) == Or(())
