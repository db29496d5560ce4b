"""The namespace of a run: the documents that a manifest mentions, from anywhere in the suite.

The suite's CI applies every ConfigMap, PersistentVolumeClaim and template before it submits anything; a run
sees those of them that it names, directly or through others, so that each case is read in milliseconds.
"""

from __future__ import annotations

import re

from conformance.cases import HERE, MANIFESTS
from pinnace.spec.documents import read_documents

_KINDS = ("ConfigMap", "Secret", "PersistentVolumeClaim", "WorkflowTemplate", "ClusterWorkflowTemplate")
_WORD = re.compile(r"[a-z0-9][-a-z0-9.]*")

#: A file's name and its text.
Source = tuple[str, bytes]


class Namespace:
    """Finds the files that a manifest needs beside itself."""

    def __init__(self) -> None:
        files = [path for path in sorted(MANIFESTS.rglob("*")) if path.suffix in {".yaml", ".json"}]
        sources = [(str(path.relative_to(MANIFESTS)), path.read_bytes()) for path in files]
        sources.append(("namespace.yaml", (HERE / "namespace.yaml").read_bytes()))
        self._files: dict[str, list[Source]] = {}
        for source in sources:
            for name in _names(source):
                self._files.setdefault(name, []).append(source)

    def of(self, path: str, text: bytes) -> list[Source]:
        """Return the files with what ``text``, the manifest at ``path``, names."""
        found: dict[str, bytes] = {}
        waiting = [text]
        while waiting:
            for word in set(_WORD.findall(waiting.pop().decode(errors="replace"))):
                for origin, content in self._files.get(word, ()):
                    if origin not in found and origin != path:
                        found[origin] = content
                        waiting.append(content)
        return sorted(found.items())


def _names(source: Source) -> list[str]:
    documents, _ = read_documents(source[1], source[0])
    names = []
    for document in documents:
        value = document.value
        if isinstance(value, dict) and value.get("kind") in _KINDS:
            names.append(str((value.get("metadata") or {}).get("name", "")))
    return names
