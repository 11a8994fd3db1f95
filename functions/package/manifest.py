"""What was built, of what: MANIFEST.json, and digests as `sha256sum --check` reads them."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZipFile

import lanner
from lanner.ruleset import artefact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from package.interpreter import Interpreter

__all__ = ["MANIFEST", "SUMS", "Built", "write"]

MANIFEST, SUMS = "MANIFEST.json", "SHA256SUMS"


class Built(NamedTuple):
    """An archive, what a platform has to know about it, and its dependencies with their versions."""

    archive: Path
    deployed: Mapping[str, Any]
    dependencies: Mapping[str, str]


def write(folder: Path, built: Sequence[Built], rules: Path, interpreter: Interpreter) -> None:
    """Write both files about the packages `built` into `folder`."""
    content = rules.read_bytes()
    manifest = {
        "lanner": lanner.__version__,
        "rules": {
            "count": len(artefact.read(content, str(rules)).rules),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
        # Beside the sources and the locks, the bytes depend on these.
        "made_with": {"python": interpreter.version, "zlib": zlib.ZLIB_RUNTIME_VERSION},
        "packages": {package.archive.name: _described(package) for package in built},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    digests = [f"{_digest(package.archive).hex()}  {package.archive.name}\n" for package in built]
    (folder / SUMS).write_text("".join(digests))


def _described(package: Built) -> dict[str, Any]:
    digest = _digest(package.archive)
    with ZipFile(package.archive) as archive:
        unpacked = sum([info.file_size for info in archive.infolist()])
    return {
        **package.deployed,
        "size": package.archive.stat().st_size,
        "unpacked_size": unpacked,
        "sha256": digest.hex(),
        "base64sha256": base64.b64encode(digest).decode(),  # Lambda's CodeSha256, Terraform's source_code_hash
        "dependencies": dict(package.dependencies),
    }


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
