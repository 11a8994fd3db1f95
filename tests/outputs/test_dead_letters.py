"""Dead letters: what goes in comes out, in parts if need be, and each has an identity."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lanner
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.delivery import Undelivered
from lanner.sources import Reject
from outputs.conftest import a_message


def a_letter(content: bytes = b"{}", origin: str = "log:1") -> DeadLetter:
    return DeadLetter.of_reject(Reject(origin, "no audit event", content), "eks", "prod")


def joined(records: list[bytes]) -> list[DeadLetter]:
    joiner = Joiner()
    found = [joiner.add(DeadLetter.read(record), lambda: None) for record in records]
    return [one[0] for one in found if one is not None]


def test_a_letter_tells_what_went_wrong() -> None:
    message = a_message()
    letter = DeadLetter.of_alert(Undelivered(message, "sns:alerts", "AccessDenied", 3))
    (record,) = letter.records(262144)
    told = json.loads(record)
    assert told["kind"] == "alert"
    assert (told["reason"], told["attempts"], told["output"]) == ("AccessDenied", 3, "sns:alerts")
    assert (told["cluster"], told["provider"], told["version"]) == ("prod", "eks", lanner.__version__)
    assert told["text"] == message.text.decode()
    assert told["time"].endswith("Z")
    assert DeadLetter.read(record) == letter
    assert letter.content == message.text


def test_input_keeps_where_it_stood() -> None:
    letter = a_letter(b"\xff\x00")
    assert (letter.kind, letter.origin, letter.provider, letter.cluster) == ("payload", "log:1", "eks", "prod")
    assert letter.content == b"\xff\x00"
    handed_on = DeadLetter.of_payload(b"{}", "502", output="tee:host", attempts=2, cluster="prod")
    assert (handed_on.output, handed_on.attempts, handed_on.reason) == ("tee:host", 2, "502")


def test_the_identity_is_that_of_the_content() -> None:
    assert a_letter().id == a_letter().id
    assert len({a_letter().id, a_letter(b"[]").id, a_letter(origin="log:2").id}) == 3


@given(st.binary(max_size=40_000), st.integers(4096, 20_000), st.randoms())
def test_whatever_goes_in_comes_out(content: bytes, limit: int, random) -> None:
    # GIVEN a letter in records of limited size
    letter = a_letter(content)
    records = letter.records(limit)
    assert max(map(len, records)) <= limit
    # WHEN they come back in any order, some of them twice
    again = [*records, random.choice(records)]
    random.shuffle(again)
    # THEN it is the same
    found = joined(again)
    assert found
    assert all(one.content == content and one.id == letter.id for one in found)


@given(st.text(max_size=3000))
def test_texts_are_such_that_every_box_takes_them(text: str) -> None:
    letter = a_letter(text.encode(), origin=text[:20] + "\ud800")
    (record,) = letter.records(10**6)
    assert not {"\ufffe", "\uffff"} & set(record.decode())
    assert DeadLetter.read(record).content == text.encode()


def test_reasons_and_origins_are_bounded() -> None:
    letter = DeadLetter.of_reject(Reject("o" * 500, "\U0001f600" * 5000, b"x" * 100_000))
    assert len(letter.reason) == 1000
    assert max(map(len, letter.records(4096))) <= 4096


def test_a_letter_in_parts_is_acknowledged_as_a_whole() -> None:
    letter, other = a_letter(b"x" * 10_000), a_letter(b"y" * 10_000)
    first, *rest = letter.records(4096)
    assert len(rest) > 1
    joiner = Joiner()
    acknowledged: list[int] = []
    assert joiner.add(DeadLetter.read(first), lambda: acknowledged.append(1)) is None
    assert joiner.add(DeadLetter.read(other.records(4096)[0]), lambda: acknowledged.append(9)) is None
    assert joiner.incomplete == 2
    for record in rest:
        whole = joiner.add(DeadLetter.read(record), lambda: acknowledged.append(2))
    assert whole is not None
    assert acknowledged == []
    whole[1]()
    assert acknowledged == [1, *[2] * len(rest)]
    assert joiner.incomplete == 1


def test_parts_of_many_letters_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanner.outputs.dead_letters._MAX_OPEN", 3)
    joiner = Joiner()
    for number in range(10):
        joiner.add(DeadLetter.read(a_letter(b"%d" % number * 9000).records(4096)[0]), lambda: None)
    assert joiner.incomplete == 3


@pytest.mark.parametrize(
    "record",
    [b"", b"{}", b"[]", b"\xff", b'{"kind":"x","id":"1"}', b'{"kind":"alert","id":"1","part":2}', b"[" * 5000],
)
def test_what_is_no_letter(record: bytes) -> None:
    with pytest.raises(ValueError, match="no dead letter"):
        DeadLetter.read(record)
