"""What a second apply changes: nothing, or with another package nothing but the code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.terraform import Terraform
from package.build import build
from package.interpreter import Interpreter, ask
from terraform.places import EXAMPLES, copied, each, sources
from terraform.planning import plan, prepare

CODE = {
    "aws_lambda_function": {"source_code_hash"},
    "google_storage_bucket_object": {"name", "source", "source_md5hash", "content_type"},
    "google_cloudfunctions2_function": {"build_config"},
    "azurerm_storage_blob": {"name", "source", "content_md5"},
    "azurerm_function_app_flex_consumption": {"zip_deploy_file"},
    "terraform_data": {"input", "output", "triggers_replace"},
}
"""The attributes that name the code of a function, by resource."""

RULE = """\
- rule: Own
  desc: One of ours.
  condition: ka.verb = {verb}
  output: o
  priority: ERROR
  source: k8s_audit
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which examples are applied."""
    return copied(tmp_path_factory.mktemp("applied")).parent


@pytest.fixture(scope="module")
def this() -> Interpreter:
    """The interpreter that runs the tests."""
    return ask(sys.executable)


def changed(terraform: Terraform, folder: Path) -> Iterator[tuple[str, set[str]]]:
    """Plan; yield type and changed attributes of each resource that would change."""
    for one in plan(terraform, folder):
        change: dict[str, Any] = one["change"]
        if change["actions"] not in (["no-op"], ["read"]):
            before, after = change["before"] or {}, change["after"] or {}
            names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            # Computed anew, and so not known before.
            yield one["type"], names - {key for key in change["after_unknown"] if key not in after}


@pytest.mark.parametrize("name", each(EXAMPLES))
def test_a_second_apply(provided: Callable[[str], Terraform], checkout: Path, name: Path) -> None:
    # GIVEN an example that was applied
    terraform, folder = provided("newer"), checkout / "terraform" / name
    prepare(terraform, folder)
    applied = terraform(folder, "apply", "-no-color", "-auto-approve")
    assert applied, applied.output.partition("Apply complete")[0].partition("\nError:")[2]
    # WHEN it is applied again, THEN nothing changes
    assert list(changed(terraform, folder)) == []
    # WHEN there are other packages
    for package in (checkout / "dist").iterdir():
        package.write_bytes(package.read_bytes() + b" with other rules")
    changes = list(changed(terraform, folder))
    # THEN the functions get other code, and nothing else changes
    assert {kind for kind, _ in changes} <= CODE.keys()
    assert [(kind, attributes - CODE[kind]) for kind, attributes in changes if attributes - CODE[kind]] == []
    assert changes or not sources(folder)


def test_rules_change_the_package(this: Interpreter, tmp_path: Path) -> None:
    # GIVEN rules, and packages of all functions with them
    rules = tmp_path / "rules.yaml"
    hashes: list[dict[str, bytes]] = []
    # WHEN a rule changes and changes back
    for verb in ("get", "list", "get"):
        rules.write_text(RULE.format(verb=verb))
        folder = tmp_path / str(len(hashes))
        build(folder, this, "no-uv", [str(rules)], architectures=())
        hashes.append({path.name: path.read_bytes() for path in folder.glob("*.zip")})
    # THEN the packages are others, and the same again
    first, other, again = hashes
    assert first
    assert all(first[name] != other[name] for name in first)
    assert first == again
