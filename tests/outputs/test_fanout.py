"""Fan-out: each output gets what it is to get, and none costs another."""

from __future__ import annotations

import threading
from collections.abc import Sequence

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


def test_a_failing_output_costs_no_other(no_pauses: list[float]) -> None:
    good = takes_all()
    bad = Scripted(lambda batch, timeout: [Failure(message, "500", is_final=True) for message in batch])
    failures = Fanout([Route(bad, Priority.DEBUG), Route(good, Priority.DEBUG)]).send(MESSAGES, Deadline(10))
    assert [failure.message for failure in failures] == MESSAGES
    assert len(good.taken) == 3


def test_a_hanging_output_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an output that does not come back
    monkeypatch.setattr(fanout, "_GRACE", 0.05)
    forever = threading.Event()

    def hang(batch: Sequence[Message], timeout: float) -> list[Failure]:
        forever.wait(30)
        return []

    good = takes_all()
    # WHEN alerts are sent
    failures = Fanout([Route(Scripted(hang), Priority.DEBUG), Route(good, Priority.DEBUG)]).send(
        MESSAGES, Deadline(0.1)
    )
    forever.set()
    # THEN the other gets them, and what may be lost is told
    assert [(failure.message, failure.reason) for failure in failures] == [
        (message, "it did not answer in time") for message in MESSAGES
    ]
    assert len(good.taken) == 3
