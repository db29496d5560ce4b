"""The rules that HTTP adapters share: redirects, addresses, names."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.ports.web import (
    _PLAIN,
    Hop,
    InvalidRequestError,
    canonical_name,
    next_hop,
    refusal_of_address,
    refusal_of_name,
    shown,
    split_url,
    wire_url,
)


def follow(first: Hop, *locations: str, status: int = 302) -> Hop:
    hop = first
    for location in locations:
        following = next_hop(first, hop, status, location)
        assert following is not None
        hop = following
    return hop


def names(hop: Hop) -> set[str]:
    return {name for name, _ in hop.headers}


SECRET = (("Authorization", "x"), ("Cookie", "y"), ("X-A", "1"))


@pytest.mark.parametrize(
    ("locations", "kept"),
    [
        (["/b"], True),
        (["http://sub.a.example/b"], True),
        (["http://a.example:8080/b"], True),
        (["http://b.example/"], False),
        (["http://nota.example/"], False),
        (["http://b.example/", "http://a.example/"], False),
        (["http://[::1]/"], False),
    ],
)
def test_credentials_follow_within_the_first_domain_and_never_come_back(
    locations: list[str], kept: bool
) -> None:
    hop = follow(Hop(method="GET", url="http://a.example/", headers=SECRET), *locations)
    assert ("Authorization" in names(hop), "Cookie" in names(hop), "X-A" in names(hop)) == (kept, kept, True)


def test_a_chosen_host_follows_relative_redirects_only() -> None:
    first = Hop(method="GET", url="http://a.example/", headers=(("host", "h"),))
    assert "host" in names(follow(first, "/b"))
    assert "host" not in names(follow(first, "http://a.example/b"))
    assert "host" not in names(follow(first, "http://a.example/b", "/c"))


def test_the_referer_has_no_credentials_and_never_leaves_tls() -> None:
    first = Hop(method="GET", url="https://user:pw@a.example/x")
    assert ("Referer", "https://a.example/x") in follow(first, "https://b.example/").headers
    assert follow(first, "http://b.example/").headers == ()


def test_an_own_referer_stays() -> None:
    first = Hop(method="GET", url="http://a.example/", headers=(("referer", "mine"),))
    assert follow(first, "/b").headers == (("referer", "mine"),)


def test_a_dropped_body_never_returns() -> None:
    first = Hop(method="POST", url="http://a.example/", headers=(("Content-Type", "x"),), has_body=True)
    dropped = follow(first, "/b", status=303)
    again = next_hop(first, dropped, 307, "/c")
    assert again is not None
    assert (again.method, again.has_body, again.headers[:1]) == ("GET", False, (("Referer", dropped.url),))


@pytest.mark.parametrize("status", [200, 300, 304, 305, 404])
def test_other_statuses_lead_nowhere(status: int) -> None:
    first = Hop(method="GET", url="http://a.example/")
    assert next_hop(first, first, status, "/b") is None


@pytest.mark.parametrize("location", ["http://[::1", "http://a b/", "/\x00", "http://x:abc/"])
def test_a_location_that_is_no_url_fails(location: str) -> None:
    first = Hop(method="GET", url="http://a.example/x")
    with pytest.raises(InvalidRequestError, match="failed to parse Location header"):
        next_hop(first, first, 302, location)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "fe80::1",
        "fe80::1%eth0",
        "febf::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_link_local_and_metadata_addresses_are_refused(address: str) -> None:
    assert refusal_of_address(address).startswith(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "169.253.255.255", "fec0::1"])
def test_other_addresses_are_not(address: str) -> None:
    assert refusal_of_address(address) == ""


@given(st.ip_addresses(network="169.254.0.0/16"))
def test_no_form_of_a_link_local_address_gets_through(address: ipaddress.IPv4Address) -> None:
    for form in (
        address,
        ipaddress.IPv6Address(f"::ffff:{address}"),
        ipaddress.IPv6Address(f"64:ff9b::{address}"),
    ):
        assert refusal_of_address(str(form))


def test_names_of_metadata_services_are_refused_in_any_spelling() -> None:
    assert refusal_of_name("METADATA.google.internal.")
    assert refusal_of_name("google.internal") == ""


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://a/b", "http://a/b"),
        ("http://user:pw@a/b", "http://***@a/b"),
        ("http://token@a?x=1@2", "http://***@a?x=1@2"),
        ("http://u@v:p@a/", "http://***@a/"),
        ("http://a/x@y", "http://a/x@y"),
        ("http://a/\x1b[31m\n", "http://a/\\x1b[31m\\n"),
    ],
)
def test_a_url_is_shown_without_credentials_or_controls(url: str, text: str) -> None:
    assert shown(url) == text


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_what_is_sent_is_printable_ascii(tail: str) -> None:
    try:
        wired = wire_url("http://host.example/" + tail)
    except InvalidRequestError:
        return
    assert wired.isascii()
    assert wired.isprintable()
    assert " " not in wired
    assert split_url(wired).hostname == "host.example"


@given(st.from_regex(_PLAIN, fullmatch=True))
def test_a_plain_url_has_all_its_parts_and_nothing_to_be_escaped(url: str) -> None:
    split = split_url(url)
    assert split.scheme in {"http", "https"}
    assert split.hostname
    assert urlunsplit(split) == url == wire_url(url)
    assert quote(url, safe=":/?!$&'()*+,;=.-_~") == url


@pytest.mark.parametrize(
    ("name", "canonical"),
    [("content-type", "Content-Type"), ("X-CUSTOM", "X-Custom"), ("etag", "Etag"), ("a b", "a b")],
)
def test_header_names_are_canonical_as_in_go(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical
