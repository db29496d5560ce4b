"""Several manifest files as one: the workflows in them and the namespace that they see."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pinnace.spec.catalogue import Catalogue
from pinnace.spec.decode import Manifest, decode
from pinnace.spec.documents import Document, read_documents
from pinnace.spec.problems import Problem
from pinnace.spec.schedules import CronWorkflow, WorkflowEventBinding
from pinnace.spec.workflow import ConfigMap, PersistentVolumeClaim, Secret, Workflow, WorkflowTemplate


class Bundle:
    """What was read from files: manifests with the documents they came from, and what is wrong with them."""

    def __init__(
        self,
        origins: Iterable[str],
        loaded: Iterable[tuple[Manifest, Document]],
        problems: Iterable[Problem],
        workflow_defaults: Workflow | None = None,
    ) -> None:
        #: The files, in the order given.
        self.origins = tuple(origins)
        self._loaded = tuple(loaded)
        # By identity: comparing large manifests takes long.
        self._documents = {id(manifest): document for manifest, document in self._loaded}
        #: All of them, in the order of the files.
        self.manifests = manifests = tuple(manifest for manifest, _ in self._loaded)
        #: In the order of the files.
        self.workflows = tuple(item for item in manifests if isinstance(item, Workflow))
        self.workflow_templates = tuple(item for item in manifests if isinstance(item, WorkflowTemplate))
        self.cron_workflows = tuple(item for item in manifests if isinstance(item, CronWorkflow))
        self.event_bindings = tuple(item for item in manifests if isinstance(item, WorkflowEventBinding))
        self.volume_claims = tuple(item for item in manifests if isinstance(item, PersistentVolumeClaim))
        self.catalogue = Catalogue(
            self.workflow_templates,
            [item for item in manifests if isinstance(item, ConfigMap)],
            [item for item in manifests if isinstance(item, Secret)],
            workflow_defaults,
        )
        self.problems = (*problems, *_same_names(self._loaded))

    @property
    def has_objects(self) -> bool:
        """Return whether the files hold anything that is read here."""
        return bool(self._loaded)

    def document_of(self, manifest: Manifest) -> Document:
        """Return the document that ``manifest``, one of this bundle's, was read from.

        Raises:
            KeyError: it is not of this bundle.
        """
        if id(manifest) not in self._documents:
            raise KeyError(manifest.metadata.name)
        return self._documents[id(manifest)]


def read_bundle(
    sources: Iterable[tuple[str, str | bytes]],
    *,
    strict: bool = True,
    kinds: Collection[str] = (),
    workflow_defaults: Workflow | None = None,
) -> Bundle:
    """Return everything in ``sources``, pairs of a file's name and its text, with all that is wrong in them.

    Nothing may start while ``problems`` holds an error. Unless ``strict``, unknown fields only warn. Given
    ``kinds``, documents of other kinds are read, and what is wrong with them is not told. The workflows are
    to be laid over ``workflow_defaults``.
    """
    origins: list[str] = []
    loaded: list[tuple[Manifest, Document]] = []
    problems: list[Problem] = []
    for origin, text in sources:
        origins.append(origin)
        documents, found = read_documents(text, origin)
        problems += found
        for document in documents:
            manifest, found = decode(document, strict=strict)
            if not kinds or document.kind in kinds:
                problems += found
            if manifest is not None:
                loaded.append((manifest, document))
    return Bundle(origins, loaded, problems, workflow_defaults)


def _same_names(loaded: tuple[tuple[Manifest, Document], ...]) -> list[Problem]:
    """Return a warning for each object that another of the same kind and name hides."""
    problems: list[Problem] = []
    seen: dict[tuple[str, str], Document] = {}
    for manifest, document in loaded:
        name = manifest.metadata.name
        if isinstance(manifest, Workflow) or not name:
            continue
        earlier = seen.get((manifest.kind, name))
        seen[manifest.kind, name] = document
        if earlier is not None:
            problem = Problem(
                code="duplicate-object",
                message=f"{manifest.kind} '{name}' is also in {earlier.origin}; this one counts",
                path="metadata.name",
                severity="warning",
            )
            problems.append(document.locate(problem, ("metadata", "name"), at_value=True))
    return problems
