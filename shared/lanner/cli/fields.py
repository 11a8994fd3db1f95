"""`lanner fields`: the catalogue of fields."""

from __future__ import annotations

import argparse

from lanner.errors import UsageError
from lanner.fields import catalogue, listing

__all__ = ["add_to"]

_FORMATS = {"text": listing.as_text, "json": listing.as_json, "markdown": listing.as_markdown}


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("fields", help="list the fields that rules may name")
    parser.add_argument("text", nargs="?", default="", metavar="TEXT", help="only fields whose name contains TEXT")
    parser.add_argument("--format", choices=_FORMATS, default="text")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    fields = [field for name, field in catalogue().fields.items() if options.text in name]
    if not fields:
        raise UsageError(f"no field's name contains {options.text!r}")
    print(_FORMATS[options.format](fields))
    return 0
