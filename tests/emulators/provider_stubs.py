"""Starts the provider stubs (tfstub): `python provider_stubs.py PROGRAM VALUES ARGUMENT...`.

`VALUES` is a JSON file of what a provider would make up, by places such as `aws_sns_topic.arn`.

Two things are put right for them. They import the package msgpack, which nothing else here needs: msgspec does as
well. And they answer with 16 threads, while each run of a test file keeps a thread of every provider busy until
Terraform ends: longer files would wait for ever.
"""

from __future__ import annotations

import json
import sys
from concurrent import futures
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

_THREADS = 2000


def _unpack(text: bytes, *, strict_map_key: bool) -> Any:
    assert not strict_map_key
    return msgspec.msgpack.decode(text)


class _Executor(futures.ThreadPoolExecutor):
    def __init__(self, max_workers: int) -> None:
        super().__init__(max(max_workers, _THREADS))


def main(program: str, values: str, arguments: list[str]) -> int:
    """Run the program in this process."""
    msgpack: Any = ModuleType("msgpack")
    msgpack.ExtType, msgpack.packb, msgpack.unpackb = msgspec.msgpack.Ext, msgspec.msgpack.encode, _unpack
    sys.modules["msgpack"] = msgpack
    futures.ThreadPoolExecutor = _Executor  # type: ignore[assignment, misc]

    sys.path[0] = str(Path(program).parent)
    provider: Any = import_module(Path(program).stem)
    known, invented = json.loads(Path(values).read_text()), provider.invented
    provider.invented = lambda kind, path: known[path] if path in known else invented(kind, path)
    status: int = provider.main([program, *arguments])
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
