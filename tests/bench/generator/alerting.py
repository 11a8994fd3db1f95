"""Creates that Falco's official rules alert on, each for a reason of its own."""

from bench.generator import creates
from bench.generator.cluster import Cluster
from bench.generator.objects import ADMINISTRATOR, KUBECTL, pod_spec, target

__all__ = ["ALERTING"]

_RIGHTS = "rbac.authorization.k8s.io"


def _privileged(cluster: Cluster) -> dict:
    event = creates.pod(cluster)
    event["requestObject"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    return event


def _host_path(cluster: Cluster) -> dict:
    event = creates.pod(cluster)
    path = cluster.random.choice(("/etc", "/proc", "/var/run/docker.sock", "/"))
    event["requestObject"]["spec"]["volumes"].append({"name": "node", "hostPath": {"path": path, "type": ""}})
    return event


def _host_network(cluster: Cluster) -> dict:
    return creates.pod(cluster, hostNetwork=True)


def _host_processes(cluster: Cluster) -> dict:
    return creates.pod(cluster, hostPID=True)


def _by_an_unknown_user(cluster: Cluster) -> dict:
    event = creates.event(cluster)
    return event | {
        "user": {"username": f"{cluster.suffix(7)}@shop.example", "groups": ["staff", "system:authenticated"]}
    }


def _administrator(
    cluster: Cluster, resource: str, name: str, body: dict, *, group: str = "", version: str = "v1", inside: bool = True
) -> dict:
    """An administrator creates an object, `inside` a namespace or not."""
    namespace = cluster.namespace() if inside else ""
    path = (f"/apis/{group}/{version}" if group else f"/api/{version}") + (f"/namespaces/{namespace}" if inside else "")
    metadata = {"name": name, "namespace": namespace} if inside else {"name": name}
    return cluster.event(
        "create",
        f"{path}/{resource}?fieldManager=kubectl-client-side-apply&fieldValidation=Strict",
        ADMINISTRATOR,
        KUBECTL,
        target(resource, namespace=namespace, name=name, group=group),
        level="Request",
        code=201,
        request={"apiVersion": f"{group}/{version}".lstrip("/"), "metadata": metadata} | body,
        bound=False,
    )


def _config_map(cluster: Cluster) -> dict:
    data = {"LOG_FORMAT": "json", "SHOP": "https://shop.example"}
    return _administrator(
        cluster, "configmaps", f"{cluster.application()}-settings", {"kind": "ConfigMap", "data": data}
    )


def _config_map_with_password(cluster: Cluster) -> dict:
    event = _config_map(cluster)
    event["requestObject"]["data"]["database.properties"] = "user=shop\npassword=correct horse\n"
    return event


def _cluster_admin(cluster: Cluster) -> dict:
    name = f"everything-{cluster.suffix(6)}"
    subject = {"kind": "User", "apiGroup": _RIGHTS, "name": f"{cluster.suffix(6)}@shop.example"}
    role = {"apiGroup": _RIGHTS, "kind": "ClusterRole", "name": "cluster-admin"}
    body = {"kind": "ClusterRoleBinding", "subjects": [subject], "roleRef": role}
    return _administrator(cluster, "clusterrolebindings", name, body, group=_RIGHTS, inside=False)


def _role(cluster: Cluster) -> dict:
    verbs = cluster.random.choice((["*"], ["get", "list"], ["create", "delete"]))
    resources = cluster.random.choice((["pods"], ["*"], ["pods/exec"]))
    rules = [{"verbs": verbs, "apiGroups": [""], "resources": resources}]
    return _administrator(
        cluster, "roles", f"role-{cluster.suffix(6)}", {"kind": "Role", "rules": rules}, group=_RIGHTS
    )


def _deployment(cluster: Cluster) -> dict:
    application = cluster.application()
    labels = {"app": application}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(cluster, application)}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return _administrator(cluster, "deployments", application, {"kind": "Deployment", "spec": spec}, group="apps")


def _service(cluster: Cluster) -> dict:
    application = cluster.application()
    ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080, "protocol": "TCP"}]
    kind = cluster.random.choice(("NodePort", "ClusterIP"))
    spec = {"type": kind, "ports": ports, "selector": {"app": application}}
    return _administrator(cluster, "services", application, {"kind": "Service", "spec": spec})


def _shell(cluster: Cluster) -> dict:
    namespace = cluster.namespace()
    name = f"{cluster.application()}-{cluster.suffix(10)}-{cluster.suffix()}"
    query = "command=sh&command=-c&command=id&container=app&stdin=true&stdout=true&tty=true"
    return cluster.event(
        "create",
        f"/api/v1/namespaces/{namespace}/pods/{name}/exec?{query}",
        ADMINISTRATOR,
        KUBECTL,
        target("pods", namespace=namespace, name=name, subresource="exec"),
        level="Request",
        code=101,
        stage="ResponseStarted",
        bound=False,
    )


ALERTING = (
    _privileged,
    _host_path,
    _host_network,
    _host_processes,
    _by_an_unknown_user,
    _config_map,
    _config_map_with_password,
    _cluster_admin,
    _role,
    _deployment,
    _service,
    _shell,
)
"""Every one of them is made equally often."""
