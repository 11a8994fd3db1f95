"""Fan-out: each output gets what it is to get, and none costs another."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from lanner.outputs import fanout
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Fanout, Route
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from lanner.ruleset import Priority
from outputs.conftest import Scripted, a_message

MESSAGES = [a_message(0, priority="Critical"), a_message(1), a_message(2, priority="Debug")]


def takes_all() -> Scripted:
    return Scripted(lambda batch, timeout: ())


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What lets those go who hang; nobody waits for them for long."""
    monkeypatch.setattr(fanout, "_GRACE", 0.05)
    event = threading.Event()
    yield event
    event.set()


def test_each_output_has_its_least_priority() -> None:
    outputs = [takes_all(), takes_all(), takes_all()]
    minima = (Priority.CRITICAL, Priority.WARNING, Priority.DEBUG)
    routes = [Route(output, minimum) for output, minimum in zip(outputs, minima, strict=True)]
    assert Fanout(routes).send(MESSAGES, Deadline(10)) == []
    assert [len(output.taken) for output in outputs] == [1, 2, 3]


def test_an_output_without_anything_to_get_is_not_called() -> None:
    output = takes_all()
    assert Fanout([Route(output, Priority.EMERGENCY)]).send(MESSAGES, Deadline(10)) == []
    assert Fanout([]).send(MESSAGES, Deadline(10)) == []
    assert output.timeouts == []


def test_a_failing_output_costs_no_other() -> None:
    good = takes_all()
    bad = Scripted(lambda batch, timeout: [Failure(message, "403", is_final=True) for message in batch])
    failures = Fanout([Route(bad, Priority.DEBUG), Route(good, Priority.DEBUG)]).send(MESSAGES, Deadline(10))
    assert [(failure.message, failure.reason) for failure in failures] == [(message, "403") for message in MESSAGES]
    assert len(good.taken) == 3


@pytest.mark.parametrize("others", [0, 1, 3])
def test_an_output_that_hangs_costs_no_other(released: threading.Event, others: int) -> None:
    # GIVEN two outputs that do not come back with their second message, beside others or not
    def hang(batch: Sequence[Message], timeout: float) -> list[Failure]:
        if batch[0] is MESSAGES[1]:
            released.wait(30)
        return []

    good = [takes_all() for _ in range(others)]
    hanging = [Scripted(hang, size=1), Scripted(hang, size=1)]
    # WHEN alerts are sent
    routes = [Route(output, Priority.DEBUG) for output in (*hanging, *good)]
    failures = Fanout(routes).send(MESSAGES, Deadline(0.2))
    # THEN the others get them, and what may be lost is told, no more
    assert [(failure.message, failure.attempts, failure.reason) for failure in failures] == [
        (MESSAGES[1], 1, "it did not answer in time"),
        (MESSAGES[2], 0, "there was no time left"),
    ] * 2
    assert [len(output.taken) for output in good] == [3] * others


def test_all_are_tried_at_the_same_time() -> None:
    # GIVEN outputs of which each waits for the others
    barrier = threading.Barrier(3)

    def meet(batch: Sequence[Message], timeout: float) -> list[Failure]:
        barrier.wait(10)
        return []

    routes = [Route(Scripted(meet), Priority.DEBUG) for _ in range(3)]
    assert Fanout(routes).send(MESSAGES, Deadline(10)) == []
