"""An Azure function under Microsoft's worker library for Python, and one partition of an Event Hub in front of it."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emulators.ministack import PYTHON
from emulators.processes import Unavailable, environment

__all__ = ["AzureWorker", "Partition", "WorkerDied"]

_PROGRAM = Path(__file__).with_name("azure_worker_host.py")
_NEEDED = "import azure_functions_runtime, azure.functions, azure.identity, azure.storage.queue, msgspec, re2"
_GRACE = 20.0


class WorkerDied(Exception):
    """The worker's process ended before it answered."""


class AzureWorker:
    """Runs the function in `folder` (a package, unpacked) by the Python of the end-to-end tests.

    `settings` are its environment variables. What it and the library print goes to the file `log`. After it is
    entered, `told` is what the host is told of the function, and `lines` are its log lines so far. Raises `Unavailable`
    if the library is not installed.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], log: Path, python: Path = PYTHON) -> None:
        if not python.exists() or subprocess.run([python, "-c", _NEEDED], capture_output=True, check=False).returncode:
            raise Unavailable("no worker library of Azure Functions: `make e2e` sets it up in .venv-e2e")
        self._command = [str(python), str(_PROGRAM), str(folder)]
        self._environment = environment() | dict(settings)
        self._log = log
        self.told: dict[str, Any] = {}
        self.lines: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.told = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process.stdout.close()

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def call(self, bodies: Sequence[bytes], partition: str = "0", first: int = 0, retry: int = 0) -> str:
        """Call the function with a batch; return why it failed, an empty text if it did not.

        Raises `WorkerDied` if the process ends before it answers.
        """
        self.begin(bodies, partition, first, retry)
        answer = self._answer()
        return "" if answer["ok"] else str(answer["error"])

    def begin(self, bodies: Sequence[bytes], partition: str = "0", first: int = 0, retry: int = 0) -> None:
        """Call the function, and do not wait for the answer."""
        assert self._process.stdin is not None
        packed = [base64.b64encode(body).decode() for body in bodies]
        batch = {"bodies": packed, "partition": partition, "first": first, "retry": retry}
        try:
            self._process.stdin.write(json.dumps(batch) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise WorkerDied from None

    def said(self, most: int = 4000) -> str:
        """Return the end of the log."""
        return self._log.read_text(errors="replace")[-most:]

    def _answer(self) -> dict[str, Any]:
        """Return the next answer; keep the log lines before it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            if "log" not in told:
                return told
            self.lines.append({**json.loads(told["log"]), "level": told["level"]})
        raise WorkerDied(self.said())


class Partition:
    """The events of one partition, and the checkpoint of the host, which moves after a batch whatever came of it.

    So the host calls again with a batch that failed, as often as the retry policy says.
    """

    def __init__(self, bodies: Sequence[bytes], batch: int = 8) -> None:
        self._bodies = list(bodies)
        self._batch = batch
        self.checkpoint = 0
        self.calls = 0

    @property
    def is_done(self) -> bool:
        """Whether there are no events behind the checkpoint."""
        return self.checkpoint >= len(self._bodies)

    def next(self) -> list[bytes]:
        """Return the events behind the checkpoint, as many as a batch has."""
        return self._bodies[self.checkpoint : self.checkpoint + self._batch]

    def deliver(self, worker: AzureWorker, failed: list[str] | None = None, most: int = 10_000) -> None:
        """Call with the next batch until the policy has no more retries, or `most` times; then move the checkpoint.

        `failed` takes why calls failed. If `most` is reached first, the checkpoint stays, as it does where the host
        ends.
        """
        limit = int(worker.told["retry"]["max_retry_count"])
        batch = self.next()
        for retry in range(most):
            self.calls += 1
            error = worker.call(batch, first=self.checkpoint, retry=retry)
            if not error or 0 <= limit <= retry:
                self.checkpoint += len(batch)
                return
            if failed is not None:
                failed.append(error)
