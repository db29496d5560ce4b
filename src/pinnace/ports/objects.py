"""What namespaces hold beside runs: templates, CronWorkflows, ConfigMaps and Secrets, shared by all runs.

``Store.objects`` gives them. They are kept as JSON, as they were written; who reads one decodes it. A change
is made by reading an object, and replacing it as long as it is still what was read: of two processes that
change one object at a time, one is refused, reads again and decides again.
``pinnace.testing.contracts.objects`` tests what is promised here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

#: The kinds that belong to no namespace; theirs is "".
CLUSTER_KINDS = frozenset({"ClusterWorkflowTemplate"})


class KeptObject(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a namespace."""

    kind: str
    namespace: str
    """"" for the kinds that belong to none."""
    name: str
    uid: str
    """Another object of the same name, made later, has another."""
    created_at: float
    """Unix seconds."""
    version: int = 1
    """Goes up with each change."""
    body: dict[str, Any]
    """The manifest as JSON. What it says of name, namespace, uid, creation and version is not asked."""


class ObjectStore(Protocol):
    """Keeps objects. Every method may raise ``StorageError``; the same call may succeed later."""

    def create(self, kept: KeptObject) -> None:
        """Keep a new object, as its first version.

        Raises:
            NameTaken: the namespace has one of this kind and name.
        """

    def replace(self, kept: KeptObject) -> KeptObject:
        """Keep ``kept`` in place of the object it was made from, and return it with its new version.

        Raises:
            ObjectChanged: that object was changed or deleted since it was read.
        """

    def find(self, kind: str, namespace: str, name: str) -> KeptObject | None:
        """Return the object, or None."""

    def of_kind(self, kind: str, namespace: str | None = None) -> Sequence[KeptObject]:
        """Return the objects of a kind by namespace and name; None is every namespace."""

    def delete(self, kind: str, namespace: str, name: str) -> bool:
        """Forget the object; return whether there was one."""
