"""What all modules and examples have in common."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from terraform.hcl import Block, literal, read
from terraform.places import EXAMPLES, FOLDERS, MODULES, TERRAFORM, each

VERSIONS = {"aws": r">= 5\.80, < 7", "google": ">= 6, < 9", "azurerm": r">= 4(\.\d+)?, < 5"}
"""Of azurerm, few of the early versions know the plan that the function runs on."""

TERRAFORM_VERSION = ">= 1.7"

BY_CLOUD = {"name", "secret", "alert_topic", "kms_key", "alarm_actions", "settings", "memory_mb", "tags"}
"""Variables that cannot mean quite the same in another cloud: ways to say what is what, and limits, differ."""

BY_MODULE = {"clusters", "package", "filter", "max_concurrency", "timeout_seconds"}
"""Variables whose meaning comes from where a module's events come from."""

DIFFERENT = {
    ("azure-aks", "log_retention_days"): "a workspace has a retention of its own",
    ("azure-aks", "alarms"): "the platform has no measure of the lag by cluster",
    ("gcp-webhook", "alarms"): "batches do not tell the cluster",
    ("gcp-webhook", "kms_key"): "credentials are encrypted by it, too",
    ("aws-log-archive", "alarms"): "objects come by the hour",
}
"""Variables of a module that mean something else than those of the same name, and why."""

_SECRET = re.compile(r"kubeconfig|credential|password|(?<![a-z])token|secret")
_REFERENCE = re.compile(r"\b(ARN|[Ii]d|[Nn]ame)s? of|secrets? of Secret Manager")


def blocks(folder: Path, kind: str) -> list[Block]:
    """Return the blocks of a kind in a folder."""
    return [block for block in read(folder) if block.kind == kind]


@pytest.mark.parametrize("name", each(MODULES))
def test_files(name: Path) -> None:
    folder = TERRAFORM / name
    wanted = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"}
    assert wanted - {path.name for path in folder.iterdir()} == set()
    # What belongs into a file of its own stands there.
    assert {block.file for block in blocks(folder, "variable")} <= {"variables.tf"}
    assert {block.file for block in blocks(folder, "output")} <= {"outputs.tf"}
    assert {block.file for block in blocks(folder, "terraform")} == {"versions.tf"}


@pytest.mark.parametrize("name", each(FOLDERS))
def test_versions(name: Path) -> None:
    folder = TERRAFORM / name
    (terraform,) = blocks(folder, "terraform")
    assert literal(terraform.attributes["required_version"]) == TERRAFORM_VERSION
    # Neither a backend nor an account, and no provider but the cloud's own: what is random or packed here is neither
    # repeatable nor needed.
    assert {block.kind for block in terraform.blocks} <= {"required_providers"}
    for block in terraform.blocks:
        for provider, text in block.attributes.items():
            found = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', text))
            assert found.keys() == {"source", "version"}
            assert found["source"] == f"hashicorp/{provider}"
            assert re.fullmatch(VERSIONS[provider], found["version"])


@pytest.mark.parametrize("name", each(MODULES))
def test_no_providers_in_modules(name: Path) -> None:
    folder = TERRAFORM / name
    assert [block.text for block in blocks(folder, "provider")] == []


def test_nothing_that_terraform_leaves() -> None:
    left = [
        path for pattern in (".terraform*", "*.tfstate*", "*.tfplan", "*.tfvars") for path in TERRAFORM.rglob(pattern)
    ]
    assert left == []


@pytest.mark.parametrize("name", each(FOLDERS))
def test_variables_and_outputs_are_described(name: Path) -> None:
    folder = TERRAFORM / name
    for kind in ("variable", "output"):
        for block in blocks(folder, kind):
            description = literal(block.attributes.get("description", '""')) or ""
            assert re.search(r"[.)`?]$", description), f"{kind} {block.name}: {description!r} is no sentence"
            assert "\n" not in description
            assert kind != "variable" or "type" in block.attributes, f"variable {block.name} has no type"


@pytest.mark.parametrize("name", each(FOLDERS))
def test_what_is_secret_is_sensitive(name: Path) -> None:
    folder = TERRAFORM / name
    for kind in ("variable", "output"):
        for block in blocks(folder, kind):
            description = block.attributes.get("description", "")
            if block.attributes.get("type") == "bool" or _REFERENCE.search(description):
                continue
            if _SECRET.search(block.name):
                assert block.attributes.get("sensitive") == "true", f"{kind} {block.name} of {folder.name}"


@pytest.mark.parametrize("name", each(FOLDERS))
def test_messages_say_what_to_do(name: Path) -> None:
    folder = TERRAFORM / name
    for variable in blocks(folder, "variable"):
        for validation in variable.blocks:
            message = validation.attributes["error_message"]
            assert re.search(r'.{20}[.)]"$', message), f"{variable.name}: {message}"


@pytest.mark.parametrize("name", each(MODULES))
def test_variables_are_used(name: Path) -> None:
    folder = TERRAFORM / name
    text = "".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    for variable in blocks(folder, "variable"):
        own = variable.text
        assert re.search(rf"\bvar\.{variable.name}\b", text.replace(own, "")), f"nothing uses {variable.name}"


def test_the_same_name_means_the_same() -> None:
    meanings: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    unused = set(DIFFERENT)
    for module in MODULES:
        if module.name.endswith("-function"):  # a part that modules of ours share, for nobody else
            continue
        for variable in blocks(module, "variable"):
            unused.discard((module.name, variable.name))
            if variable.name in BY_MODULE or (module.name, variable.name) in DIFFERENT:
                continue
            cloud = module.name.partition("-")[0] if variable.name in BY_CLOUD else ""
            written = {key: " ".join(text.split()) for key, text in variable.attributes.items()}
            written["type"] = written.get("type", "").partition("(")[0]
            for part in ("description", "type", "default"):
                meanings[f"{variable.name}: {part}", cloud][written.get(part, "")].add(module.name)
    different = [
        f"{name} is {text} in {', '.join(sorted(where))}"
        for (name, _), found in sorted(meanings.items())
        for text, where in found.items()
        if len(found) > 1
    ]
    assert not different, "\n".join(different)
    assert not unused


@pytest.mark.parametrize("name", each(MODULES))
def test_readme(name: Path) -> None:
    folder = TERRAFORM / name
    text = (folder / "README.md").read_text()
    assert "<!-- variables -->" in text
    assert "<!-- outputs -->" in text
    # An example is a tested one: filled in by `make docs`, or a part of one.
    tested = "\n".join(path.read_text() for example in EXAMPLES for path in sorted(example.glob("*.tf")))
    for code in re.findall(r"```(?:hcl|terraform)\n(.*?)```", text, re.DOTALL):
        assert code.strip() in tested, code
    assert folder.name.endswith("-function") or re.search(r"<!-- example [\w-]+ -->|\.\./examples/", text)


@pytest.mark.parametrize("name", each(EXAMPLES))
def test_examples_use_modules_of_this_repository(name: Path) -> None:
    folder = TERRAFORM / name
    used = [literal(block.attributes["source"]) or "" for block in blocks(folder, "module")]
    assert used
    assert all((folder / name).resolve() in MODULES for name in used)


def test_every_folder_is_listed() -> None:
    text = (TERRAFORM / "README.md").read_text()
    modules = [module for module in MODULES if not module.name.endswith("-function")]
    for folder in (*modules, *EXAMPLES, TERRAFORM / "examples" / "ovh"):
        assert f"]({folder.relative_to(TERRAFORM)}/" in text, folder.name


def test_links_lead_somewhere() -> None:
    for path in TERRAFORM.rglob("README.md"):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
            assert ":" in link or (path.parent / link).exists(), f"{path}: {link}"
