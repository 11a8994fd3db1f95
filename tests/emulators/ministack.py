"""AWS on this machine: ministack, which runs Lambda functions and enforces IAM policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from emulators.processes import Child, Unavailable, answers, environment, free_port

__all__ = ["ACCOUNT", "PYTHON", "REGION", "Ministack"]

ACCOUNT, REGION = "123456789012", "eu-west-1"
PYTHON = Path(__file__).parents[2] / ".venv-e2e" / "bin" / "python"
"""Of the environment that holds ministack. It runs Lambda functions by the same Python."""

_READY = 30.0


class Ministack(Child):
    """The emulator, on 127.0.0.1; its files are in `folder`. With `enforce`, nobody may do what no policy allows.

    Raises `Unavailable` if it is not installed.
    """

    def __init__(self, folder: Path, *, enforce: bool = True) -> None:
        if not PYTHON.exists():
            raise Unavailable("no AWS emulator (ministack): `make e2e` and `make demo-aws` set it up in .venv-e2e")
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        variables = environment(
            GATEWAY_PORT=str(port),
            BIND_HOST="127.0.0.1",
            MINISTACK_HOST="127.0.0.1",
            MINISTACK_ACCOUNT_ID=ACCOUNT,
            MINISTACK_REGION=REGION,
            LAMBDA_EXECUTOR="local",
            AUTH="true" if enforce else "false",
            SFTP_ENABLED="0",
            IOT_MTLS_ENABLED="0",
            TMPDIR=str(folder),
        )
        super().__init__([PYTHON, "-m", "ministack"], variables, folder / "ministack.log", folder, "ministack")

    def __enter__(self) -> Self:
        try:
            self.wait_for(lambda: answers(f"{self.endpoint}/_ministack/health"), _READY)
        except BaseException:
            self.kill()
            raise
        return self

    def client(self, service: str, **more: Any) -> Any:
        """Return a client of boto3 with the rights of the account's root."""
        import boto3
        from botocore.config import Config

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} | more
        config = Config(retries={"max_attempts": 1}, read_timeout=70)
        return boto3.client(service, REGION, endpoint_url=self.endpoint, config=config, **keys)
