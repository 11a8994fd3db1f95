"""Why a condition does not hold."""

import pytest

from lanner.analysis.companions.explanation import MAX_LINES, explain
from support import an_event, opened, rules_from


def explained(condition: str, **event) -> list[str]:
    (rule,) = rules_from(
        f"- rule: R\n  desc: d\n  condition: >\n    {condition}\n  output: x\n  priority: DEBUG\n  source: k8s_audit\n"
    )
    return explain(rule.condition, opened(an_event(**event)))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.verb = get", ['no   ka.verb = get   (it is "create")']),
        ("not ka.verb = create", ['no   not ka.verb = create   (it is "create")']),
        ("not ka.verb = get", ['yes  not ka.verb = get   (it is "create")']),
        ("ka.target.subresource exists", ["no   ka.target.subresource exists   (it is missing)"]),
        ("ka.user.groups intersects (ops)", [
            'no   ka.user.groups intersects (ops)   (it is ("dev", "system:authenticated"))',
        ]),
        ("ka.user.name = val(ka.target.name)", [
            'no   ka.user.name = val(ka.target.name)   (ka.user.name is "alice", ka.target.name is "web")',
        ]),
        ("evt.num > 3", ["no   evt.num > 3   (it is 1)"]),
        ("ka.verb = create and (ka.user.name = bob or not ka.target.name = web)", [
            'yes  ka.verb = create   (it is "create")',
            "no   ka.user.name = bob or not ka.target.name = web",
            '     no   ka.user.name = bob   (it is "alice")',
            '     no   not ka.target.name = web   (it is "web")',
        ]),
        ("ka.verb = create and not (ka.user.name = alice and (ka.target.name = x or ka.target.name = web))", [
            'yes  ka.verb = create   (it is "create")',
            "no   not (ka.user.name = alice and (ka.target.name = x or ka.target.name = web))",
            '     yes  ka.user.name = alice   (it is "alice")',
            "     yes  ka.target.name = x or ka.target.name = web",
            '          yes  ka.target.name = web   (it is "web")',
        ]),
        ("ka.verb = get or (ka.user.name = alice and ka.target.name = x)", [
            "no   ka.verb = get or ka.user.name = alice and ka.target.name = x",
            '     no   ka.verb = get   (it is "create")',
            "     no   ka.user.name = alice and ka.target.name = x",
            '          no   ka.target.name = x   (it is "web")',
        ]),
    ],
)  # fmt: skip
def test_parts(condition, expected):
    assert explained(condition) == expected


def test_long_values_and_parts_are_cut():
    (line,) = explained(f"ka.user.name in ({', '.join(f'user-{n}' for n in range(50))})", user={"username": "x" * 500})
    part, value = line.split("   (it is ")
    assert len(part) == 5 + 120
    assert part.endswith("...")
    assert value == '"' + "x" * 116 + "...)"
    (line,) = explained("ka.user.groups in (a)", user={"username": "a", "groups": ["g" * 50] * 1000})
    assert len(line) < 200


def test_values_that_are_not_text():
    (line,) = explained("ka.user.name = a", user={"username": "a\x1b[0m\nb\udcff"})
    assert "\x1b" not in line
    assert "\n" not in line


def test_many_alternatives_are_cut():
    lines = explained(" or ".join(f"ka.user.name startswith u{n}" for n in range(20)))
    assert len(lines) == 10
    assert lines[-1] == "     ... and 12 more"


def test_of_many_parts_those_are_told_that_do_not_hold():
    many = " and ".join(f"not ka.user.name startswith u{n}" for n in range(MAX_LINES))
    assert explained(f"{many} and ka.verb = get") == ['no   ka.verb = get   (it is "create")']
    none = " and ".join(f"ka.user.name startswith u{n}" for n in range(2 * MAX_LINES))
    assert len(explained(none)) == MAX_LINES


def test_deep_groups_are_not_followed_for_ever():
    condition = "ka.verb = get"
    for number in range(10):
        condition = f"(ka.user.name = u{number} or (ka.verb = create and {condition}))"
    assert max(len(line) - len(line.lstrip()) for line in explained(condition)) == 30
