"""Where artifacts lie, in stores that have no type of their own here yet besides their fields.

Source: Argo api/workflow_types.go, ArtifactLocation.
"""

from __future__ import annotations

from msgspec import field

from pinnace.spec.struct import Spec

#: Kinds that nothing here reads or writes.
NOT_SERVED = ("hdfs", "plugin")


class KeySelector(Spec, frozen=True):
    """One key of a ConfigMap or a Secret."""

    name: str = ""
    key: str = ""
    optional: bool = False


class BasicAuth(Spec, frozen=True):
    """A user and a password."""

    username_secret: KeySelector | None = None
    password_secret: KeySelector | None = None


class ClientCertAuth(Spec, frozen=True):
    """A certificate and its key, as PEM."""

    client_cert_secret: KeySelector | None = None
    client_key_secret: KeySelector | None = None

    @property
    def is_complete(self) -> bool:
        """Whether both are named."""
        return self.client_cert_secret is not None and self.client_key_secret is not None


class OAuth2EndpointParam(Spec, frozen=True):
    """What a token endpoint is asked besides."""

    key: str = ""
    value: str = ""


class OAuth2Auth(Spec, frozen=True):
    """OAuth 2 by client credentials."""

    client_id_secret: KeySelector | None = field(name="clientIDSecret", default=None)
    client_secret_secret: KeySelector | None = None
    token_url_secret: KeySelector | None = field(name="tokenURLSecret", default=None)
    scopes: tuple[str, ...] = ()
    endpoint_params: tuple[OAuth2EndpointParam, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the client, its secret and where to ask are named."""
        return None not in (self.client_id_secret, self.client_secret_secret, self.token_url_secret)


class HTTPAuth(Spec, frozen=True):
    """How to authorize an HTTP artifact's requests."""

    client_cert: ClientCertAuth | None = None
    oauth2: OAuth2Auth | None = None
    basic_auth: BasicAuth | None = None


class Git(Spec, frozen=True):
    """A repository at a revision."""

    repo: str = ""
    revision: str = ""
    depth: int | None = None
    fetch: tuple[str, ...] = ()
    username_secret: KeySelector | None = None
    password_secret: KeySelector | None = None
    ssh_private_key_secret: KeySelector | None = None
    insecure_ignore_host_key: bool = False
    disable_submodules: bool = False
    single_branch: bool = False
    branch: str = ""
    insecure_skip_tls: bool = field(name="insecureSkipTLS", default=False)


class Artifactory(Spec, frozen=True):
    """A file in Artifactory."""

    url: str = ""
    username_secret: KeySelector | None = None
    password_secret: KeySelector | None = None


class HDFS(Spec, frozen=True):
    """A file or folder in the Hadoop file system."""

    addresses: tuple[str, ...] = ()
    path: str = ""
    force: bool = False
    hdfs_user: str = ""
    krb_c_cache_secret: KeySelector | None = None
    krb_keytab_secret: KeySelector | None = None
    krb_username: str = ""
    krb_realm: str = ""
    krb_config_config_map: KeySelector | None = None
    krb_service_principal_name: str = ""
    data_transfer_protection: str = ""


class OSSLifecycleRule(Spec, frozen=True):
    """After how many days objects of a bucket change."""

    mark_infrequent_access_after_days: int | None = None
    mark_deletion_after_days: int | None = None


class OSS(Spec, frozen=True):
    """An object of Alibaba Cloud's object storage."""

    endpoint: str = ""
    bucket: str = ""
    key: str = ""
    access_key_secret: KeySelector | None = None
    secret_key_secret: KeySelector | None = None
    create_bucket_if_not_present: bool = False
    security_token: str = ""
    lifecycle_rule: OSSLifecycleRule | None = None
    use_sdk_creds: bool = field(name="useSDKCreds", default=False)


class GCS(Spec, frozen=True):
    """An object of Google Cloud Storage."""

    bucket: str = ""
    key: str = ""
    service_account_key_secret: KeySelector | None = None


class Azure(Spec, frozen=True):
    """A blob of Azure."""

    endpoint: str = ""
    container: str = ""
    blob: str = ""
    account_key_secret: KeySelector | None = None
    use_sdk_creds: bool = field(name="useSDKCreds", default=False)


class PluginArtifact(Spec, frozen=True):
    """What an artifact plugin keeps."""

    name: str = ""
    configuration: str = ""
    connection_timeout_seconds: int | None = None
    key: str = ""
