"""Says by its exit status whether the tail is well: whether it has written its health file lately."""

from __future__ import annotations

import os
import time

_OLDEST = 60.0
"""Seconds: the file is written every ten, if all is well."""


def main() -> int:
    """Return 0 if the file is young, else 1."""
    try:
        age = time.time() - os.stat(os.environ["LANNER_TAIL_HEALTH"]).st_mtime
    except (OSError, KeyError):
        return 1
    return 0 if age <= _OLDEST else 1


if __name__ == "__main__":
    raise SystemExit(main())
