"""Addresses of webhooks: what is taken, and that what is not is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.errors import UsageError
from lanner.outputs.url import Url


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("https://hooks.slack.com/services/T/B/x", ("https", "hooks.slack.com", 443, "/services/T/B/x"), None),
        ("HTTPS://Hooks.Example/Path?Key=%2F#"[:-1], ("https", "hooks.example", 443, "/Path?Key=%2F"), None),
        ("https://a", ("https", "a", 443, "/"), None),
        ("https://a?b=c", ("https", "a", 443, "/?b=c"), None),
        ("https://a:443/", ("https", "a", 443, "/"), None),
        ("https://a:8443/", ("https", "a", 8443, "/"), "a:8443"),
        ("https://my_sidekick.ns:2801", ("https", "my_sidekick.ns", 2801, "/"), "my_sidekick.ns:2801"),
        ("https://[2001:DB8::1]/x", ("https", "2001:db8::1", 443, "/x"), "[2001:db8::1]"),
        ("https://[::1]:8443/x", ("https", "::1", 8443, "/x"), "[::1]:8443"),
    ],
)
def test_urls_are_taken_apart(text: str, url: tuple, authority: str | None) -> None:
    found = Url.read(text, "NAME")
    assert found == url
    assert found.authority == (authority or found.host)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no URL"),
        ("hidden", "no URL"),
        ("//a/hidden", "no URL"),
        ("https:/a/hidden", "no URL"),
        ("ftp://a/hidden", "begin with https"),
        ("file:///hidden", "begin with https"),
        ("http://a/hidden", "http is not secure"),
        ("https://user:hidden@a/", "user name or password"),
        ("https://hidden@a/", "user name or password"),
        ("https://a/#hidden", "fragment"),
        ("https://a#@hidden/", "user name or password"),
        ("https://a/hidden x", "no blanks"),
        (" https://a/hidden", "no blanks"),
        ("https://a/hidden\r\nX-Forged: 1", "no blanks"),
        ("https://a/hidden\n", "no blanks"),
        ("https://a/hiddené", "no blanks"),
        ("https://é.hidden/", "no blanks"),
        ("https://a\\@hidden/", "no blanks"),
        ("https:///hidden", "name a host"),
        ("https://:443/hidden", "name a host"),
        ("https://a:/hidden", "name a host"),
        ("https://a:443:1/hidden", "name a host"),
        ("https://a:x/hidden", "name a host"),
        ("https://a..b/hidden", "name a host"),
        ("https://.a/hidden", "name a host"),
        ("https://a./hidden", "name a host"),
        ("https://-a/hidden", "name a host"),
        ("https://a%2eb/hidden", "name a host"),
        ("https://[::1/hidden", "name a host"),
        ("https://[fe80::1%25eth0]/hidden", "name a host"),
        ("https://" + "a" * 300 + "/hidden", "name a host"),
        ("https://a:0/hidden", "no port 0"),
        ("https://a:65536/hidden", "no port 65536"),
    ],
)
def test_odd_ones_are_refused_and_not_shown(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        Url.read(text, "NAME")
    assert str(caught.value).startswith("NAME: ")
    assert reason in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_http_only_if_it_is_allowed() -> None:
    assert Url.read("http://a/b", "NAME", allow_http=True) == ("http", "a", 80, "/b")
    assert Url.read("http://a:80/b", "NAME", allow_http=True).authority == "a"
    assert Url.read("http://a:443/b", "NAME", allow_http=True).authority == "a:443"


@given(st.text(max_size=40).map("https://".__add__) | st.text(max_size=60))
def test_whatever_it_is_nothing_odd_comes_of_it(text: str) -> None:
    try:
        url = Url.read(text, "NAME", allow_http=True)
    except UsageError:
        return
    for part in (url.host, url.target, url.authority):
        assert part
        assert part.isascii()
        assert part.isprintable()
        assert not set(part) & set(" #\\\r\n")
    assert url.target.startswith("/")
    assert not set(url.host) & set("/@?")
