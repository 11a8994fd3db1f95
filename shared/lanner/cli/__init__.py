"""The command line: `lanner VERB ...`, one module a verb."""

from lanner.cli.main import main

__all__ = ["main"]
