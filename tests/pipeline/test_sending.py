"""Which outputs are tried again where runs share their time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from doubles import Recorder, always
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from lanner.pipeline.sending import Sending
from lanner.ruleset import Priority
from outputs.conftest import a_message

MESSAGES = [a_message(number) for number in range(3)]


def hangs(batch: Sequence[Message], timeout: float) -> list[Failure]:
    """The fault of a destination that takes its time and answers nothing."""
    time.sleep(timeout)
    return [Failure(message, "no answer", is_final=False) for message in batch]


def test_an_output_without_time_is_tried_when_there_is_some() -> None:
    # GIVEN a run whose time went by while its events were judged
    output, left_out = Recorder(), list[tuple[Route, str]]()
    routes = [Route(output, Priority.DEBUG)]
    late = Sending(routes, Deadline(0.05), left_out)
    time.sleep(0.05)
    # WHEN it sends
    undelivered = late.send(MESSAGES, is_last=True)
    # THEN nothing is delivered, and the output is not to blame
    assert len(undelivered) == 3
    assert late.delivered == 0
    assert left_out == []
    # AND the next run that shares its time delivers
    following = Sending(routes, Deadline(10), left_out)
    assert following.send(MESSAGES, is_last=True) == []
    assert output.taken == MESSAGES


def test_an_output_that_took_nothing_in_its_time_is_not_tried_again() -> None:
    good, bad, left_out = Recorder("good"), Recorder("bad", fault=hangs), list[tuple[Route, str]]()
    routes = [Route(good, Priority.DEBUG), Route(bad, Priority.DEBUG)]
    first = Sending(routes, Deadline(0.2), left_out)
    assert {one.output_name for one in first.send(MESSAGES, is_last=True)} == {"bad"}
    assert left_out == [(routes[1], "no answer")]
    calls = bad.calls
    following = Sending(routes, Deadline(0.2), left_out)
    assert {(one.output_name, one.reason) for one in following.send(MESSAGES, is_last=True)} == {
        ("bad", "not tried, after no answer")
    }
    assert bad.calls == calls
    assert good.taken == MESSAGES * 2
    assert (first.delivered, following.delivered) == (3, 3)


def test_an_output_that_refuses_at_once_is_tried_again() -> None:
    output, left_out = Recorder(fault=always("no", is_final=True)), list[tuple[Route, str]]()
    routes = [Route(output, Priority.DEBUG)]
    for _ in range(2):
        assert len(Sending(routes, Deadline(10), left_out).send(MESSAGES, is_last=False)) == 3
    assert left_out == []
    assert output.calls == 2
