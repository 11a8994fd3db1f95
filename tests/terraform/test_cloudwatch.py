"""Filter patterns of CloudWatch Logs, by the examples of its documentation."""

from __future__ import annotations

import json

import pytest

from terraform.cloudwatch import Undocumented, pattern

EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "cluster.name": "c",
    "errorCode": 400,
    "name": "Ev*ent",
}
USERS = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}


@pytest.mark.parametrize(
    "text",
    [
        '{ $.eventType = "UpdateTrail" }',
        "{ $.eventType = UpdateTrail }",
        '{$.eventType="UpdateTrail"}',
        '{ $.eventType = "*Trail" }',
        '{ $.eventType = "Update*" }',
        '{ $.eventType = "*date*" }',
        '{ $.eventType = "*" }',
        "{ $.sourceIPAddress != 123.123.* }",
        '{ $.arrayKey[0] = "value" }',
        "{ $.objectList[1].id = 2 }",
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.SomeOtherObject.within NOT EXISTS }",
        "{ $.ThisFlag IS TRUE }",
        "{ $.['cluster.name'] = \"c\" }",
        "{ $.errorCode = 400 }",
        "{ $.errorCode != 500 }",
        "{ $.errorCode >= 400 && $.errorCode < +5e2 }",
        '{ $.name = "Ev*ent" }',
    ],
)
def test_what_matches(text: str) -> None:
    assert pattern(text).passes(json.dumps(EVENT))


@pytest.mark.parametrize(
    "text",
    [
        '{ $.eventType != "UpdateTrail" }',
        '{ $.eventType = "updatetrail" }',
        '{ $.eventType = "Update" }',
        '{ $.eventType = "Update*l" }',
        "{ $.eventType NOT EXISTS }",
        "{ $.eventType IS NULL }",
        # What is missing is neither equal nor different.
        '{ $.missing = "a" }',
        '{ $.missing != "a" }',
        '{ $.missing = "*" }',
        "{ $.missing < 1 }",
        "{ $.missing != 1 }",
        "{ $.missing IS NULL }",
        "{ $.missing IS FALSE }",
        # Nor is what is null, and yet it exists.
        "{ $.SomeObject NOT EXISTS }",
        '{ $.SomeObject != "a" }',
        "{ $.SomeObject != 1 }",
        # Nor are lists, objects and truth values.
        "{ $.arrayKey = 1 }",
        "{ $.arrayKey != 1 }",
        '{ $.objectList[0] != "a" }',
        "{ $.ThisFlag != true }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.arrayKey[2] = value }",
    ],
)
def test_what_does_not_match(text: str) -> None:
    assert not pattern(text).passes(json.dumps(EVENT))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9 && $.actions[2] = nomatch }',
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = 9) && $.actions[2] = nomatch }',
            False,
        ),
    ],
)
def test_and_or(text: str, wanted: bool) -> None:
    assert pattern(text).passes(json.dumps(USERS)) is wanted


@pytest.mark.parametrize("line", ["eventType UpdateTrail", '{"eventType": "UpdateTr', "", "[]", "3"])
@pytest.mark.parametrize("text", ["{ $.eventType NOT EXISTS }", '{ $.eventType != "a" }'])
def test_what_is_no_object_never_matches_a_json_pattern(line: str, text: str) -> None:
    assert not pattern(text).passes(line)


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
        ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", True),
        ("ERROR -ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", False),
        ("?ERROR ?WARN", "WARN message", True),
        ("?ERROR ?WARN", "INFO message", False),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"[Truncated...]"', '{"kind":"Ev[Truncated...]', True),
        ('"[Truncated...]"', '{"kind":"Event"}', False),
        ("", "anything", True),
        (" ", "", True),
    ],
)
def test_terms(text: str, line: str, wanted: bool) -> None:
    assert pattern(text).passes(line) is wanted


@pytest.mark.parametrize(
    "text",
    [
        "{ $.a = 1",
        "{ $.a }",
        "{ }",
        "{ a = 1 }",
        "{ $.a == 1 }",
        "{ $.a = 1 && }",
        "{ ($.a = 1 }",
        "{ $.a = 1) }",
        "{ $.a IS MAYBE }",
        "{ $.a EXISTS }",
        "{ !($.a = 1) }",
        "{ NOT $.a = 1 }",
        '{ $.a < "b" }',
        "{ $.a = %b% }",
        "{ $.a[*] = 1 }",
        "{ $.a = b/c }",
        "{ $.a ( 1 }",
        "[ip, user]",
        "[Truncated...]",
        '"open',
        "?ERROR WARN",
        f'{{ $.a = "{"b" * 1024}" }}',
    ],
)
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(Undocumented):
        pattern(text)


@pytest.mark.parametrize("text", ['{ $.errorCode = "400" }', "{ $.eventType = 1 }", "{ $.eventType < 1 }"])
def test_numbers_and_texts_are_not_compared(text: str) -> None:
    with pytest.raises(Undocumented):
        pattern(text).passes(json.dumps(EVENT))


def test_selectors() -> None:
    assert pattern("{ $.a.b = 1 || ($.c NOT EXISTS) }").selectors == {"$.a.b", "$.c"}
    assert pattern("ERROR").selectors == frozenset()
