"""Environment variables as settings: what they may hold, and what is said of those that are wrong."""

from __future__ import annotations

import pytest

from lanner.errors import UsageError
from lanner.pipeline.environment import Environment, split
from lanner.ruleset import Priority


def environment(**values: str) -> Environment:
    return Environment({f"LANNER_{name}": value for name, value in values.items()})


def test_what_is_empty_counts_as_not_set() -> None:
    empty = environment(A="", B=" \n")
    for name in ("LANNER_A", "LANNER_B", "LANNER_C"):
        assert empty.text(name, "default") == "default"
        assert empty.flag(name, True) is True
        assert empty.number(name, 7, 1, 9) == 7
        assert empty.choice(name, ("x", "y"), "y") == "y"
        assert empty.priority(name) is Priority.DEBUG
        assert empty.entries(name) == ()
        assert empty.secret(name) is None


@pytest.mark.parametrize(
    ("text", "wanted"), [("true", True), ("Yes", True), ("1", True), ("on", True), ("FALSE", False), ("0", False)]
)
def test_flags(text: str, wanted: bool) -> None:
    assert environment(A=text).flag("LANNER_A", not wanted) is wanted


def test_values_are_read() -> None:
    given = environment(T=" text ", N="42", C="first", P="info", L="a, b,,\nc")
    assert given.text("LANNER_T") == "text"
    assert given.number("LANNER_N", 0, 1, 99) == 42
    assert given.choice("LANNER_C", ("all", "first"), "all") == "first"
    assert given.priority("LANNER_P") is Priority.INFORMATIONAL
    assert given.entries("LANNER_L") == ("a", "b", "c")


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        (lambda given: given.flag("LANNER_A", False), "LANNER_A: 'maybe' is neither true nor false"),
        (lambda given: given.number("LANNER_A", 0, 1, 9), "LANNER_A: 'maybe' is no number from 1 to 9"),
        (lambda given: given.choice("LANNER_A", ("all", "first"), "all"), "LANNER_A: 'maybe' is none of: all, first"),
        (lambda given: given.priority("LANNER_A"), "LANNER_A: 'maybe' is no priority"),
    ],
)
def test_wrong_values_are_named(read: object, wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        read(environment(A="maybe"))  # type: ignore[operator]


@pytest.mark.parametrize("text", ["0", "10", "-1", "1.5", "٣", "9" * 30])
def test_numbers_have_bounds(text: str) -> None:
    with pytest.raises(UsageError, match="no number from 1 to 9"):
        environment(A=text).number("LANNER_A", 1, 1, 9)


def test_a_secret_is_given_in_one_way_only() -> None:
    with pytest.raises(UsageError, match="LANNER_A and LANNER_A_FILE: set one of them"):
        environment(A="x", A_FILE="/x").secret("LANNER_A")


def test_misspelt_names_are_noticed() -> None:
    known = {"LANNER_DEAD_LETTERS", "LANNER_RULES"}
    environment(RULES="x").refuse_unknown(known)
    Environment({"PATH": "/bin", "LANNERS": "x"}).refuse_unknown(known)
    with pytest.raises(UsageError, match="LANNER_DEAD_LETTER: there is no such setting; did you mean LANNER_DEAD_LETT"):
        environment(DEAD_LETTER="x").refuse_unknown(known)
    with pytest.raises(UsageError, match="LANNER_QQQ: there is no such setting; see the README"):
        environment(QQQ="x").refuse_unknown(known)


def test_lists_are_split_at_any_separator() -> None:
    assert split("a,b\nc , ,d") == ("a", "b", "c", "d")
    assert split("CN=a,O=b; CN=c\n", "\n;") == ("CN=a,O=b", "CN=c")
    assert split("") == ()
