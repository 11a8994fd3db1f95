"""Objects that controllers, kubelets and the scheduler create all day; none of them alerts."""

from bench.generator.cluster import Cluster
from bench.generator.objects import (
    CONTROLLER_AGENT,
    KUBELET,
    SCHEDULER,
    managed_fields,
    node_user,
    pod_spec,
    target,
)

__all__ = ["access_review", "binding", "event", "job", "pod", "replica_set", "token_review"]


def pod(cluster: Cluster, **changes: object) -> dict:
    """A controller creates a pod; of every fourth the answer is logged, too. `changes` go into its spec."""
    application, namespace = cluster.application(), cluster.namespace()
    owner = f"{application}-{cluster.suffix(10)}"
    metadata = {
        "generateName": f"{owner}-",
        "creationTimestamp": None,
        "labels": {"app": application, "pod-template-hash": cluster.suffix(10)},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": owner,
                "uid": cluster.uid(),
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    request = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": pod_spec(cluster, application, **changes),
        "status": {},
    }
    response, name = None, ""
    if cluster.random.random() < 0.25:
        name = f"{owner}-{cluster.suffix()}"
        made = {"name": name, "namespace": namespace, "uid": cluster.uid()}
        response = request | {
            "metadata": metadata | made | {"managedFields": managed_fields(cluster, "kube-controller-manager")}
        }
    return cluster.event(
        "create",
        f"/api/v1/namespaces/{namespace}/pods",
        cluster.service_account("kube-system", "replicaset-controller"),
        f"{CONTROLLER_AGENT}system:serviceaccount:kube-system:replicaset-controller",
        target("pods", namespace=namespace, name=name),
        level="RequestResponse" if response else "Request",
        code=201,
        request=request,
        response=response,
    )


def event(cluster: Cluster) -> dict:
    """A kubelet writes a Kubernetes event."""
    application, namespace, node = cluster.application(), cluster.namespace(), cluster.node()
    name = f"{application}-{cluster.suffix(10)}-{cluster.suffix()}"
    request = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": f"{name}.{cluster.hex(16)}", "namespace": namespace},
        "involvedObject": {
            "kind": "Pod",
            "namespace": namespace,
            "name": name,
            "uid": cluster.uid(),
            "apiVersion": "v1",
            "fieldPath": f"spec.containers{{{application}}}",
        },
        "reason": cluster.random.choice(("Pulled", "Created", "Started", "Scheduled", "Unhealthy")),
        "message": f'Container image "registry.shop.example/images/{application}:2.7.1" already present on machine',
        "source": {"component": "kubelet", "host": node},
        "firstTimestamp": cluster.time(),
        "lastTimestamp": cluster.time(),
        "count": 1,
        "type": "Normal",
        "eventTime": None,
        "reportingComponent": "kubelet",
        "reportingInstance": "",
    }
    return cluster.event(
        "create",
        f"/api/v1/namespaces/{namespace}/events",
        node_user(node),
        KUBELET,
        target("events", namespace=namespace, name=name),
        level="Request",
        code=201,
        request=request,
        bound=False,
    )


def access_review(cluster: Cluster) -> dict:
    """A kubelet asks whether a service account may read pods."""
    user = cluster.service_account(cluster.namespace(), cluster.application())
    username = user["username"]
    asked = {"namespace": cluster.namespace(), "verb": "get", "version": "v1", "resource": "pods"}
    request = {
        "kind": "SubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {"creationTimestamp": None},
        "spec": {"resourceAttributes": asked, "user": username, "groups": user["groups"]},
        "status": {"allowed": False},
    }
    binding = f"{cluster.suffix(8)}/{cluster.suffix(8)}"
    role = cluster.suffix(8)
    reason = f'RBAC: allowed by RoleBinding "{binding}" of Role "{role}" to ServiceAccount "{username}"'
    return cluster.event(
        "create",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews?timeout=10s",
        node_user(cluster.node()),
        KUBELET,
        target("subjectaccessreviews", group="authorization.k8s.io"),
        level="RequestResponse",
        code=201,
        request=request,
        response=request | {"status": {"allowed": True, "reason": reason}},
    )


def binding(cluster: Cluster) -> dict:
    """The scheduler gives a pod its node."""
    namespace = cluster.namespace()
    name = f"{cluster.application()}-{cluster.suffix(10)}-{cluster.suffix()}"
    return cluster.event(
        "create",
        f"/api/v1/namespaces/{namespace}/pods/{name}/binding",
        SCHEDULER,
        "kube-scheduler/v1.36.3 (linux/amd64) kubernetes/2b2b86a/scheduler",
        target("pods", namespace=namespace, name=name, subresource="binding"),
        level="Request",
        code=201,
        request={
            "kind": "Binding",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace, "uid": cluster.uid()},
            "target": {"kind": "Node", "name": cluster.node()},
        },
    )


def replica_set(cluster: Cluster) -> dict:
    """The deployment controller creates a replica set."""
    application, namespace = cluster.application(), cluster.namespace()
    name = f"{application}-{cluster.suffix(10)}"
    labels = {"app": application}
    request = {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": "3",
                "deployment.kubernetes.io/revision": str(10 + cluster.number(80)),
            },
        },
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(cluster, application)},
        },
        "status": {"replicas": 0},
    }
    return cluster.event(
        "create",
        f"/apis/apps/v1/namespaces/{namespace}/replicasets",
        cluster.service_account("kube-system", "deployment-controller"),
        CONTROLLER_AGENT,
        target("replicasets", namespace=namespace, name=name, group="apps"),
        level="Request",
        code=201,
        request=request,
    )


def job(cluster: Cluster) -> dict:
    """The cron job controller creates a job."""
    application, namespace = cluster.application(), cluster.namespace()
    name = f"{application}-hourly-{cluster.number(90_000_000)}"
    request = {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": application}},
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 3,
            "template": {"metadata": {}, "spec": pod_spec(cluster, application, restartPolicy="OnFailure")},
        },
        "status": {},
    }
    return cluster.event(
        "create",
        f"/apis/batch/v1/namespaces/{namespace}/jobs",
        cluster.service_account("kube-system", "cronjob-controller"),
        CONTROLLER_AGENT,
        target("jobs", namespace=namespace, name=name, group="batch"),
        level="Request",
        code=201,
        request=request,
    )


def token_review(cluster: Cluster) -> dict:
    """A kubelet has a token checked."""
    return cluster.event(
        "create",
        "/apis/authentication.k8s.io/v1/tokenreviews?timeout=10s",
        node_user(cluster.node()),
        KUBELET,
        target("tokenreviews", group="authentication.k8s.io"),
        code=201,
    )
