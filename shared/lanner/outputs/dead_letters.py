"""Dead letters: alerts that could not be delivered, and input that could not be read, kept until somebody replays them.

A letter is written as one JSON object. Where that is more than a box takes at a time, it is written as several records,
its parts, which whoever takes them back puts together again.
"""

from __future__ import annotations

import re
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
_MAX_ORIGIN = 500
_MAX_NAME = 128  # of outputs, providers and clusters
_MAX_PARTS = 10_000
_NO_TEXT = ("\ufffe", "\uffff")
"""Characters that SQS refuses; what holds one is written as bytes."""

_NOT_IN_NAMES = r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]"
"""Characters that no box takes, or that take more room than others."""

_MAX_OPEN = 256 << 20
"""Bytes of parts that may be held until the others of their letters come."""

_FRAME = 3200
"""Bytes that a part may take beside its piece of the content: names and reasons in UTF-8."""

_SHORT = 150
"""Characters of the reason, and of the origin, in a part."""

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

    def release(self) -> None:
        """Give back what was taken and not acknowledged, so that it need not be waited for.

        Raises `DeadLetterError` if that cannot be done.
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
        """Return the letter as records of at most `limit` bytes, which must be 4,096 at least.

        Where it is cut into parts depends on its content and `limit` only: parts of a letter that was kept twice fit.
        """
        whole = _encode(self)
        if len(whole) <= limit:
            return [whole]
        content = self.content
        size = (limit - _FRAME) // 4 * 3  # base64 makes four bytes of three
        pieces = [content[start : start + size] for start in range(0, len(content), size)]
        part = msgspec.structs.replace(self, text="", reason=self.reason[:_SHORT], origin=self.origin[-_SHORT:])
        return [
            _encode(msgspec.structs.replace(part, base64=piece, part=number, parts=len(pieces)))
            for number, piece in enumerate(pieces, 1)
        ]


_decode = msgspec.json.Decoder(DeadLetter).decode
_encode = msgspec.json.Encoder().encode


def _letter(
    kind: str,
    content: bytes,
    *,
    reason: str,
    attempts: int = 0,
    output: str = "",
    origin: str = "",
    provider: str = "",
    cluster: str = "",
) -> DeadLetter:
    import hashlib  # only here: most invocations have no dead letters

    digest = hashlib.sha256()
    for part in (kind.encode(), output.encode(errors="replace"), origin.encode(errors="replace"), content):
        digest.update(b"%d:%b" % (len(part), part))
    text, base64 = _written(content)
    return DeadLetter(
        kind=kind,
        id=digest.hexdigest(),
        reason=_name(reason, _MAX_REASON),
        attempts=attempts,
        output=_name(output),
        origin=_name(origin, _MAX_ORIGIN),
        provider=_name(provider),
        cluster=_name(cluster),
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        version=lanner.__version__,
        text=text,
        base64=base64,
    )


def _name(text: str, limit: int = _MAX_NAME) -> str:
    return re.sub(_NOT_IN_NAMES, "\ufffd", text[:limit])


def _written(content: bytes) -> tuple[str, bytes]:
    """Return content as text, or as bytes if it is none that every box would take."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "", content
    return ("", content) if any(char in text for char in _NO_TEXT) else (text, b"")


class Joiner:
    """Puts letters together whose parts come one by one, in any order and perhaps more than once."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], dict[int, tuple[DeadLetter, Acknowledge]]] = {}
        self._held = 0
        self._forgotten: set[tuple[str, int]] = set()

    def add(self, letter: DeadLetter, acknowledge: Acknowledge) -> tuple[DeadLetter, Acknowledge] | None:
        """Take a letter or a part; return the letter that is complete by it, if one is.

        Its acknowledgement is that of all its parts. If too much waits, the letter that waits longest is forgotten; its
        parts are not acknowledged.
        """
        if letter.parts == 1:
            return letter, acknowledge
        key = (letter.id, letter.parts)
        parts = self._open.setdefault(key, {})
        if letter.part not in parts:
            self._held += _held(letter)
        parts[letter.part] = letter, acknowledge
        if len(parts) < letter.parts:
            while self._held > _MAX_OPEN:
                oldest = next(iter(self._open))
                self._close(oldest)
                self._forgotten.add(oldest)
            return None
        self._close(key)
        self._forgotten.discard(key)
        whole = [parts[number] for number in sorted(parts)]
        text, base64 = _written(b"".join([part.content for part, _ in whole]))

        def acknowledge_all() -> None:
            for _, one in whole:
                one()

        return msgspec.structs.replace(letter, text=text, base64=base64, part=1, parts=1), acknowledge_all

    @property
    def incomplete(self) -> int:
        """Number of letters of which parts are missing."""
        return len(self._forgotten | self._open.keys())

    def _close(self, key: tuple[str, int]) -> None:
        self._held -= sum([_held(part) for part, _ in self._open.pop(key).values()])


def _held(letter: DeadLetter) -> int:
    return len(letter.base64) + len(letter.text)
