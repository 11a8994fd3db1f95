"""Modules and examples with the providers themselves, where their registry can be reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulators import terraform as running
from emulators.processes import Unavailable
from emulators.terraform import Terraform
from terraform.places import FOLDERS, copied, each, providers

pytestmark = pytest.mark.e2e

MAJORS = {"aws": ["5.80", "6.0"], "google": ["6.0", "8.0"], "azurerm": ["4.0", "4.0"]}
"""The first and the last major version of each provider: the newest of it is taken."""


@pytest.fixture(scope="module")
def terraform(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform that gets providers from the registry."""
    folder = tmp_path_factory.mktemp("registry")
    try:
        return Terraform(program, folder / "data", running.registry(folder))
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, into which lock files are written."""
    return copied(tmp_path_factory.mktemp("locked"))


@pytest.mark.parametrize("which", [pytest.param(0, id="first"), pytest.param(1, id="last")])
@pytest.mark.parametrize("name", each(FOLDERS))
def test_with_the_providers(terraform: Terraform, checkout: Path, name: Path, which: int) -> None:
    # GIVEN a folder that is bound to a major version
    folder = checkout / name
    bound = {
        provider: {"source": f"hashicorp/{provider}", "version": f"~> {MAJORS[provider][which]}"}
        for provider in providers(folder)
    }
    (folder / "bound_override.tf.json").write_text(json.dumps({"terraform": {"required_providers": bound}}))
    # WHEN it is set up, looked at and tested
    set_up = terraform(folder, "init", "-backend=false", "-upgrade", "-no-color")
    assert set_up, set_up.output
    answer = terraform(folder, "validate", "-json")
    tested = terraform(folder, "test", "-no-color")
    # THEN there is nothing to say
    assert json.loads(answer.output)["diagnostics"] == []
    assert tested, tested.output
