"""Delivery: what failed is sent again, what was taken is not, and the time is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import Undelivered, deliver, pause
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from outputs.conftest import Clock, Scripted, a_message

MESSAGES = [a_message(number) for number in range(25)]
IDS = [message.id for message in MESSAGES]


def takes_all() -> Scripted:
    return Scripted(lambda batch, timeout: ())


def refuses_all(reason: str = "500", wait: float = 0.0) -> Scripted:
    return Scripted(lambda batch, timeout: [Failure(message, reason, wait=wait) for message in batch])


def test_everything_is_sent_once_and_in_order() -> None:
    output = takes_all()
    assert deliver(output, MESSAGES, Deadline(10)) == []
    assert output.taken == IDS
    assert len(output.timeouts) == 3


def test_nothing_is_sent_if_there_is_nothing() -> None:
    output = takes_all()
    assert deliver(output, [], Deadline(10)) == []
    assert output.timeouts == []


def test_only_what_failed_is_sent_again(clock: Clock) -> None:
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
    assert len(clock.pauses) == 2


def test_what_can_never_be_sent_is_not_tried_again(clock: Clock) -> None:
    output = Scripted(lambda batch, timeout: [Failure(m, "403", is_final=True) for m in batch if m is MESSAGES[3]])
    assert deliver(output, MESSAGES, Deadline(60)) == [Undelivered(MESSAGES[3], "scripted:one", "403", 1)]
    assert clock.pauses == []


@pytest.mark.parametrize("seconds", [1, 3, 30, 300])
def test_the_time_is_used_and_kept(clock: Clock, seconds: float) -> None:
    # GIVEN an output that never takes anything
    output = refuses_all()
    failures = deliver(output, MESSAGES, Deadline(seconds))
    # THEN everything is given back in order
    assert [failure.message for failure in failures] == MESSAGES
    assert {failure.reason for failure in failures} == {"500"}
    # AND it was tried until there was no time for another pause, ever more seldom, not longer
    assert seconds - 0.3 < clock.now - 1000 <= seconds
    assert len(clock.pauses) < 20 + seconds
    assert max(clock.pauses) <= 5
    assert {failure.attempts for failure in failures} == {len(clock.pauses) + 1}


def test_an_attempt_has_the_time_that_is_left_and_not_too_much(clock: Clock) -> None:
    # GIVEN an output that takes all the time it gets, and answers nothing
    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        clock.now += timeout
        return [Failure(message, "timed out") for message in batch]

    output = Scripted(answer)
    failures = deliver(output, MESSAGES[:20], Deadline(25))
    # THEN an attempt costs the others not all of their time, and none begins without any
    assert output.timeouts[:2] == [10, 10]
    assert len(output.timeouts) > 2
    assert clock.now <= 1000 + 25 + 1e-6
    assert {failure.reason for failure in failures} == {"timed out"}


def test_what_was_not_tried_tells_so(clock: Clock) -> None:
    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        clock.now += timeout
        return [Failure(message, "timed out") for message in batch]

    failures = deliver(Scripted(answer), MESSAGES[:20], Deadline(8))
    assert [(one.attempts, one.reason) for one in failures[9:11]] == [(1, "timed out"), (0, "there was no time left")]


def test_without_time_nothing_is_tried() -> None:
    output = takes_all()
    failures = deliver(output, MESSAGES[:2], Deadline(0))
    assert [(failure.attempts, failure.reason) for failure in failures] == [(0, "there was no time left")] * 2
    assert output.timeouts == []


def test_a_destination_may_ask_for_a_pause(clock: Clock) -> None:
    # GIVEN a destination that asks for 7 seconds the first time
    waits = [7.0, 0.0]

    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        return [Failure(message, "429", wait=waits.pop(0)) for message in batch[:1] if waits]

    assert deliver(Scripted(answer), MESSAGES[:1], Deadline(60)) == []
    assert clock.pauses[0] >= 7
    assert clock.pauses[1] < 1
    # AND if that is longer than the time there is, nobody waits
    clock.pauses.clear()
    assert len(deliver(refuses_all("429", wait=100), MESSAGES[:1], Deadline(60))) == 1
    assert clock.pauses == []


def test_a_message_that_an_output_cannot_send_costs_no_other() -> None:
    # GIVEN an output with a defect that one message shows
    def answer(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        if MESSAGES[4] in batch:
            raise KeyError("a secret")
        return ()

    output = Scripted(answer)
    (failure,) = deliver(output, MESSAGES, Deadline(10))
    # THEN that one is given back, at once, and the others arrive
    assert failure.message is MESSAGES[4]
    assert failure.reason == "KeyError while sending, which is a defect of Lanner (please report it)"
    assert sorted(output.taken) == [one for one in IDS if one != MESSAGES[4].id]


@pytest.mark.parametrize("groups", [[[a_message(99)]], [[MESSAGES[0], MESSAGES[0]]], [None]], ids=str)
def test_an_output_that_groups_wrongly_loses_nothing(groups: list) -> None:
    class Wrong(Scripted):
        def batches(self, messages: Sequence[Message]) -> list:  # type: ignore[override]
            return groups

    output = Wrong(lambda batch, timeout: ())
    failures = deliver(output, MESSAGES[:2], Deadline(10))
    assert [failure.message for failure in failures] == MESSAGES[:2]
    assert all("a defect of Lanner" in failure.reason for failure in failures)
    assert output.taken == []


def test_a_message_that_is_in_no_group_is_not_taken_for_delivered(clock: Clock) -> None:
    class Forgetful(Scripted):
        def batches(self, messages: Sequence[Message]) -> list:  # type: ignore[override]
            return [messages[:1]]

    output = Forgetful(lambda batch, timeout: [Failure(m, "500", is_final=True) for m in batch if m is MESSAGES[0]])
    failures = deliver(output, MESSAGES[:3], Deadline(60))
    assert [failure.message for failure in failures] == MESSAGES[:1]
    assert output.taken == IDS[1:3]


def test_alerts_with_the_same_id_are_all_sent(clock: Clock) -> None:
    # GIVEN the same alert three times, twice as the same object, and an output that first refuses the last one
    again = a_message(0)
    refused = [again]
    output = Scripted(lambda batch, timeout: [Failure(m, "500") for m in batch if any(m is one for one in refused)])
    messages = [MESSAGES[0], MESSAGES[0], again]
    (failure,) = deliver(output, messages, Deadline(5))
    assert failure.message is again
    assert output.taken == [MESSAGES[0].id] * 2
    refused.clear()
    assert deliver(output, messages, Deadline(5)) == []
    assert output.taken == [MESSAGES[0].id] * 5


@pytest.mark.parametrize("attempt", [0, 1, 5, 100])
def test_pauses_are_random_grow_and_are_bounded(attempt: int) -> None:
    longest = min(5.0, 0.2 * 2**attempt)
    pauses = [pause(attempt, 1.0) for _ in range(200)]
    assert 1 <= min(pauses) < 1 + longest / 4
    assert 1 + longest / 2 < max(pauses) <= 1 + longest


@given(st.data())
def test_nothing_is_lost_and_nothing_sent_twice(data: st.DataObject) -> None:
    # GIVEN an output that fails at random
    clock = Clock()

    def answer(batch: Sequence[Message], timeout: float) -> list[Failure]:
        failures = data.draw(st.lists(st.tuples(st.sampled_from(batch), st.booleans()), unique_by=lambda p: p[0].id))
        clock.now += data.draw(st.floats(0, timeout))
        return [Failure(message, "why", is_final) for message, is_final in failures]

    with pytest.MonkeyPatch.context() as patch:
        clock.put_in(patch)
        output = Scripted(answer, size=data.draw(st.integers(1, 5)))
        messages = MESSAGES[: data.draw(st.integers(0, 6))]
        failures = deliver(output, messages, Deadline(20))
    # THEN each message was taken once or is given back, in order and within the time
    back = [failure.message.id for failure in failures]
    assert sorted(output.taken + back) == [message.id for message in messages]
    assert back == sorted(back)
    assert clock.now <= 1000 + 20 + 1e-6
