"""Rules files → Ruleset: reading, merging, resolution of lists and macros, diagnostics; and artefacts instead of files.

What is only needed where rules files or a configuration are read is imported when it is first asked for: a function
that starts with an artefact never asks.
"""

from typing import TYPE_CHECKING

from lanner.ruleset.appending import AppendOutput, ExtraField
from lanner.ruleset.places import Place
from lanner.ruleset.priority import Priority
from lanner.ruleset.rules import Rule, Ruleset
from lanner.ruleset.selection import Selection
from lanner.ruleset.wildcard import matches

if TYPE_CHECKING:
    from lanner.ruleset.config import Config, read_config
    from lanner.ruleset.diagnostics import DESCRIPTIONS, Diagnostic, FileResult, Location, Severity
    from lanner.ruleset.files import rules_paths
    from lanner.ruleset.loader import LoadResult, load, load_texts
    from lanner.ruleset.packs import ALL, DEFAULT, PACKS, chosen, pack_of, shipped_rules, without_others
    from lanner.ruleset.versions import ENGINE, PLUGINS, Version

__all__ = [
    "ALL",
    "DEFAULT",
    "DESCRIPTIONS",
    "ENGINE",
    "PACKS",
    "PLUGINS",
    "AppendOutput",
    "Config",
    "Diagnostic",
    "ExtraField",
    "FileResult",
    "LoadResult",
    "Location",
    "Place",
    "Priority",
    "Rule",
    "Ruleset",
    "Selection",
    "Severity",
    "Version",
    "chosen",
    "load",
    "load_texts",
    "matches",
    "pack_of",
    "read_config",
    "rules_paths",
    "shipped_rules",
    "without_others",
]

_LATER = {
    "config": ("Config", "read_config"),
    "diagnostics": ("DESCRIPTIONS", "Diagnostic", "FileResult", "Location", "Severity"),
    "files": ("rules_paths",),
    "loader": ("LoadResult", "load", "load_texts"),
    "packs": ("ALL", "DEFAULT", "PACKS", "chosen", "pack_of", "shipped_rules", "without_others"),
    "versions": ("ENGINE", "PLUGINS", "Version"),
}


if not TYPE_CHECKING:  # pragma: no branch - a type checker would take every name to be there

    def __getattr__(name: str) -> object:
        for module, names in _LATER.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
