"""What runs in the process of an Azure function: Microsoft's worker library for Python, spoken to by lines of JSON.

Azure's host speaks to it by gRPC; here are the same requests as objects. What comes back is an answer for each, and
the log lines between them.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import sys
import uuid
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as worker

_HUB = {"FullyQualifiedNamespace": "shop.servicebus.windows.net", "EventHubName": "audit", "ConsumerGroup": "lanner"}


class _Kind:
    """A kind of message, as the library makes them; `values` are its constants."""

    def __init__(self, **values: int) -> None:
        vars(self).update(values)

    def __call__(self, **fields: Any) -> SimpleNamespace:
        return SimpleNamespace(**fields)


class _Protos:
    """All kinds of messages."""

    BindingInfo = _Kind(inout=2, out=1, undefined=0)
    StatusResult = _Kind(Success=1, Failure=0)

    def __getattr__(self, name: str) -> _Kind:
        return _Kind()


class _Data:
    """A value of a request, of one kind."""

    def __init__(self, kind: str, value: object) -> None:
        self._kind = kind
        setattr(self, kind, value)

    def WhichOneof(self, _: str) -> str:
        return self._kind


class _Parameter:
    def __init__(self, name: str, data: _Data) -> None:
        self.name, self.data = name, data

    def WhichOneof(self, _: str) -> str:
        return "data"


class _Lines(logging.Handler):
    """Says log records as the worker does: formatted, with their level."""

    def __init__(self, answers: Any) -> None:
        super().__init__()
        self._answers = answers

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("azure", "root", "asyncio")):
            _say(self._answers, {"log": self.format(record), "level": record.levelname})


def _say(answers: Any, told: object) -> None:
    answers.write(json.dumps(told) + "\n")
    answers.flush()


def _request(**content: Any) -> SimpleNamespace:
    protos = {"host": "127.0.0.1", "protos": _Protos()}
    return SimpleNamespace(request=SimpleNamespace(**content), properties=protos)


def _told(result: Any) -> dict[str, Any]:
    failure = getattr(result, "exception", None)
    return {"ok": result.status == 1, "error": "" if failure is None else failure.message}


async def _load(folder: str) -> tuple[str, dict[str, Any]]:
    """Load the function; return its id, and what the host is told of it."""
    init = SimpleNamespace(capabilities={}, function_app_directory=folder)
    answer = await worker.worker_init_request(_request(worker_init_request=init))
    if answer.result.status != 1:
        return "", _told(answer.result)
    (found,) = (await worker.functions_metadata_request(_request())).function_metadata_results
    load = SimpleNamespace(function_id=found.function_id)
    await worker.function_load_request(_request(function_load_request=load))
    retry = found.retry_options
    return found.function_id, {
        "ok": True,
        "name": found.name,
        "bindings": [json.loads(one) for one in found.raw_bindings],
        "retry": {
            "strategy": retry.retry_strategy,
            "max_retry_count": retry.max_retry_count,
            "seconds": [retry.minimum_interval.total_seconds(), retry.maximum_interval.total_seconds()],
        },
    }


async def _invoke(function: str, batch: dict[str, Any]) -> dict[str, Any]:
    """Call the function with a batch of a partition."""
    bodies = [base64.b64decode(body) for body in batch["bodies"]]
    properties = [
        {"SequenceNumber": number, "Offset": number, "PartitionKey": None, "EnqueuedTimeUtc": "2026-11-21T14:19:23Z"}
        for number in range(batch["first"], batch["first"] + len(bodies))
    ]
    metadata = {
        "SystemPropertiesArray": _Data("json", json.dumps(properties)),
        "PartitionContext": _Data("json", json.dumps({**_HUB, "PartitionId": batch["partition"]})),
    }
    content = SimpleNamespace(
        invocation_id=str(uuid.uuid4()),
        function_id=function,
        input_data=[_Parameter("events", _Data("collection_bytes", SimpleNamespace(bytes=bodies)))],
        trigger_metadata=metadata,
        trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=batch["retry"], max_retry_count=-1, exception=None),
    )
    return _told((await worker.invocation_request(_request(invocation_request=content))).result)


async def _main(folder: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the function prints is not an answer
    logging.root.addHandler(_Lines(answers))
    logging.root.setLevel(logging.INFO)  # as the worker does
    sys.path.insert(0, folder)
    worker.start_threadpool_executor()
    function, told = await _load(folder)
    _say(answers, told)
    while line := await asyncio.to_thread(sys.stdin.readline):
        _say(answers, await _invoke(function, json.loads(line)))
    worker.stop_threadpool_executor()


asyncio.run(_main(sys.argv[1]))
