"""Nodes know where they stand, scalars even where each of their characters does."""

from __future__ import annotations

import pytest


def located(scalar, character: str) -> str:
    """Return what stands in the file where the value has `character`."""
    place = scalar.locate(scalar.value.index(character))
    return scalar.file.text[place.offset :][: len(character)]


@pytest.mark.parametrize(
    "text",
    [
        "ab cd = Xy",
        "'ab ''cd'' = Xy'",
        '"ab \\"cd\\" \\x41 \\u00e9 = Xy"',
        '"ab\\ncd\\t\\_\\x20 = Xy"',
        '"ab \\\n   cd\\\n  = Xy"',
        "ab\n  cd\n\n  = Xy",
        "|\n  ab\n  cd = Xy\n",
        ">-  # remark with X\n  ab\n\n  cd = Xy\n",
        "&anchor !tag ab Xy",
        "! ab Xy",
        "é😀 = Xy",
    ],
)
def test_a_character_of_a_scalar_is_found_in_the_file(node, text):
    assert located(node(text), "X") == "X"


@pytest.mark.parametrize(("text", "column"), [("'ab'", 4), ("ab", 3), ('"a b "', 5), ("''", 2), ("&x", 3)])
def test_the_end_of_a_scalar_is_behind_its_last_character(node, text, column):
    scalar = node(text)
    assert scalar.locate(len(scalar.value)).column == column


def test_a_blank_is_taken_for_the_character_behind_it(node):
    assert node("a   b").locate(1).column == 5


@pytest.mark.parametrize("text", ["~", "null", "Null", "NULL", "- ", "a:"])
def test_nulls(node, text):
    found = node(text)
    value = found if not hasattr(found, "items") and not hasattr(found, "pairs") else None
    if value is None:
        value = found.items[0] if hasattr(found, "items") else found.pairs[0][1]
    assert value.is_null


@pytest.mark.parametrize("text", ["''", '"null"', "!!str null", "nULL", "|\n", "0"])
def test_what_is_not_null(node, text):
    assert not node(text).is_null


def test_a_mapping_finds_keys_and_values_by_name(node):
    mapping = node("a: 1\n[x]: 2\nb: 3\n")
    assert mapping.get("b").value == "3"
    assert mapping.key("b").place.line == 3
    assert mapping.get("x") is None


def test_places_of_all_kinds_of_nodes(node):
    sequence = node("# first\n- {a: [x]}\n")
    mapping = sequence.items[0]
    assert [str(found.place) for found in (sequence, mapping, mapping.get("a"))] == [
        "t.yaml:2:1",
        "t.yaml:2:3",
        "t.yaml:2:7",
    ]
