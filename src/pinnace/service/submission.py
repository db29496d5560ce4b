"""From a checked manifest to a run in the store."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from secrets import choice

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, NameTaken, RefusedError, UsageError
from pinnace.engine.containers import containers_of
from pinnace.engine.globals import fixed_globals
from pinnace.engine.inputs import config_map_value
from pinnace.engine.node import Reused
from pinnace.engine.run import Run, RunInfo, RunState, Shutdown
from pinnace.engine.substitute import fill
from pinnace.engine.turn import Turn
from pinnace.language.expressions import evaluate
from pinnace.language.labels import trouble_of_key, trouble_of_value
from pinnace.language.tags import FlatScope, substitute
from pinnace.ports.images import Images, Refusal
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import Owner, Store, Submission
from pinnace.runtime.fleet import LEASE_SECONDS
from pinnace.service.estimates import with_estimate
from pinnace.service.labels import of_template
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.kinds import CORE_KINDS
from pinnace.spec.merge import with_template_ref
from pinnace.spec.plugins import BUILTINS, AwsCall, builtin_of
from pinnace.spec.references import TemplateLookup
from pinnace.spec.repositories import resolve
from pinnace.spec.templates import Template
from pinnace.spec.workflow import ObjectMeta, Workflow

#: What a generated name ends with. Source: Kubernetes apiserver names/generate.go.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX = 5
_TRIES = 8
#: Returns what is to be replaced in the store together with the making of a run.
Replacing = Callable[[RunInfo], Sequence[KeptObject]]
#: Of Argo's kinds, and of whatever name is generated. Source: Argo workflow/validate, maxCharsInObjectName.
_LONGEST_NAME = 63
#: Of Kubernetes' own kinds. Source: Kubernetes apimachinery validation, DNS1123SubdomainMaxLength.
_LONGEST_CORE_NAME = 253
#: Source: Kubernetes apimachinery validation, DNS-1123 subdomain.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def submit(
    store: Store,
    workflow: Workflow,
    catalogue: Catalogue,
    *,
    images: Images,
    owner: Owner,
    now: float,
    transient_pattern: str = "",
    labels: dict[str, str] | None = None,
    host: str = "",
    replacing: Replacing | None = None,
    reused: dict[str, Reused] | None = None,
) -> tuple[str, int]:
    """Keep a new run of ``workflow``, owned by ``owner``; return its uid and lease number.

    With it, or not at all, the objects that ``replacing`` returns for it are replaced in the store. What
    ``reused`` holds is not done again.

    Raises:
        ManifestError: an argument has no value, or a reference leads nowhere.
        RefusedError: an image of it cannot run here; nothing was started.
        NameTaken: a run of that name exists.
        ObjectChanged: an object that is to be replaced is not what was read.
    """
    merged = with_template_ref(workflow, catalogue)
    lookup = TemplateLookup(merged, catalogue)
    refuse_images(merged, catalogue, images)
    ref = workflow.spec.workflow_template_ref
    submission = Submission(
        workflow=merged,
        written=workflow if ref is not None else None,
        templates=(*catalogue.namespaced.values(), *catalogue.cluster.values()),
        config_maps=tuple(catalogue.config_maps.values()),
        secrets=tuple(catalogue.secrets.values()),
        reused=reused or {},
    )
    state = RunState(is_suspended=bool(merged.spec.suspend), shutdown=_shutdown(merged))
    for name in names_for(merged.metadata):
        info = run_info(merged, lookup, name, now, transient_pattern, {**(labels or {}), **of_template(ref)})
        info = replace(with_estimate(store, info), host=host)
        try:
            lease = store.create_run(
                info,
                submission,
                state,
                (),
                owner=owner,
                lease_seconds=LEASE_SECONDS,
                replacing=replacing(info) if replacing is not None else (),
            )
        except NameTaken:
            if merged.metadata.name:
                raise
            continue
        return info.uid, lease
    message = f"no free name was found for {merged.metadata.generate_name!r}"
    raise RefusedError(message, remedy="Try again, or give a name with --name.")


def _shutdown(workflow: Workflow) -> Shutdown:
    """Return how a run is being ended from its beginning, as Argo takes it from ``spec.shutdown``.

    Raises:
        ManifestError: there is no such way.
    """
    try:
        return Shutdown(workflow.spec.shutdown)
    except ValueError:
        message = f"{workflow.spec.shutdown} is no shutdown strategy"
        raise ManifestError(message, path="spec.shutdown", remedy="Write Stop or Terminate.") from None


def names_for(metadata: ObjectMeta, kind: str = "Workflow") -> Sequence[str]:
    """Return the names to try for an object of this kind: the one given, or several with random suffixes.

    Raises:
        UsageError: there is neither a name nor the beginning of one, or Kubernetes would refuse it.
    """
    name, start = metadata.name, metadata.generate_name
    if name:
        names: Sequence[str] = (name,)
    elif start:
        start = start[: _LONGEST_NAME - _SUFFIX]  # as Kubernetes does for all kinds
        names = [start + "".join(choice(_ALPHABET) for _ in range(_SUFFIX)) for _ in range(_TRIES)]
    else:
        message = f"the {kind} has neither metadata.name nor metadata.generateName"
        raise UsageError(message, remedy="Give one in the manifest, or use --name.")
    longest = _LONGEST_CORE_NAME if kind in CORE_KINDS else _LONGEST_NAME
    if len(names[0]) > longest:
        message = f'the name "{names[0]}" of a {kind} must not be more than {longest} characters long'
        raise UsageError(message, remedy="Shorten it.")
    if not _NAME.fullmatch(names[0]):
        message = f"{names[0]!r} is no name that Kubernetes takes"
        raise UsageError(
            message, remedy="Use small letters, digits, '-' and '.', a letter or digit at each end."
        )
    return names


def run_info(
    workflow: Workflow,
    lookup: TemplateLookup,
    name: str,
    now: float,
    transient_pattern: str,
    labels: dict[str, str],
) -> RunInfo:
    """Return what is fixed of the run: its name, labels and arguments, tags in them replaced.

    Source: Argo operator.go, updateWorkflowMetadata and substituteGlobalVariables.
    """
    metadata, spec = workflow.metadata, workflow.spec
    info = RunInfo(
        uid=str(uuid.uuid4()),
        name=name,
        namespace=metadata.namespace or "default",
        created_at=now,
        labels={**metadata.labels, **labels},
        annotations=metadata.annotations,
        artifacts=spec.arguments.artifacts,
        transient_pattern=transient_pattern,
        repository=resolve(spec.artifact_repository_ref, lookup.catalogue, metadata.namespace or "default"),
    )
    # Computed labels see the parameters, and parameters may name labels.
    info = _with_metadata(workflow, lookup, _with_parameters(workflow, lookup, info))
    info = _with_parameters(workflow, lookup, info)
    return replace(info, artifacts=fill({}, info.artifacts, _globals(workflow, lookup, info)))


def _with_parameters(workflow: Workflow, lookup: TemplateLookup, info: RunInfo) -> RunInfo:
    """Return ``info`` with the values of the workflow's arguments, as far as they can be told."""
    declared = workflow.spec.arguments.parameters
    written = {each.name: each.value for each in declared if each.value is not None}
    scope = _globals(workflow, lookup, replace(info, parameters=written))
    values: dict[str, str] = {}
    for parameter in declared:
        if parameter.value is not None:
            values[parameter.name] = substitute(parameter.value, scope)
        elif parameter.default is not None:
            values[parameter.name] = substitute(parameter.default, scope)
        elif parameter.value_from is not None:
            values[parameter.name] = config_map_value(parameter, scope, lookup.catalogue)
        else:
            own = f"spec.arguments.{parameter.name}"
            message = f"{own}.value or {own}.valueFrom is required"
            raise ManifestError(message, remedy=f"Give it with -p {parameter.name}=VALUE.")
        if parameter.enum is not None and values[parameter.name] not in parameter.enum:
            allowed = ", ".join(parameter.enum)
            message = (
                f"spec.arguments.{parameter.name}.value should be present in spec.arguments.enum: {allowed}"
            )
            raise ManifestError(message)
    return replace(info, parameters=values)


def _with_metadata(workflow: Workflow, lookup: TemplateLookup, info: RunInfo) -> RunInfo:
    declared = workflow.spec.workflow_metadata
    if declared is None:
        return info
    scope = _globals(workflow, lookup, info)
    labels = {**info.labels, **{key: substitute(text, scope) for key, text in declared.labels.items()}}
    annotations = {
        **info.annotations,
        **{key: substitute(text, scope) for key, text in declared.annotations.items()},
    }
    seen = _globals(workflow, lookup, replace(info, labels=labels, annotations=annotations))
    for key, source in declared.labels_from.items():
        value = evaluate(source.expression, seen)
        if not isinstance(value, str):
            message = f"spec.workflowMetadata.labelsFrom.{key}: the expression gives no text"
            raise ManifestError(message)
        labels[key] = value
    for key in (*declared.labels, *declared.labels_from):
        if trouble := trouble_of_key(key) or trouble_of_value(labels[key]):
            raise ManifestError(f"spec.workflowMetadata: {key}: {trouble}")
    return replace(info, labels=labels, annotations=annotations)


def _globals(workflow: Workflow, lookup: TemplateLookup, info: RunInfo) -> FlatScope:
    return FlatScope(fixed_globals(Turn(Run(info, workflow, lookup), info.created_at)))


def refuse_images(workflow: Workflow, catalogue: Catalogue, images: Images) -> None:
    """Make sure that every image has a stand-in, before anything starts.

    An image whose name holds a tag is found out only when its node starts.

    Raises:
        RefusedError: some have none: all are named, with their templates and what can be done.
    """
    found: dict[str, list[str]] = {}
    remedies: dict[str, None] = {}
    for template in reachable(workflow, catalogue):
        for container in containers_of(template).values():
            if "{{" in container.image:
                continue
            answer = images.resolve(container.image, container.command, container.args)
            if isinstance(answer, Refusal):
                found.setdefault(answer.message, []).append(template.name or "inline")
                remedies |= dict.fromkeys(answer.remedies)
    if found:
        lines = [f"{text} (template {', '.join(dict.fromkeys(names))})" for text, names in found.items()]
        raise RefusedError("\n".join(lines), remedy="\n  ".join(remedies))


def refuse_plugins(workflow: Workflow, catalogue: Catalogue) -> None:
    """Make sure, where the settings name no plugins, that every plugin template is one that is built in.

    Raises:
        RefusedError: one is not.
        ManifestError: one is, and is wrong.
    """
    for template in reachable(with_template_ref(workflow, catalogue), catalogue):
        if template.plugin is None:
            continue
        builtin = builtin_of(template.plugin)
        if isinstance(builtin, AwsCall) and find_spec("botocore") is None:
            raise RefusedError(
                f"the template {template.name} calls AWS, and a package for that is not installed",
                remedy="Install it with: pip install 'pinnace[aws]'",
            )
        if builtin is None:
            name = next(iter(template.plugin), "") if isinstance(template.plugin, dict) else ""
            raise RefusedError(
                f"no plugin is there that could execute the plugin {name} (template {template.name})",
                remedy="Run its server, and name that in a file: PINNACE_PLUGINS. "
                f"Built in are: {', '.join(BUILTINS)}.",
            )


def reachable(workflow: Workflow, catalogue: Catalogue) -> list[Template]:
    """Return the templates that a run of ``workflow`` can come to, inline ones included."""
    lookup = TemplateLookup(workflow, catalogue)
    found: list[Template] = []
    seen: set[int] = set()
    wanted: list[tuple[Template, str]] = []

    def want(resolve: Callable[..., tuple[Template, str]], *call: object) -> None:
        try:
            wanted.append(resolve(*call))
        except ManifestError:
            return  # names with tags, and what checks report

    if workflow.spec.entrypoint:
        want(lookup.entrypoint, workflow.spec.entrypoint)
    if workflow.spec.on_exit:
        want(lookup.entrypoint, workflow.spec.on_exit)
    for hook in workflow.spec.hooks.values():
        want(lookup.resolve, hook, "")
    while wanted:
        template, scope = wanted.pop()
        if id(template) in seen:
            continue
        seen.add(id(template))
        found.append(template)
        calls = [step for group in template.steps or () for step in group]
        for call in [*calls, *(template.dag.tasks if template.dag is not None else ())]:
            want(lookup.resolve, call, scope)
            if call.on_exit:
                want(lookup.find, call.on_exit, scope)
            for hook in call.hooks.values():
                want(lookup.resolve, hook, scope)
    return found
