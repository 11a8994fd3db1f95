"""Packages as they are built: `make package`."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import lanner
from lanner.errors import UsageError
from lanner.ruleset import artefact
from package import recipes
from package.__main__ import main
from package.build import REPOSITORY, build
from package.interpreter import RUNTIME, Interpreter, ask, find
from package.manifest import MANIFEST, SUMS

THIS = ".".join(map(str, sys.version_info[:2]))
UV = REPOSITORY / ".venv-lock" / "bin" / "uv"
SOURCES = {f"lanner-{function.replace('_', '-')}.zip": function for function in recipes.SOURCES}
LAMBDA = {"lanner-lambda-arm64.zip": 0xB7, "lanner-lambda-x86_64.zip": 0x3E}  # with the ELF format's number of each


@pytest.fixture(scope="module")
def this() -> Interpreter:
    """The interpreter that runs the tests."""
    return ask(sys.executable)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Another checkout, at another place and with other times."""
    folder = tmp_path / "another" / "checkout"
    for name in ("functions", "rules", "shared/lanner"):
        shutil.copytree(
            REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
        )
    shutil.copy(REPOSITORY / "LICENSE", folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_sources(this: Interpreter, tmp_path: Path) -> None:
    # WHEN the packages are built
    build(tmp_path, this, "no-uv", [], architectures=())
    # THEN each holds the function, what it needs, and nothing else
    assert sorted(contents(tmp_path)) == sorted((*SOURCES, MANIFEST, SUMS))
    for name, function in SOURCES.items():
        own = recipes.SOURCES[function].files
        with ZipFile(tmp_path / name) as archive:
            for file in own:
                assert archive.read(file) == (REPOSITORY / "functions" / function / file).read_bytes()
            assert len(artefact.read(archive.read("rules.lanner"), name).rules) > 10
            ours = {one.removeprefix("lanner/") for one in archive.namelist() if one.startswith("lanner/")}
            others = {one for one in archive.namelist() if not one.startswith("lanner/")}
        assert others == {"LICENSE", "rules.lanner", *own}
        package = Path(lanner.__file__).parent
        here = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
        assert ours == {one for one in here if not one.startswith(("analysis/", "cli/", "__main__"))}


def test_another_checkout_gives_the_same_bytes(this: Interpreter, copy: Path, tmp_path: Path) -> None:
    build(tmp_path / "one", this, "no-uv", [], architectures=())
    build(tmp_path / "other", this, "no-uv", [], architectures=(), repository=copy)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_what_the_manifest_tells(this: Interpreter, tmp_path: Path) -> None:
    build(tmp_path, this, "no-uv", [], architectures=())
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest["lanner"] == lanner.__version__
    assert manifest["made_with"]["python"] == this.version
    assert manifest["rules"]["count"] > 10
    for name in SOURCES:
        told = manifest["packages"][name]
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert (told["sha256"], told["size"]) == (digest, (tmp_path / name).stat().st_size)
        assert told["dependencies"]["msgspec"]
        assert f"{digest}  {name}\n" in (tmp_path / SUMS).read_text()


def test_other_rules(this: Interpreter, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "own.yaml"
    rules.write_text(
        "- rule: Own\n  desc: d\n  condition: ka.verb = get\n  output: o\n  priority: ERROR\n  source: k8s_audit\n"
    )
    build(tmp_path, this, "no-uv", [str(rules)], architectures=(), sources=["gcp_pubsub"])
    with ZipFile(tmp_path / "lanner-gcp-pubsub.zip") as archive:
        (rule,) = artefact.read(archive.read("rules.lanner"), "own").rules
    assert rule.name == "Own"
    rules.write_text("- rule: Own\n")
    with pytest.raises(UsageError, match="the rules cannot be built"):
        build(tmp_path, this, "no-uv", [str(rules)], architectures=())
    assert "own.yaml" in capfd.readouterr().err


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--python", sys.executable, "--runtime", THIS, "--find"]) == 0
    assert Path(capsys.readouterr().out.strip()).samefile(sys.executable)
    assert main(["--python", sys.executable, "--runtime", "3.99", str(tmp_path)]) == 2
    assert "make package PYTHON=/path/to/python3.99" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.e2e
def test_everything_twice(copy: Path, tmp_path: Path) -> None:
    # GIVEN the Python of the runtime
    try:
        interpreter = find(sys.executable)
    except UsageError as error:
        pytest.skip(str(error))
    if not UV.exists():
        pytest.skip(".venv-lock is missing: `make e2e` sets it up")
    # WHEN everything is built from two checkouts
    build(tmp_path / "one", interpreter, str(UV), [])
    build(tmp_path / "other", interpreter, str(UV), [], repository=copy)
    # THEN the bytes are the same
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "other")
    assert sorted(one) == sorted((*SOURCES, *LAMBDA, MANIFEST, SUMS))
    # AND the packages for Lambda hold what it takes, for the right processor
    for name, machine in LAMBDA.items():
        with ZipFile(tmp_path / "one" / name) as archive:
            names = archive.namelist()
            libraries = [archive.read(one) for one in names if one.endswith(".so")]
        assert {"handler.py", "lambda_url.py", "rules.lanner", "lanner/__init__.py"} <= set(names)
        assert len(libraries) >= 2
        assert {library[18] for library in libraries} == {machine}
        assert len([one for one in names if one.endswith(".pyc")]) == len([one for one in names if one.endswith(".py")])
        assert all(f"cpython-{RUNTIME.replace('.', '')}" in one for one in names if one.endswith(".pyc"))
        assert {one.partition("/")[2].partition("/")[0] for one in names if ".dist-info/" in one} <= {
            "METADATA",
            "LICENSE",
            "licenses",
        }
