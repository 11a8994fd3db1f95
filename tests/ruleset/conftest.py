"""Rules files in tests: written inline, loaded in order, judged by codes and messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from lanner.fields import Catalogue
from lanner.ruleset import AppendOutput, Diagnostic, LoadResult, Rule, load_texts
from lanner.ruleset.places import RulesText
from lanner.ruleset.yaml_nodes import Node
from lanner.ruleset.yaml_reader import documents

Load = Callable[..., LoadResult]


def _load(*texts: str | bytes, catalogue: Catalogue | None = None, append: tuple[AppendOutput, ...] = ()) -> LoadResult:
    contents = [text if isinstance(text, bytes) else dedent(text).encode() for text in texts]
    return load_texts([(f"{n}.yaml", content) for n, content in enumerate(contents, 1)], catalogue, append)


def _a_rule(rule: str = "R", **changes: object) -> str:
    full = {"desc": "d", "condition": "ka.verb = get", "output": "x", "priority": "INFO", "source": "k8s_audit"}
    keys = {"rule": rule} | full | {key.replace("__", "-"): value for key, value in changes.items()}
    given = {key: value for key, value in keys.items() if value is not ...}
    return f"- {json.dumps(given, ensure_ascii=False)}\n"


def _only(diagnostics: tuple[Diagnostic, ...]) -> Diagnostic:
    assert len(diagnostics) == 1, [str(diagnostic) for diagnostic in diagnostics]
    return diagnostics[0]


@pytest.fixture(scope="session")
def load() -> Load:
    """Load texts as the rules files 1.yaml, 2.yaml, …"""
    return _load


@pytest.fixture(scope="session")
def a_rule() -> Callable[..., str]:
    """Return the YAML of a rule with some keys changed; `...` leaves a key out, `__` stands for `-`."""
    return _a_rule


@pytest.fixture(scope="session")
def error() -> Callable[..., Diagnostic]:
    """Load texts of which the last one has exactly one error, and return that."""
    return lambda *texts, **options: _only(_load(*texts, **options).results[-1].errors)


@pytest.fixture(scope="session")
def warning() -> Callable[..., Diagnostic]:
    """Load valid texts of which the last one has exactly one warning, and return that."""

    def find(*texts: str | bytes, **options: Any) -> Diagnostic:
        loaded = _load(*texts, **options)
        assert loaded.successful, [str(result) for result in loaded.results]
        return _only(loaded.results[-1].warnings)

    return find


@pytest.fixture(scope="session")
def rules() -> Callable[..., tuple[Rule, ...]]:
    """Load texts that are valid and return all their rules."""

    def find(*texts: str | bytes, **options: Any) -> tuple[Rule, ...]:
        loaded = _load(*texts, **options)
        assert loaded.ruleset is not None, [str(result) for result in loaded.results]
        return loaded.ruleset.rules

    return find


@pytest.fixture(scope="session")
def codes() -> Callable[..., tuple[list[str], list[str]]]:
    """Load texts and return the codes of the errors and those of the warnings, of all files together."""

    def find(*texts: str | bytes, **options: Any) -> tuple[list[str], list[str]]:
        results = _load(*texts, **options).results
        errors = [diagnostic.code for result in results for diagnostic in result.errors]
        return errors, [diagnostic.code for result in results for diagnostic in result.warnings]

    return find


@pytest.fixture(scope="session")
def node() -> Callable[[str], Node]:
    """Return the first document of a YAML text."""
    return lambda text: documents(RulesText("t.yaml", text), [])[0]
