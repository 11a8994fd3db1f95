"""Every error that Lanner raises on purpose.

LannerError                    say `str(error)` to the user; no traceback is needed
 ├─ UsageError                 wrong options, paths or configuration (exit status 2)
 ├─ LanguageError              a text of the rules language, with the position in it
 │   ├─ ConditionError         a condition (spec/conditions.md)
 │   ├─ TemplateError          an output template (spec/output.md section 1)
 │   └─ FieldError             a field name or argument (spec/fields.md section 3)
 ├─ RulesError                 rules files that cannot be used; carries their diagnostics
 ├─ WorkerError                a process that judged a part of the input died
 ├─ DeadLetterError            dead letters could not be kept, or not be taken back
 └─ NotSafe                    something was neither delivered nor kept: the trigger has to deliver again
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = [
    "ConditionError",
    "DeadLetterError",
    "FieldError",
    "LanguageError",
    "LannerError",
    "NotSafe",
    "RulesError",
    "TemplateError",
    "UsageError",
    "WorkerError",
]


class LannerError(Exception):
    """Base of all errors below."""


class UsageError(LannerError):
    """The command line or the configuration asks for something that cannot be done."""


class LanguageError(LannerError):
    """A text of the rules language is wrong.

    `message` says what, `position` is the offset (in characters) inside `text` where it went wrong, `hint` what
    to do about it (may be empty). `unknown_field` marks the only kind of error that a rule may opt to survive
    (`skip-if-unknown-filter`, spec/conditions.md section 8).
    """

    def __init__(
        self, message: str, *, text: str = "", position: int = 0, hint: str = "", unknown_field: bool = False
    ) -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.text = text
        self.position = position
        self.hint = hint
        self.unknown_field = unknown_field

    def caret(self, width: int = 100) -> str:
        """Return the line of `text` that holds `position` (cut to `width` characters) above a line with a caret."""
        position = min(self.position, len(self.text.rstrip()))
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        line = self.text[start : end if end >= 0 else None]
        column = position - start
        left = max(0, min(column - width // 2, len(line) - width))
        shown = line[left : left + width]
        return f"{shown}\n{' ' * (column - left)}^"


class ConditionError(LanguageError):
    """A condition cannot be parsed or compiled."""


class TemplateError(LanguageError):
    """An output template cannot be compiled."""


class FieldError(LanguageError):
    """A field does not exist or its argument is not acceptable."""


class RulesError(LannerError):
    """Rules files that cannot be used.

    `results` holds what loading found, one object a file (`lanner.ruleset.FileResult`).
    """

    def __init__(self, message: str, results: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.results = tuple(results)


class WorkerError(LannerError):
    """A process that judged a part of the input died, so that what it had to find is not known."""


class DeadLetterError(LannerError):
    """Dead letters could not be kept where they are kept, or not be taken from there."""


class NotSafe(LannerError):
    """Alerts, or input that could not be read, are neither delivered nor kept as dead letters.

    Whoever delivered them has to deliver them again. `outcome` (`lanner.pipeline.outcome.Outcome`) tells what became of
    all the others.
    """

    def __init__(self, message: str, outcome: Any = None) -> None:
        super().__init__(message)
        self.outcome = outcome
