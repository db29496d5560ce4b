"""What resource templates act on: objects by kind, namespace and name, as documents.

It is to them what Kubernetes' API server is to Argo's: ``Workflow`` objects are runs, the others lie in the
store beside them. Methods block: they are called on worker threads.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple, Protocol

from pinnace.spec.catalogue import Catalogue
from pinnace.spec.kinds import CORE_KINDS


class Reference(NamedTuple):
    """Which object."""

    kind: str
    namespace: str
    """"" for the kinds that belong to none."""
    name: str

    def __str__(self) -> str:
        """Return it as Kubernetes' messages name it: ``workflows.argoproj.io "a"``."""
        group = "" if self.kind in CORE_KINDS else ".argoproj.io"
        return f'{self.kind.lower()}s{group} "{self.name}"'


class Cluster(Protocol):
    """Keeps objects. Every method may raise ``StorageError``."""

    def get(self, reference: Reference) -> dict[str, Any] | None:
        """Return the object, as ``kubectl get -o json`` shows it, or None."""

    def version(self, reference: Reference) -> Hashable:
        """Return what differs whenever the object does in a way that a condition may ask for; cheap."""

    def create(self, document: dict[str, Any], catalogue: Catalogue) -> None:
        """Make an object, whose document has a name; a workflow is a run that sees ``catalogue``.

        Raises:
            NameTaken: there is one of this kind, namespace and name.
            PinnaceError: it is not valid.
        """

    def replace(self, document: dict[str, Any]) -> None:
        """Put ``document``, made from what ``get`` returned, in place of that.

        Of a workflow only labels, annotations, ``spec.suspend`` and ``spec.shutdown`` can change.

        Raises:
            NotFoundError: there is no such object.
            ObjectChanged: it was changed since it was read.
            PinnaceError: it is not valid, or cannot be changed so.
        """

    def delete(self, reference: Reference) -> bool:
        """Have the object go; return whether it is gone. A run that is driven is ended first: ask again."""
