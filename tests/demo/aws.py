"""CloudWatch Logs, a subscription, the Lambda function, SNS and SQS, by an AWS emulator that enforces IAM policies."""

from __future__ import annotations

from pathlib import Path

from demo.screen import Screen
from emulators.aws_deployment import AwsDeployment
from emulators.ministack import PYTHON, Ministack
from functions_data import incident
from package.build import REPOSITORY, build
from package.dependencies import native
from package.interpreter import ask

__all__ = ["run"]

_UV = REPOSITORY / ".venv-lock" / "bin" / "uv"
_AT_ONCE = 100


def run(screen: Screen, folder: Path) -> None:
    """Show it. Raises `Unavailable` or `UsageError` if something is missing."""
    screen.step("Starting AWS on this machine (ministack)")
    with Ministack(folder) as ministack:
        screen.note(f"{ministack.endpoint}, IAM policies enforced")
        screen.step("Building the Lambda package")
        interpreter = ask(str(PYTHON))
        (built,) = build(folder, interpreter, str(_UV), [], architectures=[native()], sources=())
        runtime = f"python{interpreter.minor}"
        screen.note(f"{built.archive.name}, {built.archive.stat().st_size:,} bytes, {runtime}")
        screen.step("Deploying it: log group -> subscription -> function -> topic -> queue")
        deployed = AwsDeployment(ministack, built.archive.read_bytes(), runtime)
        screen.note(f"{deployed.log_group} -> {deployed.function} -> {deployed.topic}")
        lines = incident()
        screen.step(f"Writing {len(lines)} recorded audit events (tests/events/incident.jsonl); alerts as they arrive:")
        screen.begin()
        for start in range(0, len(lines), _AT_ONCE):
            deployed.log(lines[start : start + _AT_ONCE])
            is_last = start + _AT_ONCE >= len(lines)
            for delivered in deployed.received(len(lines), seconds=3 if is_last else 0.5):
                screen.alert(delivered["Message"])
        screen.end(len(lines), "events", len(deployed.kept()))
