"""Dead letters once more."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

import pytest

from callers import RULES
from doubles import Box, Recorder, always
from functions_data import cloudwatch, event, event_list, incident
from lanner.alerts import AlertFormat
from lanner.fields import RawEvent
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.delivery import Undelivered
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.pipeline import Pipeline
from lanner.pipeline.replay import Replay, letter_in, whatever
from lanner.ruleset import Priority
from lanner.sources import Other, Reject
from support import rules_from


def message(number: int = 1) -> Message:
    alert = {"id": f"id-{number}", "rule": "r", "priority": "Warning", "output": "x"}
    return Message.read(json.dumps(alert).encode())


def letter(number: int = 1, output: str = "sns:alerts") -> DeadLetter:
    return DeadLetter.of_alert(Undelivered(message(number), output, "503", 3))


def payload(content: bytes, **context: str) -> DeadLetter:
    return DeadLetter.of_reject(Reject("batch item 1", "no JSON", content), **context)


def filled(*letters: DeadLetter | bytes, limit: int = 1 << 20) -> Box:
    box = Box(limit=limit)
    for one in letters:
        box.records += [one] if isinstance(one, bytes) else one.records(limit)
    return box


def replay(
    box: Box, *outputs: Recorder, to: list[Recorder] | None = None, keep: Callable[[DeadLetter], None] | None = None
) -> Replay:
    routes = [Route(output, Priority.DEBUG) for output in outputs]
    made = Replay(outputs, to or (), lambda: Pipeline(rules_from(RULES), AlertFormat(), routes, None), None, keep)
    made.run(box.take())
    return made


def test_alerts_go_to_the_outputs_that_did_not_take_them() -> None:
    sns, slack = Recorder("sns:alerts"), Recorder("slack:hooks.example")
    box = filled(letter(1), letter(2, "slack:hooks.example"), letter(3))
    result = replay(box, sns, slack).result
    assert sns.ids == ["id-1", "id-3"]
    assert slack.ids == ["id-2"]
    assert result.alerts == 3
    assert not result.left
    assert not box.records


def test_alerts_go_to_the_outputs_that_are_named() -> None:
    sns, other = Recorder("sns:alerts"), Recorder("other")
    box = filled(letter(1), letter(2, "unknown"))
    replay(box, sns, other, to=[other])
    assert other.ids == ["id-1", "id-2"]
    assert not sns.ids


def test_more_alerts_than_one_group() -> None:
    sns = Recorder("sns:alerts")
    box = filled(*[letter(number) for number in range(250)])
    assert replay(box, sns).result.alerts == 250
    assert not box.records


def test_what_fails_again_stays_where_it_is() -> None:
    box = filled(letter(1), letter(2, "unknown"), payload(b"no JSON"))
    result = replay(box, Recorder("sns:alerts", fault=always("403", is_final=True))).result
    assert (
        result.left
        == {
            "sns:alerts: 403": 1,
            "there is no output 'unknown' here; name another one by --to": 1,
            "batch item 1: not JSON: unexpected 'n' at byte 1": 1,
        }
        or sum(result.left.values()) == 3
    )
    assert len(box.records) == 3


def test_what_fails_again_is_moved_if_wanted() -> None:
    kept: list[DeadLetter] = []
    box = filled(letter(1), payload(b"no JSON", provider="eks", cluster="shop"))
    replay(box, Recorder("sns:alerts", fault=always("403", is_final=True)), keep=kept.append)
    assert not box.records
    by_kind = {one.kind: one for one in kept}
    assert (by_kind["alert"].reason, by_kind["alert"].attempts) == ("sns:alerts: 403", 4)
    assert by_kind["alert"].content == message().text
    assert (by_kind["payload"].provider, by_kind["payload"].cluster) == ("eks", "shop")


@pytest.mark.parametrize(
    "content",
    [
        event_list(*incident()[:4]),
        "\n".join(incident()[:1]).encode(),
        json.dumps(cloudwatch(*incident()[:4])).encode(),
        cloudwatch(*incident()[:4])["awslogs"]["data"].encode(),
        json.dumps(event("gcp_pubsub")).encode(),
        base64.b64decode(event("gcp_pubsub")["message"]["data"]),
    ],
    ids=["EventList", "Event", "Lambda event", "its data", "Pub/Sub message", "LogEntry"],
)
def test_input_is_judged_whatever_it_is(content: bytes) -> None:
    # GIVEN input that could not be dealt with then
    output = Recorder("sns:alerts")
    result = replay(box := filled(payload(content)), output).result
    # THEN it can now
    assert result.payloads == 1
    assert result.found == len(output.taken) > 0
    assert not box.records


def test_input_in_parts_is_put_together() -> None:
    content = event_list(*incident()[:20])
    box = filled(payload(content), limit=4096)
    assert len(box.records) > 3
    box.records.reverse()
    output = Recorder()
    assert replay(box, output).result.found == len(output.taken) == 20
    assert not box.records


def test_a_part_that_is_missing_is_told() -> None:
    box = filled(payload(bytes(20_000)), limit=4096)
    del box.records[1]
    before = len(box.records)
    assert replay(box, Recorder()).result.left == {"parts of it are missing": 1}
    assert len(box.records) == before


def test_the_context_of_input_is_kept() -> None:
    output = Recorder()
    replay(filled(payload(event_list(*incident()[:2]), provider="eks", cluster="shop")), output)
    assert {(message.provider, message.cluster) for message in output.taken} == {("eks", "shop")}


def test_what_platforms_put_aside_is_judged() -> None:
    output = Recorder()
    failed = {  # a record for a destination for failures, as Lambda writes it
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": cloudwatch(*incident()[:3]),
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
    }
    letters = [json.dumps(failed).encode(), json.dumps(cloudwatch(*incident()[3:6])).encode(), b"nonsense\n"]
    box = filled(*letters)
    result = replay(box, output).result
    assert (result.payloads, result.found) == (2, 6)
    assert box.records == [b"nonsense\n"]
    assert letter_in(letters[0]).content == json.dumps(failed["requestPayload"]).encode()


def test_the_same_letter_twice_is_sent_once() -> None:
    output = Recorder("sns:alerts")
    box = filled(*[letter(number % 150) for number in range(300)])
    assert replay(box, output).result.alerts == 150
    assert len(output.ids) == 150
    # those that came while the first was on its way are left for another time
    assert all(DeadLetter.read(record).id for record in box.records)


def test_a_queue_that_gives_the_same_again_and_again_comes_to_an_end() -> None:
    records = [record for number in range(3) for record in letter(number).records(1 << 20)]

    def endless() -> object:
        while True:
            for record in records:
                yield record, lambda: None

    made = Replay([Recorder("sns:alerts", fault=always("403", is_final=True))], (), lambda: None, None, None)  # type: ignore[arg-type,return-value]
    made.run(endless())  # type: ignore[arg-type]
    assert made.result.left.total() == 3


def test_alerts_that_are_none_are_told() -> None:
    broken = DeadLetter(kind="alert", id="x", output="sns:alerts", text="{}")
    (reason,) = replay(filled(broken), Recorder("sns:alerts")).result.left
    assert reason.startswith("no alert")


def test_batches_of_a_tee() -> None:
    class Copier:
        name = "tee:localhost"
        answer = ""

        def send(self, body: bytes, deadline: object) -> object:
            from lanner.outputs.http import Answer

            self.body = body
            return Answer(reason=self.answer), 2

    copier = Copier()
    copy = DeadLetter.of_payload(b"raw", "404", output="tee:localhost", attempts=1)
    box = filled(copy)
    made = Replay([], (), lambda: None, copier, None)  # type: ignore[arg-type,return-value]
    copier.answer = "it answered 404"
    made.run(box.take())
    assert made.result.left == {"tee:localhost: it answered 404": 1}
    copier.answer = ""
    made = Replay([], (), lambda: None, copier, None)  # type: ignore[arg-type,return-value]
    made.run(box.take())
    assert copier.body == b"raw"
    assert made.result.payloads == 1
    assert not box.records
    # GIVEN no tee
    made = Replay([], (), lambda: None, None, None)  # type: ignore[arg-type,return-value]
    made.run(filled(copy).take())
    (reason,) = made.result.left
    assert "LANNER_TEE_URL" in reason


def test_whatever_says_what_is_wrong() -> None:
    assert [type(piece) for piece in whatever(b"{", origin="x")] == [Reject]
    assert [type(piece) for piece in whatever(gzip.compress(b"{}"), origin="x")] == [Reject]
    control = json.dumps(event("aws_cloudwatch_control")).encode()
    assert [type(piece) for piece in whatever(control, origin="x")] == [Other]
    assert [type(piece) for piece in whatever(incident()[0].encode(), origin="x")] == [RawEvent]
