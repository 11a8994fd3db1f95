"""The GKE function as gcp-function deploys it: without a trigger, and called by a push subscription of Pub/Sub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from emulators.cloud_run import CloudRunFunction
from lanner.ruleset import PACKS, artefact
from support import shipped
from terraform.places import REPOSITORY

EVENTS = REPOSITORY / "tests" / "events"
MAIN = REPOSITORY / "functions" / "gcp_pubsub" / "main.py"


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRunFunction]:
    """The function with the signature that the platform gives to what has no trigger."""
    folder = tmp_path_factory.mktemp("function")
    (folder / "rules.lanner").write_bytes(artefact.write(shipped(*PACKS)))
    settings = {
        "FUNCTION_SIGNATURE_TYPE": "http",
        "LANNER_RULES": str(folder / "rules.lanner"),
        "LANNER_STDOUT": "true",
        "LANNER_DEAD_LETTERS": f"file:{folder / 'letters'}",
    }
    with CloudRunFunction(MAIN, "http", settings, folder / "function.log") as running:
        yield running


def pushed(**message: Any) -> dict[str, Any]:
    """Return what Pub/Sub posts: a message as such, wrapped, without a header of CloudEvents."""
    recorded = json.loads((EVENTS / "gcp_pubsub.json").read_text())["message"]
    every = {"messageId": "6858766935197138", "publishTime": "2026-11-21T14:19:23.858Z", "data": recorded["data"]}
    return {"message": every | message, "subscription": "projects/shop-prod/subscriptions/lanner-entries"}


def post(function: CloudRunFunction, body: object) -> int:
    """Return the status of the answer to a message."""
    return int(urllib3.request("POST", function.url, json=body, retries=False).status)


def test_a_message_is_judged(function: CloudRunFunction) -> None:
    # GIVEN a message, with attributes and without
    before = function.said().count("Session Opened into a Running Pod")
    # WHEN it is pushed, THEN it is acknowledged
    assert post(function, pushed()) == 200
    assert post(function, pushed(attributes={"logging.googleapis.com/timestamp": "2026-11-21T14:19:23Z"})) == 200
    # and has become an alert each time: once sent, once told in the log
    assert function.said().count("Session Opened into a Running Pod") > before + 2


def test_what_is_no_entry_is_kept(function: CloudRunFunction) -> None:
    assert post(function, pushed(data="bm8gZW50cnk=")) == 200
    assert '"dead_letters":1' in function.said()


def test_what_is_no_message_comes_again(function: CloudRunFunction) -> None:
    # GIVEN a message without data, which no log sink sends
    body = pushed()
    del body["message"]["data"]
    # WHEN it is pushed, THEN it is refused, so that Pub/Sub puts it among the dead letters at last
    assert post(function, body) == 400
