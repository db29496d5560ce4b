from __future__ import annotations

import json
import sys
from typing import Any

import boto3
import pytest

from pinnace.base.errors import RefusedError
from pinnace.world.aws import AwsServer
from pinnace.world.posts import POSTS_ORIGIN
from pinnace.world.world import World

TOPIC = "arn:aws:sns:eu-west-1:210987654321:deals"

MANIFEST: dict[str, Any] = {
    "kind": "Workflow",
    "spec": {
        "arguments": {"parameters": [{"name": "topic", "value": TOPIC}]},
        "templates": [{"outputs": {"artifacts": [{"s3": {"bucket": "deals", "region": "eu-west-1"}}]}}],
    },
}


def test_objects_and_messages_are_read_back(world: World) -> None:
    assert world.prepare_from([MANIFEST], {}) == [
        f"{POSTS_ORIGIN} is answered by {world.posts_url}",
        "s3://deals is ready in eu-west-1",
        f"{TOPIC} is ready",
    ]
    boto3.client("s3").put_object(Bucket="deals", Key="run/all.json", Body=json.dumps([1, 2], indent=1))
    sns = boto3.client("sns", region_name="eu-west-1")
    sns.publish(TopicArn=TOPIC, Subject="Done", Message="2 deals\nfine")
    sns.publish(TopicArn=TOPIC, Message="no subject")
    assert world.report() == [
        "s3://deals/run/all.json (10 bytes)",
        "    [",
        "     1,",
        "     2",
        "    ]",
        f"{TOPIC} got a message, subject 'Done'",
        "    2 deals",
        "    fine",
        f"{TOPIC} got a message",
        "    no subject",
        f"{POSTS_ORIGIN}: 0 posts in 0 requests; on purpose 0 were answered with 503 and 0 dropped",
    ]


def test_a_message_is_told_once(world: World) -> None:
    world.prepare_from([MANIFEST], {})
    boto3.client("sns", region_name="eu-west-1").publish(TopicArn=TOPIC, Message="once")
    assert f"{TOPIC} got a message" in world.report()
    assert f"{TOPIC} got no message" in world.report()


def test_the_same_documents_may_be_prepared_again(world: World) -> None:
    assert world.prepare_from([MANIFEST], {}) == world.prepare_from([MANIFEST], {})


def test_what_tasks_wrote_cannot_reach_the_terminal_as_control(world: World) -> None:
    world.prepare_from([MANIFEST], {})
    s3 = boto3.client("s3")
    s3.put_object(Bucket="deals", Key="a", Body=b"\x1b[2Jgone")
    s3.put_object(Bucket="deals", Key="b", Body=b"\x00\x01")
    s3.put_object(Bucket="deals", Key="c", Body="é\n".encode() * 40_000)
    lines = world.report()
    assert "    \\x1b[2Jgone" in lines
    assert "    (binary)" in lines
    assert lines[lines.index("s3://deals/c (120000 bytes)") + 1] == "    é"
    assert max(map(len, lines)) < 300
    assert len(lines) < 30


def test_a_world_that_starts_after_another_is_empty() -> None:
    with World() as first:
        first.prepare_from([MANIFEST], {})
    with World() as second:
        assert second.report()[0] == "S3 holds no object"


def test_a_bucket_that_s3_would_refuse_is_refused_with_a_remedy(world: World) -> None:
    manifest = {"kind": "Workflow", "spec": {"x": {"s3": {"bucket": "a b"}}}}
    with pytest.raises(RefusedError, match="bucket 'a b'") as refused:
        world.prepare_from([manifest], {})
    assert "3 to 63" in refused.value.remedy


def test_without_the_optional_packages_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)
    with pytest.raises(RefusedError, match=r"pip install 'pinnace\[world\]'"):
        AwsServer().start()


def test_the_environment_leads_to_the_world_and_nowhere_else(world: World) -> None:
    environment = world.environment()
    assert environment["AWS_ENDPOINT_URL"] == world.endpoint_url
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert world.rewrites == {POSTS_ORIGIN: world.posts_url}
