"""Delivery: what failed is sent again, what was taken is not, and the time is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.outputs import delivery
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import deliver, pause
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from outputs.conftest import Scripted, a_message

MESSAGES = [a_message(number) for number in range(25)]
IDS = [message.id for message in MESSAGES]


def test_everything_is_sent_once_and_in_order() -> None:
    output = Scripted(lambda batch, timeout: ())
    assert deliver(output, MESSAGES, Deadline(10)) == []
    assert output.taken == IDS
    assert len(output.timeouts) == 3
    assert max(output.timeouts) <= 10


def test_nothing_is_sent_if_there_is_nothing() -> None:
    output = Scripted(lambda batch, timeout: ())
    assert deliver(output, [], Deadline(10)) == []
    assert output.timeouts == []


def test_only_what_failed_is_sent_again(no_pauses: list[float]) -> None:
    # GIVEN an output that refuses every third message twice
    tries: dict[str, int] = {}

    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        failures = []
        for message in batch:
            tries[message.id] = tries.get(message.id, 0) + 1
            if int(message.id, 16) % 3 == 0 and tries[message.id] < 3:
                failures.append(Failure(message, "503"))
        return failures

    output = Scripted(answer)
    # WHEN messages are delivered THEN all arrive, each once
    assert deliver(output, MESSAGES, Deadline(60)) == []
    assert sorted(output.taken) == IDS
    assert set(tries.values()) == {1, 3}
    assert len(no_pauses) == 2


def test_what_can_never_be_sent_is_not_tried_again(no_pauses: list[float]) -> None:
    output = Scripted(lambda batch, timeout: [Failure(m, "403", is_final=True) for m in batch if m is MESSAGES[3]])
    (failure,) = deliver(output, MESSAGES, Deadline(60))
    assert failure == (MESSAGES[3], "scripted:one", "403", 1)
    assert no_pauses == []


def test_the_time_is_kept(no_pauses: list[float]) -> None:
    # GIVEN an output that never answers well, and little time
    output = Scripted(lambda batch, timeout: [Failure(message, "500") for message in batch])
    failures = deliver(output, MESSAGES, Deadline(0.3))
    # THEN it is tried at least once, and everything is given back in order
    assert [failure.message for failure in failures] == MESSAGES
    assert {failure.reason for failure in failures} == {"500"}
    assert all(failure.attempts >= 1 for failure in failures)
    assert all(timeout <= 0.3 for timeout in output.timeouts)


def test_without_time_nothing_is_tried() -> None:
    output = Scripted(lambda batch, timeout: ())
    failures = deliver(output, MESSAGES[:2], Deadline(0))
    assert [(failure.attempts, failure.reason) for failure in failures] == [(0, "there was no time left")] * 2


def test_a_destination_may_ask_for_a_pause(no_pauses: list[float]) -> None:
    asked = iter([7.0, 0.0])

    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        wait = next(asked, None)
        return [] if wait is None else [Failure(batch[0], "429", wait=wait)]

    assert deliver(Scripted(answer), MESSAGES[:1], Deadline(60)) == []
    assert no_pauses[0] >= 7
    assert no_pauses[1] < 1
    # AND if that is longer than the time there is, nobody waits
    no_pauses.clear()
    output = Scripted(lambda batch, timeout: [Failure(batch[0], "429", wait=100)])
    assert len(deliver(output, MESSAGES[:1], Deadline(60))) == 1
    assert no_pauses == []


def test_a_defect_of_an_output_loses_nothing(no_pauses: list[float]) -> None:
    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        raise KeyError("x")

    failures = deliver(Scripted(answer), MESSAGES[:3], Deadline(0.2))
    assert [failure.message for failure in failures] == MESSAGES[:3]
    assert "KeyError while sending, which is a defect" in failures[0].reason


def test_the_same_message_twice_is_two_messages() -> None:
    output = Scripted(lambda batch, timeout: ())
    assert deliver(output, [MESSAGES[0]] * 3, Deadline(10)) == []
    assert output.taken == [MESSAGES[0].id] * 3


@pytest.mark.parametrize("attempt", [0, 1, 5, 100])
def test_pauses_grow_and_are_bounded(attempt: int) -> None:
    longest = min(delivery._LONGEST_PAUSE, delivery._FIRST_PAUSE * 2**attempt)
    pauses = [pause(attempt, 1.0) for _ in range(200)]
    assert 1 <= min(pauses) < 1 + longest / 4
    assert 1 + longest / 2 < max(pauses) <= 1 + longest


@given(st.data())
def test_nothing_is_lost_and_nothing_sent_twice(data: st.DataObject) -> None:
    # GIVEN an output that fails at random
    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        failures = data.draw(st.lists(st.tuples(st.sampled_from(batch), st.booleans()), unique_by=lambda p: p[0].id))
        return [Failure(message, "why", is_final) for message, is_final in failures]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda seconds: None)
        output = Scripted(answer, size=data.draw(st.integers(1, 5)))
        messages = MESSAGES[: data.draw(st.integers(0, 6))]
        failures = deliver(output, messages, Deadline(5))
    # THEN each message was taken once or is given back
    assert sorted(output.taken + [failure.message.id for failure in failures]) == [m.id for m in messages]
