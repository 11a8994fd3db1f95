"""Runs one command and prints what it used: CPU seconds (user and system), wall seconds, peak memory, exit status.

A program of its own, and a small one: the peak memory of a process counts from the size of the one that started it.
Usage: launch.py OUTPUT COMMAND [ARGUMENT]...; the command's standard output goes to the file OUTPUT.
"""

import os
import sys
import time

_KIB = 1024  # the unit of ru_maxrss on Linux; macOS counts bytes


def _main(output: str, command: list[str]) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    begun = time.monotonic()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, descriptor, 1)])
    _, status, usage = os.wait4(process, 0)
    wall = time.monotonic() - begun
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * _KIB
    print(usage.ru_utime + usage.ru_stime, wall, peak, os.waitstatus_to_exitcode(status))


_main(sys.argv[1], sys.argv[2:])
