"""What checkov knows to be unsafe in Terraform is not there, or it is explained beside the resource."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from emulators.processes import environment
from terraform.places import FOLDERS, REPOSITORY, TERRAFORM, each

CHECKOV = REPOSITORY / ".venv-checkov" / "bin" / "checkov"


@pytest.mark.e2e
def test_nothing_unsafe_without_a_reason() -> None:
    # GIVEN checkov, whose settings are in .checkov.yaml
    if not CHECKOV.exists():
        pytest.skip("no checkov: `make checkov` sets it up in .venv-checkov")
    # WHEN it looks at all modules and examples
    done = subprocess.run(
        [CHECKOV, "--config-file", ".checkov.yaml", "--soft-fail", "--output", "json"],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    # THEN it could read them, and found nothing
    assert report["summary"]["parsing_errors"] == 0
    assert [
        f"{one['check_id']} {one['resource']} ({one['file_path']}): {one['check_name']}"
        for one in report["results"]["failed_checks"]
    ] == []
    assert report["summary"]["passed"] > 3 * len(FOLDERS)


@pytest.mark.parametrize("name", each(FOLDERS))
def test_what_is_skipped_has_a_reason(name: Path) -> None:
    for path in (TERRAFORM / name).glob("*.tf"):
        for skipped in re.findall(r"checkov:skip=.*", path.read_text()):
            assert re.fullmatch(r"checkov:skip=CKV2?_[A-Z]+_\d+:\S.{10,}", skipped), skipped
