"""Which variables exist where: the names that a text of a template may mention.

Source: Argo validate.go, addOutputsToScope, addItemsToScope, validateInputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice

from pinnace.checks.context import CallSite, Context
from pinnace.checks.reach import Reach
from pinnace.spec.templates import Call, Template

#: Accepted wherever they stand: only the run knows them, or they exist in some place where lint cannot look.
#: Source: Argo validate.go, resolveAllVariables.
_ALWAYS = (
    "outputs.",
    "workflow.creationTimestamp",
    "workflow.scheduledTime",
    "workflow.duration",
    "tasks.name",
    "steps.name",
    "node.name",
)
#: The bodies that a pod of their own does.
POD_BODIES = frozenset({"container", "script", "containerSet", "resource", "data"})
_NO_LEAVES = frozenset({"steps", "dag", "suspend"})
_WITHOUT_RESULT = _NO_LEAVES | {"containerSet", "resource"}
_RETRY_NAMES = (
    "retries",
    "lastRetry.exitCode",
    "lastRetry.status",
    "lastRetry.duration",
    "lastRetry.message",
)
#: How many of the names of one place are looked at for what was meant.
_MOST_LISTED = 1_000
_NODE_FACTS = ("id", "startedAt", "finishedAt", "hostNodeName", "status")


class Siblings:
    """The steps or tasks of one template, and what each offers to the others."""

    def __init__(self, root: str, calls: Iterable[CallSite], context: Context) -> None:
        #: ``steps`` or ``tasks``.
        self.root = root
        #: By name: what may follow ``root.name.``; None is anything, for a template that only the run knows.
        self.facts = {call.name: _facts(call, context) for call, _, _ in calls}

    def split(self, key: str) -> tuple[str, str] | None:
        """Return the sibling's name and the fact that ``key`` asks for, or None when it asks for neither."""
        root, _, rest = key.partition(".")
        name, separator, fact = rest.partition(".")
        return (name, fact) if root == self.root and separator else None

    def offers(self, name: str, fact: str) -> bool:
        """Return whether the sibling ``name`` exists and has ``fact``."""
        if name not in self.facts:
            return False
        facts = self.facts[name]
        return facts is None or fact in facts

    def begin(self, key: str) -> bool:
        """Return whether what a sibling offers continues ``key``."""
        asked = self.split(key)
        if asked is None:
            root, _, name = key.partition(".")
            return root == self.root and bool(self.facts.get(name) if name else any(self.facts.values()))
        return any(fact.startswith(f"{asked[1]}.") for fact in self.facts.get(asked[0]) or ())


class Names:
    """The variables that exist in one place."""

    def __init__(
        self,
        keys: Iterable[str] = (),
        *,
        outer: Names | None = None,
        prefixes: tuple[str, ...] = (),
        siblings: Siblings | None = None,
        sees: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._keys = frozenset(keys)
        #: The names of what surrounds the place.
        self.outer = outer
        self._prefixes = prefixes
        self.siblings = siblings
        self.sees = sees

    def know(self, key: str) -> bool:
        """Return whether the variable ``key`` exists here."""
        if key in self._keys or (self._prefixes and key.startswith(self._prefixes)):
            return True
        if self.siblings is not None:
            asked = self.siblings.split(key)
            if asked is not None and self.siblings.offers(*asked) and self.sees(asked[0]):
                return True
        return self.outer is not None and self.outer.know(key)

    def below(self, key: str) -> bool:
        """Return whether some variable exists whose name continues ``key``: then it is a part of a path."""
        if key in self._beginnings or (self.siblings is not None and self.siblings.begin(key)):
            return True
        return self.outer is not None and self.outer.below(key)

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """What the known names begin with, up to each of their dots."""
        parted = (key.split(".") for key in self._keys)
        return frozenset(".".join(parts[:count]) for parts in parted for count in range(1, len(parts)))

    def some(self, root: str) -> Iterator[str]:
        """Yield the names that begin with ``root.``, to look for what was meant; of very many, the first."""
        start = f"{root}."
        yield from (key for key in islice(self._keys, _MOST_LISTED) if key.startswith(start))
        if self.siblings is not None and self.siblings.root == root:
            for name, facts in islice(self.siblings.facts.items(), _MOST_LISTED):
                yield from (f"{root}.{name}.{fact}" for fact in facts or ())
        if self.outer is not None:
            yield from self.outer.some(root)


def workflow_names(context: Context, reach: Reach) -> Names:
    """Return the variables that exist everywhere in the workflow."""
    spec = context.spec
    keys = ["name", "namespace", "uid", "mainEntrypoint", "serviceAccountName", "status"]
    keys += ["labels", "labels.json", "annotations", "annotations.json"]
    metadata = spec.workflow_metadata
    labels = {*context.metadata.labels, *(metadata.labels if metadata else ())}
    labels |= {*metadata.labels_from} if metadata else set()
    annotations = {*context.metadata.annotations, *(metadata.annotations if metadata else ())}
    keys += [f"labels.{name}" for name in labels] + [f"annotations.{name}" for name in annotations]
    if spec.arguments.parameters:
        keys += ["parameters", "parameters.json"]
        keys += [f"parameters.{parameter.name}" for parameter in spec.arguments.parameters]
    if spec.priority is not None:
        keys.append("priority")
    prefixes = list(_ALWAYS)
    if context.is_template:
        # The workflow that uses the template may bring more parameters.
        prefixes.append("workflow.parameters")
    for kind, name in _global_outputs(context, reach):
        if "{{" in name:
            prefixes.append(f"workflow.outputs.{kind}.")
        else:
            keys.append(f"outputs.{kind}.{name}")
    return Names((f"workflow.{key}" for key in keys), prefixes=tuple(prefixes))


def template_names(template: Template, outer: Names) -> Names:
    """Return the variables that exist inside a template: its inputs, its paths, its attempts."""
    keys = [f"inputs.parameters.{parameter.name}" for parameter in template.inputs.parameters]
    if keys:
        keys.append("inputs.parameters")
    leaf = is_leaf(template)
    for artifact in template.inputs.artifacts:
        keys.append(f"inputs.artifacts.{artifact.name}")
        if leaf:
            keys.append(f"inputs.artifacts.{artifact.name}.path")
    if set(template.body_types) & POD_BODIES:
        keys.append("pod.name")
    if template.retry_strategy is not None:
        keys += _RETRY_NAMES
    return Names(keys, outer=outer)


def item_names(call: Call, outer: Names) -> Names:
    """Return the variables that exist in a step or task: its item, when it is a loop."""
    if call.with_param:
        return Names(["item"], outer=outer, prefixes=("item.",))
    if call.with_sequence is not None:
        return Names(["item"], outer=outer)
    keys: set[str] = set()
    for item in call.with_items or ():
        keys.add("item")
        if isinstance(item, dict):
            keys |= {f"item.{key}" for key in item}
        elif isinstance(item, list):
            keys |= {f"item.[{index}]" for index in range(len(item))}
    return Names(keys, outer=outer) if keys else outer


def is_leaf(template: Template) -> bool:
    """Return whether the template does its work itself. Source: Argo workflow_types.go, IsLeaf."""
    return bool(set(template.body_types) - _NO_LEAVES)


def _facts(call: Call, context: Context) -> frozenset[str] | None:
    resolved = context.resolve(call)
    if resolved is None:
        return None
    template = resolved.template
    facts = set(_NODE_FACTS)
    if template.daemon:
        facts.add("ip")
    bodies = set(template.body_types)
    # Argo counts a withSequence as no loop here, so that what its validator refuses never starts.
    aggregates = bool(call.with_items or call.with_param)
    if bodies - _WITHOUT_RESULT or _has_main(template) or (aggregates and "containerSet" in bodies):
        facts |= {"outputs.result", "exitCode"}
    facts |= {f"outputs.parameters.{parameter.name}" for parameter in template.outputs.parameters}
    facts |= {f"outputs.artifacts.{artifact.name}" for artifact in template.outputs.artifacts}
    if aggregates:
        facts.add("outputs.parameters")
    return frozenset(facts)


def _has_main(template: Template) -> bool:
    containers = template.container_set.containers if template.container_set else ()
    return any(container.name == "main" for container in containers)


def _global_outputs(context: Context, reach: Reach) -> Iterator[tuple[str, str]]:
    """Yield kind and globalName of every output that the templates here, or those they call, export."""
    templates = [site.template for site in context.sites()]
    templates += [template for template, _ in reach.referred.values()]
    for template in templates:
        for parameter in template.outputs.parameters:
            if parameter.global_name:
                yield "parameters", parameter.global_name
        for artifact in template.outputs.artifacts:
            if artifact.global_name:
                yield "artifacts", artifact.global_name
