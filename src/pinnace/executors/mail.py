"""Mail by SMTP, with the standard library; implements ``pinnace.ports.mail.Mailer``."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from typing import Any

from pinnace.base.errors import EnvironmentFailure, ManifestError, RefusedError
from pinnace.ports.mail import Letter
from pinnace.ports.web import refusal_of_address, refusal_of_name

#: SMTP's codes from here on say that trying again is of no use. Source: RFC 5321, 4.2.1.
_FOR_GOOD = 500


class SmtpMailer:
    """Sends mail.

    Args:
        allow_link_local: whether link-local and metadata addresses may be asked.
    """

    def __init__(self, *, allow_link_local: bool = False) -> None:
        self._allow_link_local = allow_link_local

    def send(self, letter: Letter) -> None:
        """Hand the message over.

        Raises:
            EnvironmentFailure: the server did not take it, but may take it later.
            PinnaceError: it will not take it.
        """
        message = _message(letter)
        address = self._address(letter)
        context = ssl.create_default_context()
        try:
            with _connected(letter, address, context) as server:
                if letter.tls == "starttls":
                    server.starttls(context=context)
                if letter.username:
                    server.login(letter.username, letter.password)
                server.send_message(message, letter.sender, list(letter.to))
        except smtplib.SMTPResponseException as error:
            told = f"{error.smtp_code} {_text(error.smtp_error)}"
            kind = ManifestError if error.smtp_code >= _FOR_GOOD else EnvironmentFailure
            raise kind(f"{letter.host} did not take the message: {told}") from None
        except smtplib.SMTPRecipientsRefused as error:
            told = "; ".join(f"{who}: {code} {_text(why)}" for who, (code, why) in error.recipients.items())
            raise ManifestError(f"{letter.host} did not take the message: {told}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise EnvironmentFailure(f"{letter.host}: {error}") from None

    def _address(self, letter: Letter) -> str:
        """Return the address to connect to: looked up once, so that what was checked is what is asked.

        Raises:
            RefusedError: it may not be asked.
            EnvironmentFailure: there is no such host.
        """
        refusal = refusal_of_name(letter.host)
        if refusal and not self._allow_link_local:
            raise _not_allowed(refusal)
        try:
            found = socket.getaddrinfo(letter.host, letter.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise EnvironmentFailure(f"{letter.host}: {error.strerror or error}") from None
        address = str(found[0][4][0])
        refusal = refusal_of_address(address)
        if refusal and not self._allow_link_local:
            raise _not_allowed(refusal)
        return address


class _Plain(smtplib.SMTP):
    """A connection to an address that was looked up before; certificates are those of the host's name."""

    def __init__(self, letter: Letter, address: str) -> None:
        super().__init__(timeout=letter.timeout)
        self._host = letter.host  # what STARTTLS checks
        self._address = address
        self.connect(letter.host, letter.port)

    def _get_socket(self, _host: str, port: int, timeout: Any) -> socket.socket:
        return socket.create_connection((self._address, port), timeout)


class _Secure(smtplib.SMTP_SSL):
    """Likewise, with TLS from the first byte."""

    def __init__(self, letter: Letter, address: str, context: ssl.SSLContext) -> None:
        super().__init__(timeout=letter.timeout, context=context)
        self._address = address
        self.connect(letter.host, letter.port)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        plain = socket.create_connection((self._address, port), timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


def _connected(letter: Letter, address: str, context: ssl.SSLContext) -> smtplib.SMTP:
    if letter.tls == "tls":
        return _Secure(letter, address, context)
    return _Plain(letter, address)


def _not_allowed(refusal: str) -> RefusedError:
    return RefusedError(f"not allowed: {refusal} (the setting allow_link_local permits it)")


def _message(letter: Letter) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"] = letter.sender
        message["To"] = ", ".join(letter.to)
        message["Subject"] = letter.subject
    except ValueError as error:  # a line break in a header
        raise ManifestError(f"the message cannot be sent: {error}") from None
    message.set_content(letter.body)
    return message


def _text(told: bytes | str) -> str:
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else told
