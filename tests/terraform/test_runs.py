"""Terraform itself, on every module and example: form, validity, and the tests that stand beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulators.terraform import Terraform
from terraform.places import FOLDERS, TERRAFORM, each, providers

if TYPE_CHECKING:
    from collections.abc import Callable

_PASSED = re.compile(r"^Success! (\d+) passed, 0 failed\.$", re.MULTILINE)

# Each generation has other schemas, but for these providers.
_ONE_GENERATION = {"azurerm"}


def generations(folder: Path) -> list[str]:
    """Return the generations of providers that a folder is tried with."""
    used = providers(folder)
    return (["older"] if used - _ONE_GENERATION else []) + ["newer"] + (["real"] if used == {"aws"} else [])


EACH = [
    pytest.param(
        folder.relative_to(TERRAFORM),
        generation,
        id=f"{folder.relative_to(TERRAFORM)}-{generation}",
        marks=[pytest.mark.e2e] if generation == "real" else [],  # they take a minute
    )
    for folder in FOLDERS
    for generation in generations(folder)
]


@pytest.mark.parametrize("name", each(FOLDERS))
def test_form(program: Path, tree: Path, name: Path) -> None:
    answer = Terraform(program, tree, {})(tree / name, "fmt", "-check", "-diff", "-recursive", "-no-color")
    assert answer, answer.output


@pytest.mark.parametrize(("name", "generation"), EACH)
def test_valid(provided: Callable[[str], Terraform], tree: Path, name: Path, generation: str) -> None:
    # GIVEN a folder, and providers
    terraform, folder = provided(generation), tree / name
    # WHEN it is set up and looked at
    set_up = terraform(folder, "init", "-backend=false", "-no-color")
    assert set_up, set_up.output
    answer = terraform(folder, "validate", "-json")
    # THEN there is nothing to say, not even a warning
    assert [said(one) for one in json.loads(answer.output)["diagnostics"]] == []


@pytest.mark.parametrize(("name", "generation"), EACH)
def test_own_tests(provided: Callable[[str], Terraform], tree: Path, name: Path, generation: str) -> None:
    # GIVEN a folder with tests
    terraform, folder = provided(generation), tree / name
    assert list(folder.glob("tests/*.tftest.hcl")), f"terraform/{name}/tests/ has no *.tftest.hcl"
    set_up = terraform(folder, "init", "-backend=false", "-no-color")
    assert set_up, set_up.output
    # WHEN they run
    answer = terraform(folder, "test", "-no-color")
    # THEN there were some, and all passed
    passed = _PASSED.search(answer.output)
    assert answer and passed and int(passed[1]) > 0, answer.output  # noqa: PT018 - the output tells all


def said(diagnostic: dict[str, object]) -> str:
    """Return a diagnostic as a line."""
    place = diagnostic.get("range")
    where = f"{place['filename']}:{place['start']['line']}: " if isinstance(place, dict) else ""
    return f"{diagnostic['severity']}: {where}{diagnostic['summary']}: {diagnostic['detail']}"
