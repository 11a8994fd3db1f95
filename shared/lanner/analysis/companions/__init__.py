"""Companion files: the tests, and the documentation, that stand beside rules (docs/testing-rules.md).

The companion of `folder/name.yaml` is `folder/tests/name.yaml`. `read_companion` reads one, `read_suites` those of some
rules files, and `run` has both engines judge their events.
"""

from lanner.analysis.companions.junit import junit_xml
from lanner.analysis.companions.model import About, Case, Companion, Kind, RuleTests
from lanner.analysis.companions.outcome import CaseResult, Gap, Problem, Report
from lanner.analysis.companions.reading import read_companion
from lanner.analysis.companions.running import run
from lanner.analysis.companions.suites import FOLDER, Suite, companion_path, read_suites

__all__ = [
    "FOLDER",
    "About",
    "Case",
    "CaseResult",
    "Companion",
    "Gap",
    "Kind",
    "Problem",
    "Report",
    "RuleTests",
    "Suite",
    "companion_path",
    "junit_xml",
    "read_companion",
    "read_suites",
    "run",
]
