"""Which outputs are tried again, in one run and in runs that share their time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from doubles import Recorder, always
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.outputs.output import Failure
from lanner.pipeline.sending import Sending
from lanner.ruleset import Priority
from outputs.conftest import Clock, a_message

MESSAGES = [a_message(number) for number in range(3)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """GIVEN a clock that only waiting moves on."""
    clock = Clock()
    clock.put_in(monkeypatch)
    return clock


def hanging(clock: Clock, beside: Recorder | None = None) -> Recorder:
    """Return an output that takes all of its time and answers nothing; one `beside` it takes none of that time."""

    def fault(batch: Sequence[Message], timeout: float) -> Sequence[Failure]:
        while beside is not None and not beside.taken:
            time.sleep(0.001)
        clock.sleep(timeout)
        return always("no answer")(batch, timeout)

    return Recorder("bad", fault=fault)


@pytest.mark.parametrize(("seconds", "judging"), [(0, 0), (0.04, 0), (10, 9.99), (10, 8)])
def test_an_output_without_time_is_tried_in_the_next_run(seconds: float, judging: float, clock: Clock) -> None:
    # GIVEN a run whose time was gone before it began, or went by while its events were judged
    output, left_out = hanging(clock), list[tuple[Route, str]]()
    routes = [Route(output, Priority.DEBUG)]
    late = Sending(routes, Deadline(seconds), left_out)
    clock.sleep(judging)
    # WHEN it sends THEN nothing is delivered, and the output is not to blame
    assert len(late.send(MESSAGES, is_last=True)) == 3
    assert late.delivered == 0
    assert left_out == []
    # AND the next run that shares its time tries it
    following = Sending(routes, Deadline(10), left_out)
    calls = output.calls
    following.send(MESSAGES, is_last=True)
    assert output.calls > calls


@pytest.mark.parametrize("judging", [0, 6, 9])
def test_an_output_that_hangs_costs_the_others_no_part(judging: float, clock: Clock) -> None:
    # GIVEN a run of many parts, of whose time some has gone by
    good, left_out = Recorder("good"), list[tuple[Route, str]]()
    bad = hanging(clock, good)
    routes = [Route(good, Priority.DEBUG), Route(bad, Priority.DEBUG)]
    sending = Sending(routes, Deadline(10), left_out)
    clock.sleep(judging)
    parts = [[message] for message in MESSAGES] * 3
    for number, part in enumerate(parts, 1):
        assert {one.output_name for one in sending.send(part, is_last=number == len(parts))} == {"bad"}
    # THEN one had its time in the first part, and the other took all
    assert good.taken == MESSAGES * 3
    assert sending.delivered == 9
    assert bad.calls == 1
    # AND it is the talk of others only if it had enough
    assert left_out == ([] if judging else [(routes[1], "no answer")])


def test_an_output_that_took_nothing_in_its_time_is_not_tried_by_others(clock: Clock) -> None:
    bad, left_out = hanging(clock), list[tuple[Route, str]]()
    routes = [Route(bad, Priority.DEBUG)]
    Sending(routes, Deadline(10), left_out).send(MESSAGES, is_last=True)
    calls = bad.calls
    following = Sending(routes, Deadline(10), left_out)
    assert {one.reason for one in following.send(MESSAGES, is_last=True)} == {"not tried, after no answer"}
    assert bad.calls == calls


def test_an_output_that_refuses_at_once_is_tried_again() -> None:
    output, left_out = Recorder(fault=always("no", is_final=True)), list[tuple[Route, str]]()
    routes = [Route(output, Priority.DEBUG)]
    for _ in range(2):
        assert len(Sending(routes, Deadline(10), left_out).send(MESSAGES, is_last=False)) == 3
    assert left_out == []
    assert output.calls == 2
