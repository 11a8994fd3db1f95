"""Functions from generated code."""

import pytest

from lanner.engine.generated import function


def test_a_function_sees_the_names_that_it_is_given():
    assert function("twice", "def twice(value):\n    return add(value, value)\n", {"add": int.__add__})(21) == 42


def test_it_sees_nothing_else():
    look = function("look", "def look():\n    return len\n", {})
    with pytest.raises(NameError):
        look()
