"""Conditions and outputs that are put together from several places."""

from __future__ import annotations

from lanner.ruleset.texts import Part, Text


def test_a_text_is_joined_by_blanks_and_knows_where_it_came_from(node):
    first, second = node("- ab\n- cd\n").items
    text = Text.of(first).append(Text.of(second))
    assert text.text == "ab cd"
    assert [text.locate(position)[1].line for position in range(5)] == [1, 1, 1, 2, 2]
    assert [text.locate(position)[1].column for position in range(5)] == [3, 4, 5, 3, 4]
    assert text.locate(4)[0] is second


def test_stripped_characters_do_not_shift_places(node):
    text = Text.of(node("'  ab  '"), strip=" ")
    assert text.text == "ab"
    assert text.locate(0)[1].column == 4


def test_inserted_characters_belong_to_their_neighbours(node):
    scalar, other = node("- ab\n- {x: y}\n").items
    text = Text((Part("("), *Text.of(scalar).parts, Part(")"), Part(" and not x", other)))
    assert text.text == "(ab) and not x"
    assert text.locate(0)[1].column == 3
    assert text.locate(3)[1].column == 5
    assert text.locate(8) == (other, other.place)
    assert text.locate(99) == (other, other.place)
