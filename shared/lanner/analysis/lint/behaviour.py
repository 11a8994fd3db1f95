"""What is certain about when a rule matches, and so about what it can show and what its exceptions exclude."""

from __future__ import annotations

from collections.abc import Container, Iterator

from lanner.analysis.lint.definitions import Definitions, Spot
from lanner.analysis.lint.facts import Question, RuleFacts
from lanner.analysis.lint.findings import Finding, Severity, Subject, at
from lanner.analysis.lint.portability import output_fields
from lanner.analysis.lint.possible import MISSING, Possible
from lanner.analysis.lint.providers import LEVELS, PROVIDERS
from lanner.fields import WHOLE, Catalogue
from lanner.language import compile_condition
from lanner.ruleset.items import RuleItem

__all__ = ["exceptions_without_effect", "needs", "output_never_there", "stages"]

_SHOWN = 4
# What an event of the stage RequestReceived does not have yet (Kubernetes documentation, audit.k8s.io/v1).
_LATER = frozenset(("annotations", "responseStatus", "requestObject", "responseObject"))
# Requests that have the stage ResponseStarted: the ones that Kubernetes calls long-running.
_LONG_RUNNING = (
    {"ka.verb": frozenset((b"watch",))},
    {"ka.target.subresource": frozenset((b"exec", b"attach", b"portforward", b"proxy", b"log"))},
)


def needs(question: Question, item: RuleItem, facts: RuleFacts, asked: Container[str]) -> Iterator[Finding]:
    """Yield what a rule needs. That it never matches on a provider that is `asked` for is a warning."""
    node = item.entry.node

    def finding(code: str, message: str, hint: str = "", severity: Severity = Severity.INFO) -> Finding:
        return at(node, node.place, code, severity, message, Subject("rule", item.name), hint)

    if not facts.level:
        reason = question.rule.never or "the checks of its condition contradict each other"
        yield finding("LINT_NEVER_MATCHES", f"no event matches: {reason}", severity=Severity.WARNING)
        return
    yield finding("LINT_AUDIT_LEVEL", *_level(question, facts))
    for name in PROVIDERS:
        reason = facts.reasons.get(name, "")
        if name in facts.never_on:
            severity = Severity.WARNING if name in asked else Severity.INFO
            yield finding("LINT_NEVER_ON_PROVIDER", f"never matches on {name}: {reason}", severity=severity)
        elif name in facts.data_access_on:
            message = f"matches on {name} only with Data Access logs: {reason}"
            yield finding("LINT_DATA_ACCESS", message)


def _level(question: Question, facts: RuleFacts) -> tuple[str, str]:
    """Return the message and the hint about the level that a rule needs."""
    about = f" for {_some(facts.resources, 'and')}" if facts.resources else ""
    index = LEVELS.index(facts.level)
    because = f" to have {_some(question.above(LEVELS[index - 1]), 'or')}" if index else ""
    unseen = question.above(facts.level, output=True)
    hint = f"at this level it does not see {_some(unseen, 'and')}" if unseen else ""
    return f"needs the audit level {facts.level}{about}{because}", hint


def _some(names: list[str] | tuple[str, ...], word: str) -> str:
    """Return names as a text, only the first ones if they are many."""
    shown = list(names[:_SHOWN])
    if len(names) > _SHOWN:
        shown.append(f"{len(names) - _SHOWN} more")
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def stages(question: Question, item: RuleItem) -> Iterator[Finding]:
    """Yield that a rule which looks at no stage matches one request at several."""
    fields = question.fields.values()
    if any(bound.field.name == "ka.stage" or not bound.reads.isdisjoint(("stage", WHOLE)) for bound in fields):
        return
    found = []
    if question.can_match({}, [bound.text for bound in fields if not bound.reads.isdisjoint(_LATER)]):
        found.append("RequestReceived")
    if any(question.can_match(requests) for requests in _LONG_RUNNING):
        found.append("ResponseStarted")
    if found:
        node = item.entry.node
        message = f"it looks at no stage: a request may match at {_some([*found, 'ResponseComplete'], 'and')}"
        hint = "add `ka.stage = ResponseComplete`, or ResponseStarted for what is a stream"
        subject = Subject("rule", item.name)
        yield at(node, node.place, "LINT_ANY_STAGE", Severity.WARNING, message, subject, hint)


def output_never_there(question: Question, item: RuleItem, fields: Catalogue) -> Iterator[Finding]:
    """Yield the fields of an output that are missing on every event that the rule matches."""
    narrowed = question.narrowed()
    if narrowed is None:
        return
    for position, bound in output_fields(item.output.text, fields):
        if narrowed[bound.text] == frozenset((MISSING,)):
            spot = Spot(*item.output.locate(position))
            message = f"{bound.text} is missing on every event that the rule matches"
            subject = Subject("rule", item.name)
            yield at(spot.node, spot.place, "LINT_OUTPUT_NEVER_THERE", Severity.WARNING, message, subject)


def exceptions_without_effect(item: RuleItem, definitions: Definitions, reported: Container[str]) -> Iterator[Finding]:
    """Yield the values of exceptions, written in `reported` files, that exclude nothing which the rule matches."""
    values = [value for exception in item.exceptions for value in exception.values]
    if not any(node.place.file in reported for _, node in values):
        return
    fields = definitions.catalogue
    condition = compile_condition(definitions.expanded(definitions.condition(item)), fields)
    excluded = [
        (exception, node, compile_condition(tree, fields)) for exception, node, tree in definitions.exceptions(item)
    ]
    possible = Possible([condition, *[tree for _, _, tree in excluded]])
    matched = possible.narrowed(condition, possible.situation())
    if matched is None:
        return
    for exception, node, tree in excluded:
        if node.place.file in reported and possible.narrowed(tree, matched) is None:
            message = f"the exception '{exception.name}' has no effect: the rule never matches what this value excludes"
            subject = Subject("rule", item.name)
            yield at(node, node.place, "LINT_EXCEPTION_NO_EFFECT", Severity.WARNING, message, subject)
