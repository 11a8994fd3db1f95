"""`python -m emulators.ldp_flood COUNT AUTHORITY`: a stream of many messages, in a process of its own.

It writes its authority's certificate to the file AUTHORITY and prints its address; whoever connects gets COUNT messages
and then none. One message in a thousand gives an alert.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from emulators.ldp import Ldp, message
from functions_data import incident

__all__ = ["ONE_IN", "alerting", "quiet"]

ONE_IN = 1000
_ID = "00000000-0000-0000-0000-{:012d}"


def quiet(lines: list[str]) -> list[str]:
    """Return events that no shipped rule is about: leader elections."""
    return [line for line in lines if '"resource":"leases"' in line]


def alerting(lines: list[str]) -> str:
    """Return an event that the shipped rules are about: somebody opens a shell in a pod."""
    return next(line for line in lines if '"subresource":"exec"' in line)


def _parts(line: str) -> tuple[str, str]:
    """Return what stands before and behind an event's id in its message."""
    event = json.loads(line)
    event["auditID"] = "@@"
    before, _, after = message(json.dumps(event, separators=(",", ":")), _cluster_id="mks-1").partition("@@")
    return before, after


def main() -> None:
    """Serve until the process is ended."""
    count, lines = int(sys.argv[1]), incident()
    ordinary, special = [_parts(line) for line in quiet(lines)], _parts(alerting(lines))

    async def flood(connection: Any) -> None:
        for number in range(count):
            before, after = special if number % ONE_IN == 0 else ordinary[number % len(ordinary)]
            await connection.send(f"{before}{_ID.format(number)}{after}")

    with Ldp([flood]) as ldp:
        ldp.write_authority(Path(sys.argv[2]))
        print(ldp.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
