"""The base of every manifest type, and the marks that tell the decoder how a scalar is read."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

#: Any JSON value, carried as it is: pod fields that only Kubernetes reads.
Json = Any

#: Text that may be written as a number or a boolean and is kept as Argo's AnyString prints it:
#: numbers through float64, lists, maps and null as "". Source: Argo api/anystring.go.
AnyString = Annotated[str, msgspec.Meta(extra_json_schema={"x-read-as": "any-string"})]

#: An integer or a text (which may hold a tag). Source: Kubernetes intstr.IntOrString.
IntOrString = Annotated[str, msgspec.Meta(extra_json_schema={"x-read-as": "int-or-string"})]


class Spec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A part of a manifest: immutable, named in Python's way, encoded in Kubernetes' way."""
