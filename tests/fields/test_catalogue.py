"""The catalogue of fields and its load-time checks (spec/fields.md section 3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lanner.errors import FieldError, LanguageError
from lanner.fields import WHOLE, Argument, Catalogue, Field, Type, catalogue
from lanner.fields.availability import LACKING, PROVIDERS

Read = Callable[..., object]


def _words(text: str) -> list[str]:
    return text.split()


PLAIN = _words("""
    auditid stage auth.decision auth.reason auth.openshift.decision auth.openshift.username
    validations.admission.policy.failure security.pod.violations user.name impuser.name verb uri target.name
    target.namespace target.resource target.subresource target.pod.name req.binding.role req.configmap.name
    req.configmap.obj req.pod.host_ipc req.pod.host_network req.container.host_network req.pod.host_pid
    req.pod.run_as_user req.pod.run_as_group req.pod.fs_group req.service.type resp.name response.code response.reason
    useragent cluster.name req.container.image req.container.image.repository req.container.privileged
""")
KEYED = _words("uri.param req.binding.subject.has_name req.volume.hostpath")
LISTS = _words("""
    user.groups req.binding.subjects req.role.rules req.pod.supplemental_groups req.binding.subjects.user_names
    req.binding.subjects.group_names req.binding.subjects.serviceaccount_names
    req.binding.subjects.serviceaccount_ns_names
""")
INDEXED = _words("""
    req.pod.volumes.hostpath req.pod.volumes.flexvolume_driver req.pod.volumes.volume_type req.service.ports
    req.role.rules.apiGroups req.role.rules.nonResourceURLs req.role.rules.verbs req.role.rules.resources sourceips
""")
SUFFIXES = _words("""
    args command name image image.repository host_port privileged allow_privilege_escalation read_only_fs run_as_user
    eff_run_as_user run_as_group eff_run_as_group proc_mount add_capabilities
""")
INDEXED += [f"req.pod.containers.{suffix}" for suffix in SUFFIXES]
INDEXED += [f"req.pod.initContainers.{suffix}" for suffix in SUFFIXES]
INDEXED += [f"req.pod.ephemeralContainers.{suffix}" for suffix in SUFFIXES if suffix != "host_port"]

JSON = [f"{prefix}.{name}" for prefix in ("json", "jevt") for name in ("value", "obj", "rawtime")]
EVT = {
    "evt.num": Type.UINT64,
    "evt.time": Type.STRING,
    "evt.time.s": Type.STRING,
    "evt.time.iso8601": Type.STRING,
    "evt.datetime": Type.STRING,
    "evt.datetime.s": Type.STRING,
    "evt.rawtime": Type.ABSTIME,
    "evt.rawtime.s": Type.ABSTIME,
    "evt.rawtime.ns": Type.ABSTIME,
    "evt.reltime": Type.RELTIME,
    "evt.reltime.s": Type.RELTIME,
    "evt.reltime.ns": Type.RELTIME,
    "evt.pluginname": Type.STRING,
    "evt.plugininfo": Type.STRING,
    "evt.source": Type.STRING,
    "evt.is_async": Type.BOOL,
    "evt.asynctype": Type.STRING,
    "evt.hostname": Type.STRING,
}

FIELDS = catalogue().fields


def _ka(names: list[str]) -> set[str]:
    return {f"ka.{name}" for name in names}


# ------------------------------------------------------------------------------------------------------------ names


OUR_PLAIN = _words("""
    truncated level provider user.uid impuser.uid uri.path uri.command target.apigroup target.apiversion
    sourceips.public req.patch.type req.replicas req.binding.role.kind req.csr.common_name req.workload.host_pid
    req.workload.host_ipc req.workload.host_network req.workload.share_process_namespace req.workload.service_account
    req.workload.node_name req.workload.run_as_user req.workload.runtime_class req.workload.commands
""")
OUR_LISTS = _words("""
    impuser.groups req.patch.ops req.patch.paths req.binding.subjects.kinds req.csr.organizations req.pv.hostpath
    req.pv.hostpath.above req.workload.volumes.hostpath req.workload.volumes.hostpath.above
    req.workload.volumes.hostpath.writable req.workload.volumes.volume_type req.workload.seccomp
    req.workload.apparmor req.workload.selinux
""")
OUR_LISTS += [
    f"req.workload.{array}.{suffix}"
    for array in ("containers", "initContainers", "ephemeralContainers", "all_containers")
    for suffix in _words("""
        name image image.repository image.registry image.tag privileged allow_privilege_escalation read_only_fs
        run_as_user proc_mount add_capabilities host_port command args
    """)
]
OUR_KEYED = _words("user.extra impuser.extra uri.params req.values req.keys req.role.verbs_for")
OURS = _ka(OUR_PLAIN + OUR_LISTS + OUR_KEYED) | {"ka.sourceips.in"}
"""Fields that Falco does not have."""


def test_the_fields_that_falco_does_not_have() -> None:
    assert {name for name, field in FIELDS.items() if not field.is_portable} == OURS


def test_there_are_100_ka_fields_of_falco() -> None:
    names = [name for name in FIELDS if name.startswith("ka.") and name not in OURS]
    assert len(names) == 100
    assert set(names) == _ka(PLAIN + KEYED + LISTS + INDEXED)
    per_family = {
        family: sum(name.startswith(f"ka.req.pod.{family}.") for name in names)
        for family in ("containers", "initContainers", "ephemeralContainers")
    }
    assert per_family == {"containers": 15, "initContainers": 15, "ephemeralContainers": 14}
    assert "ka.req.pod.ephemeralContainers.host_port" not in FIELDS


def test_the_other_fields() -> None:
    others = {name for name in FIELDS if not name.startswith("ka.")}
    assert others == {*JSON, *EVT}
    for removed in ("jevt.time", "jevt.time.iso8601", "json.time", "evt.type", "evt.args", "evt.dir", "proc.name"):
        assert removed not in catalogue()


def test_arguments_and_lists() -> None:
    keyed = {name for name, field in FIELDS.items() if field.argument is Argument.KEY}
    indexed = {name for name, field in FIELDS.items() if field.argument is Argument.INDEX}
    lists = {name for name, field in FIELDS.items() if field.is_list}
    networks = {name for name, field in FIELDS.items() if field.argument is Argument.NETWORK}
    assert keyed == _ka(KEYED + OUR_KEYED) | {"json.value", "jevt.value"}
    assert indexed == _ka(INDEXED)
    assert networks == {"ka.sourceips.in"}
    assert lists == _ka(LISTS + INDEXED + OUR_LISTS + OUR_KEYED)


def test_types() -> None:
    assert {name: field.type for name, field in FIELDS.items() if name.startswith("evt.")} == EVT
    assert {field.type for name, field in FIELDS.items() if not name.startswith("evt.")} == {Type.STRING}


def test_time_texts_and_digits() -> None:
    texts = {name for name, field in FIELDS.items() if field.is_time_text}
    digits = {name: field.digits for name, field in FIELDS.items() if field.digits}
    assert texts == {"evt.time", "evt.time.s", "evt.time.iso8601", "evt.datetime", "evt.datetime.s"}
    assert digits == {"evt.rawtime.ns": 9, "evt.reltime": 9, "evt.reltime.ns": 9}


def test_corrections_are_marked() -> None:
    families = ("containers", "initContainers", "ephemeralContainers")

    def each(*suffixes: str) -> set[str]:
        return {f"ka.req.pod.{family}.{suffix}" for family in families for suffix in suffixes}

    marked: dict[str, set[str]] = {}
    for name, field in FIELDS.items():
        marked.setdefault(field.correction, set()).add(name)
    del marked[""]
    assert marked == {
        "a": {"ka.sourceips"},
        "b": each("eff_run_as_user", "eff_run_as_group"),
        "c": each("image.repository") | {"ka.req.container.image.repository"},
        "d": each("add_capabilities"),
        "j": {"ka.req.pod.volumes.volume_type"},
    }


@pytest.mark.parametrize("field", FIELDS.values(), ids=list(FIELDS))
def test_every_field_is_described(field: Field) -> None:
    assert FIELDS[field.name] is field
    assert field.name in catalogue()
    assert field.meaning
    assert not field.meaning.endswith(".")
    assert field.section in ({""} if field.name in OURS else {"3.1", "3.2", "3.3", "3.4", "3.5", "4", "5"})
    if field.name.startswith("ka.") and field.name not in OURS:
        top = field.path.replace("[", ".").partition(".")[0]
        assert top in field.reads


def test_whose_log_has_a_field_and_at_which_level() -> None:
    everyone = frozenset(PROVIDERS)
    assert FIELDS["ka.verb"].providers == FIELDS["evt.num"].providers == everyone
    assert FIELDS["ka.uri.param"].providers == FIELDS["ka.uri.command"].providers == everyone - {"gke"}
    assert FIELDS["ka.cluster.name"].providers == {"gke"}
    assert FIELDS["ka.provider"].providers == everyone - {"self-managed"}
    assert FIELDS["ka.verb"].level == "Metadata"
    assert FIELDS["ka.req.workload.host_pid"].level == "Request"
    assert FIELDS["ka.target.pod.name"].level == "RequestResponse"
    assert catalogue().bind("jevt.value", "/responseObject/kind").level == "RequestResponse"
    assert set(LACKING) <= set(FIELDS)
    for reasons in LACKING.values():
        assert reasons.keys() <= everyone
        assert all(reasons.values())


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("ka.verb", {"verb"}),
        ("ka.auth.reason", {"annotations"}),
        ("ka.target.pod.name", {"responseObject", "objectRef"}),
        ("ka.req.pod.containers.eff_run_as_user", {"requestObject"}),
        ("ka.sourceips", {"sourceIPs"}),
        ("ka.sourceips.in[::/0]", {"sourceIPs"}),
        ("ka.req.values[/a]", {"requestObject", "verb"}),
        ("ka.req.patch.type", {"requestObject", "verb", "requestURI"}),
        ("ka.req.workload.run_as_user", {"requestObject", "verb", "objectRef"}),
        ("jevt.value[/a~1b/c]", {"a/b"}),
        ("json.value[a]", {"a"}),
        ("jevt.value[]", {WHOLE}),
        ("jevt.obj", {WHOLE}),
        ("evt.plugininfo", {WHOLE}),
        ("evt.time", {"stageTimestamp", "requestReceivedTimestamp"}),
        ("evt.reltime", {"stageTimestamp", "requestReceivedTimestamp"}),
        ("jevt.rawtime", {"stageTimestamp", "requestReceivedTimestamp"}),
        ("evt.num", set()),
        ("evt.source", set()),
    ],
)
def test_which_keys_a_field_reads(written: str, reads: set[str]) -> None:
    name, bracket, rest = written.partition("[")
    assert catalogue().bind(name, rest[:-1] if bracket else None).reads == reads


def test_a_field_reads_no_other_key_than_it_says(read: Read) -> None:
    """WHEN every key but those of `reads` (and `auditID`) is dropped THEN the value stays."""
    event = {
        "auditID": "a",
        "stageTimestamp": "2026-06-27T12:00:00Z",
        "verb": "create",
        "requestURI": "/a?k=v",
        "sourceIPs": ["192.0.2.1"],
        "user": {"username": "u", "groups": ["g"]},
        "objectRef": {"resource": "pods", "name": "p"},
        "responseObject": {"metadata": {"name": "r"}},
        "requestObject": {"spec": {"volumes": [{"hostPath": {"path": "/"}}], "containers": [{"name": "c"}]}},
    }
    for field in FIELDS.values():
        argument = {Argument.KEY: "k", Argument.NETWORK: "::/0"}.get(field.argument)
        bound = catalogue().bind(field.name, argument)
        if WHOLE not in bound.reads:
            kept = {key: value for key, value in event.items() if key in bound.reads or key == "auditID"}
            if not bound.reads and field.name.startswith("evt."):
                kept = {}
            assert read(kept, bound.text) == read(event, bound.text), bound.text


# ---------------------------------------------------------------------------------------------------------- binding


def test_the_same_object_for_the_same_text() -> None:
    fields = Catalogue()
    assert fields.bind("ka.verb") is fields.bind("ka.verb")
    assert fields.bind("ka.sourceips", "1") is fields.bind("ka.sourceips", "1")
    assert fields.bind("ka.sourceips", "1") is not fields.bind("ka.sourceips")
    assert fields.bind("jevt.value", "") is not fields.bind("jevt.value", "/")
    assert fields.bind("ka.verb") is not Catalogue().bind("ka.verb")
    assert catalogue() is catalogue()
    assert catalogue().fields["ka.verb"] is fields.fields["ka.verb"]


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("ka.uri.param", ""),
        ("ka.uri.param", "é"),
        ("ka.uri.param", "a[b"),
        ("ka.uri.param", "\u00a0"),
        ("ka.req.volume.hostpath", "/a*"),
        ("ka.req.binding.subject.has_name", "x"),
        ("jevt.value", "/a/b~1c"),
        ("json.value", ""),
        ("ka.sourceips", "0"),
        ("ka.sourceips", "10"),
        ("ka.sourceips", "18446744073709551615"),
        ("ka.sourceips", None),
        ("ka.verb", None),
        ("evt.time", None),
        ("ka.sourceips.in", "10.0.0.0/8"),
        ("ka.sourceips.in", "192.0.2.1"),
        ("ka.sourceips.in", "2001:db8::/32"),
    ],
)
def test_arguments_that_are_taken(name: str, argument: str | None) -> None:
    bound = catalogue().bind(name, argument)
    assert (bound.field.name, bound.argument) == (name, argument)


INDEX = "filter ka.sourceips[{0}] ka.sourceips has an invalid index argument {1}: {0}"
NO_ARGUMENT = "filter '{0}[{1}]': {0} does not allow nor require an argument but one is provided: {1}"
NONEXISTENT = "unknown field {}"

ERRORS = {
    "argument where none is allowed": ("ka.verb", "x", NO_ARGUMENT.format("ka.verb", "x")),
    "empty argument where none is allowed": ("ka.verb", "", NO_ARGUMENT.format("ka.verb", "")),
    "index where none is allowed": ("ka.user.groups", "0", NO_ARGUMENT.format("ka.user.groups", "0")),
    "argument of jevt.obj": ("jevt.obj", "/a", NO_ARGUMENT.format("jevt.obj", "/a")),
    "key missing": ("ka.uri.param", None, "filter 'ka.uri.param': ka.uri.param requires an argument but none provided"),
    "pointer missing": ("jevt.value", None, "filter 'jevt.value': jevt.value requires an argument but none provided"),
    "negative index": ("ka.sourceips", "-1", INDEX.format("-1", "not composed only by digits")),
    "index of letters": ("ka.sourceips", "a", INDEX.format("a", "not composed only by digits")),
    "empty index": ("ka.sourceips", "", INDEX.format("", "not composed only by digits")),
    "index with plus": ("ka.sourceips", "+1", INDEX.format("+1", "not composed only by digits")),
    "digits beyond ASCII": ("ka.sourceips", "\u0661", INDEX.format("\u0661", "not composed only by digits")),
    "superscript": ("ka.sourceips", "²", INDEX.format("²", "not composed only by digits")),
    "leading zero": ("ka.sourceips", "01", INDEX.format("01", "starting with 0")),
    "two zeros": ("ka.sourceips", "00", INDEX.format("00", "starting with 0")),
    "65 bits": ("ka.sourceips", str(2**64), INDEX.format(2**64, "not representable on 64 bit")),
    "very many digits": ("ka.sourceips", "9" * 5000, INDEX.format("9" * 5000, "not representable on 64 bit")),
    "network missing": (
        "ka.sourceips.in",
        None,
        "filter 'ka.sourceips.in': ka.sourceips.in requires an argument but none provided",
    ),
    "no network": ("ka.sourceips.in", "10.0.0.0/33", "filter 'ka.sourceips.in[10.0.0.0/33]': this is no network"),
    "an address of a network": (
        "ka.sourceips.in",
        "10.0.0.1/8",
        "filter 'ka.sourceips.in[10.0.0.1/8]': this is no network",
    ),
    "no address": ("ka.sourceips.in", "here", "filter 'ka.sourceips.in[here]': this is no network"),
    "empty network": ("ka.sourceips.in", "", "filter 'ka.sourceips.in[]': this is no network"),
    "blank": ("ka.uri.param", "a b", "filter 'ka.uri.param[a': ka.uri.param has unbalanced argument brackets"),
    "tab in an index": ("ka.sourceips", "\t1", "filter 'ka.sourceips[': ka.sourceips has unbalanced argument brackets"),
    "blank where none is allowed": ("ka.verb", " ", "filter 'ka.verb[': ka.verb has unbalanced argument brackets"),
    "closing bracket": ("ka.uri.param", "a]b", NONEXISTENT.format("ka.uri.param[a]b]")),
    "argument of evt.time": ("evt.time", "x", NONEXISTENT.format("evt.time[x]")),
    "argument of evt.num": ("evt.num", "0", NONEXISTENT.format("evt.num[0]")),
    "unknown": ("proc.name", None, NONEXISTENT.format("proc.name")),
    "unknown with argument": ("proc.aname", "2", NONEXISTENT.format("proc.aname[2]")),
    "unknown with a blank in the argument": ("ka.x", "a b", NONEXISTENT.format("ka.x[a b]")),
    "other case": ("ka.Verb", None, NONEXISTENT.format("ka.Verb")),
    "longer than a field": ("ka.verbs", None, NONEXISTENT.format("ka.verbs")),
    "shorter than a field": ("ka.target", None, NONEXISTENT.format("ka.target")),
    "empty": ("", None, NONEXISTENT.format("")),
    "removed": ("jevt.time", None, NONEXISTENT.format("jevt.time")),
    "static without configuration": ("static.x", None, NONEXISTENT.format("static.x")),
}


@pytest.mark.parametrize(("name", "argument", "message"), ERRORS.values(), ids=list(ERRORS))
def test_what_cannot_be_bound(name: str, argument: str | None, message: str) -> None:
    with pytest.raises(FieldError) as caught:
        catalogue().bind(name, argument)
    error = caught.value
    assert isinstance(error, LanguageError)
    assert error.message == message
    assert error.unknown_field is ("unknown field" in message)
    assert error.position == 0
    assert error.text == (name if argument is None else f"{name}[{argument}]")


@pytest.mark.parametrize(
    ("name", "argument", "hint"),
    [
        ("ka.verbs", None, "did you mean ka.verb?"),
        ("ka.user.names", None, "did you mean ka.user.name?"),
        ("ka.Verb", None, "did you mean ka.verb?"),
        ("jevt.valu", "/a", "did you mean jevt.value?"),
        ("evt.plugin_info", None, "did you mean evt.plugininfo?"),
        ("fd.name", None, "`lanner fields` lists the fields"),
        ("", None, "`lanner fields` lists the fields"),
        ("evt.time", "x", ""),
        ("ka.uri.param", "a]", ""),
        ("ka.uri.param", "a b", "an argument must not contain a blank"),
        ("ka.uri.param", None, "write it as ka.uri.param[...]"),
        ("ka.sourceips.in", "10.0.0.1/8", "did you mean 10.0.0.0/8?"),
        ("ka.sourceips.in", "10.0.0.0/x", "write it as ka.sourceips.in[10.0.0.0/8] or ka.sourceips.in[2001:db8::/32]"),
    ],
)
def test_hints(name: str, argument: str | None, hint: str) -> None:
    with pytest.raises(FieldError) as caught:
        catalogue().bind(name, argument)
    assert caught.value.hint == hint


# ----------------------------------------------------------------------------------------------------- static fields


def test_static_fields_belong_to_one_catalogue() -> None:
    fields = Catalogue({"env": "prod"})
    assert "static.env" in fields
    assert "static.env" not in catalogue()
    assert len(fields.fields) == len(FIELDS) + 1
    field = fields.fields["static.env"]
    assert (field.type, field.is_list, field.argument, field.reads) == (Type.STRING, False, Argument.NONE, frozenset())
    assert fields.bind("static.env") is fields.bind("static.env")


def test_static_fields_take_no_argument_and_are_suggested() -> None:
    fields = Catalogue({"environment": "prod"})
    with pytest.raises(FieldError, match=r"unknown field static\.environment\[x\]"):
        fields.bind("static.environment", "x")
    with pytest.raises(FieldError) as caught:
        fields.bind("static.enviroment")
    assert caught.value.hint == "did you mean static.environment?"
