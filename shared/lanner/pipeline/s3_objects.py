"""Objects in S3 as a source: streamed as far as there is time, read on where the connection broke."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lanner.outputs.aws import client, reason_of
from lanner.outputs.delivery import pause
from lanner.sources import MAX_EVENT_SIZE, Context, Other, Reject
from lanner.sources.delivered import content, other_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lanner.fields.block import Block
    from lanner.outputs.deadline import Deadline
    from lanner.sources import Piece
    from lanner.sources.aws_records import S3Object

__all__ = ["ObjectSource"]

_FOR_THE_REST = 0.35
"""The share of the time that is left for what was read last: its alerts, and dead letters."""

_MOST_FOR_THE_REST = 25.0
_ATTEMPTS = 4  # that may fail one after the other

_GONE = ("NoSuchKey", "NoSuchVersion", "NoSuchBucket", "MethodNotAllowed", "InvalidObjectState")
"""What S3 says of objects that trying again does not bring: deleted meanwhile, or put into an archive."""


class ObjectSource:
    """Reads one object, for one run of a pipeline (`lanner.pipeline.pipeline.Source`).

    When the run is over, `failure` says why not all of the object was read although it is there, so that it has to be
    read again; it is empty if there is nothing left to be read.
    """

    def __init__(self, found: S3Object, deadline: Deadline) -> None:
        self.failure = ""
        self._object = found
        self._deadline = deadline

    def __call__(
        self, payload: bytes, *, origin: str, provider: str = "", cluster: str = "", max_size: int = MAX_EVENT_SIZE
    ) -> Iterator[Piece | Block]:
        """Yield what the object holds. `payload` is what is kept if it cannot be read."""
        reason = other_object(self._object.key)
        if reason:
            yield Other(origin, reason)
            return
        file = _ObjectFile(self._object, self._deadline)
        try:
            for piece in content(file, origin, Context(provider, cluster, max_size), blocks=True):
                if isinstance(piece, Reject) and not (piece.text or isinstance(piece, Other)):
                    yield Reject(piece.origin, piece.reason, payload)
                else:
                    yield piece
        except _Gone as error:
            yield Reject(origin, f"S3 does not have it: {error}", payload)
        except _NotRead as error:
            self.failure = f"{self._object.name}: {error}"
        finally:
            file.close()


class _Gone(Exception):
    """The object cannot be had any more."""


class _NotRead(Exception):
    """The object, or the rest of it, could not be read in time."""


class _ObjectFile:
    """The bytes of an object."""

    def __init__(self, found: S3Object, deadline: Deadline) -> None:
        self._object = found
        self._deadline = deadline
        self._reserve = min(deadline.left() * _FOR_THE_REST, _MOST_FOR_THE_REST)
        self._body: Any = None
        self._position = 0
        self._etag = ""

    def read(self, size: int) -> bytes:
        """Return the next bytes, nothing at the end. Raises `_Gone` or `_NotRead`."""
        attempts = 0
        while True:
            if self._deadline.left() <= self._reserve:
                raise _NotRead(f"there was time for its first {self._position:,} bytes only")
            try:
                if self._body is None:
                    self._open()
                data: bytes = self._body.read(size)
            except Exception as error:  # boto3's errors have no common base
                self._failed(error, attempts)
                attempts += 1
                time.sleep(min(pause(attempts), self._deadline.left()))
            else:
                self._position += len(data)
                return data

    def close(self) -> None:
        """Give the connection back."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _open(self) -> None:
        """Ask for the object, or for the rest of it if it is still the same one."""
        wanted = {"Bucket": self._object.bucket, "Key": self._object.key}
        if self._object.version:
            wanted["VersionId"] = self._object.version
        if self._position:
            wanted |= {"Range": f"bytes={self._position}-", "IfMatch": self._etag}
        answer = client("s3", None).get_object(**wanted)
        self._body = answer["Body"]
        self._etag = str(answer.get("ETag", ""))

    def _failed(self, error: Exception, attempts: int) -> None:
        """Raise what an error means, unless it is worth another attempt."""
        self.close()
        refusal = reason_of(error)
        response = getattr(error, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else ""
        if code in _GONE:
            raise _Gone(refusal.reason) from None
        if refusal.is_final or attempts + 1 >= _ATTEMPTS:
            raise _NotRead(refusal.reason) from None
