"""Manifest types into JSON values, as ``kubectl get -o json`` shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.spec.struct import Spec


def encode(manifest: Spec) -> dict[str, Any]:
    """Return ``manifest`` as dicts, lists and scalars with Kubernetes' field names.

    What is empty or not given is left out, except ``apiVersion`` and ``kind``. Decoding the result gives an
    equal manifest.
    """
    # Through JSON text because to_builtins would keep tuples.
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(manifest))
    api_version, kind = getattr(manifest, "api_version", None), getattr(manifest, "kind", None)
    if api_version and kind:
        value = {"apiVersion": api_version, "kind": kind} | value
    return value
