"""Traps: manifests that Argo runs without a word and that surprise whoever wrote them. Warnings only."""

from __future__ import annotations

from collections.abc import Iterator

from pinnace.checks.context import CallSite, Context, calls_of
from pinnace.checks.reach import calls_in
from pinnace.language.errors import ExpressionError
from pinnace.language.tags import mentions
from pinnace.spec.problems import Path
from pinnace.spec.templates import Call, Template

#: What the kernel takes for one environment variable or argument. Source: execve(2), MAX_ARG_STRLEN.
LONGEST_ARGUMENT_BYTES = 131_071


def check_traps(context: Context) -> None:
    """Warn about what runs, but probably not as it was meant."""
    _check_parallelism(context, context.spec.parallelism, ("spec",))
    for site in context.sites():
        template = site.template
        _check_parallelism(context, template.parallelism, site.path)
        defaults = context.spec.template_defaults
        default = defaults.script if defaults is not None else None
        if template.script is not None and not (template.script.command or (default and default.command)):
            message = "a script without a command runs with the image's own entrypoint"
            hint = "give the interpreter: command: [python]"
            context.findings.warn("script-without-command", message, (*site.path, "script"), hint)
        siblings = {place.call.name: place for place in calls_of(site)}
        for place in siblings.values():
            for text, path in _argument_texts(place):
                for name in _siblings_in(text):
                    if name in siblings:
                        _check_fan_in(context, siblings[name], place, text, path)
    _check_endless_recursion(context)


def _check_parallelism(context: Context, limit: int | None, path: Path) -> None:
    if limit is not None and limit < 1:
        message = f"parallelism {limit} lets nothing start: the run waits for ever"
        context.findings.warn("nothing-may-start", message, (*path, "parallelism"), "give 1 or more")


def _argument_texts(place: CallSite) -> Iterator[tuple[str, Path]]:
    for index, parameter in enumerate(place.call.arguments.parameters):
        if parameter.value is not None and "{{" in parameter.value:
            yield parameter.value, (*place.path, "arguments", "parameters", index, "value")


def _siblings_in(text: str) -> Iterator[str]:
    """Yield the name in every ``{{steps.name.fact}}`` of a text."""
    try:
        tags = mentions(text)
    except ExpressionError:
        return
    for tag in tags:
        parts = tag.content.split(".", 2)
        if tag.kind == "simple" and len(parts) == 3 and parts[0] in {"steps", "tasks"}:
            yield parts[1]


def _check_fan_in(context: Context, producer: CallSite, user: CallSite, text: str, path: Path) -> None:
    """Warn about the results of a whole loop in an environment variable or a command line."""
    if not producer.call.is_loop:
        return
    resolved = context.resolve(user.call)
    index = path[-2]
    if resolved is None or not isinstance(index, int):
        return
    name = user.call.arguments.parameters[index].name
    if any(f"inputs.parameters.{name}" in item for item in _command_line(resolved.template)):
        message = (
            f"the results of all items of '{producer.call.name}' go into the environment or arguments of"
            f" '{resolved.template.name}', which take {LONGEST_ARGUMENT_BYTES:,} bytes each at most"
        )
        hint = f"pass them as an input artifact: raw: {{data: '{text}'}}"
        context.findings.warn("large-argument", message, path, hint)


def _command_line(template: Template) -> Iterator[str]:
    container = template.container or template.script
    if container is not None:
        yield from container.command
        yield from container.args
        yield from (variable.value for variable in container.env)


def _check_endless_recursion(context: Context) -> None:
    """Warn about templates that call themselves, however far around, with no condition on the way."""
    names = {template.name: index for index, template in enumerate(context.spec.templates)}
    calls = {name: _unconditional(context.spec.templates[index], names) for name, index in names.items()}
    for name, index in names.items():
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            for called in calls[waiting.pop()]:
                if called == name:
                    message = f"template '{name}' always calls itself again: the run ends at the depth limit"
                    path = ("spec", "templates", index)
                    context.findings.warn("endless-recursion", message, path, "give the call a when")
                if called not in seen:
                    seen.add(called)
                    waiting.append(called)


def _unconditional(template: Template, names: dict[str, int]) -> set[str]:
    """Return the templates of this document that ``template`` calls whatever happens."""
    called: set[str] = set()
    for call, _ in calls_in(template):
        conditional = isinstance(call, Call) and (call.when or call.is_loop or getattr(call, "depends", ""))
        if isinstance(call, Call) and not conditional and call.template in names:
            called.add(call.template)
    return called
