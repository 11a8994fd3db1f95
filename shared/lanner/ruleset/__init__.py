"""Rules files → Ruleset: reading, merging, resolution of lists and macros, diagnostics."""

from lanner.ruleset.appending import AppendOutput, ExtraField
from lanner.ruleset.config import Config, read_config
from lanner.ruleset.diagnostics import DESCRIPTIONS, Diagnostic, FileResult, Location, Severity
from lanner.ruleset.files import rules_paths
from lanner.ruleset.loader import LoadResult, load, load_texts
from lanner.ruleset.places import Place
from lanner.ruleset.priority import Priority
from lanner.ruleset.rules import Rule, Ruleset
from lanner.ruleset.selection import Selection
from lanner.ruleset.versions import ENGINE, PLUGINS, Version
from lanner.ruleset.wildcard import matches

__all__ = [
    "DESCRIPTIONS",
    "ENGINE",
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
    "load",
    "load_texts",
    "matches",
    "read_config",
    "rules_paths",
]
