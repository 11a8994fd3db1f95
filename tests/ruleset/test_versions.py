"""Versions and requirements (spec/rules.md section 2)."""

from __future__ import annotations

import pytest

from lanner.ruleset.versions import PLUGINS, Requirement, Version, unsatisfied, unsigned


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.2.3", Version(1, 2, 3)),
        ("0.5.0-rc1", Version(0, 5, 0)),
        ("0.5.0.9", Version(0, 5, 0)),
        ("10.20.30 and more", Version(10, 20, 30)),
        ("0.1", None),
        ("v0.5.0", None),
        ("", None),
        ("1..2", None),
        ("1" * 5000 + ".0.0", None),
    ],
)
def test_versions_begin_with_three_numbers(text, version):
    assert Version.parse(text) == version


@pytest.mark.parametrize(
    ("text", "version"),
    [("15", "0.15.0"), ("0.31.0", "0.31.0"), ("0x10", "0.16.0"), ("010", "0.8.0"), ("0", "0.0.0"), ("+5", "0.5.0")],
)
def test_an_engine_version_may_be_a_number(text, version):
    assert str(Version.of_engine(text)) == version


@pytest.mark.parametrize("text", ["-1", "latest", "1 2", "08", "4294967296", "9" * 5000, "٣", ""])
def test_no_engine_version(text):
    assert unsigned(text) is None
    assert Version.of_engine(text) is None


@pytest.mark.parametrize(
    ("loaded", "required", "is_enough"),
    [
        ((0, 63, 0), (0, 63, 0), True),
        ((0, 63, 0), (0, 9, 99), True),
        ((0, 63, 0), (0, 63, 1), False),
        ((0, 63, 0), (0, 64, 0), False),
        ((1, 0, 0), (0, 1, 0), False),
        ((0, 63, 0), (1, 0, 0), False),
    ],
)
def test_a_version_satisfies_older_ones_of_the_same_major_number(loaded, required, is_enough):
    assert Version(*loaded).satisfies(Version(*required)) is is_enough


def wanted(plugin: str, version: str) -> Requirement:
    parsed = Version.parse(version)
    assert parsed
    return Requirement(plugin, parsed, version)


def test_every_audit_plugin_counts_as_loaded():
    for name, version in PLUGINS.items():
        assert unsatisfied([wanted(name, str(version))]) == ""


def test_the_first_alternative_that_is_loaded_decides():
    okta = wanted("okta", "9.0.0")
    assert unsatisfied([okta, wanted("k8saudit", "0.7.0"), wanted("json", "9.0.0")]) == ""
    problem = unsatisfied([okta, wanted("k8saudit", "0.99.0-x"), wanted("json", "0.1.0")])
    assert problem == "Plugin 'k8saudit' version '0.18.0' is not compatible with required plugin version '0.99.0-x'"


def test_no_alternative_is_loaded():
    problem = unsatisfied([wanted("okta", "0.1.0"), wanted("github", "1.0.0")])
    assert problem == "Plugin requirement not satisfied, must load one of: okta (>= 0.1.0), github (>= 1.0.0)"
