"""The bench file must stay the one that the targets were set for."""

import base64
import gzip
import json
from collections import Counter
from itertools import islice

import pytest

from bench.engine import Detector
from bench.generator import MIX, generate
from bench.generator.envelopes import write_cloudwatch, write_event_lists, write_log_entries, write_pubsub
from bench.generator.hostile import hostile
from bench.inputs import Inputs, shared_folder
from bench.rulesets import official_rules

NUMBER = 10_000


@pytest.fixture(scope="module")
def made():
    return list(generate(NUMBER))


@pytest.fixture
def inputs(tmp_path):
    return Inputs(tmp_path, 500, None)


def test_the_mix_has_its_shares(made):
    counts = Counter(kind for kind, _ in made)
    assert sum(share for share, _ in MIX.values()) == pytest.approx(100)
    for kind, (share, _) in MIX.items():
        expected = NUMBER * share / 100
        assert counts[kind] == pytest.approx(expected, abs=4 * expected**0.5), kind


def test_seven_tenths_are_noise_and_the_rest_are_creates(made):
    creates = sum(event["verb"] == "create" for _, event in made)
    assert creates == pytest.approx(NUMBER * 0.30, rel=0.05)


def test_an_event_has_2_kilobytes(made):
    sizes = [len(json.dumps(event, separators=(",", ":"))) + 1 for _, event in made]
    assert sum(sizes) / NUMBER == pytest.approx(1999, rel=0.01)


def test_the_same_seed_gives_the_same_events(made):
    assert list(generate(50)) == made[:50]
    assert list(generate(50, seed=2)) != made[:50]


def test_what_is_to_alert_alerts_and_nothing_else(made):
    rules = official_rules(shared_folder())
    if rules is None:
        pytest.skip("the official rules are not beside this checkout")
    detector = Detector("lines", "reference", [str(path) for path in rules.files])

    def alerts(events):
        return [len(list(detector.alerts(json.dumps(event).encode()))) for event in events]

    assert all(alerts(islice((event for kind, event in made if kind == "alerting"), 60)))
    assert not any(alerts(islice((event for kind, event in made if kind != "alerting"), 600)))


@pytest.mark.parametrize("alerting", [False, True])
def test_a_hostile_stream_repeats_nothing(alerting):
    events = [json.loads(line) for line in hostile(2500, alerting=alerting)]
    for read in (
        lambda event: event["verb"],
        lambda event: event["user"]["username"],
        lambda event: event["objectRef"]["resource"],
        lambda event: event["objectRef"]["namespace"],
        lambda event: event["auditID"],
    ):
        assert len({read(event) for event in events}) == len(events)


def test_cloudwatch_batches_hold_every_event(inputs, tmp_path):
    mix, packed = inputs.mix().path, tmp_path / "packed"
    assert write_cloudwatch(mix, packed) == 500
    messages = []
    for line in packed.read_text().splitlines():
        batch = json.loads(gzip.decompress(base64.b64decode(json.loads(line)["awslogs"]["data"])))
        messages += [entry["message"] for entry in batch["logEvents"]]
        assert len(batch["logEvents"]) <= 200
    assert messages == mix.read_text().splitlines()


def test_event_lists_hold_every_event(inputs, tmp_path):
    mix, packed = inputs.mix().path, tmp_path / "packed"
    assert write_event_lists(mix, packed) == 500
    items = [item for line in packed.read_text().splitlines() for item in json.loads(line)["items"]]
    assert [item["auditID"] for item in items] == [json.loads(line)["auditID"] for line in mix.read_text().splitlines()]
    assert not any("kind" in item for item in items)


def test_pubsub_messages_hold_log_entries(inputs, tmp_path):
    entries, packed = tmp_path / "entries", tmp_path / "packed"
    written = write_log_entries(inputs.mix().path, entries)
    assert 200 < written < 400
    assert write_pubsub(entries, packed) == written
    messages = [json.loads(line)["message"]["data"] for line in packed.read_text().splitlines()]
    assert [base64.b64decode(data).decode() for data in messages] == entries.read_text().splitlines()
    for line in entries.read_text().splitlines():
        payload = json.loads(line)["protoPayload"]
        assert payload["serviceName"] == "k8s.io"
        assert payload["resourceName"].count("/") >= 2


def test_inputs_are_made_once(inputs):
    path = inputs.mix().path
    made = path.stat().st_mtime_ns
    assert inputs.mix().path.stat().st_mtime_ns == made
    assert inputs.beginning(inputs.mix(), 20).path.read_bytes() == b"".join(path.read_bytes().splitlines(True)[:20])


def test_without_recorded_data_the_incident_is_repeated(inputs):
    recorded = inputs.recorded()
    assert recorded.name == "the recorded incident, 1 x"
    assert recorded.events == len(recorded.path.read_bytes().splitlines())


def test_a_given_file_takes_the_place_of_the_generated_one(inputs, tmp_path):
    given = tmp_path / "audit.log"
    given.write_bytes(inputs.mix().path.read_bytes()[:-1])  # its last line has no end
    other = Inputs(tmp_path / "other", 20, None, given)
    assert (other.mix().name, other.mix().path, other.mix().events) == ("audit.log", given, 500)
    packed, plain = other.payloads("CloudWatch", other.mix())
    assert (packed.events, plain.path) == (500, given)


def test_only_inputs_of_another_version_are_removed(tmp_path):
    for name in ("inputs-0123456789ab", "inputs-of-mine", "other"):
        (tmp_path / name).mkdir()
    Inputs(tmp_path, 20, None)
    kept = {path.name for path in tmp_path.iterdir()}
    assert {"inputs-of-mine", "other"} < kept
    assert "inputs-0123456789ab" not in kept
