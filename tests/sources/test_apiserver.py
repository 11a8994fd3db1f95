"""Payloads to events: spec/fields.md section 1, with correction g of conformance/README.md."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import BODIES, Argument, Intake, RawEvent, catalogue
from lanner.ruleset import load, rules_paths, shipped_rules
from lanner.sources import MAX_EVENT_SIZE, Piece, Reject, events

SHOW_KIND = ("obj", "value[/kind]")
WEBHOOK = Path(__file__).parents[1] / "events" / "apiserver_webhook.json"
TIME = '"stageTimestamp":"2026-03-01T10:00:00.000001Z"'
A = '{"kind":"Event","auditID":"a",' + TIME + "}"
B = '{"kind":"Event","auditID":"b",' + TIME + "}"
ITEM = '{"auditID":"i",' + TIME + "}"


def take(payload: str | bytes, **options: object) -> list[Piece]:
    data = payload if isinstance(payload, bytes) else payload.encode()
    return list(events(data, origin="audit.json:1", **options))  # type: ignore[arg-type]


def outline(payload: str | bytes, **options: object) -> list[str]:
    """Return what came out: the audit id of each event, the origin of each reject."""
    return [
        "!" + piece.origin if isinstance(piece, Reject) else str(json.loads(piece.text).get("auditID"))
        for piece in take(payload, **options)
    ]


def reason(payload: str | bytes, **options: object) -> str:
    (piece,) = take(payload, **options)
    assert isinstance(piece, Reject)
    assert piece.origin == "audit.json:1"
    return piece.reason


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(A, ["a"], id="event"),
        pytest.param(f" \t\r\n{A}\r\n", ["a"], id="blanks-around"),
        pytest.param('{"kind":"Event"}', ["None"], id="no-time-no-id"),
        pytest.param('{"auditID":"a","kind":"Event"}', ["a"], id="kind-later"),
        pytest.param('{"auditID":"a","kind":"Ev\\u0065nt"}', ["a"], id="kind-escaped"),
        pytest.param('{"kind":"Event","auditID":"a","kind":"Pod"}', ["a"], id="first-kind-counts"),
        pytest.param('{"kind":"Pod","kind":"Event"}', ["!audit.json:1"], id="first-kind-counts-2"),
        pytest.param(f'{{"kind":"EventList","items":[{ITEM},{B}]}}', ["i", "b"], id="list"),
        pytest.param('{"kind":"EventList","items":[]}', [], id="list-empty"),
        pytest.param(
            f'{{"kind":"EventList","items":[1,{ITEM},null,"x",[],true]}}',
            ["!audit.json:1 item 1", "i", *(f"!audit.json:1 item {n}" for n in (3, 4, 5, 6))],
            id="list-with-scalars",
        ),
        pytest.param('{"kind":"EventList","items":[{"kind":"Pod"}]}', ["None"], id="kind-of-items-plays-no-role"),
        pytest.param('{"kind":"EventList"}', ["!audit.json:1"], id="list-without-items"),
        pytest.param(f'{{"kind":"EventList","items":{A}}}', ["!audit.json:1"], id="list-items-object"),
        pytest.param("[]", [], id="array-empty"),
        pytest.param(f"[{A},{B}]", ["a", "b"], id="array"),
        pytest.param(f'[{A},{{"kind":"Pod"}},{B}]', ["a", "!audit.json:1 item 2", "b"], id="array-bad-element"),
        pytest.param(f"[{ITEM}]", ["!audit.json:1 item 1"], id="array-element-without-kind"),
        pytest.param(f"[[{A}],[[{B}]],[]]", ["a", "b"], id="array-nested"),
        pytest.param(
            f'[[ {A} , 7 ],[[], [ "," , {B}]],[{{"kind":"EventList","items":[{ITEM}, 1]}}]]',
            ["a", "!audit.json:1 item 1.2", "!audit.json:1 item 2.2.1", "b", "i", "!audit.json:1 item 3.1.2"],
            id="array-nested-paths",
        ),
        pytest.param(
            f'[{{"kind":"EventList","items":[{ITEM},2]}},{A}]', ["i", "!audit.json:1 item 1.2", "a"], id="lists"
        ),
        pytest.param("7", ["!audit.json:1"], id="number"),
        pytest.param("null", ["!audit.json:1"], id="null"),
        pytest.param(f"{A}{B}", ["!audit.json:1"], id="two-values"),
        pytest.param(f"{A[:-1]},}}", ["!audit.json:1"], id="trailing-comma"),
    ],
)
def test_what_becomes_an_event(payload: str, expected: list[str]) -> None:
    assert outline(payload) == expected


def test_the_context_goes_into_the_event() -> None:
    text = "[" + A + "]"
    assert take(text, provider="eks", cluster="prod") == [
        RawEvent(A.encode(), "eks", "prod", None, "audit.json:1 item 1")
    ]


def test_an_event_is_its_own_text() -> None:
    odd = b'{"kind":"Event" , "verb":1.2.3,"x":"\xff\x01","x":2}'
    (piece,) = take(b"[ " + odd + b" ]")
    assert isinstance(piece, RawEvent)
    assert piece.text == odd


def nested(levels: int) -> str:
    """An event that nests `levels` deep."""
    return '{"kind":"Event","auditID":"deep","x":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [300, 301, 900])
def test_an_event_may_nest_as_deep_as_it_likes(levels: int) -> None:
    # It is the engine that tells what comes of it.
    deep = nested(levels)
    assert outline(deep) == ["deep"]
    assert outline(f"[{A},{deep},{B}]") == ["a", "deep", "b"]
    assert outline(f'{{"kind":"EventList","items":[{ITEM},{deep},{B}]}}') == ["i", "deep", "b"]


def test_nesting_deeper_than_parsers_go_costs_no_event() -> None:
    _, deep, _ = take(f"[{A},{nested(20_000)},{B}]")
    assert isinstance(deep, RawEvent)
    assert deep.text == nested(20_000).encode()


def test_arrays_nest_to_a_limit_and_cost_no_sibling() -> None:
    assert outline("[" * 301 + A + "]" * 301) == ["a"]
    rejected, good = take("[" * 600 + A + "]" * 599 + f",{B}]")
    assert isinstance(rejected, Reject)
    assert "300 levels" in rejected.reason
    assert isinstance(good, RawEvent)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("opening", ['{"a":', "[", ' [ {"b" : '])
def test_a_hundred_thousand_brackets_are_a_quick_reject(opening: str, closed: bool) -> None:
    brackets = {"{": "}", "[": "]"}
    closing = "".join(brackets[mark] for mark in reversed(opening) if mark in brackets)
    payload = opening * 100_000 + "1" + closing * (100_000 if closed else 0)
    assert "inside each other" in reason(payload)


def sized(size: int, **bodies: str) -> str:
    """An event of `size` bytes with these bodies."""
    head = '{"kind":"Event","auditID":"a"' + "".join(f',"{key}":{text}' for key, text in bodies.items())
    return head + ',"pad":"' + "x" * (size - len(head) - 10) + '"}'


def test_bodies_of_larger_events_are_lost() -> None:
    # GIVEN events at the limit and above
    exact = sized(MAX_EVENT_SIZE, requestObject="{}")
    above = sized(MAX_EVENT_SIZE + 1, requestObject="{}")
    both = sized(MAX_EVENT_SIZE + 1, requestObject="null", responseObject="{}")
    none = sized(MAX_EVENT_SIZE + 1)
    assert len(exact) == MAX_EVENT_SIZE
    # WHEN they are read, blanks around them not counting
    found = [take(f"  {text}  ")[0] for text in (exact, above, both, none)]
    # THEN those above have lost the bodies that they have
    assert [event.lost for event in found if isinstance(event, RawEvent)] == [
        frozenset(),
        {"requestObject"},
        BODIES,
        frozenset(),
    ]


def test_larger_events_are_dropped_if_the_configuration_says_so() -> None:
    assert outline(sized(100), max_size=100, drop_larger=True) == ["a"]
    assert "101 bytes, the configured limit is 100" in reason(sized(101), max_size=100, drop_larger=True)
    assert outline(f"[{sized(101)},{A}]", max_size=100, drop_larger=True) == ["!audit.json:1 item 1", "a"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("", "empty"),
        ("7", "a number"),
        ("-inf", "a number"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ('"x"', "a string"),
        ("{}", "has no kind"),
        ('{"kind":7}', "its kind is not a string"),
        ('{"kind":"event"}', "its kind is 'event'"),
        ('{"kind":"\\u001b[2J"}', "its kind is '\\x1b[2J'"),
        ('{"kind":"' + "x" * 100 + '"}', "x" * 60 + "'"),
        ('{"kind":"EventList"}', "without items"),
        ('{"kind":"EventList","items":null}', "whose items are null"),
        ('{"kind":"EventList","items":{}}', "whose items are an object"),
        ('{"kind":"Event"', "was the line cut?"),
        ('{"kind":"Ev', "was the line cut?"),
        (f"{A} {B}", "one JSON value a line"),
        (f"{A} x", "something follows"),
        (A + ",", "something follows"),
        ("{'kind':'Event'}", 'unexpected b"\'" at byte 2'),
        ("hello", "not JSON: unexpected b'h' at byte 1"),
        (b"\xef\xbb\xbf" + A.encode(), "byte order mark"),
        ("\ufeff{}".encode("utf-16-le"), "iconv -f UTF-16"),
        (b"\x1f\x8b\x08\x00", "gzip data"),
        (b"\x7fELF\x02\x01", "binary data"),
        ("<!DOCTYPE html><html>", "HTML"),
        ("# comment\n- rule: Shell in pod\n  desc: x\n", "this looks like a rules file: give it with -r"),
        ("- required_engine_version: 15", "this looks like a rules file"),
        ('{"awslogs":{"data":"H4sI"}}', "CloudWatch Logs subscription"),
        ('{"logEvents":[]}', "CloudWatch Logs subscription"),
        ('{"Records":[]}', "AWS records"),
        ('{"protoPayload":{}}', "LogEntry (GKE)"),
        ('{"logName":"x","insertId":"y"}', "LogEntry (GKE)"),
        ('{"message":{"data":"eyJ9"}}', "Pub/Sub"),
        ('{"message":{"x":1}}', "has no kind"),
        ('{"message":"{\\"short_message\\":\\"x\\"}"}', "GELF"),
        ('{"short_message":"x"}', "GELF"),
        (
            '{"records":[{"properties":{"log":"x"}}]}',
            "an Azure Event Hub batch (AKS), where an audit event was expected",
        ),
        ('{"rule":"x","output":"y"}', "an alert or a rule"),
        ('{"rule":"x","condition":"y"}', "an alert or a rule"),
        ('{"rule":"x"}', "has no kind"),
        ('{"kind":"Pod","records":[]}', "its kind is 'Pod'"),
    ],
)
def test_the_reason_says_what_it_is(payload: str | bytes, words: str) -> None:
    assert words in reason(payload)


def test_a_reject_keeps_the_piece() -> None:
    bad, _ = take(f'[{{"kind" : "Pod"}}, {A}]')
    assert isinstance(bad, Reject)
    assert bad.text == b'{"kind" : "Pod"}'
    assert take(" x ") == [Reject("audit.json:1", "not JSON: unexpected b'x' at byte 1", b" x ")]


def webhook_events() -> list[tuple[RawEvent, RawEvent]]:
    """Return the events that an API server's webhook backend sent, each beside the one that the log would have."""
    body = json.loads(WEBHOOK.read_text())["body"]
    found = []
    for piece, item in zip(take(body), json.loads(body)["items"], strict=True):
        assert isinstance(piece, RawEvent)
        logged = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", **item}
        found.append((piece, RawEvent(json.dumps(logged, separators=(",", ":")).encode())))
    return found


def test_a_request_as_an_api_server_sent_it() -> None:
    # GIVEN a request of the webhook backend
    request = json.loads(WEBHOOK.read_text())
    assert request["headers"]["Content-Length"] == str(len(request["body"].encode()))
    # WHEN its body is read
    found = webhook_events()
    # THEN its items are events, although they have no kind
    assert len(found) == 29
    assert [sent.origin for sent, _ in found] == [f"audit.json:1 item {number}" for number in range(1, 30)]
    assert all(sent.text.startswith(b'{"level":"') and b'"kind":"Event"' not in sent.text for sent, _ in found)


def test_fields_of_an_item_are_those_of_the_event_in_the_log() -> None:
    # GIVEN every field
    arguments = {
        Argument.NONE: (None,),
        Argument.INDEX: (None, "0"),
        Argument.KEY: ("/kind", "/verb", "limit"),
        Argument.NETWORK: ("10.0.0.0/8",),
    }
    fields = [
        catalogue().bind(name, argument)
        for name, field in catalogue().fields.items()
        for argument in arguments[field.argument]
    ]
    # WHEN it is read from an item and from the same event as the log has it
    different = set()
    for sent, logged in webhook_events():
        one, other = Intake().open(sent), Intake().open(logged)
        different |= {field.text for field in fields if field.value(one) != field.value(other)}
    # THEN only those that show the kind, or the whole event, differ
    assert different == {"evt.plugininfo", *(f"{kind}.{name}" for kind in ("json", "jevt") for name in SHOW_KIND)}


@pytest.mark.parametrize("engine_of", [CompiledEngine, ReferenceEngine])
def test_conditions_on_items_have_the_verdicts_on_the_events_in_the_log(
    engine_of: type[CompiledEngine | ReferenceEngine], tmp_path: Path
) -> None:
    # GIVEN the shipped rules, and one that matches everything that they are about
    path = tmp_path / "all.yaml"
    path.write_text(
        "- rule: Everything\n  desc: d\n  output: x\n  priority: INFO\n  source: k8s_audit\n"
        "  condition: ka.auditid exists and ka.verb in (get, list, create, update, watch) and jevt.rawtime != 0\n"
    )
    ruleset = load([*rules_paths(shipped_rules(), explicit=True), path]).ruleset
    assert ruleset is not None
    engine = engine_of(ruleset.select(()))
    matched = 0
    for sent, logged in webhook_events():
        verdicts = [engine.judge(Intake().open(raw)) for raw in (sent, logged)]
        assert verdicts[0] == verdicts[1]
        matched += len(verdicts[0].matched)
    assert matched >= 29
    if isinstance(engine, CompiledEngine):
        assert (engine.put_in_order, engine.exact) == (0, 0)
