"""Terraform for a whole run: a copy of the tree, and providers that many runs share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from emulators import terraform as running
from emulators.processes import Unavailable
from emulators.terraform import Terraform
from terraform.places import copied, mocked

Provided = Callable[[str], Terraform]

DROPPED: dict[str, str] = {}


@pytest.fixture(scope="session")
def program() -> Path:
    """Terraform."""
    try:
        return running.binary()
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of terraform/, in which Terraform may leave files."""
    return copied(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def provided(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provided]:
    """Terraform with the providers of one generation: `older` and `newer` are schemas, `real` is AWS's own provider."""
    with ExitStack() as stack:

        @cache
        def variables(generation: str) -> dict[str, str]:
            if generation == "real":
                return stack.enter_context(running.real_aws(tmp_path_factory.mktemp("real")))
            which = 0 if generation == "older" else -1
            files = [each[which] for each in running.schemas().values()]
            return stack.enter_context(running.stubs(files, tmp_path_factory.mktemp("schemas"), mocked()))

        def provide(generation: str) -> Terraform:
            try:
                return Terraform(
                    program, tmp_path_factory.getbasetemp() / "terraform" / generation, variables(generation)
                )
            except Unavailable as error:
                pytest.skip(str(error))

        yield provide


@pytest.fixture
def dropped() -> Callable[[str, str, int, int, int, int], None]:
    """Take how many events, and bytes of them, a filter dropped, for the end of the run."""

    def count(filter_: str, what: str, lost: int, events: int, lost_bytes: int, all_bytes: int) -> None:
        share, of_bytes = lost / events, lost_bytes / all_bytes
        DROPPED[f"{filter_} {what}"] = (
            f"{lost:>7,} of {events:>6,} events ({share:.1%}), {of_bytes:.1%} of the bytes: {filter_}, {what}"
        )

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the default filters drop of the recorded events, and what was not run."""
    if terminalreporter.stats.get("deselected") and config.option.markexpr == "not e2e":
        terminalreporter.write_line(
            "Terraform: neither the aws provider itself, nor those of the registry, nor checkov (make test-terraform)"
        )
    if DROPPED:
        terminalreporter.section("dropped by the default filters, no alert among it")
        for line in DROPPED.values():
            terminalreporter.write_line(line)
