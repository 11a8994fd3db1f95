"""Files as texts, and places in them."""

from __future__ import annotations

import pytest

from lanner.ruleset.places import Place, RulesText


@pytest.mark.parametrize(
    ("offset", "line", "column"), [(0, 1, 1), (2, 1, 3), (3, 1, 4), (4, 2, 1), (5, 3, 1), (7, 3, 3)]
)
def test_places_count_from_one(offset, line, column):
    text = RulesText("f.yaml", "abc\n\nde")
    assert text.place(offset) == Place("f.yaml", line, column)
    assert text.place(offset).offset == offset


def test_the_end_of_an_empty_file_is_a_place():
    text = RulesText("f.yaml", "")
    assert str(text.place(0)) == "f.yaml:1:1"
    assert text.snippet(text.place(0)) == "\n^"


def test_a_snippet_shows_the_line_with_a_caret():
    text = RulesText("f.yaml", "one\ntwo three\r\nfour")
    assert text.snippet(text.place(8)) == "two three\n    ^"


def test_a_snippet_keeps_tabs_so_that_the_caret_stands_right():
    text = RulesText("f.yaml", "\t\tx y")
    assert text.snippet(text.place(4)) == "\t\tx y\n\t\t  ^"


def test_a_snippet_of_a_long_line_is_cut_around_the_place():
    text = RulesText("f.yaml", "a" * 500 + "b" + "c" * 500)
    shown, caret = text.snippet(text.place(500), width=20).split("\n")
    assert shown == "a" * 10 + "b" + "c" * 9
    assert caret == " " * 10 + "^"


def test_a_snippet_behind_the_end_of_a_line_points_there():
    text = RulesText("f.yaml", "ab\ncd")
    assert text.snippet(text.place(2)) == "ab\n  ^"


def test_places_are_equal_by_line_and_column():
    assert {Place("f", 1, 2, 30): "x"} == {Place("f", 1, 2): "x"}
    assert Place("f", 1, 2) != Place("f", 1, 3)
    assert Place("f", 1, 2) != "f:1:2"
