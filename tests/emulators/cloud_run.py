"""A Cloud Run function under the functions framework, as the buildpack starts it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from emulators.processes import Child, answers, environment, free_port

__all__ = ["CloudRunFunction"]

_READY = 30.0


class CloudRunFunction(Child):
    """Runs the function `handle` of `source` on 127.0.0.1; `signature` is `http` or `cloudevent`.

    `settings` are its environment variables. What lies beside the source counts before what is installed.
    """

    def __init__(self, source: Path, signature: str, settings: Mapping[str, str], log: Path, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command: list[str | Path] = [
            *(Path(sys.executable).with_name("functions-framework"), "--source", source, "--target", "handle"),
            *("--signature-type", signature, "--host", "127.0.0.1", "--port", str(self.port)),
        ]
        variables = environment(PYTHONPATH=str(source.parent)) | dict(settings)
        super().__init__(command, variables, log, name="the Cloud Run function")

    def __enter__(self) -> Self:
        try:
            self.wait_for(lambda: answers(f"{self.url}/health"), _READY)
        except BaseException:
            self.kill()
            raise
        return self
