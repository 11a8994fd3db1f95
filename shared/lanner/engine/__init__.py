"""Ruleset → verdicts."""

from lanner.engine.reference import ReferenceEngine, Verdict, truth

__all__ = ["ReferenceEngine", "Verdict", "truth"]
