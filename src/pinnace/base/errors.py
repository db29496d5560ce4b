"""Every error that Pinnace raises on purpose, as one tree.

    PinnaceError
    ├── ManifestError        the user's document is wrong; has a path
    ├── RefusedError         valid, but not possible here or now; says what to do instead
    │   ├── NameTaken        a run or object of this name exists
    │   ├── ObjectChanged    an object is not what was read any more
    │   └── LeaseLost        the run has another owner now
    ├── UsageError           the command or call is wrong
    ├── NotFoundError        no such run, template, file
    ├── EnvironmentFailure   the world failed (disk, network, permission); may pass
    │   ├── StorageError     the store cannot be written or read
    │   └── ArtifactError    an artifact cannot be loaded or saved
    │       └── ArtifactNotFound   it is not there: the one error that ``optional`` forgives
    └── InvariantBroken      ours: a defect in Pinnace

Each text says what happened, where, and what to do next. Attributes are plain values, never domain objects.
"""

from __future__ import annotations


class PinnaceError(Exception):
    """The root: everything below is shown to a user as its text, without a traceback."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}\n  {remedy}" if remedy else message)


class ManifestError(PinnaceError):
    """The user's document is wrong at ``path`` (as ``spec.templates[0].name``)."""

    def __init__(self, message: str, *, path: str = "", remedy: str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {message}" if path else message, remedy=remedy)


class RefusedError(PinnaceError):
    """The request is valid, but this place cannot honour it; the remedy says what would."""


class NameTaken(RefusedError):
    """A run or an object of this name exists; choose another (a new suffix, for ``generateName``)."""


class ObjectChanged(RefusedError):
    """The object was changed or deleted since it was read: read it again, and decide again."""


class LeaseLost(RefusedError):
    """The run has another owner now, or was deleted: let go of it without another save."""

    def __init__(self, message: str, *, uid: str) -> None:
        self.uid = uid
        super().__init__(message)


class UsageError(PinnaceError):
    """The command or the call is wrong."""


class NotFoundError(PinnaceError):
    """What was asked for does not exist."""


class EnvironmentFailure(PinnaceError):
    """The world outside failed; the same request may succeed later."""


class StorageError(EnvironmentFailure):
    """The store cannot be read or written: disk full, read-only, locked, from a newer version."""


class ArtifactError(EnvironmentFailure):
    """An artifact cannot be loaded or saved."""


class ArtifactNotFound(ArtifactError):
    """The artifact does not exist; ``optional`` forgives this error and no other."""


class InvariantBroken(PinnaceError):
    """A defect in Pinnace itself; carries what is needed to report it."""
