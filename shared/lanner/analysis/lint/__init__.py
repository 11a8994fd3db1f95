"""Lint: what is certain about rules without any log, and what their author would want to know (docs/linting-rules.md).

    facts(rule)            what a loaded rule needs: audit level, portability, providers where it can never fire
    lint(files, before)    findings with places, codes and severities, and the facts of every rule

Both work on whole rules and report only what holds for every event: "never" is proven, everything else is "yes".
"""

from lanner.analysis.lint.facts import RuleFacts, facts
from lanner.analysis.lint.findings import CODES, Finding, Severity
from lanner.analysis.lint.providers import LEVELS, PROVIDERS
from lanner.analysis.lint.run import LintResult, RuleSummary, lint

__all__ = [
    "CODES",
    "LEVELS",
    "PROVIDERS",
    "Finding",
    "LintResult",
    "RuleFacts",
    "RuleSummary",
    "Severity",
    "facts",
    "lint",
]
