"""The environment in which the golden data was made, and the places where it lies."""

from pathlib import Path

import pytest
from conformance_data import Golden

from lanner.engine import CompiledEngine, ReferenceEngine
from support import universal_time

COMPARED: list[str] = []
TESTS = Path(__file__).parents[1]
WHOLE = TESTS.parents[1] / "shared" / "conformance"


@pytest.fixture(autouse=True)
def falco_environment(monkeypatch):
    """GIVEN the time zone and host name of the recording."""
    yield from universal_time(monkeypatch, "conformance")


@pytest.fixture(params=["copied", "whole"])
def golden(request):
    """The part of the golden data that is copied into the repository, and all of it where it is present."""
    if request.param == "copied":
        return Golden(TESTS / "golden")
    if not WHOLE.is_dir():
        pytest.skip("the whole conformance data is not beside this checkout; its copied part was tested")
    return Golden(WHOLE)


def pytest_terminal_summary(terminalreporter):
    """Say how much was compared: a suite that compares nothing passes, too."""
    if COMPARED:
        terminalreporter.section("compared with Falco")
        for line in COMPARED:
            terminalreporter.write_line(line)


@pytest.fixture
def compared(request):
    """Take the count of what a test compared, for the end of the run."""

    def count(number: int, what: str, different: int = 0) -> None:
        name = request.node.name.partition("[")[2].rstrip("]")
        COMPARED.append(f"{number:>7,} {what}, {different} different ({name or 'whole'})")

    return count


@pytest.fixture(params=[ReferenceEngine, CompiledEngine], ids=["reference", "compiled"])
def engine_of(request):
    """Each of the two engines."""
    return request.param


@pytest.fixture
def whole():
    """All of the golden data."""
    if not WHOLE.is_dir():
        pytest.skip("the whole conformance data is not beside this checkout, and no part of this suite is copied")
    return Golden(WHOLE)
