"""What running tests comes to: the results of cases, and what rules lack."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lanner.analysis.companions.model import Case

__all__ = ["CaseResult", "Gap", "Problem", "Report", "SuiteResult"]


class Problem(msgspec.Struct, frozen=True):
    """Why a case failed: in a sentence, and the lines that explain it.

    Both may hold whatever an event holds, control characters, too.
    """

    message: str
    lines: tuple[str, ...] = ()


class CaseResult(msgspec.Struct, frozen=True):
    """What a case came to. `alerted` are the rules that did alert, in their order; `seconds` is how long it took."""

    case: Case
    problems: tuple[Problem, ...]
    alerted: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything was as the case says."""
        return not self.problems


class Gap(msgspec.Struct, frozen=True):
    """Something that is not tested enough; it fails where tests are strict. `rule` is empty if it is about a file."""

    where: str
    rule: str
    message: str


class SuiteResult(msgspec.Struct, frozen=True):
    """The results of one rules file: those of its cases, its rules that are under test, and what is missing.

    `untested` are rules without any case. `rules_file` is where the rules file is, or would be.
    """

    rules_file: Path
    rules: tuple[str, ...] = ()
    results: tuple[CaseResult, ...] = ()
    gaps: tuple[Gap, ...] = ()
    untested: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The results of the cases that failed."""
        return tuple([result for result in self.results if not result.passed])


class Report(msgspec.Struct, frozen=True):
    """The results of all rules files, in their order."""

    suites: tuple[SuiteResult, ...]

    @property
    def results(self) -> tuple[CaseResult, ...]:
        """All results."""
        return tuple([result for suite in self.suites for result in suite.results])

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The results of the cases that failed."""
        return tuple([result for suite in self.suites for result in suite.failures])

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All that is not tested enough."""
        return tuple([gap for suite in self.suites for gap in suite.gaps])

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules under test."""
        return tuple([rule for suite in self.suites for rule in suite.rules])

    @property
    def untested(self) -> tuple[str, ...]:
        """All rules without any case."""
        return tuple([rule for suite in self.suites for rule in suite.untested])

    def passed(self, *, strict: bool = False) -> bool:
        """Tell whether all cases passed and, if `strict`, nothing is missing."""
        return not self.failures and not (strict and self.gaps)
