"""Switches: which values decide checks, and the classes of values that decide them alike."""

import pytest
from msgspec import UNSET

from engine.random_rules import rule
from lanner.engine import switches
from lanner.engine.expressions import Expressions
from lanner.engine.switches import UNDECIDED, choose


def chosen(*conditions: str):
    """Return the switches for some conditions, by the place of their values."""
    expressions = Expressions()
    found = choose(expressions, [expressions.of(rule(text, folded=False).condition) for text in conditions])
    return {".".join(switch.path): switch for switch in found}


def decided(switch, value) -> dict[str, bool]:
    """Return what a value decides: the text of each check, and its truth."""
    verdicts = switch.classes[switch.class_of(value)]
    return {str(switch.checks[number]): verdict for number, verdict in verdicts.items()}


@pytest.mark.parametrize(
    ("condition", "places"),
    [
        ("ka.verb = get", ["verb"]),
        ("ka.verb = get and ka.stage = x and ka.response.code = 1", ["stage", "verb", "responseStatus.code"]),
        # by the place as well as by the name
        ("jevt.value[/verb] = get or json.value[verb] = list", ["verb"]),
        ("jevt.value[/objectRef/subresource] exists", ["objectRef.subresource"]),
        ("ka.req.configmap.name in (a, b)", ["objectRef.name"]),
        ('jevt.value[""] contains x', []),
        ("jevt.value[/user] contains x", []),
        # whatever is done to the value, it is still nothing but the value
        ("toupper(ka.verb) = GET and len(ka.user.name) > 5", ["verb", "user.username"]),
        ("concat(ka.verb, 'x', ka.verb) = getxget", ["verb"]),
        # checks that see more than one value
        ("ka.verb = val(ka.stage)", []),
        ("concat(ka.verb, ka.stage) = x", []),
        # names of objects only by equality: nearly every event has another one
        ("ka.target.name = a", ["objectRef.name"]),
        ("ka.target.name = a and ka.target.name startswith b", []),
        ("toupper(ka.target.name) = A", []),
        ("ka.target.name = oneof (a, b)", []),
        ("ka.uri = x", []),
    ],
)
def test_what_makes_a_switch(condition, places):
    assert list(chosen(condition)) == places


def test_values_that_decide_alike_are_of_one_class():
    switch = chosen("ka.verb in (create, update)", "ka.verb = delete")["verb"]
    assert switch.class_of("create") == switch.class_of("update")
    assert len({switch.class_of(value) for value in ("create", "delete", "get", UNSET)}) == 3
    assert decided(switch, "create") == {"ka.verb in (create, update)": True, "ka.verb = delete": False}
    assert decided(switch, UNSET) == decided(switch, "get") == dict.fromkeys(decided(switch, "create"), False)


def test_a_value_that_is_there_is_not_a_missing_one():
    switch = chosen("ka.verb exists", "not ka.verb != get")["verb"]
    assert decided(switch, "") == {"ka.verb exists": True, "ka.verb != get": True}
    assert decided(switch, "get") == {"ka.verb exists": True, "ka.verb != get": False}
    assert decided(switch, UNSET) == {"ka.verb exists": False, "ka.verb != get": False}


def test_numbers_are_compared_as_they_are_written():
    switch = chosen("ka.response.code in (201, 0403, '2e2', '+5', '1_0', ' 7', -0, '\\xff', -3, x)")[
        "responseStatus.code"
    ]
    values = (201, 403, 200, 5, 10, 7, 0, -3)
    assert [value for value in values if True in decided(switch, value).values()] == [201, -3]


def test_constants_beyond_all_events():
    # GIVEN a constant that no decoded text equals
    switch = chosen("ka.verb = '\\xff' or ka.verb = 'é'")["verb"]
    assert True in decided(switch, "é").values()
    assert True not in decided(switch, "\ufffd").values()


def test_questions_of_equality_need_no_memory():
    # GIVEN a switch whose classes are known from the constants
    switch = chosen("ka.user.name in (a, b)")["user.username"]
    size = len(switch.table)
    # WHEN clients send ever new values
    for number in range(1000):
        assert switch.class_of(f"user-{number}") == switch.default
    # THEN nothing grows
    assert len(switch.table) == size == 3


def test_remembered_values_are_bounded(monkeypatch):
    monkeypatch.setattr(switches, "MAX_REMEMBERED", 10)
    monkeypatch.setattr(switches, "MAX_VALUE", 20)
    switch = chosen("ka.user.name startswith system:")["user.username"]
    assert switch.default is None
    classes = set()
    for number in range(100):
        classes |= {switch.class_of(f"system:{number}"), switch.class_of(f"user-{number}")}
        assert len(switch.table) <= 10
    assert len(classes) == 2
    # AND long ones are looked at again and again
    switch.table.clear()
    assert switch.class_of("system:" + "x" * 20) in classes
    assert switch.table == {}
    # AND a missing one, and numbers, are as good as short ones
    assert switch.class_of(UNSET) == switch.table[UNSET]


def test_classes_are_bounded_and_what_is_beyond_decides_nothing(monkeypatch):
    monkeypatch.setattr(switches, "MAX_CLASSES", 4)
    switch = chosen(*(f"ka.user.name contains {letter}" for letter in "abcdef"))["user.username"]
    classes = [switch.class_of(value) for value in ("a", "b", "c", "d", "e", "ab", "a", "b")]
    assert classes == [1, 2, 3, UNDECIDED, UNDECIDED, UNDECIDED, 1, 2]
    assert decided(switch, "d") == {}
    assert len(switch.classes) == 4


def test_classes_are_bounded_where_they_are_made_from_constants(monkeypatch):
    monkeypatch.setattr(switches, "MAX_CLASSES", 3)
    switch = chosen(*(f"ka.verb = {letter}" for letter in "abcdef"))["verb"]
    for value in ("a", "b", "c", "d", "e", "f", "g", UNSET):
        found = decided(switch, value)
        assert found in ({}, {f"ka.verb = {letter}": letter == value for letter in "abcdef"})
    assert len(switch.classes) == 3
