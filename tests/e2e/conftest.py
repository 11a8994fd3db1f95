"""Functions as they are deployed, what their alerts have to be, and numbers for the end of the run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from doubles import Recorder
from emulators import ministack
from emulators.processes import Unavailable
from lanner.alerts import AlertFormat
from lanner.errors import UsageError
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.pipeline import Pipeline
from lanner.pipeline.pipeline import Source
from lanner.ruleset import Priority, artefact
from package.build import REPOSITORY, build, built_rules
from package.dependencies import native
from package.interpreter import ask

MEASURED: list[str] = []
UV = REPOSITORY / ".venv-lock" / "bin" / "uv"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured."""
    if MEASURED:
        terminalreporter.section("end to end")
        for line in MEASURED:
            terminalreporter.write_line(line)


@pytest.fixture
def measured() -> Callable[[str], None]:
    """Take a line for the end of the run."""
    return MEASURED.append


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped rules, built."""
    return built_rules([], tmp_path_factory.mktemp("rules") / "rules.lanner")


class Judged(NamedTuple):
    """What has to come of payloads: the alerts, by any way that loses none and changes none."""

    alerts: list[Message]

    @property
    def ids(self) -> set[str]:
        """The ids of the alerts."""
        return {message.id for message in self.alerts}


Judge = Callable[..., Judged]


@pytest.fixture(scope="session")
def judge(rules: Path) -> Judge:
    """What judges payloads in this process: no emulator, no transport, nothing to lose anything."""
    chosen = artefact.read(rules.read_bytes(), str(rules)).select()

    def judged(source: Source, payloads: Iterable[bytes], provider: str, cluster: str) -> Judged:
        taken = Recorder()
        pipeline = Pipeline(chosen, AlertFormat(), [Route(taken, Priority.DEBUG)], None)
        for payload in payloads:
            pipeline.take(source, payload, Deadline(60), origin="a test", provider=provider, cluster=cluster)
        return Judged(taken.taken)

    return judged


@pytest.fixture(scope="session")
def cloud_run_source(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The source package of a Cloud Run function, unpacked: its `main.py`."""
    folder = tmp_path_factory.mktemp("sources")
    build(folder, ask(sys.executable), str(UV), [], architectures=())

    def unpacked(function: str) -> Path:
        target = folder / function
        with ZipFile(folder / f"lanner-{function.replace('_', '-')}.zip") as archive:
            archive.extractall(target)
        return target / "main.py"

    return unpacked


class LambdaPackage(NamedTuple):
    """The zip for Lambda on processors like this one, what Lambda calls its Python, and where it is unpacked."""

    archive: Path
    runtime: str
    folder: Path
    python: Path


@pytest.fixture(scope="session")
def lambda_package(tmp_path_factory: pytest.TempPathFactory) -> LambdaPackage:
    """The package for Lambda, of the Python in .venv-e2e."""
    for needed in (ministack.PYTHON, UV):
        if not needed.exists():
            pytest.skip(f"{needed.relative_to(REPOSITORY)} is missing: `make e2e` sets it up")
    try:
        architecture = native()
    except UsageError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("lambda")
    interpreter = ask(str(ministack.PYTHON))
    (built,) = build(folder, interpreter, str(UV), [], architectures=[architecture], sources=())
    with ZipFile(built.archive) as archive:
        archive.extractall(folder / "task")
    return LambdaPackage(built.archive, f"python{interpreter.minor}", folder / "task", ministack.PYTHON)


@pytest.fixture(scope="session")
def account() -> Iterator[ministack.Ministack]:
    """An AWS account in which nobody may do what no policy allows."""
    with TemporaryDirectory(prefix="lanner-e2e-") as folder:
        try:
            started = ministack.Ministack(Path(folder))
        except Unavailable as error:
            pytest.skip(str(error))
        with started:
            yield started
