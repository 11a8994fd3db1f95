"""Alerts that are too long are cut so that they fit, and say so."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.outputs.shortening import shortened, shortened_text
from outputs.conftest import a_message

IDENTITY = ("id", "rule", "priority", "time", "cluster", "provider", "source")


def test_what_fits_stays_as_it_is() -> None:
    message = a_message()
    assert shortened(message, len(message.text)) is message.text


def test_the_longest_texts_are_cut() -> None:
    # GIVEN an alert with two long fields and a short one
    fields = {"long": "x" * 50_000, "list": ["y" * 20_000, "z"], "short": "kept", "number": 7, "none": None}
    message = a_message(output="o" * 10_000, output_fields=fields)
    # WHEN a destination takes 30,000 bytes
    text = shortened(message, 30_000)
    # THEN as much as fits is kept, and each cut text says how long it was
    assert 29_000 < len(text) <= 30_000
    alert = json.loads(text)
    whole = message.alert()
    assert {key: alert[key] for key in IDENTITY} == {key: whole[key] for key in IDENTITY}
    assert alert["output_fields"]["long"].endswith("... [cut by Lanner, 50000 characters in all]")
    assert alert["output_fields"]["short"] == "kept"
    assert (alert["output_fields"]["number"], alert["output_fields"]["none"]) == (7, None)
    assert shortened(message, 30_000) == text


def test_long_lists_are_cut() -> None:
    message = a_message(output_fields={"list": ["abc"] * 50_000})
    alert = json.loads(shortened(message, 20_000))
    items = alert["output_fields"]["list"]
    assert items[-1] == "... [cut by Lanner, 50000 elements in all]"
    assert set(items[:-1]) == {"abc"}


def test_too_many_fields_are_left_out() -> None:
    message = a_message(output_fields={f"field {number}": "x" * 50 for number in range(5_000)}, output="o" * 9000)
    alert = json.loads(shortened(message, 20_000))
    assert alert["output_fields"] == {"lanner.cut": f"{len(message.text)} bytes, too many for this destination"}
    assert alert["output"].startswith("ooo")


@given(st.text(min_size=1), st.integers(3_000, 20_000), st.integers(1, 4000))
def test_whatever_it_holds_it_fits(text: str, limit: int, times: int) -> None:
    message = a_message(output=text * times, output_fields={"a": [text] * times, "b": {"c": text * times}})
    found = shortened(message, limit)
    assert len(found) <= limit
    assert json.loads(found)["id"] == message.id


@pytest.mark.parametrize(("text", "limit"), [("abc", 3), ("a" * 200, 100), ("a" * 200, 10)])
def test_a_text_may_be_cut_by_itself(text: str, limit: int) -> None:
    found = shortened_text(text, limit)
    assert found == text if len(text) <= limit else found.endswith("... [cut by Lanner, 200 characters in all]")
