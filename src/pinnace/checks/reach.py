"""Which templates a run gets to: from the entrypoint, from hooks, from exit handlers."""

from __future__ import annotations

from collections.abc import Iterator

from pinnace.checks.context import TEMPLATES, Context, Site, calls_of
from pinnace.spec.problems import Path
from pinnace.spec.references import LOCAL
from pinnace.spec.templates import Call, LifecycleHook, Template


class Reach:
    """What a run of one workflow gets to; built once, asked by other checks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        #: Every template that this document calls, by scope and name, with the place of the first call to it
        #: that is written in it.
        self.referred: dict[tuple[str, str], tuple[Template, Path]] = {}
        spec = context.spec
        self._written = {item.name: (*TEMPLATES, index) for index, item in enumerate(spec.templates)}
        if spec.entrypoint:
            self._visit(LifecycleHook(template=spec.entrypoint), ("spec", "entrypoint"))
        for name, hook in spec.hooks.items():
            if name != "exit":
                self._visit(hook, ("spec", "hooks", name))
        self._main = set(self.referred)
        if spec.on_exit:
            self._visit(LifecycleHook(template=spec.on_exit), ("spec", "onExit"))
        if "exit" in spec.hooks:
            self._visit(spec.hooks["exit"], ("spec", "hooks", "exit"))
        #: Those of them that a run may start.
        self.reached = dict(self.referred)
        for site in context.sites():
            for call, at in calls_in(site.template):
                self._visit(call, (*site.path, *at))

    def in_main_tree(self, scope: str, name: str) -> bool:
        """Return whether the template may start before the exit handlers do."""
        return (scope, name) in self._main

    def _visit(self, first: Call | LifecycleHook, place: Path) -> None:
        """Record everything that ``first``, written at ``place``, leads to."""
        waiting: list[tuple[Call | LifecycleHook, str, Path]] = [(first, LOCAL, place)]
        while waiting:
            call, scope, place = waiting.pop()
            resolved = self._context.resolve(call, scope)
            if resolved is None:
                continue
            template, inner_scope = resolved
            if not (isinstance(call, Call) and call.inline is not None):
                key = (inner_scope, template.name)
                if key in self.referred:
                    continue
                self.referred[key] = (template, place)
            base = self._place_of(call, place) if inner_scope == LOCAL else None
            for following, at in calls_in(template):
                # In another document, the call that led there is what can be pointed at.
                waiting.append((following, inner_scope, place if base is None else (*base, *at)))

    def _place_of(self, call: Call | LifecycleHook, place: Path) -> Path:
        """Return where the template that ``call`` means is written in this document."""
        if isinstance(call, Call) and call.inline is not None:
            return (*place, "inline")
        return self._written.get(call.template, place)


def calls_in(template: Template) -> Iterator[tuple[Call | LifecycleHook, Path]]:
    """Yield every call in a template, hooks and exit handlers included, with its place inside it."""
    for call, path, _ in calls_of(Site(template, ())):
        yield call, path
        if call.on_exit:
            yield LifecycleHook(template=call.on_exit), (*path, "onExit")
        for name, hook in call.hooks.items():
            yield hook, (*path, "hooks", name)
