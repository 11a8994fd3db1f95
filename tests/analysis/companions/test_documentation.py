"""The example of docs/testing-rules.md, as it is written there."""

import re
from pathlib import Path

import pytest

from lanner.analysis.companions import Kind
from lanner.analysis.companions import events as limits
from lanner.analysis.companions.reading import ENVELOPES
from lanner.analysis.companions.running import NEEDED
from lanner.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "testing-rules.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
RULES, COMPANION = [text for language, text in BLOCKS if language == "yaml"][:2]
FAILED, PASSED = [text for language, text in BLOCKS if text.startswith("$ lanner test rules\n")]


@pytest.fixture
def shown(tmp_path, monkeypatch, capsys):
    """Run the page's command in a folder with the example, whose rules are given."""

    def run(rules: str) -> tuple[int, str]:
        (tmp_path / "rules" / "tests").mkdir(parents=True, exist_ok=True)
        (tmp_path / "rules" / "team.yaml").write_text(rules)
        (tmp_path / "rules" / "tests" / "team.yaml").write_text(COMPANION)
        monkeypatch.chdir(tmp_path)
        status = main(["test", "rules"])
        return status, "$ lanner test rules\n" + capsys.readouterr().out

    return run


def test_the_example_fails_as_the_page_says(shown):
    assert shown(RULES) == (1, FAILED)


def test_the_example_passes_when_it_is_mended_as_the_page_says(shown):
    (mended,) = re.findall(r"`(\(ka\.target\.namespace = .*\))` in the condition", PAGE)
    assert shown(RULES.replace("ka.target.namespace = payments", mended)) == (0, PASSED)


def test_what_yaml_cannot_say(tmp_path):
    """
    GIVEN the page's events with JSON in them
    WHEN a case has one
    THEN they can be read
    """
    from lanner.analysis.companions import read_companion

    (example,) = [text for _, text in BLOCKS if text.startswith("event:\n") and "!json" in text]
    indented = "".join(f"        {line}\n" for line in example.splitlines())
    path = tmp_path / "c.yaml"
    path.write_text(f"tests:\n  - rule: R\n    alerts:\n      - name: x\n{indented}")
    (tests,) = read_companion(path).tests
    assert b'{"labels": {"team": null}}' in tests.cases[0].event
    assert b'{"username": "alice", "username": "system:admin"}' in tests.cases[0].event


def test_the_numbers_of_the_page():
    needed = f"{NEEDED[Kind.ALERT]} alerts, {NEEDED[Kind.QUIET]} quiet and {NEEDED[Kind.EVASION]} evasion"
    assert needed in PAGE
    assert f"at most {limits.MAX_CHAIN} events" in PAGE
    assert f"at most {limits.MAX_FILES}. Tests" in PAGE
    assert ENVELOPES == ("eks", "gke", "aks", "ovh", "iks")
