"""Values of every field, whole events as text, and what becomes an event."""

from conformance_data import opened

from lanner.fields import NoValue, catalogue, json_text


def shown(field, event):
    """Return a field's value as the golden data has it."""
    value = field.value(event)
    if value is NoValue.MISSING:
        return None
    if field.field.is_time_text:
        return event.time
    if isinstance(value, list):
        return [text.decode(errors="replace") for text in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def bound(text):
    name, bracket, argument = text.partition("[")
    return catalogue().bind(name, argument[:-1] if bracket else None)


def marked_values(golden):
    marked = set()
    for marks in golden.deliberate["fields"].values():
        marked |= {(pair["id"], pair["field"]) for pair in marks.get("pairs", [])}
        marked |= {(number, field) for field in marks.get("fields", []) for number in marks["ids"]}
    return marked


def test_every_field_has_falcos_value(golden, compared):
    # GIVEN every field's value on every event
    marked = marked_values(golden)
    everywhere = {
        f for marks in golden.deliberate["fields"].values() if marks.get("ids") == "all" for f in marks["fields"]
    }
    opened_events = list(opened(golden.lines("fields/events.jsonl")))
    number, different = 0, []
    for row in golden.objects("fields/fields.jsonl"):
        event = opened_events[row["id"] - 1]
        for text, wanted in row["fields"].items():
            # evt.reltime is shown signed, and that is the alert's business
            if text in everywhere or (row["id"], text) in marked or text == "evt.reltime":
                continue
            number += 1
            got = shown(bound(text), event)
            if got != wanted:
                different.append((row["id"], text, wanted, got))
    # THEN Lanner reads the same ones
    compared(number, "field values", len(different))
    assert number > 25_000
    assert different == []


def test_whole_events_are_shown_like_falcos(golden, compared):
    opened_events = dict(enumerate(opened(golden.lines("fields/events.jsonl")), 1))
    number = 0
    for row in golden.objects("fields/whole.jsonl"):
        event = opened_events.get(row["id"])
        for text, wanted in row["fields"].items():
            if event is not None:
                number += 1
                assert shown(bound(text), event) == wanted, (row["id"], text)
    assert number > 10
    compared(number, "texts of whole events")


def test_payloads_become_the_same_events(golden, compared):
    marked = golden.marked("fields", "payloads")
    number = 0
    for row in golden.objects("fields/payloads.jsonl"):
        if row["name"] in marked:
            continue
        number += 1
        payload = row["payload"].encode(errors="surrogateescape")
        # Falco drops what nests too deep as it reads, we do when we judge.
        events = [event for event in opened([payload]) if json_text.within_depth(event.raw.text)]
        got = [
            {text: shown(bound(text), event) for text in wanted}
            for event, wanted in zip(events, row["events"] or [{}], strict=False)
        ]
        assert got == row["events"], row["name"]
    assert number > 20
    compared(number, "payloads")


def test_marked_payloads_lose_nothing(golden):
    # Correction g: Falco drops these, or loses the good elements of an array to a bad one.
    marked = golden.marked("fields", "payloads")
    for row in golden.objects("fields/payloads.jsonl"):
        if row["name"] in marked:
            payload = row["payload"].encode(errors="surrogateescape")
            assert len(list(opened([payload]))) >= len(row["events"]), row["name"]
