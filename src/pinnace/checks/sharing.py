"""What templates share: locks and caches have names, and an age that can be read.

Argo's validator does not look at them: there the node ends in Error whenever it is to start.
Source: Argo workflow/sync/lock_name.go; operator.go, executeTemplate; cache/configmap_cache.go.
"""

from __future__ import annotations

import re

from pinnace.base.errors import ManifestError
from pinnace.base.quantities import parse_go_duration
from pinnace.checks.context import Context
from pinnace.spec.policies import Memoize, Synchronization
from pinnace.spec.problems import Path

_KEY = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")


def check_sharing(context: Context) -> None:
    """Report locks that no name says, and memoization that can find nothing."""
    if context.spec.synchronization is not None:
        _check_locks(context, context.spec.synchronization, ("spec", "synchronization"))
    if context.merged:
        return
    for template, path in context.sites():
        if template.synchronization is not None:
            _check_locks(context, template.synchronization, (*path, "synchronization"))
        if template.memoize is not None:
            _check_memoize(context, template.memoize, (*path, "memoize"))


def _check_locks(context: Context, locks: Synchronization, path: Path) -> None:
    for index, mutex in enumerate(locks.mutexes):
        if not mutex.name:
            context.findings.error("missing-field", "a mutex needs a name", (*path, "mutexes", index))
    for index, semaphore in enumerate(locks.semaphores):
        place = (*path, "semaphores", index)
        source, database = semaphore.config_map_key_ref, semaphore.database
        if source is not None and database is not None:
            message = "configMapKeyRef and database exclude each other"
            context.findings.error("conflicting-fields", message, place)
        elif source is None and database is None:
            hint = "give configMapKeyRef, or database.key"
            context.findings.error("missing-field", "nothing says the semaphore's limit", place, hint)
        elif (source is not None and not (source.name and source.key)) or (
            database is not None and not database.key
        ):
            context.findings.error("missing-field", "a part of the semaphore's name is empty", place)


def _check_memoize(context: Context, memoize: Memoize, path: Path) -> None:
    cache = memoize.cache.config_map if memoize.cache is not None else None
    if cache is None or not cache.name:
        hint = "give memoize.cache.configMap.name"
        context.findings.error("missing-field", "memoize needs the name of a cache", path, hint)
    if "{{" not in memoize.key and not _KEY.fullmatch(memoize.key):
        message = f"invalid cache key: {memoize.key}"
        hint = "letters, digits and '-'; of anything else take {{=sprig.sha256sum(...)}}"
        context.findings.error("invalid-value", message, (*path, "key"), hint)
    if memoize.max_age and "{{" not in memoize.max_age:
        try:
            parse_go_duration(memoize.max_age)
        except ManifestError as error:
            context.findings.error("invalid-duration", error.message, (*path, "maxAge"), error.remedy)
