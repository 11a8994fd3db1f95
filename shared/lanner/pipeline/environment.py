"""Environment variables as typed settings; whatever is wrong with one is said by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.errors import UsageError
from lanner.pipeline.secret import Secret
from lanner.ruleset import Priority

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["PREFIX", "SECRET_FORMS", "Environment"]

PREFIX = "LANNER_"

SECRET_FORMS = ("", "_FILE", "_SECRET_ARN")
"""What the name of a secret may end with: it is given outright, or by a file, or by AWS Secrets Manager."""

_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Environment:
    """Reads settings from `values`. A variable that is empty counts as not set. All raise `UsageError`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        """Return a text, without blanks around it."""
        return self._values.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        """Return whether something is switched on."""
        text = self.text(name).lower()
        if not text:
            return default
        if text not in _YES + _NO:
            raise UsageError(f"{name}: {text!r} is neither true nor false")
        return text in _YES

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            raise UsageError(f"{name}: {text!r} is no number from {least} to {most}")
        return int(text)

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """Return one of `choices`."""
        text = self.text(name, default)
        if text not in choices:
            raise UsageError(f"{name}: {text!r} is none of: {', '.join(choices)}")
        return text

    def priority(self, name: str) -> Priority:
        """Return a priority, the lowest if none is set."""
        try:
            return Priority.parse(self.text(name, Priority.DEBUG.label))
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None

    def entries(self, name: str, separators: str = ",\n") -> tuple[str, ...]:
        """Return the entries of a list, in which `separators` stand between them."""
        return split(self.text(name), separators)

    def secret(self, name: str) -> Secret | None:
        """Return the secret that `name`, `name`_FILE or `name`_SECRET_ARN stands for, `None` if there is none."""
        given = {form: text for form in SECRET_FORMS if (text := self.text(name + form))}
        if len(given) > 1:
            raise UsageError(f"{' and '.join(name + form for form in given)}: set one of them, not both")
        for form, text in given.items():
            if form == "_FILE":
                return Secret.in_file(name + form, text)
            return Secret.given(name, text) if not form else Secret.in_secrets_manager(name + form, text)
        return None

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raise if a variable begins as ours do, but is none of `known`: a misspelt one would do nothing, silently."""
        for name in sorted(self._values):
            if name.startswith(PREFIX) and name not in known:
                from difflib import get_close_matches

                near = get_close_matches(name, known, 1, 0.75)
                hint = f"did you mean {near[0]}?" if near else "see the README of the function for those that there are"
                raise UsageError(f"{name}: there is no such setting; {hint}")


def split(text: str, separators: str = ",\n") -> tuple[str, ...]:
    """Return the parts of a text between any of `separators`, without blanks around them and without empty ones."""
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return tuple([part for piece in text.split(separators[0]) if (part := piece.strip())])
