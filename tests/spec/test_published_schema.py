"""The manifest types hold the fields that Argo publishes; needs the shared specification beside the clone."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from pinnace.spec import bodies, locations, parameters, policies, schedules, templates, workflow

SCHEMA = Path(__file__).parents[3] / "shared" / "spec" / "argo-jsonschema.json"
#: Our types by the name of Argo's.
TYPES: dict[str, type[msgspec.Struct]] = {
    "Workflow": workflow.Workflow, "WorkflowSpec": workflow.WorkflowSpec, "Template": templates.Template,
    "WorkflowStep": templates.WorkflowStep, "DAGTask": templates.DAGTask, "DAGTemplate": templates.DAG,
    "LifecycleHook": templates.LifecycleHook, "ScriptTemplate": templates.ScriptTemplate,
    "HTTP": templates.HTTP, "HTTPHeader": templates.HTTPHeader, "SuspendTemplate": templates.Suspend,
    "TemplateRef": templates.TemplateRef, "ContinueOn": templates.ContinueOn,
    "ContainerSetTemplate": templates.ContainerSetTemplate, "UserContainer": templates.UserContainer,
    "Parameter": parameters.Parameter, "ValueFrom": parameters.ValueFrom, "Artifact": parameters.Artifact,
    "S3Artifact": parameters.S3, "HTTPArtifact": parameters.HTTPArtifact, "RawArtifact": parameters.Raw,
    "Sequence": parameters.Sequence, "ArtifactGC": parameters.ArtifactGC,
    "RetryStrategy": policies.RetryStrategy, "Backoff": policies.Backoff, "PodGC": policies.PodGC,
    "TTLStrategy": policies.TTLStrategy, "Synchronization": policies.Synchronization,
    "Memoize": policies.Memoize, "Prometheus": policies.Prometheus, "Metrics": policies.Metrics,
    "Gauge": policies.Gauge, "Histogram": policies.Histogram, "Counter": policies.Counter,
    "Mutex": policies.Mutex, "WorkflowLevelArtifactGC": policies.WorkflowLevelArtifactGC,
    "WorkflowTemplateRef": workflow.WorkflowTemplateRef, "WorkflowMetadata": workflow.WorkflowMetadata,
    "CronWorkflow": schedules.CronWorkflow, "CronWorkflowSpec": schedules.CronWorkflowSpec,
    "StopStrategy": schedules.StopStrategy, "WorkflowEventBinding": schedules.WorkflowEventBinding,
    "WorkflowEventBindingSpec": schedules.WorkflowEventBindingSpec, "Event": schedules.Event,
    "Submit": schedules.Submit, "WorkflowTemplate": workflow.WorkflowTemplate,
    "GitArtifact": locations.Git, "ArtifactoryArtifact": locations.Artifactory,
    "HDFSArtifact": locations.HDFS, "OSSArtifact": locations.OSS, "GCSArtifact": locations.GCS,
    "OSSLifecycleRule": locations.OSSLifecycleRule, "AzureArtifact": locations.Azure,
    "PluginArtifact": locations.PluginArtifact, "ResourceTemplate": bodies.Resource,
    "ManifestFrom": bodies.ManifestFrom, "Data": bodies.Data, "DataSource": bodies.DataSource,
    "ArtifactPaths": bodies.ArtifactPaths, "TransformationStep": bodies.TransformationStep,
    "ContainerSetRetryStrategy": bodies.ContainerSetRetryStrategy,
    "VolumeClaimGC": policies.VolumeClaimGC, "ArtifactRepositoryRef": policies.ArtifactRepositoryRef,
}  # fmt: skip


@pytest.mark.skipif(not SCHEMA.exists(), reason="the shared specification is not beside this clone")
@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_the_fields_that_argo_publishes(name: str) -> None:
    definitions = json.loads(SCHEMA.read_text())["definitions"]
    published = set(definitions[f"io.argoproj.workflow.v1alpha1.{name}"]["properties"])
    ours = {field.encode_name for field in msgspec.structs.fields(TYPES[name])}
    assert published - ours == set()
    assert ours - published == set()
