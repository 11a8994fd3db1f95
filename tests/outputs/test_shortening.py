"""Alerts that are too long are cut so that they fit, and say so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.outputs.message import Message
from lanner.outputs.shortening import beginning, shortened
from outputs.conftest import a_message

IDENTITY = ("id", "rule", "priority", "time", "cluster", "provider", "source", "time_source", "hostname")
NASTY = st.text(st.sampled_from('ab"\\\n\x01é€😀\u2028'))


def cut(message: Message, limit: int) -> dict[str, Any]:
    """Cut an alert and return what is left, which fits, and is the same alert."""
    text = shortened(message, limit)
    assert len(text) <= limit
    alert: dict[str, Any] = json.loads(text)
    whole = message.alert()
    assert {key: alert[key] for key in IDENTITY} == {key: whole[key] for key in IDENTITY}
    assert list(alert) == list(whole)
    return alert


def test_what_fits_stays_as_it_is() -> None:
    message = a_message()
    assert shortened(message, len(message.text)) is message.text
    # also if it fits only without the blanks that somebody wrote
    spacious = Message.read(message.text.replace(b",", b", "))
    assert shortened(spacious, len(message.text)) == message.text


def test_the_longest_texts_are_cut() -> None:
    # GIVEN an alert with two long fields and a short one
    fields = {"long": "x" * 50_000, "list": ["y" * 20_000, "z"], "short": "kept", "number": 7, "none": None}
    message = a_message(output="o" * 5_000, output_fields=fields)
    # WHEN a destination takes 30,000 bytes
    alert = cut(message, 30_000)
    # THEN as much as fits is kept, and each cut text says how long it was
    assert len(shortened(message, 30_000)) > 29_800
    assert alert["output_fields"]["long"].endswith("xxx… [cut by Lanner: 50000 bytes]")
    assert alert["output_fields"]["list"][0].endswith("yyy… [cut by Lanner: 20000 bytes]")
    assert alert["output_fields"]["list"][1] == "… [cut by Lanner: 2 elements]"
    assert alert["output"] == "o" * 5_000
    assert (alert["output_fields"]["short"], alert["output_fields"]["number"]) == ("kept", 7)
    assert alert["output_fields"]["none"] is None
    assert shortened(message, 30_000) == shortened(message, 30_000)


def test_a_list_of_one_long_text_stays_one() -> None:
    alert = cut(a_message(output_fields={"list": ["x" * 9_000]}), 3_000)
    (item,) = alert["output_fields"]["list"]
    assert item.startswith("x" * 2_000)
    assert item.endswith("[cut by Lanner: 9000 bytes]")


def test_long_lists_are_cut() -> None:
    message = a_message(output_fields={"list": ["abc"] * 50_000})
    items = cut(message, 20_000)["output_fields"]["list"]
    assert items[-1] == "… [cut by Lanner: 50000 elements]"
    assert set(items[:-1]) == {"abc"}
    assert len(items) > 3_000


def test_bytes_count_not_characters() -> None:
    message = a_message(output="é" * 10_000)
    assert cut(message, 5_000)["output"].endswith("é… [cut by Lanner: 20000 bytes]")


def test_values_of_other_kinds_are_told() -> None:
    fields = {"odd": {"x": "y" * 9_000}, "odder": [["z" * 9_000] * 2], "oddest": [7, ["z" * 9_000]]}
    alert = cut(a_message(output_fields=fields, tags=None), 2_000)
    assert alert["output_fields"] == {
        "odd": "… [cut by Lanner: 9008 bytes]",
        "odder": ["… [cut by Lanner: 1 elements]"],
        "oddest": [7, "… [cut by Lanner: 2 elements]"],
    }


def test_too_many_fields_are_left_out() -> None:
    fields = {f"field {number}": "x" * 50 for number in range(5_000)}
    alert = cut(a_message(output_fields=fields, output="o" * 30_000), 20_000)
    size = len(json.dumps(fields, separators=(",", ":")))
    assert alert["output_fields"] == {"lanner.cut": f"the fields are left out: {size} bytes"}
    assert alert["output"].startswith("o" * 18_000)


def test_what_is_no_fields_is_left_out_too() -> None:
    assert cut(a_message(output_fields=["x" * 9_000]), 3_000)["output_fields"].keys() == {"lanner.cut"}
    # GIVEN no fields at all, or no room, THEN what identifies the alert is there
    bare = Message.read(b'{"id":"1","rule":"r","priority":"Debug","output":"%b"}' % (b"o" * 9_000))
    assert json.loads(shortened(bare, 3_000))["output"].endswith("[cut by Lanner: 9000 bytes]")
    assert json.loads(shortened(bare, 10))["id"] == "1"


@given(
    st.integers(1_500, 8_000),
    st.integers(1, 300),
    st.dictionaries(
        st.text(max_size=5), st.none() | st.booleans() | st.integers(0, 9) | NASTY | st.lists(NASTY, max_size=9)
    ),
    NASTY,
)
def test_whatever_it_holds_it_fits(limit: int, times: int, fields: dict[str, Any], text: str) -> None:
    grown = {key: value * times if isinstance(value, str | list) else value for key, value in fields.items()}
    cut(a_message(output=text * times, message=text, output_fields=grown), limit)


@pytest.mark.parametrize("limit", range(1_200, 1_220))
def test_escapes_and_characters_are_not_torn(limit: int) -> None:
    output = cut(a_message(output='\x01é"\\😀' * 200, output_fields={}), limit)["output"]
    assert output.partition("…")[0].replace('\x01é"\\😀', "") in ("", "\x01", "\x01é", '\x01é"', '\x01é"\\')


@pytest.mark.parametrize(
    ("size", "wanted"), [(9, "aé€😀"[:3]), (10, "aé€😀"), (6, "aé€"), (5, "aé"), (2, "a"), (0, "")]
)
def test_beginnings_are_whole_characters(size: int, wanted: str) -> None:
    assert beginning("aé€😀", size) == wanted
