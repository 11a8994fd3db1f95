"""Values that logs never show: given outright, in a file, or in AWS Secrets Manager."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from lanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Secret"]

_LIFETIME = 300.0
"""Seconds after which a value is read again, so that a rotated one is taken up."""

_PATIENCE = 30.0
"""Seconds after which a value that could not be read is asked for again."""

_MAX_FILE = 65536


class Secret:
    """A secret value, read when it is first asked for.

    `name` is what messages call it: the environment variable that says where it is. `is_given` tells that its value
    stands there, and stays as it is.
    """

    __slots__ = ("_error", "_expires", "_lock", "_read", "_value", "is_given", "name")

    def __init__(self, name: str, read: Callable[[], str], *, is_given: bool = False) -> None:
        self.name = name
        self.is_given = is_given
        self._read = read
        self._value = ""
        self._error = ""
        self._expires = 0.0
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"

    @classmethod
    def given(cls, name: str, value: str) -> Secret:
        """Return a secret whose value is known."""
        return cls(name, lambda: value, is_given=True)

    @classmethod
    def in_file(cls, name: str, path: str) -> Secret:
        """Return a secret that stands in a file, such as one that a platform mounts."""
        return cls(name, lambda: _file(name, path))

    @classmethod
    def in_secrets_manager(cls, name: str, arn: str) -> Secret:
        """Return a secret of AWS Secrets Manager; its text is the value."""
        return cls(name, lambda: _secrets_manager(name, arn))

    def reveal(self) -> str:
        """Return the value. Raises `UsageError` if it cannot be read, and is not known from before."""
        with self._lock:
            # By the clock on the wall: the other one stands still while a function is frozen.
            now = time.time()
            if not now < self._expires <= now + _LIFETIME:
                self._renew(now)
            if not self._value:
                raise UsageError(self._error)
            return self._value

    def _renew(self, now: float) -> None:
        """Read the value; if that fails, keep what is known, and why it failed: reading may take long."""
        try:
            value = self._read().strip()
            if not value:
                raise UsageError(f"{self.name}: the secret is empty")
        except UsageError as error:
            self._error = str(error)
            self._expires = now + _PATIENCE
        else:
            self._value = value
            self._expires = now + _LIFETIME


def _file(name: str, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(_MAX_FILE)
    except OSError as error:
        raise UsageError(f"{name}: the file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name}: the file {path} is no UTF-8 text") from None


def _secrets_manager(name: str, arn: str) -> str:
    from lanner.outputs import aws  # only here: most functions have no secret there

    region = arn.split(":")[3] if arn.startswith("arn:") and arn.count(":") >= 6 else None
    try:
        answer = aws.client("secretsmanager", region).get_secret_value(SecretId=arn)
    except Exception as error:  # boto3's errors have no common base
        raise UsageError(f"{name}: {arn} cannot be read: {aws.reason_of(error)[0]}") from None
    value = answer.get("SecretString")
    if not isinstance(value, str):
        raise UsageError(f"{name}: {arn} holds no text (SecretString)")
    return value
