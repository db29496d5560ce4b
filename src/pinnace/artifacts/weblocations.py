"""From a location on the web, http or Artifactory, to its store: with its secrets, certificates and tokens.

Source: Argo workflow/artifacts/artifacts.go, http/auth.go.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import msgspec

from pinnace.artifacts.httpstore import HttpStore
from pinnace.base.errors import ArtifactError
from pinnace.ports.web import basic_authorization, shown
from pinnace.spec.locations import Artifactory, ClientCertAuth, KeySelector, OAuth2Auth
from pinnace.spec.parameters import Header, HTTPArtifact

#: The longest answer of a token endpoint, in bytes.
_MAX_TOKEN_BYTES = 1 << 20
#: Returns the value of a secret; "" for one that is not named.
Secret = Callable[[KeySelector | None], str]


def open_artifactory(
    location: Artifactory, secret: Secret, *, allow_link_local: bool, max_bytes: int
) -> HttpStore:
    """Return the store of a file in Artifactory, which speaks plain GET and PUT."""
    return HttpStore(
        HTTPArtifact(url=location.url),
        username=secret(location.username_secret),
        password=secret(location.password_secret),
        allow_link_local=allow_link_local,
        max_bytes=max_bytes,
    )


def open_http(location: HTTPArtifact, secret: Secret, *, allow_link_local: bool, max_bytes: int) -> HttpStore:
    """Return the store of a URL.

    Raises:
        ArtifactError: a certificate or a key is none, or no token is to be had.
    """
    auth = location.auth
    basic = auth.basic_auth if auth is not None else None
    context = None
    if auth is not None and (oauth2 := auth.oauth2) is not None and oauth2.is_complete:
        token = _token(oauth2, secret, allow_link_local=allow_link_local)
        headers = [each for each in location.headers if each.name.lower() != "authorization"]
        bearer = Header(name="Authorization", value=f"Bearer {token}")
        location = msgspec.structs.replace(location, headers=(*headers, bearer))
    if auth is not None and (certificate := auth.client_cert) is not None and certificate.is_complete:
        context = _context(certificate, secret)
    return HttpStore(
        location,
        username=secret(basic.username_secret) if basic is not None else "",
        password=secret(basic.password_secret) if basic is not None else "",
        context=context,
        allow_link_local=allow_link_local,
        max_bytes=max_bytes,
    )


def _context(certificate: ClientCertAuth, secret: Secret) -> ssl.SSLContext:
    context = ssl.create_default_context()
    with tempfile.TemporaryDirectory(prefix="pinnace-cert-") as folder:  # its mode is 0700
        cert, key = Path(folder, "cert"), Path(folder, "key")
        cert.write_text(secret(certificate.client_cert_secret))
        key.write_text(secret(certificate.client_key_secret))
        try:
            context.load_cert_chain(cert, key)
        except (ssl.SSLError, OSError) as error:
            raise ArtifactError("the client certificate or its key cannot be read") from error
    return context


def _token(oauth2: OAuth2Auth, secret: Secret, *, allow_link_local: bool) -> str:
    """Return an access token. Source: golang.org/x/oauth2/clientcredentials."""
    url = secret(oauth2.token_url_secret)
    client, password = (
        quote_plus(secret(each)) for each in (oauth2.client_id_secret, oauth2.client_secret_secret)
    )
    form = [("grant_type", "client_credentials")]
    if oauth2.scopes:
        form.append(("scope", " ".join(oauth2.scopes)))
    form += [(each.key, each.value) for each in oauth2.endpoint_params]
    headers = (
        Header(name="Content-Type", value="application/x-www-form-urlencoded"),
        Header(name="Authorization", value=basic_authorization(client, password)),
    )
    store = HttpStore(
        HTTPArtifact(url=url, headers=headers), allow_link_local=allow_link_local, max_bytes=_MAX_TOKEN_BYTES
    )
    with tempfile.TemporaryDirectory(prefix="pinnace-token-") as folder:
        body = Path(folder, "body")
        body.write_text(urlencode(form))
        answer = store.post(body)
    try:
        token = msgspec.json.decode(answer, type=dict[str, object]).get("access_token")
    except msgspec.DecodeError:
        token = None
    if not isinstance(token, str) or not token:
        raise ArtifactError(f"{shown(url)} answers without an access token")
    return token
