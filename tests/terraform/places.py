"""The modules and examples that there are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from terraform.hcl import literal, members, parse

__all__ = ["EXAMPLES", "FOLDERS", "MODULES", "TERRAFORM", "copied", "each", "folders", "mocked", "providers", "sources"]

REPOSITORY = Path(__file__).parents[2]
TERRAFORM = REPOSITORY / "terraform"
_PROVIDER = re.compile(r'source\s*=\s*"hashicorp/(\w+)"')
_MODULE = re.compile(r'source\s*=\s*"(\.[^"]+)"')


def folders(kind: str) -> list[Path]:
    """Return the folders of a kind, `modules` or `examples`, that hold Terraform."""
    return sorted({path.parent for path in (TERRAFORM / kind).glob("*/*.tf")})


MODULES, EXAMPLES = folders("modules"), folders("examples")
FOLDERS = [*MODULES, *EXAMPLES]


def each(found: Sequence[Path]) -> list[Any]:
    """Return folders as parameters of tests: by their names in `terraform/`."""
    return [pytest.param(folder.relative_to(TERRAFORM), id=str(folder.relative_to(TERRAFORM))) for folder in found]


def sources(folder: Path) -> set[Path]:
    """Return the folders of the modules that a folder uses, directly or not."""
    found: set[Path] = set()
    for text in (path.read_text() for path in sorted(folder.glob("*.tf"))):
        for name in _MODULE.findall(text):
            module = (folder / name).resolve()
            found |= {module} | sources(module)
    return found


def providers(folder: Path) -> set[str]:
    """Return the short names of the providers that a folder and its modules use."""
    every = {folder.resolve()} | sources(folder)
    return {name for one in every for path in one.glob("*.tf") for name in _PROVIDER.findall(path.read_text())}


def mocked(folder: Path = TERRAFORM) -> dict[str, Any]:
    """Return the values that tests give to what a cloud would make up, by places such as `aws_sns_topic.arn`."""
    found = {}
    for path in sorted((*folder.rglob("*.tfmock.hcl"), *folder.rglob("*.tftest.hcl"))):
        for block in (inner for top in parse(path.read_text()) for inner in top.every()):
            if block.kind in ("mock_resource", "mock_data"):
                kind = ("data." if block.kind == "mock_data" else "") + block.name
                for name, text in members(block.attributes.get("defaults", "{}")[1:-1]).items():
                    value = literal(text)
                    if value is not None:
                        found[f"{kind}.{name}"] = value
    return found


def copied(checkout: Path) -> Path:
    """Copy what Terraform reads into another `checkout`, with stand-ins for the packages; return its `terraform`."""
    from package import recipes
    from package.dependencies import ARCHITECTURES

    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "__pycache__")
    shutil.copytree(TERRAFORM, checkout / "terraform", ignore=ignored)
    (checkout / "dist").mkdir()
    packages = [f"lanner-lambda-{architecture}.zip" for architecture in ARCHITECTURES]
    packages += [f"lanner-{function.replace('_', '-')}.zip" for function in recipes.SOURCES]
    for name in packages:
        (checkout / "dist" / name).write_bytes(b"stands for " + name.encode())
    return checkout / "terraform"
