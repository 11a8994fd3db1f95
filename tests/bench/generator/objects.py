"""Kubernetes objects as they stand in requests and answers."""

from bench.generator.cluster import Cluster

__all__ = [
    "ADMINISTRATOR", "CONTROLLER_AGENT", "CONTROLLER_MANAGER", "KUBECTL", "KUBELET", "SCHEDULER", "managed_fields",
    "node_user", "pod_spec", "target", "template",
]  # fmt: skip

KUBELET = "kubelet/v1.36.3 (linux/amd64) kubernetes/2b2b86a"
KUBECTL = "kubectl/v1.36.1 (linux/amd64) kubernetes/7b01ac2"
CONTROLLER_AGENT = "kube-controller-manager/v1.36.3 (linux/amd64) kubernetes/2b2b86a/"

CONTROLLER_MANAGER = {"username": "system:kube-controller-manager", "groups": ["system:authenticated"]}
SCHEDULER = {"username": "system:kube-scheduler", "groups": ["system:authenticated"]}
ADMINISTRATOR = {  # one whom Falco's rules expect to administrate
    "username": "kubernetes-admin",
    "groups": ["system:masters", "system:authenticated"],
    "extra": {"authentication.kubernetes.io/credential-id": ["X509SHA256=" + "c4" * 32]},
}


def node_user(node: str) -> dict:
    """Return the user that a node's kubelet is."""
    return {"username": f"system:node:{node}", "groups": ["system:nodes", "system:authenticated"]}


def target(
    resource: str,
    *,
    namespace: str = "",
    name: str = "",
    group: str = "",
    subresource: str = "",
    version: str = "",
    uid: str = "",
) -> dict:
    """Return an event's `objectRef`, its keys in the API server's order; `version` is the object's."""
    reference = {
        "resource": resource,
        "namespace": namespace,
        "name": name,
        "uid": uid,
        "apiGroup": group,
        "apiVersion": "v1",
        "resourceVersion": version,
        "subresource": subresource,
    }
    return {key: value for key, value in reference.items() if value}


def managed_fields(cluster: Cluster, manager: str) -> list[dict]:
    """Return who wrote which part of an object: the largest part of many."""
    labels = {".": {}, "f:app": {}, "f:pod-template-hash": {}}
    spec = {"f:containers": {}, "f:dnsPolicy": {}, "f:restartPolicy": {}}
    return [
        {
            "manager": manager,
            "operation": "Update",
            "apiVersion": "v1",
            "time": cluster.second(),
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": labels}, "f:spec": spec},
        }
    ]


def pod_spec(cluster: Cluster, application: str, **changes: object) -> dict:
    """Return the spec of an ordinary pod, as the API server completes it, with some keys changed."""
    token = {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    authority = {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}
    settings = {"name": "settings", "configMap": {"name": f"{application}-settings", "defaultMode": 420}}
    access = {"name": f"kube-api-access-{cluster.suffix()}"}
    return {
        "volumes": [settings, access | {"projected": {"sources": [token, authority], "defaultMode": 420}}],
        "containers": [_container(cluster, application)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": application,
        "serviceAccount": application,
        "securityContext": {"fsGroup": 3000},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {
                "key": "node.kubernetes.io/unreachable",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }
        ],
        "priority": 0,
        "enableServiceLinks": True,
    } | changes


def template(cluster: Cluster, application: str) -> dict:
    """Return the pod template of a workload as it stands in answers."""
    container = _container(cluster, application)
    for key in ("env", "volumeMounts", "livenessProbe", "securityContext"):
        del container[key]
    container["ports"] = [{"containerPort": 8080, "protocol": "TCP"}]
    return {
        "metadata": {"labels": {"app": application, "pod-template-hash": cluster.suffix(10)}},
        "spec": {
            "containers": [container],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
        },
    }


def _container(cluster: Cluster, application: str) -> dict:
    return {
        "name": application,
        "image": f"registry.shop.example/images/{application}:2.{cluster.number(40)}.{cluster.number(9)}",
        "env": [{"name": "LOG_FORMAT", "value": "json"}, {"name": "STAGE", "value": "production"}],
        "resources": {"limits": {"cpu": "400m", "memory": "384Mi"}, "requests": {"cpu": "50m", "memory": "128Mi"}},
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/app"}],
        "livenessProbe": {"httpGet": {"path": "/alive", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
