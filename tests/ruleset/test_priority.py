"""Priorities (spec/rules.md section 3)."""

from __future__ import annotations

import pytest

from lanner.ruleset import Priority


def test_priorities_are_ordered_from_the_most_severe_one():
    assert [priority.label for priority in sorted(Priority)] == [
        *("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
    ]
    assert [int(priority) for priority in Priority] == list(range(8))


@pytest.mark.parametrize("text", ["warning", "WARNING", "Warning", "wArNiNg"])
def test_any_letter_case_is_fine(text):
    assert Priority.parse(text) is Priority.WARNING


def test_info_is_short_for_informational():
    assert Priority.parse("Info") is Priority.parse("informational") is Priority.INFORMATIONAL
    assert Priority.INFORMATIONAL.short == "INFO"
    assert Priority.NOTICE.short == "NOTICE"


@pytest.mark.parametrize("text", ["", "warn", "err", "crit", "0", "4", "debug ", "\u0131nfo", "none"])
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match="use Emergency"):
        Priority.parse(text)
