from __future__ import annotations

from typing import Any

import pytest

from pinnace.base.errors import ManifestError
from pinnace.spec.parameters import Arguments, Parameter
from pinnace.spec.workflow import ConfigMap, ObjectMeta, Workflow, WorkflowSpec
from pinnace.world.aws import Arn, find_arns
from pinnace.world.posts import Faults
from pinnace.world.prepare import read_needs

ARN = "arn:aws:sns:eu-west-1:210987654321:deals"


def workflow(**spec: Any) -> dict[str, Any]:
    return {"kind": "Workflow", "spec": spec}


def parameters(**values: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "value": value} for name, value in values.items()]}


def s3_output(bucket: str, region: str = "") -> dict[str, Any]:
    location = {"bucket": bucket, "region": region, "key": "k"}
    return {"templates": [{"name": "a", "outputs": {"artifacts": [{"name": "o", "s3": location}]}}]}


def test_the_bucket_of_an_s3_artifact_is_needed_in_its_region() -> None:
    assert read_needs([workflow(**s3_output("deals", "eu-west-1"))], {}).buckets == {"deals": "eu-west-1"}


def test_a_bucket_without_a_region_is_needed_in_the_default_one() -> None:
    assert read_needs([workflow(**s3_output("deals"))], {}).buckets == {"deals": "us-east-1"}


def test_a_bucket_named_by_a_workflow_parameter_is_found() -> None:
    manifest = workflow(arguments=parameters(bucket="deals"), **s3_output("{{ workflow.parameters.bucket }}"))
    assert dict(read_needs([manifest], {}).buckets) == {"deals": "us-east-1"}


def test_a_parameter_given_on_the_command_line_wins() -> None:
    manifest = workflow(arguments=parameters(bucket="deals"), **s3_output("{{workflow.parameters.bucket}}"))
    assert list(read_needs([manifest], {"bucket": "other"}).buckets) == ["other"]


def test_a_bucket_that_only_other_variables_name_is_left_out() -> None:
    assert read_needs([workflow(**s3_output("{{inputs.parameters.bucket}}"))], {}).buckets == {}


def test_a_template_is_read_with_the_parameters_of_the_workflow_beside_it() -> None:
    template = {
        "kind": "WorkflowTemplate",
        "spec": {"arguments": parameters(bucket="default"), **s3_output("{{workflow.parameters.bucket}}")},
    }
    assert list(read_needs([template], {}).buckets) == ["default"]
    runs = [workflow(arguments=parameters(bucket="mine")), workflow()]
    assert list(read_needs([template, *runs], {}).buckets) == ["mine", "default"]


def test_every_arn_in_any_text_is_needed_once() -> None:
    manifest = workflow(
        arguments=parameters(topic=ARN, queue=ARN.replace("sns", "sqs")),
        templates=[{"container": {"args": [f"aws sns publish --topic-arn {ARN} --message x"]}}],
    )
    needs = read_needs([manifest], {})
    assert needs.arns == (
        Arn("sns", "eu-west-1", "210987654321", "deals", ARN),
        Arn("sqs", "eu-west-1", "210987654321", "deals", ARN.replace("sns", "sqs")),
    )


@pytest.mark.parametrize(
    "text", ["arn:aws:sns:AWS_REGION:ACCOUNT_ID:TOPIC_NAME", ARN + ".fifo", "arn:aws:s3:::bucket", ARN[:-6]]
)
def test_what_is_no_arn_of_a_topic_or_queue_is_left_alone(text: str) -> None:
    assert find_arns(text) == []


def test_the_objects_of_the_specification_are_read_like_their_manifests() -> None:
    argument = Parameter(name="topic", value=ARN)
    objects = [Workflow(spec=WorkflowSpec(arguments=Arguments(parameters=(argument,))))]
    assert [arn.text for arn in read_needs(objects, {}).arns] == [ARN]


def test_a_config_map_chooses_the_faults() -> None:
    faults = ConfigMap(
        metadata=ObjectMeta(name="pinnace-world"), data={"unavailable": "3, 7", "dropped": "5"}
    )
    expected = Faults(unavailable=frozenset({3, 7}), dropped=frozenset({5}))
    assert read_needs([workflow(), faults], {}).faults == expected
    assert read_needs([workflow()], {}).faults == Faults()


def test_a_config_map_with_other_words_is_refused_with_its_place() -> None:
    faults = ConfigMap(metadata=ObjectMeta(name="pinnace-world"), data={"dropped": "two"})
    with pytest.raises(ManifestError, match=r"data\.dropped: .*'two' is not a list of whole numbers"):
        read_needs([faults], {})
