"""What outputs on Azure share."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from emulators.managed_identity import ManagedIdentity
from lanner.outputs import azure

QUIET = """
import sys
from lanner.outputs import azure
from lanner.outputs.boxes.storage_queue import StorageQueueBox
from lanner.outputs.event_grid import EventGridTopic
from lanner.outputs.storage_queue import StorageQueue
url = "https://shop.queue.core.windows.net/alerts"
made = [StorageQueue(url), StorageQueueBox(url), EventGridTopic("https://a.b.eventgrid.azure.net/api/events")]
print(*sys.modules)
"""


def test_outputs_that_are_not_used_cost_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=60, check=True)
    modules = done.stdout.split()
    assert "lanner.outputs.event_grid" in modules
    unwanted = ("azure", "azure.core", "azure.identity", "azure.storage.queue", "requests", "msal", "cryptography")
    assert [name for name in (*unwanted, "ssl", "concurrent.futures", "lanner.outputs.http") if name in modules] == []


class Answer:
    """What an error holds of the service's answer."""

    def __init__(self, status: int, headers: dict[str, str] | None = None, body: str = "") -> None:
        self.status_code, self.headers, self.reason, self._body = status, headers or {}, "Why Not", body

    def text(self) -> str:
        return self._body


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServiceRequestError("no route"), azure.Refusal("ServiceRequestError: no route")),
        (ClientAuthenticationError("no\nid"), azure.Refusal("ClientAuthenticationError: no")),
        (ValueError(), azure.Refusal("ValueError: no reason was given")),
        (ValueError("x" * 900), azure.Refusal("ValueError: " + "x" * 500)),
        (
            HttpResponseError("The queue.\nTime:1", response=Answer(404, {"x-ms-error-code": "QueueNotFound"})),
            azure.Refusal("QueueNotFound (404): The queue.", is_final=True),
        ),
        (
            HttpResponseError(response=Answer(503, {"Retry-After": "3"})),
            azure.Refusal("HttpResponseError (503): Operation returned an invalid status 'Why Not'", wait=3.0),
        ),
        (
            HttpResponseError("m", response=Answer(413, {"Retry-After": "soon"})),
            azure.Refusal("HttpResponseError (413): m", is_final=True, is_content=True),
        ),
        (
            HttpResponseError("m", response=Answer(429, {"Retry-After": "9" * 99})),
            azure.Refusal("HttpResponseError (429): m", wait=60.0),
        ),
        (HttpResponseError("m", response=Answer(409)), azure.Refusal("HttpResponseError (409): m")),
    ],
)
def test_what_errors_mean(error: Exception, expected: azure.Refusal) -> None:
    assert azure.refusal(error) == expected


@pytest.mark.parametrize("timeout", [10.0, 0.2])
def test_a_call_ends_within_the_time(timeout: float) -> None:
    seconds = azure.within(timeout)
    assert sum(seconds.values()) == pytest.approx(timeout)
    assert all(value > 0 for value in seconds.values())


@pytest.fixture
def fresh() -> Iterator[None]:
    """GIVEN an identity that is still to be found."""
    azure.credential.cache_clear()
    yield
    azure.credential.cache_clear()


def test_in_azure_it_is_the_managed_identity(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with ManagedIdentity() as identity:
        for name, value in identity.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AZURE_CLIENT_ID", " ".strip())
        found = []
        threads = [threading.Thread(target=lambda: found.append(azure.credential())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({id(one) for one in found}) == 1
        assert type(found[0]).__name__ == "ManagedIdentityCredential"
        assert found[0].get_token("https://storage.azure.com/.default").token.startswith("ey")
        assert "client_id" not in identity.asked[0]


def test_elsewhere_it_is_what_is_found(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    assert type(azure.credential()).__name__ == "DefaultAzureCredential"
