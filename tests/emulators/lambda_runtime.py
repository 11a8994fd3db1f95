"""A Lambda function under the client of the real runtime (awslambdaric), with the runtime's API on this machine.

The API is that of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, as far as the client asks for it.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from emulators.processes import Child, environment

__all__ = ["Answer", "FunctionError", "LambdaRuntime"]

REGION, ACCOUNT = "eu-west-1", "123456789012"
_ROOT = "/2018-06-01/runtime/"
_MEMORY = 256
_POLL = 0.02


class FunctionError(Exception):
    """The function raised, or could not start; the text is the JSON that the runtime's client sent."""


class Answer(NamedTuple):
    """What a function returned, and when (`time.perf_counter`)."""

    result: Any
    time: float


class _Invocation:
    def __init__(self, event: object) -> None:
        self.id = str(uuid.uuid4())
        self.event = json.dumps(event).encode()
        self.answered: queue.Queue[tuple[bytes, bool, float]] = queue.Queue()  # with whether it is an error


class LambdaRuntime:
    """Runs `handler` of the unpacked package `folder` by `python`, for which awslambdaric is installed.

    `settings` are the function's environment variables, `seconds` is its time-out.
    """

    def __init__(
        self,
        python: Path,
        folder: Path,
        handler: str,
        settings: Mapping[str, str],
        log: Path,
        seconds: float = 30,
    ) -> None:
        self._seconds = seconds
        self._server = _Server(seconds)
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "lanner",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(_MEMORY),
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/lanner",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]0123456789abcdef",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "LAMBDA_TASK_ROOT": str(folder),
            "PYTHONPATH": str(folder),
            "_HANDLER": handler,
            "TZ": ":UTC",
        }
        command: list[str | Path] = [python, "-m", "awslambdaric", handler]
        self.child = Child(command, environment() | variables | dict(settings), log, folder, name="the Lambda function")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.kill()  # the client waits for its next invocation and takes no hint
        self._server.stop()

    def invoke(self, event: object) -> Answer:
        """Call the function. Raises `FunctionError` if it raises, or if it could not start."""
        invocation = _Invocation(event)
        self._server.waiting.put(invocation)
        end = time.monotonic() + self._seconds
        while True:
            try:
                body, is_error, when = invocation.answered.get(timeout=_POLL)
            except queue.Empty:
                if self._server.init_error is not None:
                    raise FunctionError(self._server.init_error.decode()) from None
                if self.child.process.poll() is not None or time.monotonic() > end:
                    self.child.kill()
                    raise FunctionError(f"no answer:\n{self.child.said()}") from None
                continue
            if is_error:
                raise FunctionError(body.decode())
            return Answer(json.loads(body), when)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.waiting: queue.Queue[_Invocation | None] = queue.Queue()
        self.running: dict[str, _Invocation] = {}
        self.init_error: bytes | None = None
        super().__init__(("127.0.0.1", 0), _Api)
        threading.Thread(target=self.serve_forever, args=(_POLL,), daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        """Say nothing: the client drops its connection when it ends."""

    def stop(self) -> None:
        self.waiting.put(None)
        self.shutdown()
        self.server_close()


class _Api(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # head and body in one packet, or each call waits for a delayed acknowledgement

    def do_GET(self) -> None:
        """Hand out the next invocation."""
        invocation = self.server.waiting.get() if self.path == f"{_ROOT}invocation/next" else None
        if invocation is None:
            self._answer(404)
            return
        self.server.running[invocation.id] = invocation
        head = {
            "Content-Type": "application/json",  # the client crashes without one
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self.server.seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:lanner",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
        }
        self._answer(200, head, invocation.event)

    def do_POST(self) -> None:
        """Take an answer or an error."""
        body, when = self._body(), time.perf_counter()
        match self.path.removeprefix(_ROOT).split("/"):
            case ["init", "error"]:
                self.server.init_error = body
            case ["invocation", identity, ("response" | "error") as kind]:
                self.server.running.pop(identity).answered.put((body, kind == "error", when))
        self._answer(202, {"Content-Type": "application/json"}, b"{}")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, head: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**(head or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Write no line about each request."""
