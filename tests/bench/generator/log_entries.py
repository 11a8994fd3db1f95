"""An audit event as Google's Cloud Audit Logs have it: a log entry around another form of the request."""

__all__ = ["log_entry"]

_LEFT_OUT = {"leases", "events", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "tokenreviews"}
_READING = {"get", "list", "watch"}
_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"


def log_entry(event: dict) -> dict | None:
    """Return the log entry of an event; `None` if there is none: leases, Kubernetes events, requests without object."""
    reference = event.get("objectRef")
    if reference is None or reference["resource"] in _LEFT_OUT or event["stage"] != "ResponseComplete":
        return None
    verb = event["verb"]
    name = _resource_name(reference)
    group = reference.get("apiGroup", "core").removesuffix(".k8s.io")
    method = f"io.k8s.{group}.{reference['apiVersion']}.{reference['resource']}.{verb}"
    payload = {
        "@type": _TYPE,
        "authenticationInfo": {"principalEmail": event["user"]["username"]},
        "authorizationInfo": [{"granted": True, "permission": method, "resource": name}],
        "methodName": method,
        "requestMetadata": {"callerIp": event["sourceIPs"][0], "callerSuppliedUserAgent": event["userAgent"]},
        "resourceName": name,
        "serviceName": "k8s.io",
        "status": {},
    }
    for theirs, ours in (("request", "requestObject"), ("response", "responseObject")):
        if ours in event:
            payload[theirs] = {"@type": method.rpartition(".")[0].removeprefix("io.k8s.")} | event[ours]
    identity = event["auditID"]
    log = "data_access" if verb in _READING else "activity"
    return {
        "insertId": identity,
        "labels": event["annotations"],
        "logName": f"projects/shop/logs/cloudaudit.googleapis.com%2F{log}",
        "operation": {"first": True, "id": identity, "last": True, "producer": "k8s.io"},
        "protoPayload": payload,
        "receiveTimestamp": event["stageTimestamp"],
        "resource": {
            "labels": {"cluster_name": "shop", "location": "europe-west1", "project_id": "shop"},
            "type": "k8s_cluster",
        },
        "severity": "NOTICE",
        "timestamp": event["requestReceivedTimestamp"],
    }


def _resource_name(reference: dict) -> str:
    parts = [reference.get("apiGroup", "core"), reference["apiVersion"]]
    if "namespace" in reference:
        parts += ["namespaces", reference["namespace"]]
    parts.append(reference["resource"])
    parts += [reference[key] for key in ("name", "subresource") if key in reference]
    return "/".join(parts)
