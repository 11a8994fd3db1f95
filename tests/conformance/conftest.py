"""The environment in which the golden data was made, and the places where it lies."""

import time
from pathlib import Path

import pytest
from conformance_data import Golden

from lanner.fields import generic

TESTS = Path(__file__).parents[1]
WHOLE = TESTS.parents[1] / "shared" / "conformance"


@pytest.fixture(autouse=True)
def falco_environment(monkeypatch):
    """GIVEN the time zone and host name of the recording."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("FALCO_HOSTNAME", "conformance")
    time.tzset()
    generic.hostname.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    generic.hostname.cache_clear()


@pytest.fixture(params=["copied", "whole"])
def golden(request):
    """The part of the golden data that is copied into the repository, and all of it where it is present."""
    if request.param == "copied":
        return Golden(TESTS / "golden")
    if not WHOLE.is_dir():
        pytest.skip("the whole conformance data is not beside this checkout; its copied part was tested")
    return Golden(WHOLE)


@pytest.fixture
def whole():
    """All of the golden data."""
    if not WHOLE.is_dir():
        pytest.skip("the whole conformance data is not beside this checkout, and no part of this suite is copied")
    return Golden(WHOLE)
