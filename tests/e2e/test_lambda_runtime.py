"""The handlers under the client of Lambda's runtime, from their sources and with the Python that runs the tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from emulators.lambda_runtime import FunctionError, LambdaRuntime
from functions_data import cloudwatch, incident
from lanner.sources import eks
from package.build import REPOSITORY

FOLDER = REPOSITORY / "functions" / "aws_cloudwatch"


def runtime(rules: Path, folder: Path, **settings: str) -> LambdaRuntime:
    """Start the function for CloudWatch."""
    chosen = {"LANNER_RULES": str(rules), "LANNER_STDOUT": "true"} | settings
    return LambdaRuntime(Path(sys.executable), FOLDER, "handler.handle", chosen, folder / "function.log")


def test_a_batch_twice(rules: Path, tmp_path: Path, judge: Any) -> None:
    lines = incident()
    sent = cloudwatch(*lines)
    expected = judge(eks.events, [sent["awslogs"]["data"].encode()], "eks", "")
    with runtime(rules, tmp_path) as started:
        for _ in ("cold", "warm"):
            counts = started.invoke(sent).result
            assert (counts["Events"], counts["Alerts"]) == (len(lines), len(expected.alerts))
        told = started.child.said(10**8)
    for alert in expected.alerts:
        assert told.count(f'"id":"{alert.id}"') == 2


def test_what_is_neither_read_nor_kept_is_an_error(rules: Path, tmp_path: Path) -> None:
    with runtime(rules, tmp_path) as started:
        with pytest.raises(FunctionError, match="NotSafe"):
            started.invoke({"awslogs": {"data": "nonsense"}})
        # The function goes on: what follows is judged.
        assert started.invoke(cloudwatch(*incident())).result["Events"] == len(incident())


def test_a_function_that_cannot_start_says_why(rules: Path, tmp_path: Path) -> None:
    with (
        runtime(rules, tmp_path, LANNER_STDOUT="") as started,
        pytest.raises(FunctionError, match="no output: alerts would go nowhere"),
    ):
        started.invoke({})
