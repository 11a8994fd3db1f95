"""What most of an audit log consists of: leases, reads, watches, status reports, probes."""

from bench.generator.cluster import Cluster
from bench.generator.objects import (
    ADMINISTRATOR,
    CONTROLLER_MANAGER,
    KUBECTL,
    KUBELET,
    managed_fields,
    node_user,
    target,
    template,
)

__all__ = ["health_probe", "leader_election", "listing", "node_heartbeat", "node_status", "pod_status", "read", "watch"]

_LEASES = "/apis/coordination.k8s.io/v1/namespaces"
_CONTROLLERS = ("cert-manager", "external-secrets", "cluster-autoscaler", "ingress-controller")
_READ = (
    "pods", "configmaps", "endpoints", "services", "replicasets", "serviceaccounts", "nodes", "namespaces",
)  # fmt: skip
_LISTED = (
    "pods", "events", "configmaps", "endpointslices", "jobs", "horizontalpodautoscalers", "poddisruptionbudgets",
)  # fmt: skip
_WATCHED = (
    "pods", "nodes", "services", "endpointslices", "configmaps", "secrets", "leases", "customresourcedefinitions",
)  # fmt: skip


def node_heartbeat(cluster: Cluster) -> dict:
    """A kubelet renews its node's lease."""
    node = cluster.node()
    lease = {
        "kind": "Lease",
        "apiVersion": "coordination.k8s.io/v1",
        "metadata": {
            "name": node,
            "namespace": "kube-node-lease",
            "uid": cluster.uid(),
            "resourceVersion": str(10_000_000 + cluster.number(90_000_000)),
            "creationTimestamp": "2026-01-17T09:41:25Z",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": node, "uid": cluster.uid()}],
            "managedFields": managed_fields(cluster, "kubelet"),
        },
        "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": cluster.time()},
    }
    return cluster.event(
        "update",
        f"{_LEASES}/kube-node-lease/leases/{node}?timeout=10s",
        node_user(node),
        KUBELET,
        target(
            "leases",
            namespace="kube-node-lease",
            name=node,
            group="coordination.k8s.io",
            uid=cluster.uid(),
            version="4711",
        ),
        level="RequestResponse",
        request=lease,
        response=lease,
        bound=False,
    )


def leader_election(cluster: Cluster) -> dict:
    """A controller looks at, or renews, the lease that makes it the leader."""
    namespace = cluster.random.choice(("kube-system", "external-secrets", "ingress"))
    name = cluster.random.choice(_CONTROLLERS)
    return cluster.event(
        cluster.random.choice(("get", "update")),
        f"{_LEASES}/{namespace}/leases/{name}",
        cluster.service_account(namespace, name),
        f"{name}/v0.19.4 (linux/amd64) leader-election",
        target("leases", namespace=namespace, name=name, group="coordination.k8s.io"),
    )


def read(cluster: Cluster) -> dict:
    """Somebody or something gets one object; a third of the answers is logged."""
    application, namespace = cluster.application(), cluster.namespace()
    resource = cluster.random.choice(_READ)
    group = "apps" if resource == "replicasets" else ""
    name = f"{application}-{cluster.suffix()}"
    inside = "" if resource in ("nodes", "namespaces") else namespace
    user, agent = cluster.random.choice(
        (
            (cluster.service_account("gitops", "application-controller"), "application-controller/v3.1.0"),
            (cluster.service_account("kube-system", "generic-garbage-collector"), "kube-controller-manager/v1.36.3"),
            (node_user(cluster.node()), KUBELET),
            (ADMINISTRATOR, KUBECTL),
        )
    )
    response = None
    if cluster.random.random() < 0.35:
        response = {
            "kind": resource[:-1].capitalize(),
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": cluster.uid(),
                "resourceVersion": str(cluster.number(90_000_000)),
                "labels": {"app": application, "owner": cluster.suffix(6)},
                "managedFields": managed_fields(cluster, "gitops"),
            },
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": application}},
                "template": template(cluster, application),
            },
        }
    path = ("/apis/apps/v1" if group else "/api/v1") + (f"/namespaces/{inside}" if inside else "")
    return cluster.event(
        "get",
        f"{path}/{resource}/{name}",
        user,
        agent,
        target(resource, namespace=inside, name=name, group=group),
        level="RequestResponse" if response else "Metadata",
        code=200 if cluster.random.random() < 0.97 else 404,
        response=response,
    )


def listing(cluster: Cluster) -> dict:
    """The monitoring lists what there is."""
    namespace, resource = cluster.namespace(), cluster.random.choice(_LISTED)
    query = f"labelSelector=app%3D{cluster.application()}&limit=500&resourceVersion=0"
    return cluster.event(
        "list",
        f"/api/v1/namespaces/{namespace}/{resource}?{query}",
        cluster.service_account("telemetry", "prometheus"),
        "prometheus-operator/v0.84.0 (linux/amd64) kubernetes",
        target(resource, namespace=namespace),
        within=20_000,
    )


def watch(cluster: Cluster) -> dict:
    """A kubelet or the name server watches objects."""
    resource = cluster.random.choice(_WATCHED)
    user, agent = cluster.random.choice(
        (
            (node_user(cluster.node()), KUBELET),
            (cluster.service_account("kube-system", "coredns"), "coredns/v1.12.1 (linux/amd64)"),
        )
    )
    seconds = 300 + cluster.number(300)
    query = (
        f"allowWatchBookmarks=true&fieldSelector=metadata.name%3D{cluster.suffix(8)}"
        f"&resourceVersion={cluster.number(90_000_000)}"
        f"&timeout={seconds // 60}m{seconds % 60}s&timeoutSeconds={seconds}&watch=true"
    )
    return cluster.event(
        "watch",
        f"/api/v1/{resource}?{query}",
        user,
        agent,
        target(resource),
        stage=cluster.random.choice(("ResponseStarted", "ResponseComplete")),
        within=400_000,
    )


def pod_status(cluster: Cluster) -> dict:
    """A kubelet reports the state of a pod."""
    application, namespace, node = cluster.application(), cluster.namespace(), cluster.node()
    name = f"{application}-{cluster.suffix(10)}-{cluster.suffix()}"
    types = ("Ready", "ContainersReady", "PodScheduled", "Initialized")
    image = f"registry.shop.example/images/{application}"
    status = {
        "$setElementOrder/conditions": [{"type": name} for name in types],
        "conditions": [
            {"lastProbeTime": None, "lastTransitionTime": cluster.second(), "status": "True", "type": name}
            for name in types
        ],
        "containerStatuses": [
            {
                "containerID": f"containerd://{cluster.hex(64)}",
                "image": f"{image}:2.{cluster.number(40)}.{cluster.number(9)}",
                "imageID": f"{image}@sha256:{cluster.hex(64)}",
                "lastState": {},
                "name": application,
                "ready": True,
                "restartCount": cluster.number(3),
                "started": True,
                "state": {"running": {"startedAt": cluster.second()}},
            }
        ],
        "phase": "Running",
        "podIP": f"10.9.{cluster.number(250)}.{cluster.number(250)}",
    }
    return cluster.event(
        "patch",
        f"/api/v1/namespaces/{namespace}/pods/{name}/status",
        node_user(node),
        KUBELET,
        target("pods", namespace=namespace, name=name, subresource="status"),
        level="Request",
        request={"metadata": {"uid": cluster.uid()}, "status": status},
        bound=False,
    )


def node_status(cluster: Cluster) -> dict:
    """A kubelet reports the state of its node, with the images that are there."""
    node = cluster.node()
    status = {
        "conditions": [
            {
                "lastHeartbeatTime": cluster.second(),
                "message": f"kubelet has sufficient {kind} available",
                "reason": f"KubeletHas{kind}",
                "status": "False",
                "type": kind,
            }
            for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
        ],
        "images": [
            {
                "names": [f"registry.shop.example/images/{cluster.application()}@sha256:{cluster.hex(64)}"],
                "sizeBytes": cluster.number(10**8),
            }
            for _ in range(12)
        ],
    }
    return cluster.event(
        "patch",
        f"/api/v1/nodes/{node}/status?timeout=10s",
        node_user(node),
        KUBELET,
        target("nodes", name=node, subresource="status"),
        level="Request",
        request={"status": status},
        bound=False,
    )


def health_probe(cluster: Cluster) -> dict:
    """A request without an object."""
    path = cluster.random.choice(
        (
            "/readyz",
            "/livez",
            "/healthz?timeout=10s",
            "/apis/metrics.k8s.io/v1beta1?timeout=32s",
            "/openapi/v2?timeout=32s",
        )
    )
    return cluster.event("get", path, CONTROLLER_MANAGER, "kube-probe/1.36", None)
