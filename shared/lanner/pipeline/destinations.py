"""Where alerts go and where dead letters are kept, by the settings. Only the kinds that are set are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanner.errors import UsageError
from lanner.outputs.boxes import box_at
from lanner.outputs.fanout import Route
from lanner.pipeline.secret import Secret

if TYPE_CHECKING:
    from lanner.outputs.dead_letters import DeadLetterBox
    from lanner.outputs.output import Output
    from lanner.pipeline.settings import Destination, Settings

__all__ = ["dead_letter_box", "routes_of"]


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """Return the outputs with their least priorities. Raises `UsageError` if an address is none."""
    return tuple([Route(_named(one, settings), one.minimum) for one in settings.outputs])


def dead_letter_box(address: str) -> DeadLetterBox | None:
    """Return where dead letters are kept, `None` if nowhere. Raises `UsageError` if the address is none."""
    if not address:
        return None
    try:
        return box_at(address)
    except UsageError as error:
        raise UsageError(f"LANNER_DEAD_LETTERS: {error}") from None


def _named(destination: Destination, settings: Settings) -> Output:
    """Return an output; what is wrong with its address is said by the name of the setting."""
    try:
        return _output(destination, settings)
    except UsageError as error:
        told = str(error)
        raise UsageError(told if told.startswith("LANNER_") else f"{destination.setting}: {told}") from None


def _output(destination: Destination, settings: Settings) -> Output:
    kind, address, key = destination.kind, destination.address, destination.key
    if isinstance(address, Secret):
        return _webhook(kind, address, key, settings)
    if kind in ("logdna", "ibm_logs"):
        assert key is not None  # else the settings are refused
        return _ingestion(kind, address, key, settings)
    if kind == "sns":
        from lanner.outputs.sns import SnsTopic

        return SnsTopic(address)
    if kind == "pubsub":
        from lanner.outputs.pubsub import PubSubTopic

        return PubSubTopic(address)
    if kind == "eventgrid":
        from lanner.outputs.event_grid import EventGridTopic

        return EventGridTopic(address)
    if kind == "storage_queue":
        from lanner.outputs.storage_queue import StorageQueue

        return StorageQueue(address)
    from lanner.outputs.stdout import Stdout

    return Stdout()


def _ingestion(kind: str, url: str, secret: Secret, settings: Settings) -> Output:
    from lanner.outputs.addresses import Reach

    # What is given outright can be checked now, not only when there is an alert.
    key = secret.reveal() if secret.is_given else secret
    reach = Reach(settings.allow_private_addresses)
    if kind == "logdna":
        from lanner.outputs.logdna import LogDna

        return LogDna(url, key, allow_http=settings.allow_http, reach=reach)
    from lanner.outputs.ibm_logs import IbmCloudLogs

    return IbmCloudLogs(url, key, iam_url=settings.ibm_iam, allow_http=settings.allow_http, reach=reach)


def _webhook(kind: str, url: Secret, token: Secret | None, settings: Settings) -> Output:
    from lanner.outputs.addresses import Reach

    # What is given outright can be checked now, not only when there is an alert.
    known = url.reveal() if url.is_given else url
    reach = Reach(settings.allow_private_addresses)
    if kind == "slack":
        from lanner.outputs.slack import Slack

        return Slack(known, allow_http=settings.allow_http, reach=reach, setting=url.name)
    if kind == "falcosidekick":
        from lanner.outputs.falcosidekick import Falcosidekick

        return Falcosidekick(known, allow_http=settings.allow_http, reach=reach, setting=url.name)
    from lanner.outputs.webhook import Webhook

    return Webhook(known, token, allow_http=settings.allow_http, reach=reach, setting=url.name)
