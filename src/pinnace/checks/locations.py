"""Where artifacts lie: a location that is given is complete enough to be opened.

Source: Argo validate.go, validateArtifactLocation; workflow/artifacts/hdfs, ValidateArtifact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinnace.base.errors import ManifestError
from pinnace.checks.context import Context
from pinnace.spec.encode import encode
from pinnace.spec.problems import Path
from pinnace.spec.repositories import resolve


def check_locations(context: Context) -> None:
    """Report locations that lack what their kind needs, and an artifact repository that is none."""
    try:
        resolve(context.spec.artifact_repository_ref, context.catalogue, "")
    except ManifestError as error:
        path: Path = ("spec", "artifactRepositoryRef") if context.spec.artifact_repository_ref else ("spec",)
        context.findings.error("invalid-value", error.message, path, error.remedy)
    for site in context.sites():
        template, path = site
        for index, artifact in enumerate(template.inputs.artifacts):
            place = (*path, "inputs", "artifacts", index)
            _check_location(context, encode(artifact), place)
        if template.archive_location is not None:
            _check_location(context, encode(template.archive_location), (*path, "archiveLocation"))


def _check_location(context: Context, location: Mapping[str, Any], path: Path) -> None:
    git, hdfs = location.get("git"), location.get("hdfs")
    if isinstance(git, dict) and not git.get("repo"):
        context.findings.error("missing-field", "git.repo is required", (*path, "git"))
    if isinstance(hdfs, dict):
        _check_hdfs(context, hdfs, (*path, "hdfs"))


def _check_hdfs(context: Context, hdfs: Mapping[str, Any], path: Path) -> None:
    needed = ["addresses", "path"]
    if hdfs.get("krbKeytabSecret"):
        needed += ["krbServicePrincipalName", "krbConfigConfigMap", "krbUsername", "krbRealm"]
    if hdfs.get("krbCCacheSecret"):
        needed += ["krbServicePrincipalName", "krbConfigConfigMap"]
    for name in dict.fromkeys(needed):
        if not hdfs.get(name):
            context.findings.error("missing-field", f"hdfs.{name} is required", path)
    if hdfs.get("path") and not str(hdfs["path"]).startswith("/"):
        message = "hdfs.path must be an absolute file path"
        context.findings.error("invalid-value", message, (*path, "path"))
    if not any(hdfs.get(name) for name in ("hdfsUser", "krbCCacheSecret", "krbKeytabSecret")):
        message = "either hdfs.hdfsUser, hdfs.krbCCacheSecret or hdfs.krbKeytabSecret is required"
        context.findings.error("missing-field", message, path)
