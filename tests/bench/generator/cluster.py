"""The made-up cluster: its names, its random numbers, its clock, and the form of its audit events."""

import random
from datetime import UTC, datetime, timedelta

__all__ = ["Cluster"]

_BEGIN = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
_EVENT_EVERY = 1700  # microseconds
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # those of generated names in Kubernetes

NAMESPACES = (
    "default", "storefront", "accounts", "shipping", "invoices", "telemetry", "edge", "gitops", "batch", "analytics",
)  # fmt: skip
APPLICATIONS = (
    "backend", "website", "basket", "stock", "billing", "search", "import", "notifier", "reports", "proxy",
)  # fmt: skip
NODES = tuple(f"ip-10-8-{number // 20}-{number * 11 % 240 + 4}.eu-west-3.compute.internal" for number in range(60))


class Cluster:
    """Gives random names, and makes audit events of requests. Equal seeds give equal clusters."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._now = _BEGIN

    def pass_time(self) -> None:
        """Let the time go on to the next event."""
        self._now += timedelta(microseconds=_EVENT_EVERY)

    def time(self, later: int = 0) -> str:
        """Return the time with microseconds, as audit events have it; `later` microseconds from now."""
        return (self._now + timedelta(microseconds=later)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def second(self) -> str:
        """Return the time in whole seconds, as objects have it."""
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def uid(self) -> str:
        digits = self.hex(32)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-9{digits[17:20]}-{digits[20:]}"

    def suffix(self, letters: int = 5) -> str:
        return "".join(self.random.choices(_SUFFIX_LETTERS, k=letters))

    def number(self, below: int) -> int:
        return self.random.randrange(below)

    def node(self) -> str:
        return self.random.choice(NODES)

    def namespace(self) -> str:
        return self.random.choice(NAMESPACES)

    def application(self) -> str:
        return self.random.choice(APPLICATIONS)

    def service_account(self, namespace: str, name: str) -> dict:
        """Return the user of a pod that acts as this service account."""
        return {
            "username": f"system:serviceaccount:{namespace}:{name}",
            "uid": self.uid(),
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
            "extra": {
                "authentication.kubernetes.io/credential-id": [f"JTI={self.uid()}"],
                "authentication.kubernetes.io/pod-name": [f"{name}-{self.suffix()}"],
                "authentication.kubernetes.io/pod-uid": [self.uid()],
            },
        }

    def event(
        self,
        verb: str,
        path: str,
        user: dict,
        agent: str,
        target: dict | None,
        *,
        level: str = "Metadata",
        code: int = 200,
        request: dict | None = None,
        response: dict | None = None,
        stage: str = "ResponseComplete",
        bound: bool = True,
        within: int = 5000,
    ) -> dict:
        """Return the audit event of a request answered `within` microseconds.

        `bound` tells whether a ClusterRoleBinding allowed it; kubelets and administrators are allowed otherwise.
        """
        event = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": level,
            "auditID": self.uid(),
            "stage": stage,
            "requestURI": path,
            "verb": verb,
            "user": user,
            "sourceIPs": [f"10.8.{self.number(4)}.{self.number(240) + 4}"],
            "userAgent": agent,
        }
        if target is not None:
            event["objectRef"] = target
        event["responseStatus"] = {"metadata": {}, "code": code}
        if request is not None:
            event["requestObject"] = request
        if response is not None:
            event["responseObject"] = response
        event["requestReceivedTimestamp"] = self.time()
        event["stageTimestamp"] = self.time(later=400 + self.number(within))
        event["annotations"] = {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": _reason(user["username"]) if bound else "",
        }
        return event


def _reason(username: str) -> str:
    role = username.rpartition(":")[2]
    return f'RBAC: allowed by ClusterRoleBinding "{role}" of ClusterRole "{role}" to User "{username}"'
