"""Manifest types as JSON values."""

from __future__ import annotations

from pinnace.spec.encode import encode
from pinnace.spec.templates import VolumeMount


def test_what_is_empty_is_left_out_unless_kubernetes_requires_it() -> None:
    assert encode(VolumeMount(name="v")) == {"name": "v", "mountPath": ""}
