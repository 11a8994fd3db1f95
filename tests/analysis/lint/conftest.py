"""Rules files for lint, and what it finds in them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from lanner.analysis.lint import Finding, LintResult, lint
from lanner.ruleset import Rule, load

HEAD = "  desc: d\n  priority: INFO\n  source: k8s_audit\n"


def a_rule(condition: str, name: str = "R", output: str = "%ka.user.name", more: str = "") -> str:
    """Return the text of a rule."""
    return f"- rule: {name}\n{HEAD}  condition: >\n    {condition}\n  output: '{output}'\n{more}"


class Folder:
    """Rules files in a folder of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, text: str, name: str = "rules.yaml") -> Path:
        """Write a rules file."""
        path = self.path / name
        path.write_text(dedent(text))
        return path

    def rule(self, condition: str, **more: str) -> Rule:
        """Return a rule, loaded."""
        loaded = load([self.file(a_rule(condition, **more))])
        assert loaded.ruleset is not None, [str(result) for result in loaded.results]
        return loaded.ruleset.rules[0]

    def lint(self, *texts: str, before: tuple[str, ...] = (), **options: object) -> LintResult:
        """Lint files with these texts, named 1.yaml and so on; those of `before` are named 0a.yaml and so on."""
        earlier = [self.file(text, f"0{letter}.yaml") for letter, text in zip("abcdef", before, strict=False)]
        files = [self.file(text, f"{number}.yaml") for number, text in enumerate(texts, start=1)]
        result = lint(files, earlier, **options)  # type: ignore[arg-type]
        assert result.successful, [str(loaded) for loaded in result.loaded]
        return result

    def found(self, code: str, *texts: str, **options: object) -> list[Finding]:
        """Return the findings of one code in files with these texts."""
        return [finding for finding in self.lint(*texts, **options).findings if finding.code == code]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder for rules files."""
    return Folder(tmp_path)


@pytest.fixture
def rule_of(folder: Folder):
    """Make a rule, loaded, of a condition."""
    return folder.rule
