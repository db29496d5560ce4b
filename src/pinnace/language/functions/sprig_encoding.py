"""``sprig``'s functions on encodings, digests and chance; and those that are refused here.

Source: Masterminds/sprig v3.3.0, strings.go, crypto.go; goutils v1.1.1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
import zlib
from collections.abc import Callable
from string import ascii_letters, digits

from pinnace.language.functions.conversions import decode_base64, to_base64
from pinnace.language.functions.registry import sprig
from pinnace.language.values import Failure, decode, encode

#: The most characters that a function of chance makes.
_MOST_RANDOM = 100_000

sprig("func(string) string", "b64enc")(to_base64)
sprig("func(string) string", "b32enc")(lambda text: base64.b32encode(encode(text)).decode())
sprig("func(string) string", "sha1sum")(
    lambda text: hashlib.sha1(encode(text), usedforsecurity=False).hexdigest()
)
sprig("func(string) string", "sha256sum")(lambda text: hashlib.sha256(encode(text)).hexdigest())
sprig("func(string) string", "sha512sum")(lambda text: hashlib.sha512(encode(text)).hexdigest())
sprig("func(string) string", "adler32sum")(lambda text: str(zlib.adler32(encode(text))))
sprig("func() string", "uuidv4")(lambda: str(uuid.uuid4()))


@sprig("func(string) string", "b64dec")
def b64dec(text: str) -> str:
    """Return the string that was written in base64, or a text that says why it cannot be read."""
    try:
        return decode_base64(text)
    except Failure:
        return f"illegal base64 data at input byte {_bad_byte(text)}"


def _bad_byte(text: str) -> int:
    """Return the byte at which Go finds that ``text`` is not base64."""
    raw = encode(text)
    allowed = frozenset((ascii_letters + digits + "+/").encode())
    for index, byte in enumerate(raw):
        if byte not in allowed:
            return index
    return len(raw) // 4 * 4


@sprig("func(string) string", "b32dec")
def b32dec(text: str) -> str:
    """Return the string that was written in base32, or a text that says why it cannot be read."""
    cleaned = text.replace("\n", "").replace("\r", "")
    try:
        return decode(base64.b32decode(cleaned))
    except (binascii.Error, ValueError):
        allowed = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        wrong = next((index for index, each in enumerate(text) if each not in allowed), len(text) // 8 * 8)
        return f"illegal base32 data at input byte {wrong}"


# -- chance -------------------------------------------------------------------------------------


def _random_bytes(count: int) -> bytes:
    """Return that many bytes of chance; each version 4 UUID holds 122 bits of it."""
    digests = (
        hashlib.sha256(uuid.uuid4().bytes + uuid.uuid4().bytes).digest() for _ in range(count // 32 + 1)
    )
    return b"".join(digests)[:count]


def _below(limit: int) -> int:
    """Return a number below ``limit``; 128 bits make every one practically as likely."""
    return int.from_bytes(_random_bytes(16), "big") % limit


def _random_text(alphabet: str) -> Callable[[int], str]:
    def make(count: int) -> str:
        _check_count(count)
        numbers = _random_bytes(4 * count)
        return "".join(
            alphabet[int.from_bytes(numbers[at : at + 4], "big") % len(alphabet)]
            for at in range(0, 4 * count, 4)
        )

    return make


def _check_count(count: int) -> None:
    if not 0 <= count <= _MOST_RANDOM:
        message = f"cannot make {count} random characters; the most is {_MOST_RANDOM}"
        raise Failure(message)


sprig("func(int) string", "randAlpha")(_random_text(ascii_letters))
sprig("func(int) string", "randAlphaNum")(_random_text(ascii_letters + digits))
sprig("func(int) string", "randNumeric")(_random_text(digits))
sprig("func(int) string", "randAscii")(_random_text("".join(map(chr, range(32, 127)))))


@sprig("func(int) string", "randBytes")
def rand_bytes(count: int) -> str:
    """Return that many bytes of chance in base64."""
    _check_count(count)
    return base64.b64encode(_random_bytes(count)).decode()


@sprig("func(int, int) int", "randInt")
def rand_int(low: int, high: int) -> int:
    """Return an integer from ``low`` on, below ``high``."""
    if high <= low:
        message = "invalid argument to Intn"
        raise Failure(message)
    return low + _below(high - low)


@sprig("func(string) string", "shuffle")
def shuffle(text: str) -> str:
    """Return the characters in another order."""
    characters = list(text)
    for index in range(len(characters) - 1, 0, -1):
        other = _below(index + 1)
        characters[index], characters[other] = characters[other], characters[index]
    return "".join(characters)


# -- refused ------------------------------------------------------------------------------------

#: What needs the network, or makes keys: nothing that an expression should do.
REFUSED = (
    "getHostByName", "bcrypt", "genPrivateKey", "derivePassword", "buildCustomCert", "genCA",
    "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
    "encryptAES", "decryptAES",
)  # fmt: skip


def _refuse(name: str) -> None:
    def refused(*_: object) -> object:
        """Fail, and say what to do instead."""
        message = f"sprig.{name} is not available in expressions here; do this in a task instead"
        raise Failure(message)

    sprig("func(...any) any", name)(refused)


for _name in REFUSED:
    _refuse(_name)


@sprig("func(string, string, ...any) string", "htpasswd")
def htpasswd(user: str, *_: object) -> str:
    """Return a complaint about a bad user name; for a good one refuse, because bcrypt is not here."""
    if ":" in user:
        return f"invalid username: {user}"
    message = "sprig.htpasswd is not available in expressions here; do this in a task instead"
    raise Failure(message)
