"""A real Kubernetes API server on this machine, built once from its Go module, with etcd behind it.

`python -m emulators.kube_apiserver` builds it where it is not built yet.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import urllib3

from emulators.processes import Child, Unavailable, answers, environment, free_port

__all__ = ["AuditWebhook", "KubeApiServer", "binary", "build", "version"]

_MODULE = Path(__file__).with_name("apiserver")
_PACKAGE = "k8s.io/kubernetes/cmd/kube-apiserver"
_READY = 90.0
_USER, _TOKEN = "mallory", "mallory-has-a-token"
_ADMIN_GROUP = "system:masters"
_EVERYTHING = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "RequestResponse"},
    ],
}


def version() -> str:
    """Return the version of Kubernetes that go.mod asks for, such as `v1.36.3`."""
    found = re.search(r"k8s\.io/kubernetes (v[0-9.]+)", (_MODULE / "go.mod").read_text())
    assert found is not None
    return found[1]


def binary() -> Path:
    """Return where the API server is once it is built: outside of the repository."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "lanner" / f"kube-apiserver-{version()}"


def build() -> Path:
    """Build the API server unless it is there; return its path. Raises `Unavailable` if that is not possible here."""
    path = binary()
    if path.exists():
        return path
    go = _go()
    print(f"building kube-apiserver {version()} (once, some minutes) in {path.parent}", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    flags = f"-s -w -X k8s.io/component-base/version.gitVersion={version()}"
    command = [go, "build", "-mod=readonly", "-buildvcs=false", "-ldflags", flags, "-o", str(unfinished), _PACKAGE]
    variables = dict(os.environ) | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOFLAGS": ""}
    try:
        subprocess.run(command, cwd=_MODULE, env=variables, check=True)
        unfinished.replace(path)
    except subprocess.CalledProcessError:
        raise Unavailable("the API server could not be built, see above") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _go() -> str:
    """Return the path of Go. Raises `Unavailable` if it is not installed."""
    go = shutil.which("go")
    if go is None:
        raise Unavailable("no Go, which builds the API server (go.dev; Debian, Ubuntu: apt-get install golang)")
    return go


class AuditWebhook(NamedTuple):
    """Where an API server posts its audit log, with which token, and who (PEM) has signed the certificate there."""

    url: str
    token: str
    authority: str


class KubeApiServer(Child):
    """The API server, on 127.0.0.1, posting its audit log to `webhook`. Its files are in `folder`.

    What it logs itself is in `audit_log`. Raises `Unavailable` if it, or etcd, is not here.
    """

    def __init__(self, folder: Path, webhook: AuditWebhook) -> None:
        if not binary().exists():
            _go()
            raise Unavailable("the API server is not built: `make e2e-apiserver` does it")
        self._etcd = _etcd(folder)
        self._port = free_port()
        self._certificates = folder / "certificates"
        self.audit_log = folder / "audit.jsonl"
        self.url = f"https://127.0.0.1:{self._port}"
        self._folder = folder
        self._webhook = webhook
        command = self._command()
        try:
            super().__init__(command, environment(), folder / "apiserver.log", folder, "the API server")
        except BaseException:
            self._etcd.kill()
            raise

    def __enter__(self) -> Self:
        try:
            self.wait_for(self._is_ready, _READY)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the API server, which posts what waits, and then etcd."""
        try:
            super().stop()
        finally:
            self._etcd.stop()

    def request(self, method: str, path: str, content: object = None) -> tuple[int, dict[str, Any]]:
        """Send a request as an administrator; return the status of the answer, and what it holds."""
        with urllib3.PoolManager(ca_certs=str(self._certificates / "apiserver.crt"), retries=False) as pool:
            response = pool.request(
                method,
                self.url + path,
                body=None if content is None else json.dumps(content),
                headers={"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"},
                timeout=30,
            )
            return response.status, json.loads(response.data)

    def _is_ready(self) -> bool:
        if not (self._certificates / "apiserver.crt").exists():
            return False
        try:
            return self.request("GET", "/api/v1/namespaces/default")[0] == 200
        except (urllib3.exceptions.HTTPError, ValueError):  # it does not listen yet, or says so in words
            return False

    def _command(self) -> list[str | Path]:
        folder = self._folder
        key = _key(folder)
        tokens = _written(folder / "tokens.csv", f'{_TOKEN},{_USER},1,"{_ADMIN_GROUP}"\n')
        policy = _written(folder / "policy.json", json.dumps(_EVERYTHING))
        webhook = _written(folder / "webhook.json", json.dumps(_kubeconfig(self._webhook)))
        flags: Mapping[str, object] = {
            "etcd-servers": self._etcd_url(),
            "bind-address": "127.0.0.1",
            "secure-port": self._port,
            "cert-dir": self._certificates,
            "endpoint-reconciler-type": "none",
            "service-cluster-ip-range": "10.0.0.0/24",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": key,
            "service-account-signing-key-file": key,
            "disable-admission-plugins": "ServiceAccount",  # nobody here makes service accounts
            "authorization-mode": "RBAC",
            "allow-privileged": "true",
            "token-auth-file": tokens,
            "audit-policy-file": policy,
            "audit-log-path": self.audit_log,
            "audit-webhook-config-file": webhook,
            "audit-webhook-batch-max-size": 20,
            "audit-webhook-batch-max-wait": "1s",
        }
        return [binary(), *[f"--{name}={value}" for name, value in flags.items()]]

    def _etcd_url(self) -> str:
        return str(self._etcd.url)


class _Etcd(Child):
    """The database of the API server."""

    def __init__(self, command: Sequence[str | Path], folder: Path, url: str) -> None:
        self.url = url
        super().__init__(command, environment(), folder / "etcd.log", folder, "etcd")


def _etcd(folder: Path) -> _Etcd:
    """Return a running etcd. Raises `Unavailable` if it is not installed."""
    etcd = shutil.which("etcd")
    if etcd is None:
        raise Unavailable("no etcd, which the API server needs (Debian, Ubuntu: apt-get install etcd-server)")
    url, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command: list[str | Path] = [
        *(etcd, "--data-dir", folder / "etcd", "--unsafe-no-fsync", "--initial-cluster", f"default={peer}"),
        *("--listen-client-urls", url, "--advertise-client-urls", url),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
    ]
    running = _Etcd(command, folder, url)
    try:
        running.wait_for(lambda: answers(f"{url}/health"))
    except BaseException:
        running.kill()
        raise
    return running


def _key(folder: Path) -> Path:
    """Return a new key, with which the API server signs tokens."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _written(folder / "tokens.pem", key.decode())


def _kubeconfig(webhook: AuditWebhook) -> dict[str, Any]:
    """Return what `--audit-webhook-config-file` names: where events go, and with which token."""
    cluster = {
        "server": webhook.url,
        "certificate-authority-data": base64.b64encode(webhook.authority.encode()).decode(),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lanner", "cluster": cluster}],
        "users": [{"name": "lanner", "user": {"token": webhook.token}}],
        "contexts": [{"name": "lanner", "context": {"cluster": "lanner", "user": "lanner"}}],
        "current-context": "lanner",
    }


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def main() -> int:
    """Build the API server, or say why it cannot be used here; the test that needs it says so, too."""
    try:
        print(build())
    except Unavailable as error:
        print(f"no API server: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
