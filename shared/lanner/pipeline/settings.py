"""The settings of the functions: typed, from environment variables (functions/README.md lists them)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from lanner.errors import UsageError
from lanner.pipeline.environment import SECRET_FORMS, Environment
from lanner.pipeline.secret import Secret
from lanner.pipeline.tail.settings import NAMES as TAIL_NAMES
from lanner.ruleset import Priority, Selection
from lanner.sources import MAX_EVENT_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMES", "Destination", "Settings", "Tee", "WebhookSettings"]

_OUTPUTS = {  # kind: where the destination is
    "sns": "LANNER_SNS_TOPIC_ARN",
    "pubsub": "LANNER_PUBSUB_TOPIC",
    "webhook": "LANNER_WEBHOOK_URL",
    "slack": "LANNER_SLACK_URL",
    "falcosidekick": "LANNER_FALCOSIDEKICK_URL",
    "logdna": "LANNER_LOGDNA_URL",
    "ibm_logs": "LANNER_IBM_LOGS_URL",
    "eventgrid": "LANNER_EVENTGRID_URL",
    "storage_queue": "LANNER_STORAGE_QUEUE_URL",
    "stdout": "LANNER_STDOUT",
}
_KEYS = {"webhook": "LANNER_WEBHOOK_TOKEN", "logdna": "LANNER_LOGDNA_KEY", "ibm_logs": "LANNER_IBM_LOGS_API_KEY"}
_KEYLESS = ("webhook",)  # may go without
_MINIMUM = "LANNER_{}_MINIMUM_PRIORITY"
_IAM = "LANNER_IBM_IAM_URL"
_TEE_URL, _TEE_TOKEN = "LANNER_TEE_URL", "LANNER_TEE_TOKEN"
_TOKENS, _PATHS = "LANNER_AUTH_TOKENS", "LANNER_AUTH_PATHS"
_HEADER, _SUBJECTS = "LANNER_AUTH_CLIENT_HEADER", "LANNER_AUTH_CLIENT_SUBJECTS"

_SECRETS = (*[_OUTPUTS[kind] for kind in ("webhook", "slack", "falcosidekick")], *_KEYS.values())
_WEBHOOK_SECRETS = (_TOKENS, _PATHS, _TEE_URL, _TEE_TOKEN)

NAMES = frozenset(
    {
        *("LANNER_RULES", "LANNER_CLUSTER", "LANNER_PROVIDER", "LANNER_MINIMUM_PRIORITY", "LANNER_RULE_MATCHING"),
        *("LANNER_DISABLE", "LANNER_ENABLE", "LANNER_TAGS", "LANNER_REDACT", "LANNER_MAX_EVENT_SIZE"),
        *("LANNER_ALLOW_HTTP", "LANNER_ALLOW_PRIVATE_ADDRESSES", "LANNER_DEAD_LETTERS", "LANNER_GKE_LABELS", _IAM),
        *("LANNER_AUTH", _HEADER, _SUBJECTS),
        *TAIL_NAMES,
        *_OUTPUTS.values(),
        *[_MINIMUM.format(kind.upper()) for kind in _OUTPUTS],
        *[name + form for name in (*_SECRETS, *_WEBHOOK_SECRETS) for form in SECRET_FORMS],
    }
)
"""Every variable that means something to one of the functions."""

_EVERY_RULE = "*"
_IAM_OF_IBM = "https://iam.cloud.ibm.com"
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SMALLEST_EVENT, _LARGEST_EVENT = 1024, 64 << 20


class Destination(msgspec.Struct, frozen=True):
    """An output that is asked for: its kind, the setting that asks for it, where it is, and what it is to get.

    `key` is what lets us in there (a token, an API key). Its alerts have at least the priority `minimum`.
    """

    kind: str
    setting: str
    address: str | Secret = ""
    key: Secret | None = None
    minimum: Priority = Priority.DEBUG


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What each function needs to know.

    `rules` is the path of the artefact (empty: the one that was packed with the function), `cluster` and `provider` are
    the names where nothing else tells them. `allow_private_addresses` are host names and networks that webhooks may
    reach although they are private. `dead_letters` is where undelivered alerts are kept, empty if nowhere. `gke_labels`
    says that the labels of clusters are to be asked of Google's API, `ibm_iam` where IBM Cloud gives tokens for API
    keys.
    """

    outputs: tuple[Destination, ...]
    rules: str = ""
    cluster: str = ""
    provider: str = ""
    minimum_priority: Priority = Priority.DEBUG
    first_match: bool = False
    selections: tuple[Selection, ...] = ()
    redact: bool = True
    max_event_size: int = MAX_EVENT_SIZE
    allow_http: bool = False
    allow_private_addresses: tuple[str, ...] = ()
    dead_letters: str = ""
    gke_labels: bool = False
    ibm_iam: str = _IAM_OF_IBM

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Settings:
        """Return the settings in environment variables. Raises `UsageError` if one is wrong, or no output is set."""
        environment = Environment(values)
        environment.refuse_unknown(NAMES)
        outputs = tuple(_outputs(environment))
        if not outputs:
            raise UsageError(f"no output: alerts would go nowhere; set one of {', '.join(_OUTPUTS.values())}")
        return cls(
            outputs=outputs,
            rules=environment.text("LANNER_RULES"),
            cluster=environment.text("LANNER_CLUSTER"),
            provider=_provider(environment),
            minimum_priority=environment.priority("LANNER_MINIMUM_PRIORITY"),
            first_match=environment.choice("LANNER_RULE_MATCHING", ("all", "first"), "all") == "first",
            selections=_selections(environment),
            redact=environment.flag("LANNER_REDACT", True),
            max_event_size=environment.number("LANNER_MAX_EVENT_SIZE", MAX_EVENT_SIZE, _SMALLEST_EVENT, _LARGEST_EVENT),
            allow_http=environment.flag("LANNER_ALLOW_HTTP", False),
            allow_private_addresses=environment.entries("LANNER_ALLOW_PRIVATE_ADDRESSES"),
            dead_letters=environment.text("LANNER_DEAD_LETTERS"),
            gke_labels=environment.flag("LANNER_GKE_LABELS", False),
            ibm_iam=environment.text(_IAM, _IAM_OF_IBM),
        )


class Tee(msgspec.Struct, frozen=True):
    """Another webhook that is to get each batch as it came."""

    url: Secret
    token: Secret | None = None


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the webhook function needs to know beside `Settings`: who may call it, and where batches are copied to.

    `tokens` and `paths` are lists in which an entry is a token (an unguessable segment of the path) or
    `cluster=token`. `client_header` is the name of the header in which the platform passes a client certificate's
    subject. `open` lets everybody in.
    """

    tokens: Secret | None = None
    paths: Secret | None = None
    client_header: str = ""
    client_subjects: tuple[str, ...] = ()
    tee: Tee | None = None
    open: bool = False

    @classmethod
    def read(cls, values: Mapping[str, str]) -> WebhookSettings:
        """Return the settings in environment variables. Raises `UsageError` if one is wrong."""
        environment = Environment(values)
        url, token = environment.secret(_TEE_URL), environment.secret(_TEE_TOKEN)
        if token is not None and url is None:
            raise UsageError(f"{token.name}: there is a token, but no {_TEE_URL} to send it to")
        return cls(
            tokens=environment.secret(_TOKENS),
            paths=environment.secret(_PATHS),
            client_header=environment.text(_HEADER),
            client_subjects=environment.entries(_SUBJECTS, "\n;"),  # commas stand inside of subjects
            tee=None if url is None else Tee(url, token),
            open=environment.choice("LANNER_AUTH", ("required", "none"), "required") == "none",
        )


def _outputs(environment: Environment) -> list[Destination]:
    """Return the outputs that are asked for."""
    found = []
    for kind, name in _OUTPUTS.items():
        minimum = environment.priority(_MINIMUM.format(kind.upper()))
        if kind == "stdout":
            if environment.flag(name, False):
                found.append(Destination(kind, name, minimum=minimum))
            continue
        address = environment.secret(name) if name in _SECRETS else environment.text(name)
        key = environment.secret(_KEYS[kind]) if kind in _KEYS else None
        if address and key is None and kind in _KEYS and kind not in _KEYLESS:
            raise UsageError(f"{name}: there is no {_KEYS[kind]}, without which it takes nothing")
        if address:
            found.append(Destination(kind, name, address, key, minimum))
        elif key is not None:
            raise UsageError(f"{key.name}: this is set, but no {name} to send it to")
    return found


def _provider(environment: Environment) -> str:
    """Return the name of the provider, empty if none is set."""
    name = environment.text("LANNER_PROVIDER")
    if name and _PROVIDER.fullmatch(name) is None:
        raise UsageError(f"LANNER_PROVIDER: {name!r} is no name like 'iks' (small letters, digits and '-')")
    return name


def _selections(environment: Environment) -> tuple[Selection, ...]:
    """Return the choice among rules: those with the tags, without those to be disabled, with those to be enabled."""
    tags = environment.entries("LANNER_TAGS")
    chosen = [Selection(enable=False, rule=_EVERY_RULE)] if tags else []
    chosen += [Selection(enable=True, tag=tag) for tag in tags]
    chosen += [Selection(enable=False, rule=name) for name in environment.entries("LANNER_DISABLE")]
    chosen += [Selection(enable=True, rule=name) for name in environment.entries("LANNER_ENABLE")]
    return tuple(chosen)
