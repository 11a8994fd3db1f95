"""The shipped rules on single events."""

import json

import pytest

from lanner.engine import ReferenceEngine
from support import an_event, opened, shipped

ENGINE = ReferenceEngine(shipped().select(()))
TOKEN_USED_BY_HAND = {
    "user": {"username": "system:serviceaccount:team-a:builder"},
    "userAgent": "kubectl/v1.36.3",
    "verb": "list",
    "responseStatus": {"code": 200},
}


@pytest.mark.parametrize(
    ("addresses", "public"),
    [
        (["198.51.100.23"], True),
        (["10.0.0.1", "198.51.100.23"], True),
        (["198.51.100.23", "127.0.0.1"], True),
        (["2001:db8::1"], True),
        (["::ffff:198.51.100.23"], True),
        (["10.0.0.1", "100.64.0.1", "172.31.0.1", "192.168.0.1", "169.254.1.1", "127.0.0.1"], False),
        (["100.128.0.1"], True),
        (["172.32.0.1"], True),
        (["::1"], False),
        (["::"], False),
        (["::ffff:10.0.0.1"], False),
        (["fd00::1", "fe80::1", "febf::1"], False),
        (["private"], False),
        ([None], False),
        ([], False),
    ],
    ids=json.dumps,
)
def test_a_stolen_token_is_told_by_any_public_address(addresses, public):
    event = opened(an_event(**TOKEN_USED_BY_HAND, sourceIPs=addresses))
    names = {rule.name for rule in ENGINE.judge(event).matched}
    assert ("Workload Credential Used by Hand" in names) is public
