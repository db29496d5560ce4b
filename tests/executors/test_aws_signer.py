"""Signatures of requests to AWS, as they arrive at a server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("botocore", reason="it comes with pinnace[aws]")
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.executors.aws import BotoSigner
from pinnace.executors.http import AiohttpRunner
from pinnace.ports.aws import AwsCredentials
from pinnace.ports.http import HttpHeader, HttpRequest
from servers import Quiet, serving

KEYS = AwsCredentials(access_key=" AKID\n", secret_key="secret\n", session_token="token")


class _Server(Quiet):
    arrived: dict[str, Any]

    def do_POST(self) -> None:  # the name that the base class looks for
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.arrived.update(path=self.path, headers=self.headers, body=body)
        self.send_response(200)
        self.end_headers()


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, Any]]]:
    arrived: dict[str, Any] = {}
    handler = type("Handler", (_Server,), {"arrived": arrived})
    with serving(handler) as url:
        yield url, arrived


def expected(url: str, arrived: dict[str, Any]) -> str:
    """Return the signature that a service computes of what arrived there."""
    headers = arrived["headers"]
    names = headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest(
        "POST", url + arrived["path"], {name: headers[name] for name in names}, arrived["body"]
    )
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials("AKID", "secret", "token"), "lambda", "eu-west-1")
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


async def test_what_arrives_is_what_was_signed(server: tuple[str, dict[str, Any]]) -> None:
    url, arrived = server
    request = HttpRequest(
        url=f"{url}/2015-03-31/functions/arn%3Aaws%3Af%20x/invocations?Qualifier=%24LATEST",
        method="POST",
        headers=(HttpHeader("Content-Type", "application/json"),),
        body='{"é": 1}',
    )
    runner = AiohttpRunner()
    signed = BotoSigner().signed(request, "lambda", "eu-west-1", KEYS)
    assert (await runner.request(signed)).succeeded
    await runner.close()
    authorization = arrived["headers"]["Authorization"]
    assert "Credential=AKID/" in authorization
    assert authorization.endswith(f"Signature={expected(url, arrived)}")
    assert arrived["headers"]["X-Amz-Security-Token"] == "token"
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(
        authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    )


@pytest.mark.parametrize(
    ("service", "region", "given", "url"),
    [
        ("sns", "eu-west-1", "", "https://sns.eu-west-1.amazonaws.com"),
        ("sqs", "cn-north-1", "", "https://sqs.cn-north-1.amazonaws.com.cn"),
        ("lambda", "us-gov-west-1", "", "https://lambda.us-gov-west-1.amazonaws.com"),
        ("sns", "eu-west-1", "https://vpce-1.example:8443/", "https://vpce-1.example:8443"),
    ],
)
def test_a_service_is_where_its_region_or_the_manifest_says(
    service: str, region: str, given: str, url: str
) -> None:
    assert BotoSigner().endpoint(service, region, given) == url


def test_an_emulator_answers_for_every_endpoint() -> None:
    assert BotoSigner("http://127.0.0.1:5000").endpoint("sns", "x", "https://a") == "http://127.0.0.1:5000"


@pytest.mark.parametrize(("region", "given"), [("nowhere", ""), ("eu-west-1", "ftp://x"), ("eu-west-1", "x")])
def test_an_endpoint_or_region_that_is_none_is_told(region: str, given: str) -> None:
    with pytest.raises(ManifestError, match=r"nowhere|is no endpoint"):
        BotoSigner().endpoint("sns", region, given)


def test_without_credentials_the_remedy_names_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(RefusedError, match="no credentials") as refused:
        BotoSigner().signed(HttpRequest(url="https://x/", method="POST"), "sns", "eu-west-1", None)
    assert "accessKeySecret" in refused.value.remedy


def test_without_the_optional_package_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(RefusedError, match=r"pip install 'pinnace\[aws\]'"):
        BotoSigner().signed(HttpRequest(url="https://x/", method="POST"), "sns", "eu-west-1", KEYS)
