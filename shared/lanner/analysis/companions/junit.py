"""A report as JUnit XML, which CI systems read: a suite a rules file, a case a case, with the rule as its class."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lanner.analysis.companions.outcome import CaseResult, Gap, Report, SuiteResult

__all__ = ["junit_xml"]

# What XML 1.0 cannot hold, not even escaped, and what turns the direction of text or takes no room: events may hold it.
_UNWELCOME = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def junit_xml(report: Report, *, strict: bool = False) -> bytes:
    """Return the report as an XML document; what rules lack is a failure in it if `strict`."""
    root = Element("testsuites", name="lanner test")
    for suite in report.suites:
        _add(root, suite, suite.gaps if strict else ())
    for key in ("tests", "failures"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", _seconds(report.results))
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add(root: Element, suite: SuiteResult, gaps: tuple[Gap, ...]) -> None:
    element = SubElement(
        root,
        "testsuite",
        name=_clean(str(suite.rules_file)),
        tests=str(len(suite.results) + len(gaps)),
        failures=str(len(suite.failures) + len(gaps)),
        errors="0",
        skipped="0",
        time=_seconds(suite.results),
    )
    for result in suite.results:
        case = result.case
        entry = SubElement(
            element,
            "testcase",
            classname=_clean(case.rule),
            name=_clean(f"{case.kind.value}: {case.name}"),
            file=_clean(case.place.file),
            line=str(case.place.line),
            time=_seconds((result,)),
        )
        if not result.passed:
            lines = [str(case.place)]
            for problem in result.problems:
                lines += [problem.message, *[f"  {line}" for line in problem.lines]]
            _fail(entry, "; ".join([problem.message for problem in result.problems]), "\n".join(map(_escaped, lines)))
    for gap in gaps:
        entry = SubElement(element, "testcase", classname=_clean(gap.rule or gap.where), name=_clean(gap.message))
        _fail(entry, gap.message, f"{gap.where}: {gap.message}")


def _fail(case: Element, message: str, text: str) -> None:
    failure = SubElement(case, "failure", type="AssertionError", message=_clean(message))
    failure.text = _clean(text)


def _seconds(results: tuple[CaseResult, ...]) -> str:
    return f"{sum(result.seconds for result in results):.3f}"


def _escaped(line: str) -> str:
    """Return a line as one line, whatever it holds."""
    return line.replace("\r", "\\u000d").replace("\n", "\\u000a")


def _clean(text: str) -> str:
    return _UNWELCOME.sub(lambda char: f"\\u{ord(char[0]):04x}", text)
