"""Terraform with providers that are on this machine: schemas that answer as providers do, or AWS's own provider.

Terraform attaches to a provider that already runs, so that neither a registry nor a lock file is needed, and one
process serves many runs. What Terraform keeps for itself is kept in a folder outside of the tree.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from emulators.processes import Child, Unavailable, environment

__all__ = ["SCHEMAS", "Result", "Terraform", "binary", "real_aws", "registry", "schemas", "stubs"]

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared"
STUB = SHARED / "tools" / "tfstub" / "provider.py"
SCHEMAS = SHARED / "terraform-schemas"
MORE_SCHEMAS = REPOSITORY / "tests" / "terraform" / "schemas"
"""Resources that those lack, in files of the same names."""

HOST = "registry.terraform.io/hashicorp"

_STARTER = Path(__file__).with_name("provider_stubs.py")
_TIMEOUT = 600.0
"""Seconds that a run of Terraform may take."""

_PASSED_ON = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE")
_WHERE_PROVIDERS_ARE = ("/opt", "/usr/share", "/usr/local/share", "/usr/local/lib", str(Path.home()))


class Result(NamedTuple):
    """What a run of Terraform printed, and its status."""

    status: int
    output: str

    def __bool__(self) -> bool:
        return not self.status


class Terraform(NamedTuple):
    """Terraform with some providers: `variables` tell it how they are reached."""

    program: Path
    data: Path
    variables: Mapping[str, str]

    def __call__(self, folder: Path, *arguments: str, **variables: str) -> Result:
        """Run Terraform in a folder. Each folder has its own data, which `init` fills."""
        data = self.data / str(folder.resolve()).strip("/").replace("/", "_")
        every = environment(
            CHECKPOINT_DISABLE="1",
            TF_CLI_CONFIG_FILE=os.devnull,
            TF_DATA_DIR=str(data),
            TF_IN_AUTOMATION="1",
            TF_INPUT="0",
            AWS_EC2_METADATA_DISABLED="true",
            **self.variables,
        )
        try:
            done = subprocess.run(
                [self.program, f"-chdir={folder}", *arguments],
                env=every | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=_TIMEOUT,
            )
        except subprocess.TimeoutExpired as error:
            said = error.stdout or b""
            return Result(124, f"{said.decode(errors='replace')}\nno end after {_TIMEOUT:.0f} s")
        return Result(done.returncode, done.stdout)


def binary() -> Path:
    """Return Terraform's path. Raises `Unavailable` if there is none."""
    found = shutil.which("terraform")
    if not found:
        raise Unavailable("terraform is not installed")
    return Path(found)


def schemas(folder: Path = SCHEMAS) -> dict[str, list[Path]]:
    """Return the schema files of each provider, the oldest version first. Raises `Unavailable` if there are none."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*-*.json"), key=lambda path: _version(path.stem)):
        found.setdefault(path.stem.rpartition("-")[0], []).append(path)
    if not found or not STUB.exists():
        raise Unavailable("no provider schemas and stubs (tfstub) beside this checkout")
    return found


@contextmanager
def stubs(files: Sequence[Path], folder: Path, values: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Serve providers that know no more than their schemas; yields the variables by which Terraform reaches them.

    `folder` takes the schemas, complete. `values` are what an apply makes up, by places such as `aws_sns_topic.arn`.
    """
    made_up = folder / "values"
    made_up.write_text(json.dumps(dict(values)))
    complete = [_completed(file, folder) for file in files]
    variables = environment(PYTHONDONTWRITEBYTECODE="1")
    with subprocess.Popen(
        [sys.executable, str(_STARTER), str(STUB), str(made_up), "--share", *map(str, complete)],
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the provider stubs did not start")
        try:
            yield {"TF_REATTACH_PROVIDERS": line.strip()}
        finally:
            process.stdin.close()


@contextmanager
def real_aws(folder: Path) -> Iterator[dict[str, str]]:
    """Serve AWS's own provider; its log goes to `folder`. Yields the variables by which Terraform reaches it.

    Raises `Unavailable` if it is not on this machine.
    """
    with Child([_aws_provider(), "-debug"], environment(), folder / "provider-aws.log") as provider:
        provider.wait_for(lambda: "TF_REATTACH_PROVIDERS=" in provider.said(), 60)
        text = provider.said().partition("TF_REATTACH_PROVIDERS='")[2].partition("'")[0]
        yield {"TF_REATTACH_PROVIDERS": text}


def registry(folder: Path) -> dict[str, str]:
    """Return the variables by which Terraform gets providers from their registry, into a cache in `folder`.

    Raises `Unavailable` if the registry cannot be reached.
    """
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {
        "TF_PLUGIN_CACHE_DIR": str(folder / "cache"),
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "true",
    }
    (folder / "cache").mkdir(parents=True, exist_ok=True)
    probe = folder / "probe"
    probe.mkdir()
    # A version that is not there: the answer comes from the registry, and nothing is fetched.
    wanted = {"aws": {"source": "hashicorp/aws", "version": ">= 9999"}}
    (probe / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": wanted}}))
    quick = {"TF_REGISTRY_DISCOVERY_RETRY": "0", "TF_REGISTRY_CLIENT_TIMEOUT": "5"}
    answer = Terraform(binary(), folder / "data", variables)(probe, "init", "-no-color", **quick)
    if "no available releases match" not in answer.output:
        raise Unavailable("the registry of Terraform's providers cannot be reached")
    return variables


def _completed(file: Path, folder: Path) -> Path:
    """Return a copy of a schema file in `folder`, with what it lacks."""
    document = json.loads(file.read_text())
    more = MORE_SCHEMAS / file.name
    if more.exists():
        for provider, groups in json.loads(more.read_text())["provider_schemas"].items():
            for group, schemas_ in groups.items():
                document["provider_schemas"][provider].setdefault(group, {}).update(schemas_)
    copy = folder / file.name
    copy.write_text(json.dumps(document))
    return copy


def _version(stem: str) -> tuple[int, ...]:
    return tuple(int(part) for part in stem.rpartition("-")[2].split(".") if part.isdigit())


def _aws_provider() -> Path:
    """Return the path of the newest provider in a mirror, a plugin cache or a plugin folder."""
    folders = [folder for folder in (os.environ.get("TF_PLUGIN_CACHE_DIR"), *_WHERE_PROVIDERS_ARE) if folder]
    for folder in folders:
        for place in (Path(folder), *Path(folder).glob("*"), *Path(folder).glob(".terraform.d/*")):
            found = list(place.glob(f"{HOST}/aws/*/*/terraform-provider-aws_v*"))
            if found:
                return max(found, key=lambda path: _version(f"aws-{path.parents[1].name}"))
    raise Unavailable(f"no aws provider in {', '.join(folders)} (filesystem mirror or plugin cache)")
