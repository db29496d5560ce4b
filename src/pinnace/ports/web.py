"""The rules of the web that every HTTP adapter keeps, as pure functions.

Where a redirect leads and what it takes along, which addresses are not asked, how a URL is shown, how a
header is named. They follow Go's ``net/http``, which Argo uses, because users match on what comes out of it.
"""

from __future__ import annotations

import ipaddress
import re
import string
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

import msgspec

#: Requests of one chain of redirects before giving up. Source: Go net/http, defaultCheckRedirect.
MAX_REQUESTS = 10

#: Headers that stay behind when a redirect leaves the first request's domain.
SENSITIVE_HEADERS = frozenset(
    ("authorization", "www-authenticate", "cookie", "cookie2", "proxy-authorization", "proxy-authenticate")
)
#: Headers that stay behind with the body.
BODY_HEADERS = frozenset(("content-encoding", "content-language", "content-location", "content-type"))

#: Names of cloud metadata services, refused before they are looked up.
METADATA_NAMES = frozenset(("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"))

#: Addresses of cloud metadata services outside the link-local ranges, and who uses them.
METADATA_ADDRESSES = {
    ipaddress.ip_address("fd00:ec2::254"): "AWS",
    ipaddress.ip_address("fd20:ce::254"): "Google Cloud",
    ipaddress.ip_address("100.100.100.200"): "Alibaba Cloud",
    ipaddress.ip_address("168.63.129.16"): "Azure",
}

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
#: What a request line may hold besides letters and digits.
_UNESCAPED = "!#$%&'()*+,-./:;=?@[]_~"
#: Most URLs: nothing can be wrong with one, and it is sent as it stands.
_PLAIN = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?"
    r"/[A-Za-z0-9._~!$&'()*+,;=:/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:/-]+)?"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_IN_HOST = re.compile(r'[ "<>\\^`{|}]')

Headers = tuple[tuple[str, str], ...]


class InvalidRequestError(Exception):
    """A request that is not sent; the text is the whole reason in Go's words."""


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a chain of redirects."""

    method: str
    url: str
    headers: Headers = ()
    has_body: bool = False
    """True: the first request's body goes along."""
    follows: int = 0
    """How many redirects lie behind it."""
    strips_secrets: bool = False
    """True: an earlier hop left the first request's domain, so its credentials never come back."""


def next_hop(first: Hop, hop: Hop, status: int, location: str) -> Hop | None:
    """Return the request that a response to ``hop`` leads to, or None when the response is the final one.

    ``first`` is the hop that the chain began with: its headers are what each hop copies from.

    Raises:
        InvalidRequestError: there were too many, or the location is no URL.

    Source: Go net/http, client.go: redirectBehavior, makeHeadersCopier, refererForURL.
    """
    if status not in {301, 302, 303, 307, 308} or not location:
        return None
    try:
        url = urlunsplit(split_url(urljoin(hop.url, location))._replace(fragment=""))
    except (ValueError, InvalidRequestError) as error:
        reason = f'failed to parse Location header "{shown(location)}": {error}'
        raise InvalidRequestError(f"{operation(first.method, hop.url)}: {reason}") from error
    if hop.follows + 1 >= MAX_REQUESTS:
        raise InvalidRequestError(
            f"{operation(first.method, location)}: stopped after {MAX_REQUESTS} redirects"
        )
    keeps_method = status in {307, 308} or hop.method in {"GET", "HEAD"}
    keeps_body = hop.has_body and status in {307, 308}
    strips = hop.strips_secrets or not _is_same_domain(first.url, url)
    dropped = (SENSITIVE_HEADERS if strips else frozenset()) | (frozenset() if keeps_body else BODY_HEADERS)
    if urlsplit(location).netloc or "host" not in {name.lower() for name, _ in hop.headers}:
        dropped |= {"host"}  # a Host chosen for one server means nothing to another
    return Hop(
        method=hop.method if keeps_method else "GET",
        url=url,
        headers=_with_referer([h for h in first.headers if h[0].lower() not in dropped], hop.url, url),
        has_body=keeps_body,
        follows=hop.follows + 1,
        strips_secrets=strips,
    )


def check_request(method: str, url: str, headers: Sequence[tuple[str, str]]) -> None:
    """Raise what Go would say of a request that cannot be sent at all.

    Raises:
        InvalidRequestError: the method, the URL or a header is malformed.
    """
    if not method or not _TOKEN.issuperset(method):
        raise InvalidRequestError(f'net/http: invalid method "{method}"')
    if not _PLAIN.fullmatch(url):
        split = split_url(url)
        if split.scheme not in {"http", "https"}:
            scheme = f'unsupported protocol scheme "{split.scheme}"'
            raise InvalidRequestError(f"{operation(method, url)}: {scheme}")
        if not split.hostname:
            raise InvalidRequestError(f"{operation(method, url)}: http: no Host in request URL")
    for name, value in headers:
        if not name or not _TOKEN.issuperset(name):
            raise InvalidRequestError(
                f'{operation(method, url)}: net/http: invalid header field name "{name}"'
            )
        if _NOT_IN_VALUE.search(value):
            reason = f'net/http: invalid header field value for "{name}"'
            raise InvalidRequestError(f"{operation(method, url)}: {reason}")


@lru_cache(maxsize=128)
def split_url(url: str) -> SplitResult:
    """Return the parts of ``url``.

    Raises:
        InvalidRequestError: it is no URL.
    """
    if _CONTROL.search(url):
        raise _unparsable(url, "net/url: invalid control character in URL")
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError as error:
        raise _unparsable(url, str(error)) from error
    if _NOT_IN_HOST.search(host):
        raise _unparsable(url, "invalid character in host name")
    if port == 0:
        raise _unparsable(url, "invalid port")
    return split


@lru_cache(maxsize=128)
def wire_url(url: str) -> str:
    """Return ``url`` as it is sent: without credentials and fragment, and with forbidden characters escaped.

    Escapes that are there already stay as they are: ``%2F`` is not ``/``.

    Raises:
        InvalidRequestError: it is no URL.
    """
    if _PLAIN.fullmatch(url):
        return url
    split = split_url(url)
    host = split.netloc.rpartition("@")[2]
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise InvalidRequestError(f'parse "{shown(url)}": invalid host name: {error}') from error
    path, query = quote(split.path, safe=_UNESCAPED), quote(split.query, safe=_UNESCAPED)
    return urlunsplit((split.scheme, host, path or "/", query, ""))


def basic_credentials(url: str) -> str:
    """Return the ``Authorization`` value that the credentials in ``url`` ask for, or "" when it has none."""
    if "@" not in url:
        return ""
    user, at, _ = split_url(url).netloc.rpartition("@")
    return basic_authorization(*map(unquote, user.partition(":")[::2])) if at else ""


def basic_authorization(username: str, password: str) -> str:
    """Return the ``Authorization`` value of a user and a password."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode("ascii")


def operation(method: str, url: str) -> str:
    """Return how Go begins the text of a failed request: ``Get "http://host/path"``."""
    return f'{method[:1]}{method[1:].lower()} "{shown(url)}"'


def shown(url: str) -> str:
    """Return ``url`` fit for a message: without its credentials, and without control characters.

    Differs from Argo: Go hides the password alone, but a token often stands in the user's place.
    """
    scheme, mark, rest = url.partition("://")
    if mark:
        end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
        _, at, host = rest[:end].rpartition("@")
        url = f"{scheme}://***@{host}{rest[end:]}" if at else url
    if url.isprintable():
        return url
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in url)


def refusal_of_name(host: str) -> str:
    """Return why the host called ``host`` is not asked, or "" when its name is no reason."""
    if host.lower().rstrip(".") in METADATA_NAMES:
        return f"{host} is a cloud metadata service"
    return ""


@lru_cache(maxsize=128)
def refusal_of_address(address: str) -> str:
    """Return why the IP address ``address`` is not connected to, or "" when it may be.

    Link-local and metadata addresses hand out the machine's credentials to whoever asks from it; neither a
    workflow's URL nor a server's redirect may fetch them. An address that carries an IPv4 address inside is
    judged by that one too.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    for one in (ip, *_embedded(ip)):
        if one.is_link_local:
            return f"{address} is a link-local address"
        if one in METADATA_ADDRESSES:
            return f"{address} is the metadata service of {METADATA_ADDRESSES[one]}"
    return ""


@lru_cache(maxsize=128)
def canonical_name(header: str) -> str:
    """Return a header's name as Go keys it: ``content-type`` is ``Content-Type``.

    Source: Go net/textproto, CanonicalMIMEHeaderKey.
    """
    if not _TOKEN.issuperset(header):
        return header
    return "-".join(part[:1].upper() + part[1:].lower() for part in header.split("-"))


def _unparsable(url: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(f'parse "{shown(url)}": {why}')


def _embedded(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    low_bits = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    candidates = (ip.ipv4_mapped, ip.sixtofour, low_bits if ip in _NAT64 else None)
    return [one for one in candidates if one is not None]


def _is_same_domain(origin: str, url: str) -> bool:
    first, then = urlsplit(origin), urlsplit(url)
    if first.netloc.rpartition("@")[2] == then.netloc.rpartition("@")[2]:
        return True
    parent, host = first.hostname or "", then.hostname or ""
    if host == parent:
        return True
    is_address = ":" in host or "%" in host
    return not is_address and bool(parent) and host.endswith("." + parent)


def _with_referer(headers: list[tuple[str, str]], last: str, url: str) -> Headers:
    if urlsplit(last).scheme == "https" and urlsplit(url).scheme == "http":
        return tuple(headers)
    if any(name.lower() == "referer" for name, _ in headers):
        return tuple(headers)
    split = urlsplit(last)
    return (*headers, ("Referer", urlunsplit(split._replace(netloc=split.netloc.rpartition("@")[2]))))
