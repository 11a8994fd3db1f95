"""Dead letters: what goes in comes out, in parts if need be, and each has an identity."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lanner
from lanner.outputs.dead_letters import DeadLetter, Joiner
from lanner.outputs.delivery import Undelivered
from lanner.sources import Reject
from outputs.conftest import a_message

LEAST = 4096


def a_letter(content: bytes = b"{}", origin: str = "log:1", reason: str = "no audit event") -> DeadLetter:
    return DeadLetter.of_reject(Reject(origin, reason, content), "eks", "prod")


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
    assert not {"part", "parts", "base64"} & told.keys()
    assert DeadLetter.read(record) == letter
    assert letter.content == message.text


def test_input_keeps_where_it_stood() -> None:
    letter = a_letter(b"\xff\x00")
    assert (letter.kind, letter.origin, letter.provider, letter.cluster) == ("payload", "log:1", "eks", "prod")
    assert letter.content == b"\xff\x00"
    handed_on = DeadLetter.of_payload(b"{}", "502", output="tee:host", attempts=2, cluster="prod")
    assert (handed_on.output, handed_on.attempts, handed_on.reason) == ("tee:host", 2, "502")


def test_the_identity_is_that_of_content_and_place() -> None:
    message = a_message()
    alerts = [DeadLetter.of_alert(Undelivered(message, name, "why", 1)) for name in ("sns:a", "sns:b", "sns:b")]
    letters = [a_letter(), a_letter(b"[]"), a_letter(origin="log:2"), a_letter(b"", origin="log:1{}"), *alerts]
    assert len({letter.id for letter in letters}) == len(letters) - 1
    assert alerts[1].id == alerts[2].id
    # whatever the reason is
    assert a_letter().id == a_letter(reason="another").id
    # and whenever it was
    assert a_letter(b"abc").id == "1accd5773e1514b697d4d4a75e9b01b2c95c0938fdd91fcd31f02b5968980923"


@given(st.binary(max_size=40_000), st.integers(LEAST, 20_000), st.randoms(use_true_random=False))
def test_whatever_goes_in_comes_out(content: bytes, limit: int, order: random.Random) -> None:
    # GIVEN a letter in records of limited size
    letter = a_letter(content)
    records = letter.records(limit)
    assert max(map(len, records)) <= limit
    # WHEN they come back in any order, one of them twice
    again = [*records, order.choice(records)]
    order.shuffle(again)
    # THEN it is the same
    found = joined(again)
    assert found
    assert all(one.content == content and one.id == letter.id for one in found)


@pytest.mark.parametrize("limit", [LEAST, 262_144, 9_000_000])
def test_around_the_limit_there_is_no_part_too_many(limit: int) -> None:
    frame = len(a_letter(b"").records(limit)[0]) + len('"text":"",')
    for size, parts in ((limit - frame, 1), (limit - frame + 1, 2)):
        records = a_letter(b"x" * size).records(limit)
        assert len(records) >= parts
        assert (len(records) == 1) == (parts == 1)
        assert max(map(len, records)) <= limit
        assert joined(records)[0].content == b"x" * size


@given(st.text(max_size=3000))
def test_texts_are_such_that_every_box_takes_them(text: str) -> None:
    letter = a_letter(text.encode(), origin=text[:20] + "\ud800")
    (record,) = letter.records(10**6)
    assert not {"\ufffe", "\uffff"} & set(record.decode())
    assert DeadLetter.read(record).content == text.encode()


@pytest.mark.parametrize("char", ["x", '"', "\\", "\x01", "\U0001f600", "\ufffe", "\ud800"])
def test_names_cannot_make_a_record_too_large(char: str) -> None:
    # GIVEN names and a reason as long as nobody needs them
    message = a_message(cluster=char * 5000 if char != "\ud800" else "c", provider="p" * 5000, output="x" * 9000)
    for letter in (
        DeadLetter.of_alert(Undelivered(message, char * 5000, char * 5000, 1)),
        DeadLetter.of_reject(Reject(char * 5000, char * 5000, b"x" * 9000), char * 5000, char * 5000),
    ):
        # WHEN the letter is written THEN each record is what it is to be, and nothing of the content is lost
        records = letter.records(LEAST)
        assert max(map(len, records)) <= LEAST
        (found,) = joined(records)
        assert (found.content, found.id) == (letter.content, letter.id)
        assert (len(letter.reason), len(letter.cluster)) in ((1000, 128), (1000, 1))


def test_where_a_letter_is_cut_does_not_depend_on_the_reason() -> None:
    # GIVEN a letter that was kept twice, for different reasons, of which a part each is left
    first, second = (a_letter(b"x" * 9000, reason=reason).records(LEAST) for reason in ("a", "b" * 1000))
    assert len(first) == len(second) > 2
    # THEN the parts make a letter
    (letter,) = joined([*first[:1], *second[1:]])
    assert letter.content == b"x" * 9000


def test_a_letter_in_parts_is_acknowledged_as_a_whole() -> None:
    letter, other = a_letter(b"x" * 10_000), a_letter(b"y" * 10_000)
    first, *rest = letter.records(LEAST)
    assert len(rest) > 1
    joiner = Joiner()
    acknowledged: list[int] = []
    assert joiner.add(DeadLetter.read(first), lambda: acknowledged.append(1)) is None
    assert joiner.add(DeadLetter.read(other.records(LEAST)[0]), lambda: acknowledged.append(9)) is None
    assert joiner.incomplete == 2
    for record in rest:
        whole = joiner.add(DeadLetter.read(record), lambda: acknowledged.append(2))
    assert whole is not None
    assert acknowledged == []
    whole[1]()
    assert acknowledged == [1, *[2] * len(rest)]
    assert joiner.incomplete == 1


def test_parts_of_many_letters_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN more parts than may be held, whose others do not come
    monkeypatch.setattr("lanner.outputs.dead_letters._MAX_OPEN", 12_000)
    joiner = Joiner()
    letters = [a_letter(b"%d" % number * 9000).records(LEAST) for number in range(10)]
    for records in letters:
        assert joiner.add(DeadLetter.read(records[0]), lambda: None) is None
        joiner.add(DeadLetter.read(records[0]), lambda: None)
    # WHEN one of them comes
    for record in letters[9][1:-1]:
        assert joiner.add(DeadLetter.read(record), lambda: None) is None
    # THEN the oldest are forgotten, not without a trace
    assert len(joiner._open) < 10
    assert joiner.incomplete == 10
    # AND the newest can be completed, and the oldest, if all of its parts come again
    assert joiner.add(DeadLetter.read(letters[9][-1]), lambda: None) is not None
    assert joiner.incomplete == 9
    found = [joiner.add(DeadLetter.read(record), lambda: None) for record in letters[0]]
    assert found[-1] is not None
    assert joiner.incomplete == 8


@pytest.mark.parametrize(
    "record",
    [b"", b"{}", b"[]", b"\xff", b'{"kind":"x","id":"1"}', b'{"kind":"alert","id":"1","part":2}', b"[" * 5000],
)
def test_what_is_no_letter(record: bytes) -> None:
    with pytest.raises(ValueError, match="no dead letter"):
        DeadLetter.read(record)
