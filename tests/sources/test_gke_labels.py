"""Labels of GKE clusters: how often the Container API is asked, and what its failures cost."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from lanner.sources import gke_labels
from lanner.sources.gke_labels import LIFETIME, PAUSE, ClusterLabels

SHOP = ("p", "eu", "shop")
NAME = "projects/p/locations/eu/clusters/shop"


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Api:
    """A client of an API that knows some clusters, and fails when it is told to."""

    def __init__(self, clusters: Mapping[str, Mapping[str, str]]) -> None:
        self.clusters = dict(clusters)
        self.asked: list[str] = []
        self.failure: Exception | None = None

    def get_cluster(self, *, name: str, retry: None, timeout: float) -> Any:
        assert 0 < timeout < 5
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure
        return SimpleNamespace(resource_labels=self.clusters[name])


class Answer(Exception):
    """An answer of the API that is an error, as google.api_core raises it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"answer {code}")
        self.code = code


@pytest.fixture
def api() -> Api:
    return Api({NAME: {"env": "prod"}})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def labels(api: Api, clock: Clock) -> ClusterLabels:
    return ClusterLabels(lambda: api, now=clock)


def test_a_cluster_is_asked_for_once_in_its_labels_lifetime(labels: ClusterLabels, api: Api, clock: Clock) -> None:
    # GIVEN labels that were asked for
    assert [labels(*SHOP) for _ in range(3)] == [{"env": "prod"}] * 3
    assert api.asked == [NAME]
    # WHEN they change THEN that is seen once they have expired
    api.clusters[NAME] = {"env": "test"}
    clock.time += LIFETIME - 1
    assert labels(*SHOP) == {"env": "prod"}
    clock.time += 1
    assert labels(*SHOP) == {"env": "test"}
    assert api.asked == [NAME] * 2
    assert labels.failures == 0


def test_no_more_clusters_are_kept_than_allowed(
    labels: ClusterLabels, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gke_labels, "MAX_CLUSTERS", 2)
    api.clusters |= {NAME + end: {} for end in "abc"}
    for end in ("a", "b", "c", "b", "a"):
        labels("p", "eu", f"shop{end}")
    assert [name[-1] for name in api.asked] == ["a", "b", "c", "a"]


@pytest.mark.parametrize("code", [400, 403, 404])
def test_an_answer_about_a_cluster_is_kept_for_a_short_while(
    labels: ClusterLabels, api: Api, clock: Clock, code: int
) -> None:
    # GIVEN a cluster that the API does not know, or does not tell of
    api.failure = Answer(code)
    assert [labels("p", "eu", "gone") for _ in range(100)] == [{}] * 100
    assert len(api.asked) == labels.failures == 1
    # THEN others are asked for
    api.failure = None
    assert labels(*SHOP) == {"env": "prod"}
    # AND it is asked for again later
    api.clusters["projects/p/locations/eu/clusters/gone"] = {"new": "x"}
    clock.time += PAUSE
    assert labels("p", "eu", "gone") == {"new": "x"}


@pytest.mark.parametrize("failure", [Answer(503), Answer(429), OSError("unreachable"), ImportError("no such library")])
def test_an_api_that_is_down_costs_no_time_per_event(
    labels: ClusterLabels, api: Api, clock: Clock, failure: Exception
) -> None:
    # GIVEN an API that cannot be reached, and events of many clusters
    api.failure = failure
    for number in range(1000):
        assert labels("p", "eu", f"c{number}") == {}
    # THEN it was asked once, and is asked again after a pause
    assert len(api.asked) == labels.failures == 1
    clock.time += PAUSE
    labels("p", "eu", "c0")
    assert len(api.asked) == 2
    api.failure = None
    clock.time += PAUSE
    assert labels(*SHOP) == {"env": "prod"}


def test_labels_that_were_known_stay_while_the_api_is_down(labels: ClusterLabels, api: Api, clock: Clock) -> None:
    labels(*SHOP)
    api.failure = OSError("unreachable")
    for _ in range(3):
        clock.time += LIFETIME
        assert labels(*SHOP) == {"env": "prod"}
        assert labels("p", "eu", "other") == {}
        assert labels(*SHOP) == {"env": "prod"}
    assert len(api.asked) == 4


def test_while_the_api_rests_expired_labels_are_given(labels: ClusterLabels, api: Api, clock: Clock) -> None:
    labels(*SHOP)
    clock.time += LIFETIME
    api.failure = OSError()
    labels("p", "eu", "other")
    assert labels(*SHOP) == {"env": "prod"}
    assert len(api.asked) == 2
    assert labels.last_failure == "projects/p/locations/eu/clusters/other: OSError"


def test_a_failure_is_logged(labels: ClusterLabels, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.failure = OSError("unreachable " + "x" * 1000)
    with caplog.at_level(logging.WARNING, "lanner"):
        labels(*SHOP)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"no labels of {NAME}: unreachable xxx")
    assert len(record.getMessage()) < 400


def test_a_client_that_cannot_be_made_is_a_failure(clock: Clock) -> None:
    tried = []

    def connect() -> Api:
        tried.append(True)
        raise ImportError("No module named 'google.cloud.container_v1'")

    labels = ClusterLabels(connect, now=clock)
    assert [labels(*SHOP) for _ in range(10)] == [{}] * 10
    assert len(tried) == labels.failures == 1


@pytest.mark.parametrize(
    "cluster",
    [
        ("", "eu", "shop"),
        ("p", "", "shop"),
        ("p", "eu", ""),
        ("p", "eu", "../x"),
        ("p/locations/us/clusters/y?", "eu", "shop"),
        ("p", "eu", "shop\n"),
        ("p", "eu", "sh%2Fop"),
        ("p", "eu", "a..b"),
        ("p", "eu", ".a"),
        ("p", "eu", "ß"),
        ("p", "eu", "a" * 101),
    ],
)
def test_what_is_no_name_of_a_cluster_is_not_asked_for(
    labels: ClusterLabels, api: Api, cluster: tuple[str, str, str]
) -> None:
    assert labels(*cluster) == {}
    assert (api.asked, labels.failures) == ([], 0)


def test_names_of_projects_with_a_domain_are_asked_for(labels: ClusterLabels, api: Api) -> None:
    labels("example.com:shop-1", "europe-west1-b", "a" * 40)
    assert api.asked == ["projects/example.com:shop-1/locations/europe-west1-b/clusters/" + "a" * 40]


@pytest.fixture
def server() -> Iterator[str]:
    """A Container API at a local address: it knows one cluster."""
    grpc = pytest.importorskip("grpc")
    types = pytest.importorskip("google.cloud.container_v1.types")

    def get_cluster(request: Any, context: Any) -> Any:
        if request.name == NAME:
            return types.Cluster(name="shop", resource_labels={"env": "prod"})
        context.abort(grpc.StatusCode.NOT_FOUND, f"Not found: {request.name}")

    handler = grpc.unary_unary_rpc_method_handler(
        get_cluster, types.GetClusterRequest.deserialize, types.Cluster.serialize
    )
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("google.container.v1.ClusterManager", {"GetCluster": handler})]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_the_real_client_is_asked_rightly(server: str) -> None:
    # GIVEN Google's own client, and a server that speaks its protocol
    import grpc
    from google.cloud.container_v1 import ClusterManagerClient
    from google.cloud.container_v1.services.cluster_manager.transports import ClusterManagerGrpcTransport

    with grpc.insecure_channel(server) as channel:
        client = ClusterManagerClient(transport=ClusterManagerGrpcTransport(channel=channel))
        labels = ClusterLabels(lambda: client)
        # WHEN it is asked for two clusters, one of them unknown
        known, unknown, again = labels(*SHOP), labels("p", "eu", "gone"), labels(*SHOP)
    # THEN the labels are there, and what is unknown is a failure that concerns no other cluster
    assert (known, unknown, again) == ({"env": "prod"}, {}, {"env": "prod"})
    assert labels.failures == 1
    assert "Not found" in labels.last_failure
    assert labels("p", "eu", "other") == {}
    assert labels.failures == 2


def test_without_a_client_of_its_own_it_makes_googles(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    monkeypatch.setattr("google.cloud.container_v1.ClusterManagerClient", lambda: api)
    assert ClusterLabels()(*SHOP) == {"env": "prod"}
