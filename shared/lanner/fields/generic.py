"""Extraction of `evt.*`, `jevt.*`/`json.*` and `static.*` (spec/fields.md sections 4 and 5)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from lanner.fields import json_text
from lanner.fields.field import Extractor
from lanner.fields.types import Extracted, Growth, NoValue

if TYPE_CHECKING:
    from lanner.fields.event import Event

__all__ = [
    "SOURCE",
    "constant",
    "host_name",
    "hostname",
    "number",
    "plugin_name",
    "pointer",
    "pointer_path",
    "pretty_event",
    "raw_time",
    "relative_time",
    "time_text",
    "whole_event",
]

SOURCE = "k8s_audit"
"""The event source of every audit event."""

_UINT64 = 2**64
_PLUGINS = {provider: f"k8saudit-{provider}".encode() for provider in ("eks", "gke", "aks", "ovh")}


@cache
def hostname() -> str:
    """Return the name of this machine; the environment variable `FALCO_HOSTNAME` overrides it."""
    import platform  # only alerts name the machine

    return os.environ.get("FALCO_HOSTNAME") or platform.node()


def host_name(_: str | None) -> Extractor:
    """The name of this machine."""
    return lambda event: os.fsencode(hostname())


def constant(value: Extracted) -> Callable[[str | None], Extractor]:
    """The same value on every event."""
    return lambda _: lambda event: value


def plugin_name(_: str | None) -> Extractor:
    """The name of the Falco plugin that reads the event's provider."""
    return lambda event: _PLUGINS.get(event.provider, b"k8saudit")


def number(of: Callable[[Event], int]) -> Callable[[str | None], Extractor]:
    """A number of the event as an unsigned 64-bit integer."""
    return lambda _: lambda event: of(event) % _UINT64


def relative_time(event: Event) -> int:
    """Nanoseconds since the first event of the source; an older event wraps around."""
    return (event.time - (event.time if event.first_time is None else event.first_time)) % _UINT64


def time_text(show: Callable[[int], str]) -> Callable[[str | None], Extractor]:
    """The event's time as `show` writes it."""
    return lambda _: lambda event: show(event.time).encode()


def whole_event(_: str | None) -> Extractor:
    """The event as compact JSON."""
    return lambda event: json_text.compact(event.raw.text)


def pretty_event(_: str | None) -> Extractor:
    """The event as indented JSON."""
    return lambda event: json_text.pretty(event.raw.text)


def raw_time(_: str | None) -> Extractor:
    """The event's time as decimal digits."""
    return lambda event: b"%d" % (event.time % _UINT64)


def pointer_path(argument: str) -> tuple[str, ...]:
    """Return the keys of a JSON pointer; its leading slash may be missing. The empty pointer has none."""
    if not argument:
        return ()
    tokens = argument.removeprefix("/").split("/")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in tokens)


def pointer(argument: str | None) -> Extractor:
    """The value that a JSON pointer leads to; the whole event for the empty pointer."""
    path = pointer_path(argument or "")
    if not path:
        return whole_event(None)

    def extract(event: Event) -> Extracted:
        text = event.text(path)
        return NoValue.MISSING if text is None else text

    extract.growth = Growth.TEXT  # type: ignore[attr-defined]
    return extract
