"""JUnit XML of a report."""

from xml.etree import ElementTree

import pytest

from lanner.analysis.companions import junit_xml


def fromstring(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(content)  # noqa: S314 - our own


TESTS = """
- rule: Pod Made
  alerts: [{name: a, from: pod}, {name: b, from: pod, event: {verb: get}}]
- rule: Anything
  quiet: [{name: c, from: pod}]
"""


def test_a_document(tested, rules_file):
    root = fromstring(junit_xml(tested(TESTS)))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    (suite,) = root
    assert suite.get("name") == str(rules_file)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    cases = [(case.get("classname"), case.get("name"), len(case)) for case in suite]
    assert cases == [("Pod Made", "alerts: a", 0), ("Pod Made", "alerts: b", 1), ("Anything", "quiet: c", 1)]
    assert suite[0].get("file") == str(rules_file.parent / "tests" / "r.yaml")
    assert suite[0].get("line") == "5"
    failure = suite[1][0]
    assert failure.get("message") == "the rule did not alert"
    assert 'no   ka.verb = create   (it is "get")' in failure.text
    assert float(suite.get("time")) >= 0


def test_what_is_missing_fails_where_tests_are_strict(tested):
    root = fromstring(junit_xml(tested(TESTS), strict=True))
    names = [(case.get("classname"), case.get("name")) for case in root[0]]
    assert ("Pod Made", "the rule has 0 of at least 1 cases under 'evasions'") in names
    assert int(root.get("tests")) == len(names) > 3
    assert int(root.get("failures")) == len(names) - 1


def test_a_companion_without_rules_file(tested, rules_file):
    stray = rules_file.parent / "tests" / "old.yaml"
    stray.write_text("tests: [{rule: Old}]")
    suite = fromstring(junit_xml(tested(TESTS), strict=True))[1]
    assert suite.get("name") == str(rules_file.parent / "old.yaml")
    assert suite[0].get("classname") == str(stray)


@pytest.mark.parametrize(
    "name", ["\\0", "\\x01\\x1b[31m", "\\ufffe\\uffff", "]]>&<\\\"'", "a\\r\\nb\\tc", "\\u202e", "\\U0001f600"]
)
def test_whatever_an_event_holds(tested, name):
    """
    GIVEN an event with a text that XML cannot hold
    WHEN a case that fails shows it, and has it for its own name
    THEN the document is well-formed, and holds no control character
    """
    text = f'"x{name}"'
    content = junit_xml(
        tested(
            f"- rule: Pod Made\n  alerts:\n"
            f"  - {{name: {text}, from: pod, event: {{verb: {text}}}, rules: [Pod Made, {text}]}}"
            f"\n- rule: Anything\n  quiet: [{{name: a, from: pod, event: {{verb: {text}}}}}]"
        )
    )
    root = fromstring(content)
    assert root.get("failures") == "2"
    assert all(byte >= 0x20 or byte in b"\n\t" for byte in content)


def test_a_name_that_is_not_unicode(tested, rules_file):
    other = rules_file.parent / b"r\xff.yaml".decode("utf-8", "surrogateescape")
    (rules_file.parent / "tests" / other.name).write_text("tests: [{rule: Old}]")
    assert fromstring(junit_xml(tested(TESTS), strict=True))[1].get("name").endswith("r\\udcff.yaml")
