"""What Falco does not have: where, how bad, and in whose name."""

from __future__ import annotations

import pytest

from lanner.analysis.lint import Severity
from lanner.analysis.lint.portability import DIFFERENCES
from lanner.fields import catalogue

from .conftest import HEAD, a_rule

OWN = "ka.truncated"
MARK = "# lanner: portable\n"
CODE = "LINT_NOT_PORTABLE"


def places(findings) -> list[tuple[str, int, int]]:
    return [(finding.place.file.rpartition("/")[2], finding.place.line, finding.place.column) for finding in findings]


def portable(result) -> dict[str, bool]:
    return {summary.name: summary.portable for summary in result.rules}


def test_a_field_in_a_condition(folder) -> None:
    found = folder.found(CODE, a_rule(f"ka.verb = get and not {OWN} = true"))
    assert places(found) == [("1.yaml", 6, 27)]
    assert found[0].severity is Severity.INFO
    assert found[0].message == f"Falco does not have the field {OWN}"
    assert str(found[0].subject) == "rule 'R'"
    assert found[0].snippet.splitlines()[1].index("^") == 26


@pytest.mark.parametrize("text", ["tolower({})", "concat(ka.verb, {})", "join(',', ({}, ka.verb))"])
def test_a_field_in_a_transformer(folder, text: str) -> None:
    assert len(folder.found(CODE, a_rule(f"{text.format(OWN)} = x"))) == 1
    assert len(folder.found(CODE, a_rule(f"ka.verb = {text.format(OWN)}"))) == 1


def test_a_field_on_the_right(folder) -> None:
    assert places(folder.found(CODE, a_rule(f"ka.verb = val({OWN})"))) == [("1.yaml", 6, 19)]


def test_a_field_behind_a_list(folder) -> None:
    text = f"- list: l\n  items: [get, list, watch]\n{a_rule(f'ka.verb in (l) and {OWN} = true')}"
    assert places(folder.found(CODE, text)) == [("1.yaml", 8, 24)]


def test_a_field_in_a_macro(folder) -> None:
    text = f"- macro: m\n  condition: ({OWN} = true)\n{a_rule('ka.verb = get and m')}{a_rule('ka.verb = get', 'S')}"
    result = folder.lint(text)
    assert places([f for f in result.findings if f.code == CODE]) == [("1.yaml", 2, 15)]
    assert portable(result) == {"R": False, "S": True}


def test_a_field_in_a_macro_of_a_macro(folder) -> None:
    text = f"- macro: m\n  condition: ({OWN} = true)\n- macro: n\n  condition: (ka.verb = get and m)\n{a_rule('n')}"
    result = folder.lint(text)
    assert [str(f.subject) for f in result.findings if f.code == CODE] == ["macro 'm'"]
    assert portable(result) == {"R": False}


def test_a_macro_that_becomes_unportable_later(folder) -> None:
    first = f"- macro: m\n  condition: ka.verb = get\n- macro: n\n  condition: (m)\n{a_rule('n')}"
    result = folder.lint(first, f"- macro: m\n  condition: or {OWN} = true\n  override: {{condition: append}}\n")
    assert portable(result) == {"R": False}
    assert places([f for f in result.findings if f.code == CODE]) == [("2.yaml", 2, 17)]


def test_a_macro_that_becomes_portable_later(folder) -> None:
    result = folder.lint(
        f"- macro: m\n  condition: {OWN} = true\n{a_rule('m')}", "- macro: m\n  condition: (ka.verb = get)\n"
    )
    assert portable(result) == {"R": True}


def test_a_rule_that_becomes_portable_later(folder) -> None:
    result = folder.lint(a_rule(f"{OWN} = true"), a_rule("ka.verb = get"))
    assert portable(result) == {"R": True}
    assert [f.place.file[-6:] for f in result.findings if f.code == CODE] == ["1.yaml"]  # Falco reads that file, too


def test_a_field_of_an_exception(folder) -> None:
    exceptions = f"  exceptions:\n    - name: e\n      fields: [ka.verb, {OWN}]\n"
    assert places(folder.found(CODE, a_rule("ka.verb exists", more=exceptions))) == [("1.yaml", 10, 25)]
    single = f"  exceptions:\n    - {{name: e, fields: {OWN}, comps: in}}\n"
    assert places(folder.found(CODE, a_rule("ka.verb exists", more=single))) == [("1.yaml", 9, 25)]


def test_a_field_of_an_output(folder) -> None:
    output = f"100 pct %ka.verb by %20{OWN} and %tolower({OWN})"
    assert places(folder.found(CODE, a_rule("ka.verb exists", output=output))) == [("1.yaml", 7, 32), ("1.yaml", 7, 52)]


def test_a_percent_sign_in_an_argument(folder) -> None:
    output = f"%ka.uri.param[a%b] %{OWN}"
    assert places(folder.found(CODE, a_rule("ka.verb exists", output=output))) == [("1.yaml", 7, 31)]


def test_an_output_with_a_removed_piece(folder) -> None:
    output = f"*x %container.info %{OWN}"
    found = folder.found(CODE, a_rule("ka.verb exists", output=output))
    assert len(found) == 1  # what is removed is no field


def test_a_long_constant(folder) -> None:
    found = folder.found(CODE, a_rule(f"ka.verb = {'x' * 256}"))
    assert places(found) == [("1.yaml", 6, 15)]
    assert "256" in found[0].message
    assert not folder.found(CODE, a_rule(f"ka.verb = {'x' * 255}"))
    assert not folder.found(CODE, a_rule(f"evt.num > {'0' * 300}1"))


def test_a_glued_group(folder) -> None:
    found = folder.found(CODE, a_rule("ka.verb = get or(ka.verb = list) and ka.target.name = x"))
    assert places(found) == [("1.yaml", 6, 19)]
    assert found[0].hint == "write `or (`"


def test_the_mark_makes_errors(folder) -> None:
    result = folder.lint(MARK + a_rule(f"{OWN} = true"), a_rule(f"{OWN} = true", "S"))
    assert [(f.subject.name, f.severity) for f in result.findings if f.code == CODE] == [
        ("R", Severity.ERROR),
        ("S", Severity.INFO),
    ]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("# lanner: portable\n- list: l\n", True),
        ("\n---\n#  some words\n\n   #lanner:portable   \n- list: l\n", True),
        ("- list: l\n# lanner: portable\n", False),
        ("# lanner: portable file\n", False),
        ("# not lanner: portable\n", False),
        ("", False),
    ],
)
def test_marks(text: str, marked: bool) -> None:
    from lanner.analysis.lint.definitions import is_marked

    assert is_marked(text) is marked


def test_an_empty_file(folder) -> None:
    assert folder.lint("# lanner: portable\n", "---\n---\n", "- list: l\n  items: [x]\n-\n").rules == ()


def test_the_option_makes_errors_in_every_file(folder) -> None:
    found = folder.found(CODE, a_rule(f"{OWN} = true"), portable=True)
    assert [finding.severity for finding in found] == [Severity.ERROR]


def test_a_portable_rule_with_a_macro_of_another_file(folder) -> None:
    macro = f"- macro: m\n  condition: ({OWN} = true)\n"
    rule = MARK + a_rule("ka.verb = get and m")
    found = folder.found(CODE, macro, rule)
    assert [(f.subject.name, f.severity) for f in found] == [("m", Severity.INFO), ("R", Severity.ERROR)]
    assert places(found)[1] == ("2.yaml", 7, 23)
    assert found[1].message == "the macro 'm' uses what Falco does not have"
    # also where nothing else is said of that file
    assert [f.subject.name for f in folder.found(CODE, rule, before=(macro,))] == ["R"]
    assert [f.subject.name for f in folder.found(CODE, rule, before=(MARK + macro,))] == ["R"]
    # but once is enough
    assert [f.subject.name for f in folder.found(CODE, MARK + macro, rule)] == ["m"]
    # a macro hands it on
    between = "- macro: n\n  condition: (m or ka.verb = get)\n"
    assert [f.subject.name for f in folder.found(CODE, MARK + a_rule("n"), before=(macro, between))] == ["R"]


def test_who_appends_answers_for_it(folder) -> None:
    marked = MARK + a_rule("ka.verb = get")
    more = f"- rule: R\n  condition: and {OWN} = true\n  output: ' %{OWN}'\n"
    more += "  override: {condition: append, output: append}\n"
    found = folder.found(CODE, marked, more)
    assert places(found) == [("2.yaml", 2, 18), ("2.yaml", 3, 13)]
    assert {finding.severity for finding in found} == {Severity.INFO}


def test_a_field_that_nobody_has(folder) -> None:
    text = a_rule("ka.new = x and ka.verb = tolower(ka.new)", more="  skip-if-unknown-filter: true\n")
    assert not folder.found(CODE, text)
    output = a_rule("ka.verb = x", output="%ka.new", more="  skip-if-unknown-filter: true\n")
    assert not folder.found(CODE, output)


def test_an_exception_that_was_put_in_unchecked(folder) -> None:
    replaced = (
        "- rule: R\n  exceptions:\n    - {name: e, fields: [ka.new, [ka.verb]]}\n    - {name: f, fields: ka.verb}\n"
    )
    text = a_rule("ka.verb = get") + replaced + "  override: {exceptions: replace}\n"
    assert not folder.found(CODE, text)


def test_rules_of_other_sources_are_left_alone(folder) -> None:
    text = f"- rule: R\n{HEAD}  condition: evt.type = open\n  output: x\n".replace("k8s_audit", "syscall")
    result = folder.lint(MARK + text)
    assert result.findings == result.rules == ()


@pytest.mark.parametrize(
    ("condition", "letter"),
    [
        ("ka.sourceips intersects (10.0.0.1)", "a"),
        ("ka.req.pod.containers.eff_run_as_user intersects (0)", "b"),
        ("ka.req.pod.containers.image.repository in (x)", "c"),
        ("ka.req.pod.containers.add_capabilities intersects (SYS_ADMIN)", "d"),
        ("toupper(ka.user.groups) intersects (X)", "e"),
        ("ka.user.groups in tolower(ka.user.groups)", "e"),
        ("ka.req.pod.volumes.volume_type intersects (hostPath)", "j"),
    ],
)
def test_differences(folder, condition: str, letter: str) -> None:
    found = folder.found("LINT_DIFFERS", a_rule(condition))
    assert [(f.severity, f.hint) for f in found] == [(Severity.INFO, f"difference {letter} in docs/compatibility.md")]
    assert DIFFERENCES[letter] in found[0].message


@pytest.mark.parametrize(
    "condition", ["tolower(ka.verb) in (get)", "len(ka.user.groups) in (1)", "ka.user.groups in (x)"]
)
def test_no_difference(folder, condition: str) -> None:
    assert not folder.found("LINT_DIFFERS", a_rule(condition, output="%ka.sourceips"))


def test_a_transformer_of_a_field_that_nobody_has(folder) -> None:
    text = a_rule("tolower(ka.new) in (x)", more="  skip-if-unknown-filter: true\n")
    assert not folder.found("LINT_DIFFERS", text)


def test_every_correction_of_a_field_has_words() -> None:
    assert {field.correction for field in catalogue().fields.values()} - {""} <= set(DIFFERENCES)
