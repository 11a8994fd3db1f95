"""The priorities of rules (spec/rules.md section 3)."""

from __future__ import annotations

import enum

__all__ = ["Priority"]


class Priority(enum.IntEnum):
    """How severe a rule's alerts are; the smaller, the more severe."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7

    @property
    def label(self) -> str:
        """The name that alerts carry, such as `Informational`."""
        return self.name.capitalize()

    @property
    def short(self) -> str:
        """The name that statistics show, such as `INFO`."""
        return "INFO" if self is Priority.INFORMATIONAL else self.name

    @classmethod
    def parse(cls, text: str) -> Priority:
        """Return the priority that `text` names in any letter case (`info` is allowed, too).

        Raises `ValueError` for every other text.
        """
        name = text.upper() if text.isascii() else ""
        if name == "INFO":
            return cls.INFORMATIONAL
        if name not in cls.__members__:
            raise ValueError(f"'{text}' is no priority; use {', '.join(p.label for p in cls)} or Info")
        return cls[name]
