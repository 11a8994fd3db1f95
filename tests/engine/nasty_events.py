"""Random audit events as texts: ordinary ones, and what clients, broken senders and attackers may make of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

__all__ = ["LOST", "Events"]

VERBS = ("create", "get", "list", "patch", "delete")
USERS = ("alice", "system:admin", "system:serviceaccount:shop:default", "system:node:n0", "jörg", "")
NAMESPACES = ("shop", "kube-system", "default")
NAMES = ("web", "web-1", "admin", "system:x", "aws-auth")
CODES = (200, 201, 403, 404)
IMAGES = ("nginx", "nginx:1.25", "reg.local:5000/org/app:1", "quay.io/x/y@sha256:ab", "")
LOST = ("requestObject", "responseObject", "annotations", "objectRef", "auditID", "stageTimestamp", "user", "zzz")

URIS = (
    *(
        "/api/v1/pods?limit=500&command=sh",
        "/healthz",
        "/x?a=1;b",
        "//x:1/?a=%zz",
        "/a//b/../%63?command=a&command=b+c",
    ),
    *("/api/v1/pods/web?fieldManager=kubectl", "/run/x?x=%zz&cmd=id", "/api/v1/pods?limit=1&limit=2#&command=x"),
)
IMPERSONATED = {"username": "system:admin", "uid": "u-2", "groups": ["system:masters"], "extra": {"k": ["w", "x"]}}

SECOND = "2026-03-01T10:20:3{}.{:06}Z"


class Object(list):
    """A JSON object: its members as lists of the key (as it is written) and the value."""


class Array(list):
    """A JSON array."""


Node = Object | Array | bytes


class Events:
    """Random events of one cluster: its verbs, users and names are few, so that the same situations come again."""

    def __init__(self, random: Random, few: int = 2) -> None:
        self.random = random
        self.words = {
            "verb": random.sample(VERBS, few),
            "user": random.sample(USERS, few),
            "namespace": random.sample(NAMESPACES, few),
            "name": random.sample(NAMES, few),
            "code": random.sample(CODES, few),
            "resource": random.sample(list(BODIES), few + 1),
            "subresource": [None, random.choice(("exec", "status"))],
        }

    def event(self) -> bytes:
        """Return the text of an event: about every second is as API servers write them."""
        return self.ordinary() if self.random.random() < 0.5 else self.nasty()

    def ordinary(self) -> bytes:
        """Return the text of an event as API servers write them."""
        return _text(_tree(self.value()))

    def nasty(self) -> bytes:
        """Return the text of an event in which up to four things are not as usual."""
        return self.changed(self.value())

    def changed(self, value: dict) -> bytes:
        """Return the text of an event, given as a Python object, after up to four changes."""
        random, tree = self.random, _tree(value)
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            random.choices(list(CHANGES), CHANGES.values())[0](random, tree)
        if random.random() < 0.15:
            return _text(tree, lambda: random.choice((b"", b"", b"", b" ", b"\t", b"\r", b"  ")))
        return _text(tree)

    def log(self, lines: int) -> bytes:
        """Return the text of a log: stretches of plain events, and everything else that may stand in a file."""
        random = self.random
        oddities = random.choice((0, 0.1, 0.5))
        parts: list[bytes] = []
        while len(parts) < lines:
            if random.random() < oddities:
                parts.append(random.choice(LINES)(self))
            else:
                parts += [self.ordinary() for _ in range(random.choice((1, 2, 30)))]
        end = random.choice((b"\n", b"\n", b"\n", b"\r\n"))
        text = end.join(parts)
        if random.random() < 0.8:
            text += end
        return _of_the_same_length(random, text) if random.random() < 0.4 else text

    def value(self) -> dict:
        """Return an ordinary event as a Python object."""
        word = {key: self.random.choice(words) for key, words in self.words.items()}
        return _ordinary(self.random, **word)


# ------------------------------------------------------------------------------------------------- ordinary events


def _ordinary(
    random: Random, verb: str, user: str, namespace: str, name: str, code: int, resource: str, subresource: str | None
) -> dict:
    body = BODIES[resource](random) if verb in ("create", "patch") else None
    if body is not None and random.random() < (0.3 if verb == "patch" else 0.05):
        body = _json_patch(random, body)
    target = {
        "resource": resource or None,
        "namespace": random.choice((namespace, namespace, None)),
        "name": random.choice((name, name, None)),
        "apiGroup": random.choice((None, "apps")),
        "apiVersion": "v1",
        "subresource": subresource,
    }
    response = random.choice((None, {"metadata": {"name": "web-1"}}))
    status = {"metadata": {}, "code": code}
    if random.random() < 0.2:
        status |= {"status": "Failure", "reason": "Forbidden"}
    found = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse" if body or response else "Metadata",
        "auditID": f"{random.getrandbits(16):04x}",
        "stage": random.choice(("ResponseComplete", "ResponseComplete", "ResponseComplete", "RequestReceived")),
        "requestURI": random.choice(URIS),
        "verb": verb,
        "user": _without_none(
            username=user,
            uid=random.choice((None, "u-1")),
            groups=random.choice((["system:masters", "dev"], ["system:authenticated"], None, [])),
            extra=random.choice((None, None, {"k": ["v"]})),
        ),
        "impersonatedUser": random.choice((None, None, None, None, {"username": "system:admin"}, IMPERSONATED)),
        "sourceIPs": random.choice((["203.0.113.7"], ["10.0.0.1", "::1"], ["10.0.0.1", "203.0.113.9"])),
        "userAgent": random.choice(("kubectl/v1.36", "curl/8", None)),
        "objectRef": _without_none(**target) if random.random() < 0.95 else None,
        "responseStatus": status if random.random() < 0.9 else None,
        "requestObject": body,
        "responseObject": response,
        "requestReceivedTimestamp": SECOND.format(random.randrange(10), random.randrange(10**6)),
        "stageTimestamp": SECOND.format(random.randrange(10), random.randrange(10**6)),
        "annotations": random.choice(
            (None, {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}, {"cluster_name": "c"})
        ),
    }
    return _without_none(**found)


def _pod(random: Random) -> dict:
    names = random.choice((["web"], ["web", "side"], []))
    paths = ("/etc", "/etc/", "/var/run/docker.sock", "//var/./lib/../log")
    spec = _without_none(
        volumes=random.choice(
            (
                None,
                [{"name": "v", "hostPath": {"path": random.choice(paths), "type": ""}}],
                [{"name": "v", "emptyDir": {}}, {"name": "w", "flexVolume": {"driver": "d"}}],
            )
        ),
        initContainers=random.choice((None, None, [_container(random, "init")])),
        containers=[_container(random, name) for name in names],
        ephemeralContainers=random.choice((None, None, None, [_container(random, "debug")])),
        restartPolicy="Always",
        hostNetwork=random.choice((None, True, False)),
        hostPID=random.choice((None, True)),
        serviceAccountName=random.choice((None, None, "", "default", "admin")),
        nodeName=random.choice((None, None, "n0")),
        securityContext=random.choice(
            (
                {},
                {"runAsUser": 0, "fsGroup": 5},
                {"supplementalGroups": [1, 2]},
                {"seccompProfile": {"type": "Unconfined"}},
            )
        ),
    )
    notes = random.choice(
        (None, None, {"container.apparmor.security.beta.kubernetes.io/web": "unconfined", "a/b": "c"})
    )
    metadata = _without_none(name="web", creationTimestamp=None, annotations=notes)
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec}


def _workload(random: Random) -> dict:
    """An object with the template of a pod, perhaps with another one where API servers do not look for it."""
    pod = _pod(random)
    template = {"template": {"metadata": pod["metadata"], "spec": pod["spec"]}}
    spec: dict = {"replicas": random.choice((0, 3)), "selector": {"a": "b"}, **template}
    if random.random() < 0.4:
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": template}}
    if random.random() < 0.1:
        spec |= _pod(random)["spec"]
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"labels": {"a": "b"}}, "spec": spec}


def _json_patch(random: Random, body: dict) -> list:
    """Return a JSON patch that writes parts of a body, in an order that means little."""
    operations: list[dict] = [{"op": "replace", "path": "/spec/replicas", "value": 3}]
    pending = [("", body)]
    while pending and len(operations) < 8:
        place, value = pending.pop(random.randrange(len(pending)))
        inner = (
            list(value.items())
            if isinstance(value, dict)
            else list(enumerate(value))
            if isinstance(value, list)
            else []
        )
        if inner and random.random() < 0.7:
            pending += [(f"{place}/{str(key).replace('/', '~1')}", item) for key, item in inner]
            continue
        others = [one["path"] for one in operations]
        path = place if random.random() < 0.9 else place.rpartition("/")[0] + random.choice(("/-", "/-1", "/0", "/x"))
        operations.append({"op": random.choice(("add", "replace")), "path": path, "value": value})
        if random.random() < 0.2:
            operations.append(
                {"op": random.choice(("move", "copy", "remove")), "from": random.choice(others), "path": place}
            )
    return operations[random.randrange(2) :]


def _container(random: Random, name: str) -> dict:
    return _without_none(
        name=name,
        image=random.choice(IMAGES),
        command=random.choice((None, ["sh", "-c", "id"], ["ls", "-la", "-o", "x"])),
        args=random.choice((None, ["--verbose"])),
        ports=random.choice((None, [{"containerPort": 80}], [{"containerPort": 80, "hostPort": 8080}])),
        volumeMounts=random.choice((None, None, [{"name": "v", "readOnly": True}], [{"name": "v"}])),
        livenessProbe=random.choice((None, None, None, {"exec": {"command": ["id"]}})),
        securityContext=random.choice(
            (
                None,
                {"privileged": True},
                {"capabilities": {"add": ["SYS_ADMIN"]}, "privileged": False, "runAsUser": 0, "procMount": "Default"},
            )
        ),
    )


def _binding(random: Random) -> dict:
    subjects = [{"kind": "User", "apiGroup": "g", "name": "bob"}, {"kind": "ServiceAccount", "name": "sa"}]
    subjects += random.choice(([], [{"kind": "ServiceAccount", "name": "x", "namespace": "shop"}], [{"kind": "Group"}]))
    return {"kind": "RoleBinding", "subjects": subjects, "roleRef": {"apiGroup": "g", "kind": "Role", "name": "admin"}}


def _role(random: Random) -> dict:
    rule = {"verbs": random.choice((["*"], ["get", "list"])), "apiGroups": [""], "resources": ["pods", "secrets"]}
    return {"kind": "ClusterRole", "metadata": {"name": "x"}, "rules": [rule] * random.randrange(3)}


BODIES: dict[str, Callable[[Random], dict | None]] = {
    "pods": _pod,
    "deployments": _workload,
    "persistentvolumes": lambda random: {"spec": {random.choice(("local", "hostPath")): {"path": "/var//x"}}},
    "configmaps": lambda random: {"kind": "ConfigMap", "data": {"k": random.choice(("password=x", "aws_key", "a"))}},
    "rolebindings": _binding,
    "clusterroles": _role,
    "secrets": lambda _: None,
    "": lambda _: None,
    "services": lambda random: {"kind": "Service", "spec": {"ports": [{"port": 80}], "type": "NodePort"}},
}


def _without_none(**members: object) -> dict:
    return {key: value for key, value in members.items() if value is not None}


# ----------------------------------------------------------------------------------------------------------- trees


def _tree(value: object) -> Node:
    if isinstance(value, dict):
        return Object([json.dumps(key).encode(), _tree(member)] for key, member in value.items())
    if isinstance(value, list):
        return Array(map(_tree, value))
    return json.dumps(value, ensure_ascii=False).encode()


def _text(node: Node, blank: Callable[[], bytes] = lambda: b"") -> bytes:
    if isinstance(node, Object):
        members = [blank() + key + blank() + b":" + blank() + _text(value, blank) + blank() for key, value in node]
        return b"{%b}" % b",".join(members)
    if isinstance(node, Array):
        return b"[%b]" % b",".join(blank() + _text(value, blank) + blank() for value in node)
    return node


def _slots(node: Node, level: int = 1) -> list[tuple[list, int, int]]:
    """Return where the values in a tree stand: the list that holds each, its index, how deep it is."""
    found: list[tuple[list, int, int]] = []
    for index, item in enumerate(node if isinstance(node, list) else ()):
        holder, at = (item, 1) if isinstance(node, Object) else (node, index)
        found += [(holder, at, level), *_slots(holder[at], level + 1)]
    return found


def _slot(random: Random, tree: Node) -> tuple[list, int, int]:
    """Choose a place; those near the top are chosen as often as all those deep inside."""
    slots = _slots(tree)
    if not slots:
        return [b"null"], 0, 1
    level = random.choice(sorted({level for _, _, level in slots}))
    return random.choice([slot for slot in slots if slot[2] == level])


def _object(random: Random, tree: Node) -> Object:
    """Choose an object that has members: the event, one of those that rules look into, or any."""
    inner = [holder[at] for holder, at, _ in _slots(tree) if isinstance(holder[at], Object) and holder[at]]
    return random.choice([tree, tree, *inner]) if tree else Object([[b'"a"', b"1"]])


# --------------------------------------------------------------------------------------------------------- changes

ODD = (
    *b"null true false 0 -0 1.50e3 201.0 2.01e2 1e2 18446744073709551616 -1 1.2.3 nan -inf 01".split(),
    *b'[] {} "" "x" [null] [{}] {"a":1} [[]] ["create"] "201" {"name":"web","name":"x"} [{"name":1},[]]'.split(),
    *(b"9" * 30, b"9" * 4300, b"9" * 4301),
)
IN_TEXT = (
    *(rb"\u0026", rb"\/", rb"\ud800", rb"\udc00", rb"\ud83d\ude00", rb"\ud800\u0041", rb"\q", rb"\u12", rb"\u0000"),
    *(rb"\n", rb"\u000A", rb"\u001f", rb"\u001F", rb"\"", rb"\\", b"\x00", b"\x01", b"\x1f", b"\x7f", b"\n", b"\xff"),
    *(b"\xed\xa0\x80", "é".encode(), "\u2028".encode(), b"[", b"{", b"}", b" "),
)


def _odd_value(random: Random, tree: Node) -> None:
    holder, at, _ = _slot(random, tree)
    holder[at] = random.choice(ODD)


def _code(random: Random, tree: Node) -> None:
    for holder, at, _ in _slots(tree):
        if holder[0] == b'"code"':
            holder[at] = random.choice(ODD)


def _removed(random: Random, tree: Node) -> None:
    object_ = _object(random, tree)
    object_.pop(random.randrange(len(object_)))


def _twice(random: Random, tree: Node) -> None:
    """The same key again: before or behind, with the same or another value, perhaps written with an escape."""
    object_ = _object(random, tree)
    key, value = random.choice(object_)
    other = random.choice((value, value, random.choice(ODD), b'"delete"', b'"admin"'))
    again = [_escaped(random, key) if random.random() < 0.3 else key, other]
    object_.insert(random.randrange(len(object_) + 1), again)


def _escaped_key(random: Random, tree: Node) -> None:
    member = random.choice(_object(random, tree))
    member[0] = _escaped(random, member[0])


def _in_text(random: Random, tree: Node) -> None:
    texts = [slot for slot in _slots(tree) if isinstance(slot[0][slot[1]], bytes) and slot[0][slot[1]][:1] == b'"']
    if texts:
        holder, at, _ = random.choice(texts)
        text = holder[at]
        if random.random() < 0.3:
            holder[at] = _escaped(random, text)
        else:
            place = random.choice((1, len(text) - 1))
            holder[at] = text[:place] + random.choice(IN_TEXT) + text[place:]


def _shuffled(random: Random, tree: Node) -> None:
    random.shuffle(_object(random, tree))


def _unknown_key(random: Random, tree: Node) -> None:
    object_ = _object(random, tree)
    key = random.choice((b'"zzz"', b'""', b'"\xff"', rb'"\ud800"', b'"\x01"', b'"name"', b'"verb"', b'"kind"', b'"0"'))
    object_.insert(random.randrange(len(object_) + 1), [key, random.choice((*ODD, b'"web"'))])


MARKS = ((b"[", b"]"), (b'{"":', b"}"), (b'{"a":', b"}"), (b'[{"":', b"}]"), (b"[[],", b"]"))


def _deep(random: Random, tree: Node) -> None:
    """A value that nests about as deep as events may, or deeper; or one that only looks so."""
    holder, at, level = _slot(random, tree)
    levels = random.choice((298, 299, 300, 300, 301, 301, 302, 400, 2000)) - random.choice((level, level, 0))
    opening, closing = random.choice(MARKS)
    times = levels // len(closing)
    core = random.choice((b"{}", b"[]", b"1", b'"[[[["'))
    holder[at] = random.choice((opening * times + core + closing * times, b'"%b"' % (b"[" * levels)))


def _wrapped(random: Random, tree: Node) -> None:
    holder, at, _ = _slot(random, tree)
    value = holder[at]
    if isinstance(value, Array) and value and random.random() < 0.5:
        holder[at] = value[0]
    else:
        holder[at] = Array([value]) if random.random() < 0.7 else Object([[b'"a"', value]])


def _patch(random: Random, tree: Node) -> None:
    for member in tree:
        if member[0] == b'"requestObject"':
            member[1] = Array([member[1]] * random.randrange(3))


def _out_of_order(random: Random, tree: Node) -> None:
    """Changes at the top and further inside, of which each alone would be undone by putting the event in order."""
    for change in random.sample((_shuffled, _unknown_key, _twice, _escaped_key), 2):
        change(random, tree)
    inner = [value for _, value in tree if isinstance(value, Object) and value]
    if inner:
        random.choice((_shuffled, _unknown_key, _twice))(random, random.choice(inner))


def _swapped(random: Random, tree: Node) -> None:
    """A value in the place of another one."""
    (first, at, _), (second, there, _) = _slot(random, tree), _slot(random, tree)
    first[at] = random.choice((second[there], b'"x"')) if isinstance(second[there], bytes) else first[at]


CHANGES: dict[Callable[[Random, Node], None], float] = {
    _odd_value: 3,
    _code: 1,
    _removed: 2,
    _twice: 3,
    _escaped_key: 1,
    _in_text: 3,
    _shuffled: 2,
    _unknown_key: 2,
    _deep: 0.7,
    _wrapped: 2,
    _patch: 0.5,
    _swapped: 1,
    _out_of_order: 2,
}


def _escaped(random: Random, quoted: bytes) -> bytes:
    """Write one character of a string as its code."""
    if len(quoted) < 3 or not quoted.isascii():
        return quoted
    place = random.randrange(1, len(quoted) - 1)
    return quoted[:place] + b"\\u%04x" % quoted[place] + quoted[place + 1 :] if b"\\" not in quoted else quoted


# ----------------------------------------------------------------------------------------------------------- lines


def _of_the_same_length(random: Random, text: bytes) -> bytes:
    """Take away some line ends, and put as many blanks elsewhere."""
    for _ in range(random.choice((1, 1, 2))):
        cut = text.find(b"}\n{", random.randrange(len(text) + 1))
        if cut >= 0:
            text = text[: cut + 1] + text[cut + 2 :]
            places = (text.find(b"}\n", cut + 1), text.find(b"\n{", cut + 1) + 1, text.rfind(b"}\n", 0, cut))
            place = random.choice(places)
            text = text[:place] + random.choice((b" ", b"\n")) + text[place:] if place > 0 else text
    return text


def _list(events: Events) -> bytes:
    items = b",".join(events.event().replace(b'{"kind":"Event",', b"{", 1) for _ in range(events.random.randrange(4)))
    return b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[%b]}' % items


def _broken(events: Events) -> bytes:
    """Return an event with a line break in it."""
    parts = events.ordinary().split(b',"')
    place = events.random.randrange(1, len(parts))
    return b',"'.join(parts[:place]) + b',\n"' + b',"'.join(parts[place:])


def _pretty(events: Events) -> bytes:
    return json.dumps(events.value(), indent=events.random.choice((1, 2))).encode()


LINES: tuple[Callable[[Events], bytes], ...] = (
    *(Events.nasty,) * 12,
    _list,
    lambda events: b"[%b,%b]" % (events.event(), events.event()),
    lambda events: events.ordinary() + events.ordinary(),
    lambda events: events.event() + b" " + events.event(),
    lambda events: events.ordinary() + b"," + events.ordinary(),
    lambda events: b"",
    lambda events: b" \t ",
    lambda events: b" " + events.ordinary(),
    lambda events: events.ordinary() + b" ",
    lambda events: events.ordinary() + b"\r",
    lambda events: events.ordinary()[: events.random.randrange(400)],
    lambda events: events.random.choice(
        (b"null", b"{}", b"]", b'{"kind":"Event",', b"rubbish", b'{"kind":"Event","a":1}')
    ),
    _pretty,
    *(_broken,) * 3,
)
