"""Which files some paths mean (spec/rules.md section 6)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lanner.errors import UsageError
from lanner.ruleset import rules_paths


@pytest.fixture
def folder(tmp_path):
    """A folder with rules files, a folder in it, a link, and other files."""
    for name in ("b.yaml", "a.yml", "c.txt", "d.yaml.bak"):
        (tmp_path / name).write_text("")
    (tmp_path / "sub.yaml").mkdir()
    (tmp_path / "sub.yaml" / "deep.yaml").write_text("")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "c.txt")
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nothing")
    return tmp_path


@pytest.mark.parametrize("explicit", [True, False])
def test_a_directory_stands_for_its_rules_files(folder, explicit):
    found = rules_paths([folder], explicit)
    assert [path.name for path in found] == ["a.yml", "b.yaml", "link.yaml"]


@pytest.mark.parametrize("explicit", [True, False])
def test_files_are_taken_in_the_order_given(folder, explicit):
    paths = [folder / "b.yaml", folder / "a.yml", folder / "b.yaml", folder / "sub.yaml" / "deep.yaml"]
    assert rules_paths(paths, explicit) == paths


def test_paths_of_a_configuration_are_skipped_if_they_mean_no_file(folder):
    paths = [folder / "nothing.yaml", folder / "c.txt", folder / "b.yaml", folder / "nothing"]
    (folder / "empty").mkdir()
    assert rules_paths([*paths, folder / "empty"], explicit=False) == [folder / "b.yaml"]


NO_NAME = "rules files must be named *.yaml or *.yml; if `lanner build` has written this one, it is empty or damaged"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nothing.yaml", "no such file or directory"),
        ("c.txt", NO_NAME),
        ("d.yaml.bak", NO_NAME),
        ("pipe", "this is a pipe or a device; rules are read from files"),
        ("empty", "there is no rules file (*.yaml, *.yml) in this directory"),
    ],
)
def test_explicit_paths_must_mean_a_file(folder, name, problem):
    (folder / "empty").mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(UsageError) as caught:
        rules_paths([folder / name], explicit=True)
    assert str(caught.value) == f"{folder / name}: {problem}"


def test_rules_in_folders_below_are_named(folder):
    for name in ("teams", "tests"):
        (folder / "all" / name).mkdir(parents=True)
        (folder / "all" / name / "a.yaml").touch()
    with pytest.raises(UsageError, match=rf"; those below are not read, name them: {folder}/all/teams$"):
        rules_paths([folder / "all"], explicit=True)


@pytest.mark.parametrize("explicit", [True, False])
def test_what_cannot_be_read(folder, monkeypatch, explicit):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        rules_paths([folder], explicit)
