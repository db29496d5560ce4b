"""``sprig``'s functions on paths and addresses; they look at texts only, never at files.

Source: Masterminds/sprig v3.3.0, functions.go, url.go; Go path, net/url.
"""

from __future__ import annotations

import posixpath
import re
from string import ascii_letters, digits

from pinnace.language.functions.registry import sprig
from pinnace.language.operators import type_name
from pinnace.language.values import Failure, encode


@sprig("func(string) string", "clean", "osClean")
def clean(path: str) -> str:
    """Return the shortest path that means the same."""
    made = posixpath.normpath(path) if path else "."
    return made[1:] if made.startswith("//") else made


@sprig("func(string) string", "base", "osBase")
def base(path: str) -> str:
    """Return the last element of a path."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


@sprig("func(string) string", "dir", "osDir")
def directory(path: str) -> str:
    """Return a path without its last element."""
    return clean(path[: path.rfind("/") + 1])


@sprig("func(string) string", "ext", "osExt")
def extension(path: str) -> str:
    """Return the extension of a path with its dot."""
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


sprig("func(string) bool", "isAbs", "osIsAbs")(lambda path: path.startswith("/"))

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?P<rest>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_AUTHORITY = re.compile(r"//(?:(?P<user>[^/]*)@)?(?P<host>[^/@]*)(?P<path>/.*|)", re.DOTALL)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%A-Za-z0-9-]*\]|[^:\[\]\s<>\"]*)(?::[0-9]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")


@sprig("func(string) map[string]any", "urlParse")
def url_parse(text: str) -> dict[str, object]:
    """Return the parts of an address: scheme, host, hostname, path, query, opaque, fragment, userinfo."""
    match = _URL.fullmatch(text)
    if match is None or any(ord(each) < 0x20 or ord(each) == 0x7F for each in text) or text.startswith(":"):
        message = f"unable to parse url: {text[:80]!r}"
        raise Failure(message)
    scheme, rest = (match["scheme"] or "").lower(), match["rest"]
    user, host, opaque, path = "", "", "", rest
    authority = _AUTHORITY.fullmatch(rest)
    if authority is not None and (scheme or not rest.startswith("///")):
        user, host, path = authority["user"] or "", authority["host"], authority["path"]
    elif scheme and not rest.startswith("/"):
        opaque, path = rest, ""
    _check_address(text, host, f"{user}{path}{match['fragment'] or ''}", user, first="" if scheme else path)
    return {
        "scheme": scheme, "host": _unescaped(host), "hostname": _hostname(host), "path": _unescaped(path),
        "query": match["query"] or "", "opaque": opaque, "fragment": _unescaped(match["fragment"] or ""),
        "userinfo": _user(user),
    }  # fmt: skip


def _check_address(text: str, host: str, escaped: str, user: str, *, first: str) -> None:
    """Refuse a bad host, escape or user, and a colon in the first segment of a path without a scheme."""
    colon = ":" in first.partition("/")[0]
    if not _HOST.fullmatch(host) or _BAD_ESCAPE.search(escaped) or not _USER.fullmatch(user) or colon:
        message = f"unable to parse url: {text[:80]!r}"
        raise Failure(message)


def _hostname(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return _unescaped(host.partition(":")[0])


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), encode(text))
    return raw.decode("utf-8", "surrogateescape")


def _escaped(text: str, safe: str) -> str:
    allowed = frozenset((ascii_letters + digits + safe).encode())
    return "".join(chr(byte) if byte in allowed else f"%{byte:02X}" for byte in encode(text))


def _user(written: str) -> str:
    name, colon, password = written.partition(":")
    return _escaped(_unescaped(name), "-_.~$&+,;=") + (
        f":{_escaped(_unescaped(password), '-_.~$&+,;=')}" if colon else ""
    )


@sprig("func(map[string]any) string", "urlJoin")
def url_join(parts: dict[str, object]) -> str:
    """Return the address of its parts, as ``urlParse`` makes them."""
    texts = {
        name: _part(parts, name)
        for name in ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")
    }
    made = f"{texts['scheme']}:" if texts["scheme"] else ""
    made += texts["opaque"] or _authority_and_path(texts)
    if texts["query"]:
        made += f"?{texts['query']}"
    return made + (f"#{_escaped(texts['fragment'], _FRAGMENT)}" if texts["fragment"] else "")


def _authority_and_path(texts: dict[str, str]) -> str:
    """Return ``//user@host/path``, or the path alone when there is neither user nor host."""
    path = _escaped(texts["path"], "-_.~$&+,/:;=@!'()*[]")
    user = f"{_user(texts['userinfo'])}@" if texts["userinfo"] else ""
    authority = user + _escaped(texts["host"], "-_.~!$&'()*+,;=:[]<>\"")
    slashes = "//" if authority or (texts["scheme"] and path.startswith("//")) else ""
    between = "/" if path and texts["host"] and not path.startswith("/") else ""
    return f"{slashes}{authority}{between}{path}"


_FRAGMENT = "-_.~$&+,/:;=?@!()*"


def _part(parts: dict[str, object], name: str) -> str:
    value = parts.get(name, "")
    if isinstance(value, str):
        return value
    message = f"unable to parse {name} key, must be of type string, but {type_name(value)} found"
    raise Failure(message)
