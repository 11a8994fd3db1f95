"""What is made once: also if several ask for it at the same time."""

from __future__ import annotations

import threading

import pytest

from lanner.outputs.once import once


def test_threads_that_ask_at_once_get_the_same() -> None:
    # GIVEN something that takes its time to be made
    made: list[str] = []
    begun, may_end = threading.Event(), threading.Event()

    @once
    def make(name: str) -> list[str]:
        begun.set()
        may_end.wait(10)
        made.append(name)
        return [name]

    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(make("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    may_end.set()
    for thread in threads:
        thread.join(10)
    # THEN it is made once
    assert made == ["a"]
    assert all(one is found[0] for one in found)
    assert make("b") is not found[0]
    assert make.cache_info().currsize == 2
    make.cache_clear()
    assert make.cache_info().currsize == 0


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[int] = []

    @once
    def make() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return "made"

    with pytest.raises(OSError, match="not yet"):
        make()
    assert make() == make() == "made"
    assert len(tries) == 2
