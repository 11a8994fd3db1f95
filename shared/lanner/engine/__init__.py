"""Ruleset → verdicts: the reference engine, which defines them, and the compiled engine, which finds them sooner."""

from lanner.engine.compiled import CompiledEngine
from lanner.engine.reference import ReferenceEngine, Verdict, truth

__all__ = ["CompiledEngine", "ReferenceEngine", "Verdict", "truth"]
