"""Processes that live as long as a `with` block, and take their own children with them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Child", "Unavailable", "answers", "environment", "free_port", "wait_until"]

_STEP = 0.02
_GRACE = 10.0
"""Seconds between asking a process to end and ending it."""

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME")


class Unavailable(Exception):
    """Something that is needed is not on this machine; the text says what, and how to get it."""


class Child:
    """A process with a log file. Its environment is `environment` and nothing else."""

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        log: Path,
        folder: Path | None = None,
        name: str = "",
    ) -> None:
        self.name = name or Path(command[0]).name
        self.log = log
        self.started = time.perf_counter()
        with log.open("ab") as output:
            # In a session of its own, so that its children can be found and Ctrl+C is ours alone.
            self.process = subprocess.Popen(
                list(map(str, command)),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_for(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Return when `ready` says so. Raises `RuntimeError` with the log if the process ends, or takes too long."""

        def told() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.said()}")
            return ready()

        try:
            wait_until(told, seconds, self.name)
        except TimeoutError:
            raise RuntimeError(f"{self.name} is not ready after {seconds:.0f} s:\n{self.said()}") from None

    def said(self, most: int = 4000) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-most:]

    def stop(self) -> None:
        """Ask the process to end, and end it if it does not."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE)
        self.kill()

    def kill(self) -> None:
        """End the process and its children at once, as a crash does."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # nobody is left in its session
            os.killpg(self.process.pid, number)


def environment(**more: str) -> dict[str, str]:
    """Return a small environment with `more` in it: no credentials and no settings of whoever runs this."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {"TZ": "UTC"} | more


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Tell whether anything but a server's failure comes from a URL."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - one of our own
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False


def wait_until(ready: Callable[[], bool], seconds: float, what: str = "it") -> None:
    """Return when `ready` says so. Raises `TimeoutError` if it does not within some seconds."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(_STEP)
