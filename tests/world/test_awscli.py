from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from pinnace.world import awscli
from pinnace.world.world import World

TOPIC = "arn:aws:sns:us-east-1:123456789012:deals"
MANIFEST = {"kind": "Workflow", "spec": {"topic": TOPIC, "artifact": {"s3": {"bucket": "deals"}}}}


@pytest.fixture(autouse=True)
def prepared(module_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    for name, value in module_world.environment().items():
        monkeypatch.setenv(name, value)
    module_world.prepare_from([MANIFEST], {})
    return module_world


def stored(key: str) -> bytes:
    body: bytes = boto3.client("s3").get_object(Bucket="deals", Key=key)["Body"].read()
    return body


def test_publish_sends_the_message_and_prints_its_id(
    prepared: World, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sns", "publish", "--topic-arn", TOPIC, "--message", "hello", "--subject", "Hi"]
    assert awscli.main([*command, "--region", "us-east-1"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith('{\n    "MessageId": "')
    assert list(json.loads(printed)) == ["MessageId"]
    assert f"{TOPIC} got a message, subject 'Hi'" in prepared.report()


def test_global_options_may_stand_before_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "--output",
        "text",
        "--region",
        "us-east-1",
        "sts",
        "get-caller-identity",
        "--query",
        "Account",
    ]
    assert awscli.main(command) == 0
    assert capsys.readouterr().out == "123456789012\n"


def test_text_output_puts_the_values_in_the_order_of_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert awscli.main(["sts", "get-caller-identity", "--output", "text"]) == 0
    assert capsys.readouterr().out.split("\t")[0] == "123456789012"


def test_publish_to_a_topic_that_is_not_there_ends_with_254(capsys: pytest.CaptureFixture[str]) -> None:
    assert awscli.main(["sns", "publish", "--topic-arn", TOPIC + "2", "--message", "x"]) == 254
    assert "An error occurred (NotFound) when calling the Publish operation" in capsys.readouterr().err


def test_a_message_may_come_from_a_file(prepared: World, tmp_path: Path) -> None:
    (tmp_path / "message").write_text("from a file")
    file = f"file://{tmp_path / 'message'}"
    assert awscli.main(["sns", "publish", "--topic-arn", TOPIC, "--message", file]) == 0
    assert "    from a file" in prepared.report()


def test_cp_copies_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("content")
    assert awscli.main(["s3", "cp", "a.txt", "s3://deals/in/"]) == 0
    assert awscli.main(["s3", "cp", "s3://deals/in/a.txt", "back/b.txt"]) == 0
    assert awscli.main(["s3", "cp", "a.txt", "s3://deals/c", "--quiet"]) == 0
    assert (tmp_path / "back/b.txt").read_text() == "content"
    assert stored("c") == b"content"
    assert capsys.readouterr().out == (
        "upload: ./a.txt to s3://deals/in/a.txt\ndownload: s3://deals/in/a.txt to ./back/b.txt\n"
    )


def test_cp_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert awscli.main(["s3", "cp", "-", "s3://deals/p"]) == 0
    assert stored("p") == b"piped"


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("a", "b", "give one of each"),
        ("s3://deals/a", "s3://deals/b", "give one of each"),
        ("missing", "s3://deals/x", "missing"),
        ("/", "s3://deals", "not an address"),
        ("s3://deals/missing", "-", "404"),
    ],
)
def test_a_copy_that_cannot_be_made_says_why(
    source: str, target: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert awscli.main(["s3", "cp", source, target]) in {253, 254}
    assert message in capsys.readouterr().err


def test_put_object_prints_the_tag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("content")
    command = ["s3api", "put-object", "--bucket", "deals", "--key", "k", "--body", str(tmp_path / "a")]
    assert awscli.main([*command, "--metadata", '{"by": "test"}']) == 0
    assert '"ETag"' in capsys.readouterr().out
    assert boto3.client("s3").head_object(Bucket="deals", Key="k")["Metadata"] == {"by": "test"}


@pytest.mark.parametrize(
    "command",
    [
        ["ec2", "describe-instances"],
        ["s3", "sync", "a", "s3://deals"],
        ["sns"],
        [],
        ["sns", "publish", "--message", "x"],
        ["sns", "publish", "--topic-arn", TOPIC, "--message", "x", "--message-group-id", "g"],
        ["sts", "get-caller-identity", "--profile", "mine"],
        ["sts", "get-caller-identity", "--output", "table"],
    ],
)
def test_what_it_does_not_know_is_refused_and_what_it_knows_is_named(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        awscli.main(command)
    assert ended.value.code == 252
    assert "sns publish, s3 cp, s3api put-object, sts get-caller-identity" in capsys.readouterr().err


def test_the_staged_files_are_a_working_aws_command(prepared: World, tmp_path: Path) -> None:
    """The paths are moved below ``tmp_path``; a task finds them at the root of its own view."""
    command, script = prepared.staged_files()
    place = tmp_path / "script.py"
    place.write_bytes(script.content)
    wrapper = tmp_path / "aws"
    wrapper.write_bytes(command.content.replace(script.path.encode(), str(place).encode()))
    wrapper.chmod(command.mode or 0)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **prepared.environment()}
    shell = ["sh", "-c", 'exec aws sns publish --topic-arn "$0" --message hi', TOPIC]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "    hi" in prepared.report()
    assert (command.path, os.access(wrapper, os.X_OK)) == ("/usr/local/bin/aws", True)


def test_an_interpreter_with_a_quote_in_its_path_is_quoted(prepared: World) -> None:
    command, _ = prepared.staged_files("/it's/python")
    assert shlex.split(command.content.decode().splitlines()[1])[:2] == ["exec", "/it's/python"]


def test_the_command_folder_serves_tasks_without_isolation(prepared: World) -> None:
    environment = {"PATH": f"{prepared.command_folder()}:/usr/bin:/bin", **prepared.environment()}
    shell = ["sh", "-c", "exec aws sts get-caller-identity --query Account"]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, '"123456789012"\n', "")


def test_the_command_folder_is_gone_after_the_world() -> None:
    with World() as world:
        folder = world.command_folder()
        assert world.command_folder() == folder
    assert not folder.exists()
