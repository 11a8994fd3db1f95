"""Plans of examples, with the values that their own tests give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from emulators.terraform import Terraform
from terraform.hcl import read

__all__ = ["given", "plan", "prepare"]


def given(folder: Path) -> dict[str, str]:
    """Return the variables that an example's own tests give."""
    return {
        name: text
        for block in read(folder / "tests", "*.tftest.hcl")
        if block.kind == "variables"
        for name, text in block.attributes.items()
    }


def prepare(terraform: Terraform, folder: Path) -> None:
    """Set up a folder: its tests' variables are its own."""
    values = given(folder)
    needed = {block.name for block in read(folder) if block.kind == "variable" and "default" not in block.attributes}
    assert needed <= values.keys(), f"the tests of {folder.name} give no values for all runs"
    (folder / "given.auto.tfvars").write_text("".join(f"{key} = {text}\n" for key, text in values.items()))
    set_up = terraform(folder, "init", "-no-color")
    assert set_up, set_up.output


def plan(terraform: Terraform, folder: Path) -> list[dict[str, Any]]:
    """Return what would become of each resource."""
    file = folder / "made.tfplan"
    made = terraform(folder, "plan", "-no-color", f"-out={file}")
    assert made, made.output.partition("\nError:")[2]
    changes: list[dict[str, Any]] = json.loads(terraform(folder, "show", "-json", str(file)).output)["resource_changes"]
    return changes
