"""Azure Storage queues on this machine: Microsoft's emulator, which takes tokens and speaks TLS."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Self

import trustme

from emulators.processes import Child, Unavailable, environment, free_port

__all__ = ["ACCOUNT", "Azurite"]

ACCOUNT = "devstoreaccount1"

_INSTALLED = Path(__file__).parents[2] / ".venv-e2e" / "node_modules" / ".bin" / "azurite-queue"
_READY = 30.0


class Azurite(Child):
    """The emulator of queues, on 127.0.0.1; its files are in `folder`. Nobody gets in without a token, or the key.

    `authority` is the file with the certificate that clients have to trust. Raises `Unavailable` if it is not
    installed.
    """

    def __init__(self, folder: Path) -> None:
        found = str(_INSTALLED) if _INSTALLED.exists() else shutil.which("azurite-queue")
        if found is None or shutil.which("node") is None:
            raise Unavailable("no emulator of Azure Storage: it needs node and azurite (`make e2e` sets it up)")
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}/{ACCOUNT}"
        self.authority = folder / "authority.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        command: list[str | Path] = [
            *(found, "--queueHost", "127.0.0.1", "--queuePort", str(self.port), "--oauth", "basic"),
            *("--cert", folder / "certificate.pem", "--key", folder / "key.pem"),
            *("--location", folder / "azurite", "--silent", "--skipApiVersionCheck", "--disableTelemetry"),
        ]
        super().__init__(command, environment(), folder / "azurite.log", folder, "azurite")

    def __enter__(self) -> Self:
        try:
            self.wait_for(self._listens, _READY)
        except BaseException:
            self.kill()
            raise
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True
