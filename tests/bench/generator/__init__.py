"""Audit events as a busy cluster writes them, the same ones for the same seed."""

from bench.generator.mix import MIX, generate, write_events

__all__ = ["MIX", "generate", "write_events"]
