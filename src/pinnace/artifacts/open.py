"""From an artifact to the store that keeps it: the one place that knows which kinds there are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from pinnace.artifacts.files import appearing, apply_mode
from pinnace.artifacts.local import LocalStore
from pinnace.artifacts.pack import pack
from pinnace.artifacts.raw import RawStore
from pinnace.artifacts.s3 import S3Store
from pinnace.artifacts.unpack import DEFAULT_LIMITS, UnpackLimits, unpack
from pinnace.base.errors import ArtifactError, ArtifactNotFound, InvariantBroken, RefusedError
from pinnace.ports.artifacts import ArtifactStore
from pinnace.ports.aws import AwsCredentials
from pinnace.spec.locate import LOCAL, is_packed, is_supplied, key_of, location_of, relocate
from pinnace.spec.locations import GCS, OSS, Artifactory, Azure, Git, KeySelector
from pinnace.spec.parameters import S3, Artifact, ArtifactLocation, HTTPArtifact
from pinnace.spec.struct import Spec

#: The longest http artifact that is loaded, in bytes.
DEFAULT_MAX_HTTP_BYTES = 64 << 30

#: Returns the value of one key of a Secret; raises when there is none.
Secrets = Callable[[KeySelector], str]

#: What to use in place of the kinds that Pinnace has no store for.
INSTEAD = {
    "hdfs": "Use an http artifact with the WebHDFS URL.",
    "plugin": "Use an s3 or http artifact, or leave the location out to use the local repository.",
}


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the stores of one process have in common."""

    endpoint_url: str | None = None
    """Asked in place of every S3 endpoint; for emulators."""
    credentials: AwsCredentials | None = None
    """Used for S3 locations that name no secrets; None is the AWS SDK's own chain."""
    allow_link_local: bool = False
    """True: http artifacts may be asked of link-local and metadata addresses."""
    max_http_bytes: int = DEFAULT_MAX_HTTP_BYTES
    """The longest http artifact, in bytes."""
    limits: UnpackLimits = DEFAULT_LIMITS


class ArtifactStores:
    """Every store that artifacts name, opened once; implements ``pinnace.ports.artifacts.ArtifactKeeper``.

    Args:
        local: the local repository.
        secrets: resolves the secrets that locations name, in the namespace of the run.
        settings: what all stores share.
        repository: where what has only a key is.
    """

    def __init__(
        self,
        local: LocalStore,
        secrets: Secrets,
        settings: StoreSettings | None = None,
        *,
        repository: ArtifactLocation = LOCAL,
    ) -> None:
        self._local = local
        self._repository = repository
        self._secrets = secrets
        self._settings = settings or StoreSettings()
        self._opened: dict[bytes, ArtifactStore] = {}
        self._lock = threading.Lock()

    def store_for(self, artifact: Artifact) -> tuple[ArtifactStore, str]:
        """Return the store of the artifact's location, and its key there.

        One that has only a key is in the repository.

        Raises:
            RefusedError: Pinnace has no such store, or it cannot give what the location asks for.
            ArtifactError: a secret is missing, or the location is incomplete.
        """
        if not is_supplied(artifact):
            raise ArtifactError(f"the artifact {artifact.name!r} has no complete location")
        artifact = relocate(artifact, self._repository)
        kind = location_of(artifact)
        if kind in INSTEAD:
            raise RefusedError(
                f"the artifact {artifact.name!r} is kept in {kind}, which is not supported",
                remedy=INSTEAD[kind],
            )
        if artifact.s3 is not None and not artifact.s3.bucket and not artifact.s3.endpoint:
            return self._local, artifact.s3.key.rstrip("/")  # a key that ends so is a folder's
        if artifact.raw is not None:
            return RawStore(artifact.raw.data), ""
        location: Spec = getattr(artifact, kind)
        if isinstance(location, S3 | GCS | OSS):
            location = msgspec.structs.replace(location, key="")
        elif isinstance(location, Azure):
            location = msgspec.structs.replace(location, blob="")
        return self._opened_at(location), key_of(artifact).rstrip("/")

    def load(self, artifact: Artifact, target: Path) -> None:
        """Make ``target`` what the task finds at ``artifact.path``: loaded, unpacked, with its ``mode``.

        Raises:
            ArtifactNotFound: nothing is there; forgiven when ``artifact.optional``.
            ArtifactError: it cannot be read, or what it holds may not be unpacked.
            RefusedError: Pinnace has no store of this kind.

        Source: Argo we/executor.go, loadArtifact.
        """
        if not is_supplied(artifact):
            raise ArtifactNotFound(f"required artifact '{artifact.name}' not supplied")
        store, key = self.store_for(artifact)
        try:
            with appearing(target) as made:
                loaded = made.with_name("loaded")
                store.load(key, loaded)
                how = artifact.archive
                if loaded.is_dir() and how is not None and (how.tar is not None or how.zip is not None):
                    raise ArtifactError(f"the key {key!r} is a folder and not the archive that it must be")
                if loaded.is_dir() or not unpack(loaded, made, how, limits=self._settings.limits):
                    loaded.rename(made)
                apply_mode(made, artifact.mode, recurse=artifact.recurse_mode)
        except ArtifactError as error:
            message = f"artifact {artifact.name} failed to load: {error.message}"
            raise type(error)(message, remedy=error.remedy) from error

    def save(self, artifact: Artifact, source: Path) -> None:
        """Pack the file or folder ``source`` as ``artifact.archive`` says and store it at its location.

        Raises:
            ArtifactError: it cannot be written.
            RefusedError: Pinnace has no store of this kind, or this kind takes no output.
        """
        store, key = self.store_for(artifact)
        try:
            if not is_packed(artifact.archive):
                store.save(source, key)
                return
            with self._local.scratch(key) as scratch:
                packed = scratch / "packed"
                pack(source, packed, artifact.archive, name=Path(artifact.path).name)
                store.save(packed, key)
        except ArtifactError as error:
            message = f"artifact {artifact.name} could not be saved: {error.message}"
            raise type(error)(message, remedy=error.remedy) from error

    def delete(self, artifact: Artifact) -> None:
        """Remove what is stored at the artifact's location; a missing one is fine."""
        store, key = self.store_for(artifact)
        store.delete(key)

    def list(self, artifact: Artifact) -> Sequence[str]:
        """Return the keys at or below the artifact's location, sorted; without a key, all of its bucket."""
        if artifact.s3 is not None and artifact.s3.bucket and not artifact.s3.key:
            return self._opened_at(artifact.s3).list("")
        store, key = self.store_for(artifact)
        return store.list(key)

    def _opened_at(self, location: Spec) -> ArtifactStore:
        name = type(location).__name__.encode() + msgspec.json.encode(location)
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._open(location)
            return self._opened[name]

    def _open(self, location: Spec) -> ArtifactStore:
        # Most runs need none of these: they are imported by those that do.
        allow_link_local, max_bytes = self._settings.allow_link_local, self._settings.max_http_bytes
        match location:
            case S3():
                return self._open_s3(location)
            case Git():
                from pinnace.artifacts.git import GitStore

                return GitStore(
                    location,
                    username=self._secret(location.username_secret),
                    password=self._secret(location.password_secret),
                    ssh_private_key=self._secret(location.ssh_private_key_secret),
                    allow_link_local=allow_link_local,
                )
            case GCS():
                from pinnace.artifacts.clouds import open_gcs

                return open_gcs(location, self._secret(location.service_account_key_secret))
            case Azure():
                from pinnace.artifacts.clouds import open_azure

                return open_azure(location, self._secret(location.account_key_secret))
            case OSS():
                from pinnace.artifacts.clouds import open_oss

                access_key = self._secret(location.access_key_secret)
                return open_oss(location, access_key, self._secret(location.secret_key_secret))
            case Artifactory():
                from pinnace.artifacts.weblocations import open_artifactory

                return open_artifactory(
                    location, self._secret, allow_link_local=allow_link_local, max_bytes=max_bytes
                )
            case HTTPArtifact():
                from pinnace.artifacts.weblocations import open_http

                return open_http(
                    location, self._secret, allow_link_local=allow_link_local, max_bytes=max_bytes
                )
        message = f"no store opens a {type(location).__name__}"
        raise InvariantBroken(message)

    def _open_s3(self, location: S3) -> ArtifactStore:
        credentials = self._settings.credentials
        if _is_named(location.access_key_secret):
            credentials = AwsCredentials(
                access_key=self._secret(location.access_key_secret),
                secret_key=self._secret(location.secret_key_secret),
                session_token=self._secret(location.session_token_secret),
            )
        ca = self._secret(location.ca_secret)
        return S3Store(location, credentials, ca=ca, endpoint_url=self._settings.endpoint_url)

    def _secret(self, selector: KeySelector | None) -> str:
        return self._secrets(selector) if selector is not None and selector.name else ""


def _is_named(selector: KeySelector | None) -> bool:
    return selector is not None and bool(selector.name)
