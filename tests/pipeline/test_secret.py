"""Secrets: read when they are needed, read again when they are old, never shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import msgspec
import pytest
from moto import mock_aws

from lanner.errors import UsageError
from lanner.pipeline.environment import Environment
from lanner.pipeline.secret import Secret
from lanner.pipeline.settings import Destination

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:missing-AbCdEf"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in the only element."""
    now = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """AWS Secrets Manager."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-1")


def test_a_given_secret() -> None:
    secret = Secret.given("LANNER_A", "  opensesame\n")
    assert secret.reveal() == "opensesame"


def test_secrets_are_never_shown() -> None:
    secret = Secret.given("LANNER_A", "opensesame")
    secret.reveal()
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        repr(Destination("slack", "LANNER_SLACK_URL", secret)),
        repr(vars(Secret)),
    ):
        assert "opensesame" not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)


def test_a_secret_in_a_file_is_read_late_and_again(tmp_path: Path, clock: list[float]) -> None:
    path = tmp_path / "token"
    secret = Environment({"LANNER_A_FILE": str(path)}).secret("LANNER_A")
    assert secret is not None
    assert secret.name == "LANNER_A_FILE"
    # GIVEN that the file is not there yet
    with pytest.raises(UsageError, match=r"LANNER_A_FILE: the file .*token cannot be read: No such file"):
        secret.reveal()
    # WHEN it is written, and changed
    path.write_text("one\n")
    with pytest.raises(UsageError, match="No such file"):  # a place that takes long to fail is not asked every time
        secret.reveal()
    clock[0] += 31
    assert secret.reveal() == "one"
    path.write_text("two\n")
    # THEN the change is seen after five minutes
    clock[0] += 299
    assert secret.reveal() == "one"
    clock[0] += 2
    assert secret.reveal() == "two"
    # AND a known value lasts if the file goes away for a while
    path.unlink()
    clock[0] += 301
    assert secret.reveal() == "two"
    path.write_text("three")
    clock[0] += 29
    assert secret.reveal() == "two"
    clock[0] += 2
    assert secret.reveal() == "three"


def test_a_clock_that_is_set_back_does_no_harm(tmp_path: Path, clock: list[float]) -> None:
    path = tmp_path / "token"
    path.write_text("one")
    secret = Secret.in_file("LANNER_A_FILE", str(path))
    assert secret.reveal() == "one"
    path.write_text("two")
    clock[0] -= 86400
    assert secret.reveal() == "two"


def test_odd_files(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("\n")
    with pytest.raises(UsageError, match="LANNER_A_FILE: the secret is empty"):
        Secret.in_file("LANNER_A_FILE", str(path)).reveal()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is no UTF-8 text"):
        Secret.in_file("LANNER_A_FILE", str(path)).reveal()


def test_a_secret_of_secrets_manager(secrets_manager: object, clock: list[float]) -> None:
    client = secrets_manager
    arn = client.create_secret(Name="token", SecretString="one")["ARN"]  # type: ignore[attr-defined]
    secret = Environment({"LANNER_A_SECRET_ARN": arn}).secret("LANNER_A")
    assert secret is not None
    assert secret.reveal() == "one"
    client.put_secret_value(SecretId=arn, SecretString="two")  # type: ignore[attr-defined]
    assert secret.reveal() == "one"
    clock[0] += 301
    assert secret.reveal() == "two"


def test_secrets_of_secrets_manager_that_cannot_be_had(secrets_manager: object) -> None:
    with pytest.raises(UsageError, match=r"LANNER_A_SECRET_ARN: arn:.* cannot be read: .*ResourceNotFound"):
        Secret.in_secrets_manager("LANNER_A_SECRET_ARN", ARN).reveal()
    arn = secrets_manager.create_secret(Name="binary", SecretBinary=b"x")["ARN"]  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="holds no text"):
        Secret.in_secrets_manager("LANNER_A_SECRET_ARN", arn).reveal()
