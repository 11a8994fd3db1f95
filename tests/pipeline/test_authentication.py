"""Who may call the webhook."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest

from lanner.errors import UsageError
from lanner.pipeline.authentication import Authentication, Caller, is_cluster
from lanner.pipeline.secret import Secret
from lanner.pipeline.settings import WebhookSettings

ONE, TWO = "one-token-of-many-characters", "c2Vjb25kLXRva2VuLWhlcmU="
PATH, OTHER_PATH = "p4th-nobody-can-guess", "an0ther-path-in-rotation"


def authentication(tokens: str = "", paths: str = "", **more: object) -> Authentication:
    settings = WebhookSettings(
        tokens=Secret.given("LANNER_AUTH_TOKENS", tokens) if tokens else None,
        paths=Secret.given("LANNER_AUTH_PATHS", paths) if paths else None,
        **more,  # type: ignore[arg-type]
    )
    return Authentication(settings)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_two_tokens_are_valid_at_once() -> None:
    known = authentication(f"{ONE},{TWO}")
    for token in (ONE, TWO):
        assert known.admit([], bearer(token)) == Caller("")
        assert known.admit(["shop"], bearer(token)) == Caller("shop")
    assert known.admit([], {"authorization": f"bearer  {ONE} "}) == Caller("")


@pytest.mark.parametrize(
    "headers",
    [
        *[{}, {"authorization": ""}, {"authorization": ONE}, {"authorization": f"Basic {ONE}"}],
        *[
            bearer(""),
            bearer(ONE[:-1]),
            bearer(ONE + "x"),
            bearer("x" * 100_000),
            bearer("\udcff"),
            bearer(f"{ONE},{TWO}"),
        ],
    ],
)
def test_other_tokens_are_not(headers: dict[str, str]) -> None:
    assert authentication(f"{ONE},{TWO}").admit([], headers) == 401


def test_the_cluster_of_a_token_counts_before_that_of_the_path() -> None:
    known = authentication(f"prod={ONE}\n{TWO}")
    assert known.admit([], bearer(ONE)) == Caller("prod")
    assert known.admit(["forged"], bearer(ONE)) == Caller("prod")
    assert known.admit(["shop"], bearer(TWO)) == Caller("shop")


def test_paths() -> None:
    known = authentication(paths=f"{PATH},prod={OTHER_PATH}")
    assert known.admit([PATH], {}) == Caller("")
    assert known.admit([PATH, "shop"], {}) == Caller("shop")
    assert known.admit([OTHER_PATH], {}) == Caller("prod")
    assert known.admit([OTHER_PATH, "shop"], {}) == Caller("prod")
    for segments in ([], ["shop"], [PATH[:-1]], ["shop", PATH], [PATH, "shop", "more"], [PATH, "../x"], [PATH, ""]):
        assert known.admit(segments, {}) == 404


def test_tokens_and_paths_side_by_side() -> None:
    known = authentication(ONE, PATH)
    assert known.admit([PATH], {}) == Caller("")
    assert known.admit(["shop"], bearer(ONE)) == Caller("shop")
    assert known.admit(["shop"], bearer(TWO)) == 401
    assert known.admit(["shop"], {}) == 404


def test_names_of_clusters() -> None:
    known = authentication(ONE)
    assert known.admit(["a" * 128], bearer(ONE)) == Caller("a" * 128)
    for name in ("a" * 129, "", "-a", "a b", "a/b", "%61", "..", "é", "a\n"):
        assert known.admit([name], bearer(ONE)) == 404
        assert not is_cluster(name)


def test_subjects_of_client_certificates() -> None:
    subjects = ("CN=api,O=shop", "CN=other")
    known = authentication(client_header="X-Client-Subject", client_subjects=subjects)
    for subject in subjects:
        assert known.admit(["shop"], {"x-client-subject": subject}) == Caller("shop")
    for headers in (
        {},
        {"x-client-subject": "CN=api"},
        {"x-client-subject": "CN=api,O=shop,CN=x"},
        {"other": "CN=other"},
    ):
        assert known.admit(["shop"], headers) == 401
    # GIVEN no such setting THEN the header means nothing
    assert authentication(ONE).admit([], {"x-client-subject": subjects[0]}) == 401


def test_everything_is_compared_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN three tokens
    known = authentication(",".join((ONE, TWO, "third-token-of-many-characters")))
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    # WHEN the first, the last, or none of them is presented
    for token in (ONE, "third-token-of-many-characters", "x"):
        compared.clear()
        known.admit([], bearer(token))
        # THEN as much is compared, of the same length
        assert len(compared) == 3
        assert {len(digest) for pair in compared for digest in pair} == {32}


def test_a_rotated_list_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokens"
    path.write_text(ONE)
    known = Authentication(WebhookSettings(tokens=Secret.in_file("LANNER_AUTH_TOKENS_FILE", str(path))))
    assert known.admit([], bearer(ONE)) == Caller("")
    path.write_text(TWO)
    monkeypatch.setattr("time.time", lambda: 1e12)
    assert known.admit([], bearer(ONE)) == 401
    assert known.admit([], bearer(TWO)) == Caller("")


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, "no authentication: anybody could send events"),
        ({"tokens": "short"}, "LANNER_AUTH_TOKENS: entry 1 has 5 characters; use at least 16"),
        ({"tokens": f"{ONE},prod=short"}, "LANNER_AUTH_TOKENS: entry 2 has 5 characters"),
        ({"tokens": f"my cluster={ONE}"}, "LANNER_AUTH_TOKENS: entry 1 should be a token, or CLUSTER=TOKEN"),
        ({"tokens": "token with blanks in it"}, "LANNER_AUTH_TOKENS: entry 1 holds characters that cannot stand"),
        ({"tokens": ","}, "LANNER_AUTH_TOKENS: the list has no entry"),
        ({"paths": "two/segments/of/a/path"}, "LANNER_AUTH_PATHS: entry 1 holds characters"),
        ({"client_header": "X-Subject"}, "LANNER_AUTH_CLIENT_HEADER and LANNER_AUTH_CLIENT_SUBJECTS: set both"),
        ({"client_subjects": ("CN=x",)}, "set both or none"),
        ({"client_header": "X Subject", "client_subjects": ("CN=x",)}, "'X Subject' is no name of a header"),
    ],
)
def test_settings_that_let_the_wrong_in(settings: dict[str, object], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted) as raised:
        authentication(**settings)  # type: ignore[arg-type]
    assert ONE not in str(raised.value)


def test_padding_of_base64_is_no_cluster() -> None:
    assert authentication(TWO).admit([], bearer(TWO)) == Caller("")
    assert authentication(f"prod={TWO}").admit([], bearer(TWO)) == Caller("prod")


def test_everybody_is_let_in_only_if_told_so() -> None:
    known = authentication(open=True)
    assert known.admit(["shop"], {}) == Caller("shop")
    assert known.admit([], bearer("whatever")) == Caller("")
