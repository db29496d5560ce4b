"""Secrets and ConfigMaps: what a manifest refers to is among the files, and has the key.

A cluster may have what the files do not hold, so these are warnings. Here a node that lacks one ends in
Error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from pinnace.checks.context import Findings
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.documents import Document
from pinnace.spec.problems import Path, did_you_mean

#: Fields that hold a reference by ``name``: to a Secret, to a ConfigMap.
_SECRETS = frozenset({"secretKeyRef", "secretRef"})
_CONFIG_MAPS = frozenset({"configMapKeyRef", "configMapRef"})
#: The end of the fields of artifacts that name a Secret, as ``accessKeySecret``.
_SECRET_ENDING = "Secret"  # noqa: S105  # the name of a field


def check_data(document: Document, catalogue: Catalogue, findings: Findings) -> None:
    """Warn about each Secret and ConfigMap that no file holds, where it is first referred to."""
    spec = document.value.get("spec") if isinstance(document.value, dict) else None
    told: set[tuple[str, str, str]] = set()
    for what, name, key, path in _references(spec, ("spec",)):
        if "{{" in name or "{{" in key or (what, name, key) in told:
            continue
        told.add((what, name, key))
        secret = what == "Secret"
        known = catalogue.secrets if secret else catalogue.config_maps
        code = "missing-secret" if secret else "missing-config-map"
        if name not in known:
            hint = did_you_mean(name, known) or f"give the file that holds the {what}, or --ignore-missing"
            findings.warn(code, f"no {what} '{name}' is among the files", path, hint)
            continue
        keys = _keys_of(catalogue, name, secret=secret)
        if key and key not in keys:
            findings.warn(code, f"{what} '{name}' has no key '{key}'", path, did_you_mean(key, keys))


def _keys_of(catalogue: Catalogue, name: str, *, secret: bool) -> Collection[str]:
    if secret:
        found = catalogue.secrets[name]
        return {*found.data, *found.string_data}
    return {*catalogue.config_maps[name].data, *catalogue.config_maps[name].binary_data}


def _references(value: Any, path: Path) -> Iterator[tuple[str, str, str, Path]]:
    """Yield kind, name, key and place of every reference below ``value`` that is not optional."""
    waiting: list[tuple[Any, Path]] = [(value, path)]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, list):
            waiting += reversed([(item, (*path, index)) for index, item in enumerate(value)])
        if not isinstance(value, dict):
            continue
        if value.get("optional") is not True:
            yield from _reference(value, path)
        waiting += reversed([(item, (*path, key)) for key, item in value.items()])


def _reference(value: dict[str, Any], path: Path) -> Iterator[tuple[str, str, str, Path]]:
    """Yield what ``value``, which stands at ``path``, refers to, if it refers to something."""
    field = str(path[-1])
    name, key = _text(value, "name"), _text(value, "key")
    if name and (field in _SECRETS or field.endswith(_SECRET_ENDING)):
        yield "Secret", name, key, path
    elif name and (field in _CONFIG_MAPS or (field == "configMap" and "volumes" in path)):
        yield "ConfigMap", name, key, path
    elif field == "secret" and "volumes" in path and _text(value, "secretName"):
        yield "Secret", _text(value, "secretName"), "", path


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
