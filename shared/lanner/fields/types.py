"""Types of fields, kinds of arguments, and the value (or lack of one) that a field has on an event."""

from __future__ import annotations

import enum

__all__ = ["Argument", "Extracted", "Growth", "NoValue", "Type", "Value"]


class Type(enum.Enum):
    """Type of a field's value, by the name that Falco's messages give it (spec/fields.md section 5)."""

    STRING = "CHARBUF"
    UINT64 = "UINT64"
    ABSTIME = "ABSTIME"
    RELTIME = "RELTIME"
    BOOL = "BOOL"

    @property
    def is_number(self) -> bool:
        """Numbers compare as unsigned 64-bit integers."""
        return self in (Type.UINT64, Type.ABSTIME, Type.RELTIME)


class Argument(enum.Enum):
    """What may stand in the brackets behind a field's name (spec/fields.md section 3)."""

    NONE = "none"
    KEY = "key"
    INDEX = "index"
    NETWORK = "network"


class NoValue(enum.Enum):
    """Why a field has no value on an event."""

    MISSING = "missing"
    """The event does not have it: every check on it is false."""
    UNKNOWN = "unknown"
    """It stood, or did not stand, in a lost part of the event: every check on it is undecided."""
    HIDDEN = "hidden"
    """It exists, but its value was lost: `exists` is true, every other check is undecided."""

    __hash__ = object.__hash__  # residuals look values up among constants: that of `Enum` takes longer


class Growth(enum.Enum):
    """What the extraction from a part of an event says of the extraction from all of it (`lanner.fields.cut`)."""

    TEXT = "text"
    """The text begins like that."""
    LIST = "list"
    """The list has these elements, and perhaps more."""
    ARRAYS = "arrays"
    """The same, and arrays at the end of a walk may be taken in parts."""
    ARRAY = "array"
    """The same, unless an array on the way there was cut: a hole in it would make the value missing."""
    PERHAPS = "perhaps"
    """The list has these elements, and perhaps more, or the value is missing."""
    ELEMENT = "element"
    """What is there is whole."""
    TRUE = "true"
    """`true` stays true."""


Value = bytes | int | bool | list[bytes]
"""A string (bytes as in the event, any encoding), a number, a boolean, or a list of strings (never empty, but for
`getopt` without an option found)."""

Extracted = Value | NoValue
