"""How an apply deploys the package on Azure: by the Azure CLI, which a script stands for here."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.terraform import Terraform
from terraform.places import copied
from terraform.planning import given

_AZ = """\
#!/bin/sh
echo "$@" >> {folder}/calls
case "$*" in *config-zip*) if test -s {folder}/refusals; then
  sed -i 1d {folder}/refusals
  exit 1
fi;; esac
"""
_DELETED = (
    "functionapp config appsettings delete --ids {id} "
    "--setting-names AzureWebJobsStorage DEPLOYMENT_STORAGE_CONNECTION_STRING --output none"
)
_DEPLOYED = "functionapp deployment source config-zip --ids {id} --src {package} --build-remote true --output none"


class Cli:
    """A stand-in for the Azure CLI."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._write("az", _AZ.format(folder=shlex.quote(str(folder))))
        self._write("sleep", "#!/bin/sh\n")

    def refuse(self, times: int) -> None:
        """Let the next deployments fail."""
        (self.folder / "refusals").write_text("x\n" * times)

    def calls(self) -> list[str]:
        """Return the calls since they were last asked for: `settings` and `package`, or what else there was."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)


class Example:
    """The minimal example, in a folder of its own."""

    def __init__(self, terraform: Terraform, checkout: Path, cli: Cli) -> None:
        self.folder = copied(checkout) / "examples" / "azure-aks-minimal"
        self.package = checkout / "dist" / "lanner-azure-eventhub.zip"
        self._terraform, self._cli = terraform, cli
        values = given(self.folder) | {"deploy": "true"}
        (self.folder / "given.auto.tfvars").write_text("".join(f"{key} = {text}\n" for key, text in values.items()))
        set_up = terraform(self.folder, "init", "-no-color")
        assert set_up, set_up.output

    def apply(self) -> tuple[bool, list[str]]:
        """Apply it; return whether that succeeded, and which calls there were."""
        path = os.pathsep.join((str(self._cli.folder), os.environ["PATH"]))
        applied = self._terraform(self.folder, "apply", "-no-color", "-auto-approve", PATH=path)
        return bool(applied), [shortened(call) for call in self._cli.calls()]


def shortened(call: str) -> str:
    """Return a short name for a call that is as it should be, or else the call."""
    words = shlex.split(call)
    id_ = words[words.index("--ids") + 1]
    package = words[words.index("--src") + 1] if "--src" in words else ""
    if call == _DELETED.format(id=id_):
        return "settings"
    known = call == _DEPLOYED.format(id=id_, package=package) and package.endswith("/dist/lanner-azure-eventhub.zip")
    return "package" if known else call


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    (tmp_path / "bin").mkdir()
    return Cli(tmp_path / "bin")


@pytest.fixture
def example(provided: Callable[[str], Terraform], tmp_path: Path, cli: Cli) -> Example:
    return Example(provided("newer"), tmp_path / "checkout", cli)


def test_an_apply_deploys_what_is_new(example: Example, cli: Cli) -> None:
    # GIVEN roles that are not known everywhere at once
    cli.refuse(2)
    # WHEN there is nothing yet, THEN the settings that azurerm injects are taken out, and the package is deployed
    assert example.apply() == (True, ["settings", "package", "package", "package"])
    # WHEN nothing is new, THEN nothing is deployed
    assert example.apply() == (True, [])
    # WHEN there is another package, THEN it is deployed
    example.package.write_bytes(example.package.read_bytes() + b" with other rules")
    assert example.apply() == (True, ["settings", "package"])
    # WHEN the function app changes, which brings the injected settings back, THEN they are taken out again
    main = example.folder / "main.tf"
    main.write_text(main.read_text().replace("  clusters  ", '  minimum_priority = "warning"\n  clusters  '))
    assert example.apply() == (True, ["settings", "package"])


def test_an_apply_fails_with_the_deployment(example: Example, cli: Cli) -> None:
    # GIVEN a deployment that goes on failing
    cli.refuse(5)
    # WHEN it is applied, THEN that is tried five times, and the apply fails
    assert example.apply() == (False, ["settings", *["package"] * 5])
    # WHEN it is applied again, THEN it is made up for
    assert example.apply() == (True, ["settings", "package"])
