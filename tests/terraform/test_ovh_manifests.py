"""The manifests for the container that follows OVHcloud's stream: they parse, fit together, and give it few rights."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulators.processes import environment
from lanner.pipeline import Settings
from lanner.pipeline.settings import NAMES
from lanner.pipeline.tail.settings import NAMES as TAIL_NAMES
from lanner.pipeline.tail.settings import URL, TailSettings
from terraform.places import REPOSITORY, TERRAFORM

FOLDER = TERRAFORM / "examples" / "ovh"
FUNCTION = REPOSITORY / "functions" / "ovh_ldp"
NAMESPACE = "lanner"


def documents(path: Path) -> list[dict[str, Any]]:
    """Return the objects in a file."""
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def read() -> list[dict[str, Any]]:
    """Return the objects that the kustomization names."""
    (kustomization,) = documents(FOLDER / "kustomization.yaml")
    return [one for name in kustomization["resources"] for one in documents(FOLDER / name)]


def built() -> list[dict[str, Any]]:
    """Return the objects that kubectl makes of the kustomization."""
    kubectl = shutil.which("kubectl")
    if not kubectl:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [kubectl, "kustomize", str(FOLDER)], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def of_kind(kind: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one object of a kind."""
    (found,) = [one for one in objects if one["kind"] == kind]
    return found


def settings() -> dict[str, str]:
    """Return the settings that the container gets."""
    (kustomization,) = documents(FOLDER / "kustomization.yaml")
    (generated,) = kustomization["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in generated["literals"])


@pytest.fixture(params=["read", "built"])
def objects(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """The objects, as they are written and as they are applied."""
    return read() if request.param == "read" else built()


@pytest.fixture
def deployment(objects: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = of_kind("Deployment", objects)["spec"]
    return found


@pytest.fixture
def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["template"]["spec"]
    return found


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (found,) = pod["containers"]
    return dict(found)


def test_files() -> None:
    # GIVEN the files of the folder, THEN each manifest is applied, but for the form of the secret
    (kustomization,) = documents(FOLDER / "kustomization.yaml")
    manifests = {path.name for path in FOLDER.glob("*.yaml")}
    assert manifests == {*kustomization["resources"], "kustomization.yaml", "secret.template.yaml"}
    # and each is told of
    text = (FOLDER / "README.md").read_text()
    assert [name for name in manifests if f"[{name}]({name})" not in text] == []


def test_one_at_a_time(deployment: dict[str, Any]) -> None:
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"].items() <= labels.items()


def test_few_rights(pod: dict[str, Any], container: dict[str, Any]) -> None:
    user = int(re.findall(r"^USER (\d+):\d+$", (FUNCTION / "Dockerfile").read_text(), re.MULTILINE)[-1])
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == user
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()
    assert "ports" not in container
    assert all(volume.keys().isdisjoint({"hostPath"}) for volume in pod["volumes"])


def test_limits(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert container["resources"]["limits"]["memory"] == "512Mi"  # what its README says
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    grace = TailSettings.read(settings()).grace
    assert grace < pod["terminationGracePeriodSeconds"]


def test_health(container: dict[str, Any]) -> None:
    # GIVEN what the image runs to see whether it is well, THEN the pod asks the same, and is not ended by the answer
    health = re.search(r'^HEALTHCHECK .*CMD \["python", "([^"]+)"\]$', (FUNCTION / "Dockerfile").read_text(), re.M)
    assert health
    assert container["readinessProbe"]["exec"]["command"] == ["python", health[1]]
    assert container["readinessProbe"]["timeoutSeconds"] >= 5  # a start of Python
    assert "livenessProbe" not in container


def test_settings_are_known(container: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    # GIVEN every name in the folder that looks like a setting, THEN there is such a setting
    text = "".join(path.read_text() for path in sorted(FOLDER.iterdir()))
    names = set(re.findall(r"LANNER_\w+", text))
    assert names - NAMES - TAIL_NAMES == set()
    # and the container starts with those that it gets, and gets them nowhere else
    Settings.read(settings())
    TailSettings.read(settings())
    (source,) = container["envFrom"]
    assert source["configMapRef"]["name"].startswith("lanner")
    assert "env" not in container
    generated = [one["data"] for one in objects if one["kind"] == "ConfigMap"]
    assert generated in ([], [settings()])


def test_secrets_are_files() -> None:
    # GIVEN the settings, THEN no secret stands among them: those are files of the mounted secret
    assert f"{URL}_FILE" in settings()
    assert all("://" not in value for value in settings().values())
    (secret,) = documents(FOLDER / "secret.template.yaml")
    files = {value for name, value in settings().items() if name.endswith("_FILE")}
    assert files == {f"/secrets/{key}" for key in secret["stringData"]}
    assert secret["metadata"] == {"name": "lanner", "namespace": NAMESPACE}


def test_paths(pod: dict[str, Any], container: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    # GIVEN what the container reads and writes
    mounts = {one["mountPath"]: one for one in container["volumeMounts"]}
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert {one["name"] for one in mounts.values()} == volumes.keys()
    health = re.search(r"LANNER_TAIL_HEALTH=(\S+)", (FUNCTION / "Dockerfile").read_text())
    assert health
    paths = [value.removeprefix("file:") for value in settings().values() if "/" in value] + [health[1]]
    # THEN all of it lies in volumes, and of these the secrets cannot be written to
    assert [path for path in paths if not any(path.startswith(f"{mount}/") for mount in mounts)] == []
    assert mounts["/secrets"]["readOnly"] is True
    assert volumes["secrets"]["secret"]["secretName"] == "lanner"
    # and what has to outlive the pod does
    claim = of_kind("PersistentVolumeClaim", objects)
    assert volumes[mounts["/state"]["name"]]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert "sizeLimit" in volumes[mounts[str(Path(health[1]).parent)]["name"]]["emptyDir"]


def test_network(objects: list[dict[str, Any]]) -> None:
    policy = of_kind("NetworkPolicy", objects)["spec"]
    assert policy["podSelector"] == {}
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in policy
    ports = [{(port["protocol"], port["port"]) for port in rule["ports"]} for rule in policy["egress"]]
    assert ports == [{("UDP", 53), ("TCP", 53)}, {("TCP", 443)}]


def test_namespace(objects: list[dict[str, Any]]) -> None:
    namespace = of_kind("Namespace", objects)["metadata"]
    assert namespace["name"] == NAMESPACE
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_is_applied() -> None:
    # GIVEN what kubectl makes of the folder, THEN it all lies in the namespace, and the image is one that is named
    objects = built()
    places = {one["metadata"].get("namespace") for one in objects if one["kind"] != "Namespace"}
    assert places == {NAMESPACE}
    (container,) = of_kind("Deployment", objects)["spec"]["template"]["spec"]["containers"]
    assert re.fullmatch(r"registry\.example\.com/lanner-ovh-ldp:\S+", container["image"])
    config = of_kind("ConfigMap", objects)["metadata"]["name"]
    assert container["envFrom"] == [{"configMapRef": {"name": config}}]
    assert "Secret" not in {one["kind"] for one in objects}
