"""Versions, and what rules files may require of them (spec/rules.md section 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ENGINE", "PLUGINS", "Requirement", "Version", "unsatisfied", "unsigned"]

_SEMVER = re.compile(r"(\d{1,10})\.(\d{1,10})\.(\d{1,10})", re.ASCII)
# A number as Falco's YAML library reads it: decimal, octal or hexadecimal.
_NUMBER = re.compile(r"\s*\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\s*")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version `x.y.z`."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """Return the version that `text` begins with, `None` if it does not begin with three numbers."""
        found = _SEMVER.match(text)
        return cls(int(found[1]), int(found[2]), int(found[3])) if found else None

    @classmethod
    def of_engine(cls, text: str) -> Version | None:
        """Return the engine version that `text` asks for: `x.y.z`, or a number N that stands for `0.N.0`."""
        number = unsigned(text)
        return cls.parse(text) if number is None else cls(0, number, 0)

    def satisfies(self, required: Version) -> bool:
        """Tell whether this version is compatible with the required one: same major number and not older."""
        return self.major == required.major and self >= required

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def unsigned(text: str) -> int | None:
    """Return the unsigned 32-bit number that `text` is, `None` if it is none."""
    found = _NUMBER.fullmatch(text)
    if found is None or len(found[1]) > 12:
        return None
    digits = found[1]
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    number = int(digits, base)
    return number if number < 2**32 else None


ENGINE = Version(0, 63, 0)
"""The version of Falco's engine whose rules language Lanner speaks."""

PLUGINS = {
    "k8saudit": Version(0, 18, 0),
    "k8saudit-eks": Version(0, 12, 0),
    "k8saudit-gke": Version(0, 9, 0),
    "k8saudit-aks": Version(0, 6, 0),
    "k8saudit-ovh": Version(0, 6, 0),
    "json": Version(0, 7, 4),
}
"""The Falco plugins whose fields and events Lanner provides; all of them count as loaded."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A plugin that rules need, in at least this version. `written` is the version as the file has it."""

    plugin: str
    version: Version
    written: str


def unsatisfied(alternatives: Sequence[Requirement]) -> str:
    """Return why none of the alternatives holds, an empty text if one does.

    The first alternative whose plugin is there decides; the ones behind it are not tried.
    """
    for wanted in alternatives:
        loaded = PLUGINS.get(wanted.plugin)
        if loaded is not None:
            if loaded.satisfies(wanted.version):
                return ""
            return (
                f"Plugin '{wanted.plugin}' version '{loaded}' is not compatible with "
                f"required plugin version '{wanted.written}'"
            )
    names = ", ".join([f"{wanted.plugin} (>= {wanted.written})" for wanted in alternatives])
    return f"Plugin requirement not satisfied, must load one of: {names}"
