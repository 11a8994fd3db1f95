"""`lanner serve`: the webhook function on this machine."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from lanner.cli.loading import add_rules_options
from lanner.cli.running import add_dead_letters, local_settings, pipeline_of
from lanner.cli.terminal import Style, printable
from lanner.errors import UsageError
from lanner.pipeline.destinations import dead_letter_box, routes_of
from lanner.pipeline.http import Request, Response
from lanner.pipeline.server import Server
from lanner.pipeline.settings import WebhookSettings
from lanner.pipeline.webhook import SECONDS, Webhook, copier_of

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["add_to"]

_DESCRIPTION = """\
Takes what API servers post to their audit webhook, prints the alerts as JSON lines, and answers 200 when they are
safe: what happens in the webhook function, on this machine. Further outputs, dead letters and authentication are set
by the environment variables of the functions (functions/README.md)."""
_EPILOG = "Exit status: 0 stopped (Ctrl-C), 2 usage or invalid rules."
_KUBECONFIG = """\
# for --audit-webhook-config-file
apiVersion: v1
kind: Config
clusters: [{{name: lanner, cluster: {{server: "{url}"}}}}]
users: [{{name: lanner, user: {user}}}]
contexts: [{{name: lanner, context: {{cluster: lanner, user: lanner}}}}]
current-context: lanner"""


def add_to(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("serve", help="be an audit webhook", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8080, help="port to listen at, 0 for any (default: 8080)")
    parser.add_argument("--cluster", default="", metavar="NAME", help="name of the cluster, for the alerts")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="the tokens that callers may have (default: LANNER_AUTH_TOKENS or LANNER_AUTH_PATHS, or a new secret in "
        "the path, which is printed)",
    )
    add_dead_letters(parser)
    add_rules_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    settings = local_settings(options)
    access, secret = _access(options)
    pipeline = pipeline_of(options, settings, routes_of(settings), dead_letter_box(settings.dead_letters))
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    webhook = Webhook(pipeline, access, copier_of(settings, access))

    def answer(request: Request) -> Response:
        response = webhook.answer(request)
        _report(response)
        return response

    try:
        server = Server(options.host, options.port, answer)
    except (OSError, UnicodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "no host name"
        raise UsageError(f"{options.host}:{options.port}: cannot listen there: {told}") from None
    before = signal.signal(signal.SIGTERM, _interrupt)
    _introduce(options, server, access, secret)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopping", file=sys.stderr)
    finally:
        server.stop(SECONDS)
        signal.signal(signal.SIGTERM, before)
    return 0


def _access(options: argparse.Namespace) -> tuple[WebhookSettings, str]:
    """Return who may call, and the secret of the path that was made if nobody else is named.

    It is no token because API servers send tokens by https alone.
    """
    values = {name: value for name, value in os.environ.items() if value}
    if options.token_file:
        values = {name: value for name, value in values.items() if not name.startswith("LANNER_AUTH_TOKENS")}
        values["LANNER_AUTH_TOKENS_FILE"] = options.token_file
    access = WebhookSettings.read(values)
    if access.open:
        if not _is_loopback(options.host):
            raise UsageError(f"LANNER_AUTH=none: anybody who reaches {options.host} could send events")
        return access, ""
    if access.tokens or access.paths or access.client_header:
        return access, ""
    import secrets

    secret = secrets.token_urlsafe(24)
    return WebhookSettings.read({**values, "LANNER_AUTH_PATHS": secret}), secret


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _introduce(options: argparse.Namespace, server: Server, access: WebhookSettings, secret: str) -> None:
    """Say where the server is, and how an API server is told about it."""
    host, port = server.server_address[:2]
    shown = f"[{host!s}]" if ":" in str(host) else str(host)
    path = f"/audit/{secret or 'SECRET'}" if access.paths and not access.tokens else "/audit"
    url = f"http://{shown}:{port}{path}/{options.cluster or 'CLUSTER'}"
    user = "{}"
    if access.tokens:
        user = "{token: TOKEN}"
        if options.token_file:
            user = f'{{tokenFile: "{os.path.abspath(options.token_file)}"}}'
        print(
            "Note: API servers send a token by https alone: put TLS in front, or use LANNER_AUTH_PATHS", file=sys.stderr
        )
    print(printable(f"listening at {url}"), file=sys.stderr)
    for line in _KUBECONFIG.format(url=url, user=user).splitlines():
        print(printable(line), file=sys.stderr)
    sys.stderr.flush()


def _report(response: Response) -> None:
    """Say what came of a request, unless nothing did."""
    outcome = response.outcome
    if outcome is None or outcome.is_quiet:
        return
    first, *others = [printable(line) for line in (f"{outcome.cluster or 'a cluster'}: {outcome}", *outcome.problems)]
    if outcome.not_safe:
        first = Style.for_stream(sys.stderr).error(first)
    print("\n  ".join([first, *others]), file=sys.stderr)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Stop as at Ctrl-C."""
    raise KeyboardInterrupt


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)
