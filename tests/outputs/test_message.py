"""Messages: an alert's JSON text, and what is read from it."""

from __future__ import annotations

import pytest

from lanner.outputs.message import Message
from lanner.ruleset import Priority
from outputs.conftest import a_message


def test_a_message_knows_what_its_alert_says() -> None:
    message = a_message(5, truncated=True, priority="Informational")
    assert (message.rule, message.priority, message.cluster) == ("A Rule", Priority.INFORMATIONAL, "prod")
    assert (message.provider, message.source, message.truncated) == ("eks", "k8s_audit", True)
    assert message.alert()["id"] == message.id
    assert message.attributes() == {
        "id": message.id,
        "rule": "A Rule",
        "priority": "Informational",
        "cluster": "prod",
        "provider": "eks",
        "source": "k8s_audit",
        "truncated": "true",
    }
    assert Message.read(b" " + message.text + b"\n") == message


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"id":1,"rule":"r","priority":"Debug"}', b'{"id":"1","rule":"r","priority":"x"}', b"\xff"],
)
def test_what_is_no_alert(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Message.read(text)
