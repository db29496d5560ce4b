"""A small ``aws`` command for the embedded world: four operations, with the flags and output of the AWS CLI.

``aws sns publish``, ``aws s3 cp``, ``aws s3api put-object`` and ``aws sts get-caller-identity``. Anything
else is refused with exit status 252, the AWS CLI's for wrong use; an error of the service ends with 254.

``World.staged_files`` puts this file into tasks: it imports nothing but the standard library and boto3.

Source: AWS CLI version 2, its documented options, output forms and return codes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

USAGE_STATUS, CONFIGURATION_STATUS, SERVICE_STATUS = 252, 253, 254

KNOWN = "sns publish, s3 cp, s3api put-object, sts get-caller-identity"


def main(argv: list[str] | None = None) -> int:
    """Perform the command and return its exit status."""
    options = _parser().parse_args(argv)
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        print(f"aws: boto3 is missing ({error}); install it: pip install 'pinnace[world]'", file=sys.stderr)
        return CONFIGURATION_STATUS

    def client(service: str) -> Any:
        endpoint = options.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
        return boto3.client(service, endpoint_url=endpoint, region_name=options.region)

    try:
        answer = options.perform(client, options)
    except ClientError as error:
        print(f"\naws: {error}", file=sys.stderr)
        return SERVICE_STATUS
    except (BotoCoreError, OSError, ValueError) as error:
        print(f"\naws: {error}", file=sys.stderr)
        return CONFIGURATION_STATUS
    if answer is not None:
        _show(answer, options)
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are those of the AWS CLI and name what exists."""

    def error(self, message: str) -> NoReturn:
        """End with the status for wrong use."""
        print(f"\naws: {message}\n  The embedded world's aws command knows: {KNOWN}.", file=sys.stderr)
        raise SystemExit(USAGE_STATUS)


def _parser() -> argparse.ArgumentParser:
    anywhere = _Parser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    _add_global_options(anywhere)
    parser = _Parser(prog="aws", allow_abbrev=False)
    _add_global_options(parser)
    services = parser.add_subparsers(dest="service", required=True, parser_class=_Parser)

    def operation(service: Any, name: str, perform: Callable[..., Any]) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = service.add_parser(name, parents=[anywhere], allow_abbrev=False)
        made.set_defaults(perform=perform)
        return made

    def service(name: str) -> Any:
        return services.add_parser(name).add_subparsers(dest="operation", required=True, parser_class=_Parser)

    operation(service("sts"), "get-caller-identity", _get_caller_identity)
    publish = operation(service("sns"), "publish", _publish)
    target = publish.add_mutually_exclusive_group(required=True)
    target.add_argument("--topic-arn")
    target.add_argument("--target-arn")
    publish.add_argument("--message", required=True)
    for option in ("--subject", "--message-structure", "--message-attributes"):
        publish.add_argument(option)
    copy = operation(service("s3"), "cp", _copy)
    copy.add_argument("source")
    copy.add_argument("target")
    copy.add_argument("--content-type")
    for option in ("--quiet", "--only-show-errors", "--no-progress"):
        copy.add_argument(option, action="store_true")
    put = operation(service("s3api"), "put-object", _put_object)
    put.add_argument("--bucket", required=True)
    put.add_argument("--key", required=True)
    for option in ("--body", "--content-type", "--metadata"):
        put.add_argument(option)
    return parser


def _add_global_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that may stand before the service or after the operation."""
    parser.add_argument("--region")
    parser.add_argument("--endpoint-url")
    parser.add_argument("--output", choices=("json", "text"))
    parser.add_argument("--query")
    parser.add_argument("--no-cli-pager", action="store_true")


def _get_caller_identity(client: Callable[[str], Any], _: argparse.Namespace) -> dict[str, Any]:
    return _without_metadata(client("sts").get_caller_identity())


def _publish(client: Callable[[str], Any], options: argparse.Namespace) -> dict[str, Any]:
    wanted = {
        "TopicArn": options.topic_arn,
        "TargetArn": options.target_arn,
        "Message": _text_of(options.message),
        "Subject": options.subject,
        "MessageStructure": options.message_structure,
        "MessageAttributes": _json_of(options.message_attributes),
    }
    return _without_metadata(client("sns").publish(**_given(wanted)))


def _copy(client: Callable[[str], Any], options: argparse.Namespace) -> None:
    s3 = client("s3")
    source, target = options.source, options.target
    silent = options.quiet or options.only_show_errors
    if target.startswith("s3://") and not source.startswith("s3://"):
        bucket, key = _bucket_and_key(target, source)
        extra = {"ContentType": options.content_type} if options.content_type else {}
        if source == "-":
            s3.upload_fileobj(sys.stdin.buffer, bucket, key, ExtraArgs=extra)
            return
        s3.upload_file(source, bucket, key, ExtraArgs=extra)
        done = f"upload: {_as_shown(source)} to s3://{bucket}/{key}"
    elif source.startswith("s3://") and not target.startswith("s3://"):
        bucket, key = _bucket_and_key(source, "")
        if target == "-":
            s3.download_fileobj(bucket, key, sys.stdout.buffer)
            return
        path = Path(target)
        path = path / Path(key).name if path.is_dir() or target.endswith("/") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(path))
        done = f"download: s3://{bucket}/{key} to {_as_shown(str(path))}"
    else:
        raise ValueError("s3 cp here copies between a file and an s3:// address; give one of each")
    if not silent:
        print(done)


def _put_object(client: Callable[[str], Any], options: argparse.Namespace) -> dict[str, Any]:
    wanted = {
        "Bucket": options.bucket,
        "Key": options.key,
        "Body": Path(options.body).read_bytes() if options.body else None,
        "ContentType": options.content_type,
        "Metadata": _json_of(options.metadata),
    }
    return _without_metadata(client("s3").put_object(**_given(wanted)))


def _bucket_and_key(address: str, source: str) -> tuple[str, str]:
    """Return the two parts of an s3:// address; one that ends with a slash takes the name of ``source``."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not key or key.endswith("/"):
        key += Path(source).name
    if not bucket or not key:
        raise ValueError(f"{address!r} is not an address as s3://bucket/key")
    return bucket, key


def _as_shown(path: str) -> str:
    """Return a path as the AWS CLI prints it: relative to where we are."""
    relative = os.path.relpath(path)
    return relative if relative.startswith("..") else f"./{relative}"


def _text_of(value: str) -> str:
    """Return the value of an option, read from the file that ``file://`` names."""
    return Path(value.removeprefix("file://")).read_text() if value.startswith("file://") else value


def _json_of(value: str | None) -> Any:
    if value is None:
        return None
    try:
        return json.loads(_text_of(value))
    except ValueError as error:
        raise ValueError(f"{value!r} must be JSON here, not the shorthand syntax: {error}") from error


def _given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _without_metadata(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _show(answer: Any, options: argparse.Namespace) -> None:
    """Print the answer: JSON by default; as text, the values of a mapping by the order of their names."""
    if options.query:
        import jmespath  # comes with boto3

        answer = jmespath.search(options.query, answer)
    if (options.output or os.environ.get("AWS_DEFAULT_OUTPUT")) != "text":
        print(json.dumps(answer, indent=4, ensure_ascii=False))
    elif isinstance(answer, dict):
        print("\t".join(str(answer[name]) for name in sorted(answer)))
    else:
        print(answer)


if __name__ == "__main__":
    sys.exit(main())
