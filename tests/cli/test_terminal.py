import io

import pytest

from lanner.cli import terminal
from lanner.cli.terminal import Progress, Style, printable
from lanner.ruleset import Priority


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that passes as the test says."""
    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def stderr():
    return Terminal()


class TestProgress:
    def test_short_work_shows_none(self, clock, stderr):
        progress = Progress(stderr)
        progress.show(0.5, 1000, 0)
        progress.clear()
        assert stderr.getvalue() == ""

    def test_long_work_shows_a_bar_which_is_removed_again(self, clock, stderr):
        progress = Progress(stderr)
        clock[0] += 1
        progress.show(0.25, 12_345, 6)
        assert stderr.getvalue() == "\r\x1b[K[#####...............]  25%  12,345 events, 6 alerts"
        progress.clear()
        progress.clear()
        assert stderr.getvalue().endswith("alerts\r\x1b[K")

    def test_it_is_not_drawn_for_every_event(self, clock, stderr):
        progress = Progress(stderr)
        clock[0] += 1
        for _ in range(100):
            progress.show(None, 1, 0)
        assert stderr.getvalue() == "\r\x1b[K1 events, 0 alerts"

    def test_a_file_that_grows_stays_at_the_end(self, clock, stderr):
        progress = Progress(stderr)
        clock[0] += 1
        progress.show(1.5, 1, 0)
        assert "[####################] 100%" in stderr.getvalue()

    def test_no_terminal_no_progress(self, clock):
        stream = io.StringIO()
        progress = Progress(stream)
        clock[0] += 9
        progress.show(0.5, 1, 0)
        assert stream.getvalue() == ""


class TestStyle:
    def test_colours_on_a_terminal(self, monkeypatch):
        monkeypatch.delenv("NO_COLOR", raising=False)
        style = Style.for_stream(Terminal())
        assert style.priority("x", Priority.CRITICAL) == "\x1b[1;31mx\x1b[0m"
        assert style.priority("x", Priority.INFORMATIONAL) == "x"
        assert style.heading("x") == "\x1b[1mx\x1b[0m"

    @pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["file", "terminal"])
    def test_none_elsewhere_or_when_refused(self, stream, monkeypatch):
        if stream.isatty():
            monkeypatch.setenv("NO_COLOR", "1")
        assert Style.for_stream(stream).error("x") == "x"
        assert Style.for_stream(Terminal(), allowed=False).warning("x") == "x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 🙂", "plain é 日本 🙂"),
        ("\x1b[2J", "\\u001b[2J"),
        ("a\nb\tc", "a\\u000ab\\u0009c"),
        ("\x7f\x9b", "\\u007f\\u009b"),
        ("\u202e\u2066", "\\u202e\\u2066"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown
