"""What the transformers do to values (spec/conditions.md section 5)."""

from __future__ import annotations

from collections.abc import Callable

from lanner.fields import NoValue

__all__ = ["MAPPINGS", "Change", "getopt", "getopt_option"]

Change = Callable[[bytes], bytes | NoValue]


def _lower(text: bytes) -> bytes:
    return text.lower()


def _upper(text: bytes) -> bytes:
    return text.upper()


def _basename(text: bytes) -> bytes:
    return text.rpartition(b"/")[2]


def _decode_base64(text: bytes) -> bytes | NoValue:
    """Decode the standard alphabet, padding optional. Missing where a strict decoder refuses."""
    import base64  # few rules need it
    import binascii

    digits = text[:-2] if text.endswith(b"==") else text.removesuffix(b"=")
    if len(digits) % 4 == 1:
        return NoValue.MISSING
    try:
        decoded = base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error:
        return NoValue.MISSING
    if base64.b64encode(decoded).rstrip(b"=") != digits:  # bits left over that are not zero
        return NoValue.MISSING
    return decoded


MAPPINGS: dict[str, Change] = {
    "tolower": _lower,
    "toupper": _upper,
    "basename": _basename,
    "b64": _decode_base64,
}
"""The transformers that change a text, or each text of a list, on its own."""


def getopt(arguments: list[bytes], options: bytes) -> list[bytes]:
    """Return the options found in a command line and their values, as the shell's `getopt` reads them.

    A flag gives its letter, an option with a value its letter and the value (empty if it is missing), an unknown
    letter gives `?`.
    """
    found = _scan(arguments, options)
    return [text for option in found for text in option if text is not None]


def getopt_option(arguments: list[bytes], options: bytes, option: bytes) -> bytes | NoValue:
    """Return the value of the last occurrence of `option`, its letter if it is a flag; missing if it does not occur."""
    result: bytes | NoValue = NoValue.MISSING
    for letter, value in _scan(arguments, options):
        if letter == option:
            result = letter if value is None else value
    return result


def _scan(arguments: list[bytes], options: bytes) -> list[tuple[bytes, bytes | None]]:
    takes_value = _parse_options(options)
    found: list[tuple[bytes, bytes | None]] = []
    rest = iter(arguments)
    for text in rest:
        if text in (b"", b"-", b"--") or not text.startswith(b"-"):
            break
        if text.startswith(b"--"):
            continue
        for at in range(1, len(text)):
            letter = text[at : at + 1]
            if letter not in takes_value:
                found.append((b"?", None))
            elif not takes_value[letter]:
                found.append((letter, None))
            else:
                found.append((letter, text[at + 1 :] or next(rest, b"")))
                break
    return found


def _parse_options(options: bytes) -> dict[bytes, bool]:
    """Read an option string such as `ab:c`: letter → whether it takes a value."""
    letters: dict[bytes, bool] = {}
    previous = b""
    for at in range(len(options)):
        char = options[at : at + 1]
        if char != b":":
            letters[char] = False
            previous = char
        elif previous:
            letters[previous] = True
    return letters
