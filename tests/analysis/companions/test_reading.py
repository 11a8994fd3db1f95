"""Companion files: what they hold, how events are built, and what is wrong with wrong ones."""

import json
from pathlib import Path

import pytest

from lanner.analysis.companions import About, Kind, companion_path, read_companion
from lanner.analysis.companions import events as events_module
from lanner.errors import UsageError


@pytest.fixture
def companion(tmp_path):
    """Write files, the first of which is the companion, and read it."""

    def read(text: str, **others: str):
        for name, content in {"c": text, **others}.items():
            path = tmp_path / (f"{name}.yaml" if "__" not in name else name.replace("__", "/"))
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        return read_companion(tmp_path / "c.yaml")

    return read


def events_of(companion) -> list:
    return [json.loads(case.event) for tests in companion.tests for case in tests.cases]


def one(case: str) -> str:
    """Return the entry of a rule with one case."""
    return f"tests:\n  - rule: R\n    alerts:\n      - {case}\n"


def test_a_whole_companion(companion):
    read = companion(
        """
events:
  base: {verb: get, user: {username: carol}}
tests:
  - rule: First
    about:
      priority: >
        It matters.
      false_positives: [backups]
      triage: [look, "act "]
      peers: [Falco]
    quiet:
      - {name: q, from: base}
    alerts:
      - name: a
        from: base
        event: {user: {username: bob}}
        provider: eks
        output: {ka.user.name: bob, ka.user.groups: [a, b], evt.num: 1, ka.x: null, "jevt.value[/a]": "1"}
        rules: [Second, First]
    evasions:
      - {name: e, event: '{"verb": "list"}'}
  - rule: Second
    about: {}
"""
    )
    first, second = read.tests
    assert first.rule == "First"
    assert first.about == About("It matters.", ("backups",), ("look", "act"), ("Falco",))
    assert [(case.kind, case.name) for case in first.cases] == [
        (Kind.QUIET, "q"),
        (Kind.ALERT, "a"),
        (Kind.EVASION, "e"),
    ]
    assert [case.event for case in first.cases] == [
        b'{"verb":"get","user":{"username":"carol"}}',
        b'{"verb":"get","user":{"username":"bob"}}',
        b'{"verb": "list"}',
    ]
    (alert,) = first.of(Kind.ALERT)
    assert (alert.rule, alert.provider, alert.rules) == ("First", "eks", ("Second", "First"))
    assert alert.output == {
        "ka.user.name": "bob",
        "ka.user.groups": ["a", "b"],
        "evt.num": 1,
        "ka.x": None,
        "jevt.value[/a]": "1",
    }
    assert (alert.place.line, alert.place.column) == (15, 9)
    assert second.about == About()
    assert second.cases == ()
    assert read.of("Second") is second
    assert read.of("Third") is None
    assert first.of(Kind.QUIET)[0].rules is None


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "tests: []", "{}"])
def test_nothing_in_it(companion, text):
    assert companion(text).tests == ()


def test_where_the_companion_stands():
    assert companion_path(Path("rules/a.yaml")) == Path("rules/tests/a.yaml")
    assert companion_path(Path("a.yaml")) == Path("tests/a.yaml")


def test_events_build_upon_each_other_across_files(companion):
    """
    GIVEN events in three files, one of which is included twice
    WHEN a case builds upon them
    THEN each adds what is different
    """
    read = companion(
        "include: [more.yaml, sub/deep.yaml]\nevents: {last: {from: middle, verb: null, c: 3}}\n"
        + one("{name: x, from: last}"),
        more="include: [sub/deep.yaml]\nevents: {middle: {from: first, b: {x: null, z: 3}}}\ntests: 7\n",
        **{"sub__deep.yaml": "events: {first: {verb: get, a: 1, b: {x: 1, y: 2}}}"},
    )  # fmt: skip
    assert events_of(read) == [{"a": 1, "b": {"y": 2, "z": 3}, "c": 3}]


def test_an_included_file_may_be_empty(companion):
    assert companion("include: [more.yaml]", more="# later\n").tests == ()


def test_named_events_lose_nulls_and_keep_those_of_lists(companion):
    read = companion("events: {e: {a: null, b: [null, {c: null}]}}\n" + one("{name: x, from: e}"))
    assert events_of(read) == [{"b": [None, {"c": None}]}]


def test_recorded_events(companion):
    recorded = '{"verb": "get",\n "n": 1.50, "user": {"username": "x", "uid": "u"}}'
    text = """
events: {again: {file: sub/e.json, verb: list}}
tests:
  - rule: R
    alerts:
      - {name: as it is, file: sub/e.json}
      - {name: changed, file: sub/e.json, event: {user: {uid: null}}}
      - {name: named, from: again, event: {n: null}}
"""
    read = companion(text, **{"sub__e.json": recorded})
    cases = read.tests[0].cases
    assert cases[0].event == recorded.encode()
    assert cases[1].event == b'{"verb":"get","n":1.50,"user":{"username":"x"}}'
    assert json.loads(cases[2].event) == {"verb": "list", "user": {"username": "x", "uid": "u"}}


def test_a_recorded_event_of_another_file_is_relative_to_that(companion):
    read = companion(
        "include: [sub/more.yaml]\n" + one("{name: x, from: e}"),
        **{"sub__more.yaml": "events: {e: {file: e.json}}", "sub__e.json": '{"verb": "get"}'},
    )
    assert events_of(read) == [{"verb": "get"}]


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("[a]", "1:1", "a companion is a mapping", "tests:"),
        ("a", "1:1", "a companion is a mapping", "tests:"),
        ("test: []", "1:1", "a companion has no key 'test'", "did you mean 'tests'?"),
        ("tests: {a: 1}", "1:8", "'tests' is a list", ""),
        ("--- {}\n--- {}", "2:5", "a companion is one YAML document", ""),
        ("tests: []\ntests: []", "2:1", "the key 'tests' is there twice", "!json"),
        ("events: {a: {verb: get, verb: list}}", "1:25", "the key 'verb' is there twice", "!json"),
        ("{[a]: 1}", "1:2", "a key of a companion is a text", ""),
        ("tests: [{alerts: []}]", "1:9", "names no rule", "- rule: name"),
        ("tests: [{rule: ~}]", "1:16", "'rule' is a text", ""),
        ("tests: [R]", "1:9", "an item of 'tests' is a mapping", ""),
        ("tests: [{rule: R, alert: []}]", "1:19", "has no key 'alert'", "did you mean 'alerts'?"),
        ("tests: [{rule: R, xyz: []}]", "1:19", "has no key 'xyz'", "known keys are rule, about"),
        ("tests: [{rule: R}, {rule: R}]", "1:27", "the rule 'R' is there already", "one item"),
        ("tests: [{rule: R, alerts: {a: 1}}]", "1:27", "'alerts' is a list", ""),
        ("tests: [{rule: R, about: {triage: x}}]", "1:35", "'triage' is a list", ""),
        ("tests: [{rule: R, about: {triage: [[]]}}]", "1:36", "an item of 'triage' is a text", ""),
        ("tests: [{rule: R, about: {severity: x}}]", "1:27", "'about' has no key 'severity'", "known keys are"),
        (one("{from: x}"), "4:9", "the case has no name", "name"),
        (one("{name: x}"), "4:9", "the case has no event", "from"),
        (one("{name: ' ', event: {}}"), "4:16", "'name' is a text", ""),
        (one("{name: x, event: }"), "4:26", "an event is a mapping, or a JSON text", ""),
        (one("{name: x, event: [a]}"), "4:26", "an event is a mapping", ""),
        (one("{name: x, from: nothing}"), "4:25", "there is no event 'nothing'", "name an event under `events`"),
        ("events: {pod_made: {}}\n" + one("{name: x, from: pod_mad}"), "5:25", "there is no event", "'pod_made'?"),
        ("events: {e: {}}\n" + one("{name: x, from: e, file: e}"), "5:28", "either 'from' or 'file'", ""),
        ("events: {e: {}}\n" + one("{name: x, from: e, event: '{}'}"), "5:35", "merged onto nothing", "mapping"),
        (one("{name: x, file: e.json}"), "4:25", "e.json: cannot be read", "relative"),
        (one("{name: x, file: ., event: {}}"), "4:25", "cannot be read: this is no file", "relative"),
        (one("{name: x, event: {}, provider: ekz}"), "4:40", "'ekz' is none of the providers", "'eks'?"),
        (one("{name: x, event: {}, provider: apiserver}"), "4:40", "none of the providers", "leave it out"),
        (one("{name: x, event: {}, output: [a]}"), "4:38", "'output' is a mapping", ""),
        (one("{name: x, event: {}, output: {a: 1e999}}"), "4:42", "this value cannot be compared", ""),
        (one("{name: x, event: {}, rules: [A]}"), "4:37", "the rule 'R' itself must alert", "all rules"),
        (one("{name: x, event: {a: yes}}"), "4:30", "can be read in two ways", "quotes"),
        (
            "tests: [{rule: R, quiet: [{name: x, event: {}, rules: [R]}]}]",
            "1:55",
            "the rule 'R' must not alert",
            "all rules",
        ),
        ("tests: [{rule: R, quiet: [{name: x, event: {}, output: {}}]}]", "1:48", "no output without an alert", ""),
        ("tests: [{rule: R, alerts: [{name: x, event: {}}], quiet: [{name: x, event: {}}]}]", "1:66", "a case 'x'", ""),
        ("events: []", "1:9", "'events' is a mapping", ""),
        ("events: {a: 1}", "1:13", "the event 'a' is a mapping", ""),
        ("events: {a: {from: b}, b: {from: c}, c: {from: b}}", "1:48", "the event 'b' builds upon itself", ""),
        ("events: {a: {from: a}}", "1:20", "the event 'a' builds upon itself", ""),
        ("include: x", "1:10", "'include' is a list", ""),
        ("include: [c.yaml]", "1:11", "includes itself", ""),
        ("include: [none.yaml]", "1:11", "none.yaml: cannot be read: No such file", "relative"),
        ("a: [", "1:5", "did not find expected node content", "bracket"),
        ("a: \x01", "1:4", "the character U+0001 is not allowed", "escape sequence"),
    ],
)
def test_wrong_companions(companion, tmp_path, text, place, message, hint):
    with pytest.raises(UsageError) as error:
        companion(text)
    first, *rest = str(error.value).split("\n")
    assert first.startswith(f"{tmp_path / 'c.yaml'}:{place}: ")
    assert message in first
    hints = [line.removeprefix("hint: ") for line in rest if line.startswith("hint: ")]
    assert bool(hints) is bool(hint)
    assert hint in "".join(hints)


@pytest.mark.parametrize(
    ("more", "place", "message"),
    [
        ("events: {e: {}}", "c.yaml:2:10", "the event 'e' is there already: {0}/more.yaml:1:13"),
        ("include: [c.yaml]", "more.yaml:1:11", "this file includes itself"),
        ("events: {x: {from: y}}", "more.yaml:1:20", "there is no event 'y'"),
        ("x", "more.yaml:1:1", "a companion is a mapping"),
        ("about: x", "more.yaml:1:1", "a companion has no key 'about'"),
    ],
)
def test_wrong_files_that_are_included(companion, tmp_path, more, place, message):
    with pytest.raises(UsageError) as error:
        companion("include: [more.yaml]\nevents: {e: {}}", more=more)
    assert str(error.value).startswith(f"{tmp_path}/{place}: {message.format(tmp_path)}")


def test_a_recorded_event_that_cannot_be_changed(companion):
    text = one("{name: x, file: e.json, event: {a: 1}}")
    for content, message in (('{"a": 1, "a": 2}', "has a key twice"), ("[1]", "no JSON object")):
        with pytest.raises(UsageError, match=message):
            companion(text, **_file("e.json", content))


def _file(name: str, content: str) -> dict[str, str]:
    return {f".__{name}": content}


def test_a_companion_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read: No such file"):
        read_companion(tmp_path / "none.yaml")


def test_long_chains_of_events_end(companion):
    chain = "".join(f"  e{number}: {{from: e{number + 1}}}\n" for number in range(events_module.MAX_CHAIN - 1))
    last = events_module.MAX_CHAIN - 1
    assert events_of(companion(f"events:\n{chain}  e{last}: {{a: 1}}\n" + one("{name: x, from: e0}"))) == [{"a": 1}]
    with pytest.raises(UsageError, match="more than 20 events build upon each other"):
        companion(f"events:\n{chain}  e{last}: {{from: e{last + 1}}}\n  e{last + 1}: {{}}\n")


def test_many_files_are_not_included(companion):
    names = [f"m{number}" for number in range(events_module.MAX_FILES + 1)]
    files = dict.fromkeys(names, "{}")
    companion(f"include: [{', '.join(f'{name}.yaml' for name in names[:-1])}]", **files)
    with pytest.raises(UsageError, match="more than 100 files are included"):
        companion(f"include: [{', '.join(f'{name}.yaml' for name in names)}]", **files)


def test_many_large_events_are_not_built(companion, monkeypatch):
    monkeypatch.setattr(events_module, "MAX_BUILT", 30)
    text = "events: {e: {a: 0123456789x}}\ntests:\n  - rule: R\n    alerts:\n      - {name: x, from: e}\n"
    companion(text)
    with pytest.raises(UsageError, match="events of this file have more than 30 bytes"):
        companion(text + "      - {name: y, from: e}\n")


def test_recorded_events_have_a_size(companion, monkeypatch):
    monkeypatch.setattr(events_module, "MAX_BYTES", 10)
    companion(one("{name: x, file: e.json}"), **_file("e.json", "0123456789"))
    with pytest.raises(UsageError, match="it has more than 10 bytes"):
        companion(one("{name: x, file: e.json}"), **_file("e.json", "0123456789a"))


def test_aliases_do_not_blow_up(companion):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 8)
    )
    with pytest.raises(UsageError, match="more than 1000000 values"):
        companion(f"events:\n  {bomb}")


def test_deep_events_are_refused(companion):
    with pytest.raises(UsageError, match="deeper than 100 levels"):
        companion(f"events: {{a: {{b: {'[' * 100}{']' * 100}}}}}")
