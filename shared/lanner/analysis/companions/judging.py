"""One case: its event is judged by both engines, and compared with what the case says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from lanner.alerts import Alert, AlertFormat
from lanner.analysis.companions.explanation import explain, shortened
from lanner.analysis.companions.model import Case
from lanner.analysis.companions.nodes import close_to
from lanner.analysis.companions.outcome import CaseResult, Problem
from lanner.engine import CompiledEngine, ReferenceEngine, Verdict
from lanner.fields import Intake, RawEvent, json_text
from lanner.ruleset import Rule
from lanner.sources import events

__all__ = ["Judge"]

_TOO_DEEP = f"the event nests deeper than {json_text.MAX_DEPTH} levels: it raises no alert, whatever it holds"
_MAX_NAMES = 20


_HINTS = 20
"""Names for which it is guessed what was meant: each costs a look at all of them."""


class Judge:
    """Judges cases by `rules`, all of them, whether they are enabled or not."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {rule.name: rule for rule in rules}
        judged = [rule for rule in rules if rule.is_evaluable and not rule.never]
        self._reference = ReferenceEngine(judged)
        self._compiled = CompiledEngine(judged)
        self._format = AlertFormat()
        self._hints = 0

    def judge(self, case: Case) -> CaseResult:
        """Return what a case comes to. Its rule must be one of `rules`."""
        start = time.perf_counter()
        raw = _opened(case)
        if isinstance(raw, Problem):
            return CaseResult(case, (raw,), (), time.perf_counter() - start)
        event, other = Intake().open(raw), Intake().open(raw)
        found, reference = self._compiled.judge(event), self._reference.judge(other)
        alerted = tuple([rule.name for rule in found.matched])
        problems = [
            *_disagreement(reference, found),
            *_defects(found.failed),
            *self._expected(case, raw, found),
            *self._exactly(case, alerted),
        ]
        rule = self._rules[case.rule]
        if case.kind.expects_alert and rule.name in alerted:
            alerts = Alert(rule, event, self._format), Alert(rule, other, self._format)
            problems += [*_difference(*alerts), *_output(case, alerts[0])]
        return CaseResult(case, tuple(problems), alerted, time.perf_counter() - start)

    def _expected(self, case: Case, raw: RawEvent, found: Verdict) -> Iterator[Problem]:
        """Yield what is wrong with the verdict on the case's own rule."""
        rule = self._rules[case.rule]
        if rule.name in [other.name for other in found.matched]:
            if not case.kind.expects_alert:
                alert = Alert(rule, Intake().open(raw), self._format)
                yield Problem("the rule alerted, and must not", (f"its alert: {alert.output}",))
        elif case.kind.expects_alert:
            yield Problem("the rule did not alert", tuple(self._why(rule, raw, found)))

    def _why(self, rule: Rule, raw: RawEvent, found: Verdict) -> Iterator[str]:
        """Yield lines that tell why a rule did not alert."""
        yield f"expected: {rule.name}"
        yield f"alerted:  {_names([rule.name for rule in found.matched])}"
        if rule.never:
            yield f"the rule cannot match: {rule.never}"
        elif rule.condition is None:
            yield "the rule is not evaluated: it is for another source, or names a field that does not exist"
        else:
            if rule.name in [other.name for other in found.undecided]:
                yield "it is undecided: a part of the event is lost, and may hold anything"
            event = Intake().open(raw)
            if event.is_truncated:
                event.notice_truncation()
            yield "parts of its condition, and whether they hold:"
            yield from (f"  {line}" for line in explain(rule.condition, event))

    def _exactly(self, case: Case, alerted: Sequence[str]) -> Iterator[Problem]:
        """Yield what is wrong with the set of rules that alerted."""
        if case.rules is None or set(case.rules) == set(alerted):
            return
        lines = []
        for name in dict.fromkeys((*case.rules, *alerted)):
            if name not in alerted:
                lines.append(f"- {name}{self._unknown(name)}")
            else:
                lines.append(f"{' ' if name in case.rules else '+'} {name}")
        yield Problem("other rules alerted than those in `rules`", ("- expected, + alerted", *lines))

    def _unknown(self, name: str) -> str:
        if name in self._rules:
            return ""
        self._hints += 1
        close = close_to(name, self._rules) if self._hints <= _HINTS else ""
        hint = close or "give the file that has it with -r"
        return f" (no rule that was loaded has this name; {hint})"


def _opened(case: Case) -> RawEvent | Problem:
    """Return the case's event as a source would, or why it cannot be judged."""
    pieces = list(islice(events(case.event, origin="the event", provider=case.provider), 2))
    if len(pieces) != 1:
        what = "more than one event" if pieces else "no event"
        return Problem("the event cannot be judged", (f"this is {what}; a case has one",))
    piece = pieces[0]
    if not isinstance(piece, RawEvent):
        return Problem("the event cannot be judged", (piece.reason,))
    if not json_text.within_depth(piece.text):
        return Problem("the event cannot be judged", (_TOO_DEEP,))
    return piece


def _disagreement(reference: Verdict, compiled: Verdict) -> Iterator[Problem]:
    """Yield in what the two engines differ."""
    kinds = ("alerted", "undecided", "failed", "withheld")
    lines = []
    for kind, *both in zip(kinds, reference, compiled, strict=True):
        expected, found = ([rule.name for rule in rules] for rules in both)
        if expected != found:
            lines.append(f"{kind}, by the reference engine: {_names(expected)}")
            lines.append(f"{kind}, by the compiled engine:  {_names(found)}")
    if lines:
        yield Problem("the two engines disagree: this is a defect of Lanner, please report it", tuple(lines))


def _defects(failed: Sequence[Rule]) -> Iterator[Problem]:
    if failed:
        names = _names([rule.name for rule in failed])
        yield Problem("rules could not be judged: this is a defect of Lanner, please report it", (names,))


def _difference(compiled: Alert, reference: Alert) -> Iterator[Problem]:
    """Yield in what the alerts of the two engines on one event differ."""
    if compiled.event.time_source == "reading":
        return  # it was read twice
    first, second = compiled.to_dict(), reference.to_dict()
    lines = tuple(
        [f"{key}: {_json(second[key])} and {_json(value)}" for key, value in first.items() if value != second[key]]
    )
    if lines:
        yield Problem("the alerts of the two engines differ: this is a defect of Lanner, please report it", lines)


def _output(case: Case, alert: Alert) -> Iterator[Problem]:
    """Yield in what the alert's fields differ from those that the case gives."""
    fields: dict[str, Any] = msgspec.to_builtins(alert.output_fields()) if case.output else {}
    lines = []
    for name, expected in case.output.items():
        if name not in fields:
            hint = close_to(name, fields) or f"its output has {', '.join(fields)}"
            lines.append(f"{name}: the alert has no such field; {hint}")
        elif not _same(fields[name], expected):
            lines += [f"{name}:", f"  expected {_json(expected)}", f"  got      {_json(fields[name])}"]
    if lines:
        yield Problem("the alert's output is not as expected", tuple(lines))


def _same(value: Any, expected: Any) -> bool:
    """Tell whether two values are equal in JSON, where `true` is not 1."""
    return bool(value == expected) and isinstance(value, bool) is isinstance(expected, bool)


def _json(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False, default=str))


def _names(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - _MAX_NAMES} more" if len(known) > _MAX_NAMES else ""
    return f"{', '.join(known[:_MAX_NAMES])}{more}" if known else "no rule"
