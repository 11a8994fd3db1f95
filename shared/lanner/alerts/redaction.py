"""Events as alerts show them: without values of Secrets, without tokens, without obvious credentials in texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.alerts.credentials import (
    MASK,
    is_credential_name,
    is_key_id_name,
    may_hold_credentials,
    without_credentials,
)
from lanner.alerts.secret_values import MASKED, holds_secrets, without_quotations, without_values, written
from lanner.fields import BODIES, json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lanner.fields import BoundField, Event, Extracted

__all__ = ["without_credentials_in", "without_secrets"]

_MUTATION = "patch.webhook.admission.k8s.io/"
"""Begins the annotations of an event that hold what webhooks have changed in the object."""

_NO_CREDENTIALS = (b"", b"true", b"false", b"null")


def without_secrets(event: Event) -> Event:
    """Return the event without values of Secrets and without tokens: `event` itself if it holds none. Never raises.

    A body that cannot be taken apart is not shown at all.
    """
    resource, subresource = event.text_of("objectRef", "resource"), event.text_of("objectRef", "subresource")
    is_special = resource in (b"secrets", b"tokenreviews") or subresource == b"token"
    changes: dict[str, bytes] = {}
    for name in BODIES:
        body = event.find((name,))
        if body is not None and (is_special or holds_secrets(body)):
            try:
                changed = without_values(body, resource, subresource)
            except (ValueError, RecursionError):
                changed = MASKED
            if changed != body:
                changes[name] = changed
    if resource == b"secrets":
        changes |= _beside_bodies(event)
    return event.with_text(written({**event.top, **changes})) if changes else event


def without_credentials_in(
    event: Event, texts: Sequence[str | None], fields: Sequence[BoundField]
) -> tuple[Sequence[str | None], Event]:
    """Return texts without credentials, and the event as one in whose `fields` there are none.

    Where there are none, these are the objects that were given. Raises `UnicodeEncodeError` for texts that are none.
    """
    values = [field.value(event) for field in fields]
    whole = b"\n".join(["\n".join(filter(None, texts)).encode(), *map(_joined, values)])
    is_named = [field.argument is not None and is_credential_name(field.argument) for field in fields]
    if not (True in is_named or may_hold_credentials(whole)):
        return texts, event
    changes: dict[object, Extracted] = {}
    for field, value, named in zip(fields, values, is_named, strict=True):
        shown = _shown(value, field, named)
        if shown != value:
            changes[field] = shown
    if changes:
        event = event.with_text(event.raw.text)
        event.values = {**dict(zip(fields, values, strict=True)), **changes}
    return [text and without_credentials(text.encode()).decode() for text in texts], event


def _beside_bodies(event: Event) -> dict[str, bytes]:
    """Return the other parts of an event about Secrets that may hold values of theirs, as they are to be shown."""
    annotations = json_text.members(event.find(("annotations",)) or b"{}")
    status = json_text.members(event.find(("responseStatus",)) or b"{}")
    changes = {}
    if any(key.startswith(_MUTATION) for key in annotations):
        shown = {key: MASKED if key.startswith(_MUTATION) else value for key, value in annotations.items()}
        changes["annotations"] = written(shown)
    message = status.get("message", b"")
    if without_quotations(message) != message:
        changes["responseStatus"] = written({**status, "message": without_quotations(message)})
    return changes


def _joined(value: Extracted) -> bytes:
    return value if isinstance(value, bytes) else b"\n".join(value) if isinstance(value, list) else b""


def _shown(value: Extracted, field: BoundField, is_named: bool) -> Extracted:
    """Return a field's value without credentials; `is_named` tells that its argument names one.

    That is so in ka.uri.param[token] and jevt.value[/requestObject/spec/password].
    """
    if isinstance(value, list):
        return [without_credentials(item) for item in value]
    if not isinstance(value, bytes) or (field.argument is not None and is_key_id_name(field.argument)):
        return value
    if is_named and value not in _NO_CREDENTIALS and not value.startswith((b"{", b"[")):
        return MASK
    return without_credentials(value)
