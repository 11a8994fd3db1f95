"""Dead letters: alerts that could not be delivered, and input that could not be read, kept until somebody replays them.

A letter is written as one JSON object. Where that is more than a box takes at a time, it is written as several records,
its parts, which whoever takes them back puts together again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

import lanner

if TYPE_CHECKING:
    from lanner.outputs.deadline import Deadline
    from lanner.outputs.delivery import Undelivered
    from lanner.sources import Reject

__all__ = ["Acknowledge", "DeadLetter", "DeadLetterBox", "Joiner"]

_MAX_REASON = 1000
_MAX_PARTS = 10_000
_REPLACED = str.maketrans({0xFFFE: "\ufffd", 0xFFFF: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))
"""What stands for characters that no box takes: SQS refuses two, and surrogates cannot be written."""

_MAX_OPEN = 1000
"""Letters of which parts may be awaited at a time."""

_FRAME = 2048
"""Bytes that a record may take beside the text: names and reasons that are written with escapes, too."""

Acknowledge = Callable[[], None]
"""Says that a record was dealt with and need not be kept any longer."""


class DeadLetterBox(Protocol):
    """Where dead letters are kept. Its client is made when it is first used."""

    @property
    def name(self) -> str:
        """The box as logs name it."""

    @property
    def limit(self) -> int:
        """Bytes that one record may have."""

    def keep(self, records: Sequence[bytes], deadline: Deadline) -> None:
        """Keep all of `records`. Raises `DeadLetterError` if that cannot be done until the deadline."""

    def take(self) -> Iterator[tuple[bytes, Acknowledge]]:
        """Yield the records that are there, each with what says that it need not be kept any longer.

        Raises `DeadLetterError` if they cannot be had.
        """


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An alert, or a piece of input, that waits for somebody to look after it.

    `kind` is `alert` or `payload`. `reason` says what went wrong, `attempts` how often the `output` (its name) was
    tried. `origin`, `provider` and `cluster` tell where input came from. `time` is when this was (RFC 3339), `version`
    Lanner's. The content is `text` if it is UTF-8, else `base64`. `id` is the same for the same content, output and
    place; of a letter in parts, `part` counts from 1 to `parts`.
    """

    kind: str
    id: str
    reason: str = ""
    attempts: int = 0
    output: str = ""
    origin: str = ""
    provider: str = ""
    cluster: str = ""
    time: str = ""
    version: str = ""
    text: str = ""
    base64: bytes = b""
    part: int = 1
    parts: int = 1

    @property
    def content(self) -> bytes:
        """The alert's JSON text, or the input as it was."""
        return self.base64 or self.text.encode()

    @classmethod
    def of_alert(cls, failure: Undelivered) -> DeadLetter:
        """Return the letter for an alert that an output did not take."""
        message = failure.message
        return _letter(
            "alert",
            message.text,
            reason=failure.reason,
            attempts=failure.attempts,
            output=failure.output_name,
            provider=message.provider,
            cluster=message.cluster,
        )

    @classmethod
    def of_reject(cls, reject: Reject, provider: str = "", cluster: str = "") -> DeadLetter:
        """Return the letter for a piece of input that could not be read."""
        return _letter(
            "payload", reject.text, reason=reject.reason, origin=reject.origin, provider=provider, cluster=cluster
        )

    @classmethod
    def of_payload(
        cls, content: bytes, failure: str, *, output: str, attempts: int = 0, cluster: str = ""
    ) -> DeadLetter:
        """Return the letter for input that is to be handed on as it is, to `output`."""
        return _letter("payload", content, reason=failure, output=output, attempts=attempts, cluster=cluster)

    @classmethod
    def read(cls, record: bytes) -> DeadLetter:
        """Return the letter, or the part of one, in a record. Raises `ValueError` if it is none."""
        try:
            letter = _decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"no dead letter: {error}") from None
        if letter.kind not in ("alert", "payload"):
            raise ValueError(f"no dead letter: its kind is {letter.kind[:60]!r}")
        if not 1 <= letter.part <= letter.parts <= _MAX_PARTS:
            raise ValueError(f"no dead letter: part {letter.part} of {letter.parts}")
        return letter

    def records(self, limit: int) -> list[bytes]:
        """Return the letter as records of at most `limit` bytes, which must be 4,096 at least."""
        whole = _encode(self)
        if len(whole) <= limit:
            return [whole]
        content = self.content
        size = (limit - _FRAME) // 4 * 3  # base64 makes four bytes of three
        pieces = [content[start : start + size] for start in range(0, len(content), size)]
        changes = msgspec.structs.replace(self, text="", reason=self.reason[:_SHORT], origin=self.origin[-_SHORT:])
        return [
            _encode(msgspec.structs.replace(changes, base64=piece, part=number, parts=len(pieces)))
            for number, piece in enumerate(pieces, 1)
        ]


_SHORT = 100  # characters of texts in a part, each of which may take six bytes
_decode = msgspec.json.Decoder(DeadLetter).decode
_encode = msgspec.json.Encoder().encode


def _letter(kind: str, content: bytes, *, reason: str, **more: str | int) -> DeadLetter:
    import hashlib

    digest = hashlib.sha256(b"\0".join([kind.encode(), str(more.get("output", "")).encode(errors="replace"), content]))
    digest.update(b"\0" + str(more.get("origin", "")).encode(errors="replace"))
    text, base64 = _written(content)
    more = {key: value.translate(_REPLACED) if isinstance(value, str) else value for key, value in more.items()}
    return DeadLetter(
        kind=kind,
        id=digest.hexdigest(),
        reason=reason[:_MAX_REASON].translate(_REPLACED),
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        version=lanner.__version__,
        text=text,
        base64=base64,
        **more,  # type: ignore[arg-type]
    )


def _written(content: bytes) -> tuple[str, bytes]:
    """Return content as text, or as bytes if it is none that every box would take."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "", content
    return (text, b"") if text == text.translate(_REPLACED) else ("", content)


class Joiner:
    """Puts letters together whose parts come one by one, in any order and perhaps more than once."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], dict[int, tuple[DeadLetter, Acknowledge]]] = {}

    def add(self, letter: DeadLetter, acknowledge: Acknowledge) -> tuple[DeadLetter, Acknowledge] | None:
        """Take a letter or a part; return the letter that is complete by it, if one is.

        Its acknowledgement is that of all its parts. Parts of too many other letters are forgotten, not acknowledged.
        """
        if letter.parts == 1:
            return letter, acknowledge
        key = (letter.id, letter.parts)
        if key not in self._open and len(self._open) >= _MAX_OPEN:
            self._open.pop(next(iter(self._open)))
        parts = self._open.setdefault(key, {})
        parts[letter.part] = letter, acknowledge
        if len(parts) < letter.parts:
            return None
        del self._open[key]
        whole = [parts[number] for number in sorted(parts)]
        content = b"".join([part.content for part, _ in whole])
        text, base64 = _written(content)

        def acknowledge_all() -> None:
            for _, one in whole:
                one()

        return msgspec.structs.replace(letter, text=text, base64=base64, part=1, parts=1), acknowledge_all

    @property
    def incomplete(self) -> int:
        """Number of letters of which parts are still missing."""
        return len(self._open)
