"""Plugin templates: Argo's protocol with servers, and what is built in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace

from pinnace.base.errors import EnvironmentFailure, ManifestError, PinnaceError, UsageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import CallPlugin
from pinnace.engine.node import Phase
from pinnace.ports.aws import AwsCredentials
from pinnace.ports.http import HttpHeader, HttpOutcome, HttpRequest
from pinnace.ports.mail import Letter
from pinnace.runtime.notices import Notifier
from pinnace.runtime.plugins import PluginWorker
from pinnace.runtime.workers import Done
from pinnace.spec.parameters import Outputs, Parameter
from pinnace.spec.plugins import Plugin, read_plugins
from pinnace.spec.templates import Template
from pinnace.testing.builders import bundle_of, document, run_of

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s"},
    "stringData": {"url": "http://hooks/T0/secret", "token": "xoxb", "password": "pw"},
}


def answered(status: int, body: Any) -> HttpOutcome:
    text = body if isinstance(body, str) else json.dumps(body)
    good = 200 <= status < 300
    message = "" if good else f"received non-2xx response code: {status}"
    return HttpOutcome(succeeded=good, message=message, result=text, status=status)


class World:
    """Servers that give the answers they are told, one after another, and a clock that only counts."""

    def __init__(self, *answers: HttpOutcome, mail: tuple[PinnaceError, ...] = ()) -> None:
        self.answers = list(answers)
        self.mail = list(mail)
        self.asked: list[HttpRequest] = []
        self.letters: list[Letter] = []
        self.slept: list[float] = []
        self.signed_for: list[tuple[str, str, AwsCredentials | None]] = []

    async def request(self, request: HttpRequest) -> HttpOutcome:
        self.asked.append(request)
        return self.answers.pop(0)

    async def close(self) -> None:
        """Nothing is open."""

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)
        if self.mail:
            raise self.mail.pop(0)

    def endpoint(self, service: str, region: str, given: str) -> str:
        return given or f"https://{service}.{region}"

    def signed(
        self, request: HttpRequest, service: str, region: str, credentials: AwsCredentials | None
    ) -> HttpRequest:
        self.signed_for.append((service, region, credentials))
        return replace(request, headers=(*request.headers, HttpHeader("Authorization", "signed")))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def worker(world: World, *names: str) -> PluginWorker:
    spec = {"entrypoint": "main", "templates": [{"name": "main", "plugin": {"x": {}}}]}
    workflow = json.dumps(document(spec))
    run = run_of(bundle_of(f"{workflow}\n---\n{json.dumps(SECRET)}"))
    plugins = [Plugin(name=name, address=f"http://{name}/", token=f"t-{name}") for name in names]
    return PluginWorker(
        run, plugins, world, Notifier(world, world, world, run.lookup.catalogue, world.sleep), world.sleep
    )


def command(plugin: Any, *outputs: str) -> CallPlugin:
    template = Template(name="main", plugin=plugin)
    if outputs:
        declared = tuple(Parameter(name=name) for name in outputs)
        template = replace(template, outputs=Outputs(parameters=declared))
    return CallPlugin(node=NodeNumber(1), attempt_id="a", node_name="wf", template=template)


SUCCEEDED = {"node": {"phase": "Succeeded"}}


# Servers ----------------------------------------------------------------------------------------------------


async def test_a_plugin_is_asked_as_argo_s_agent_asks_and_gives_outputs() -> None:
    outputs = {
        "parameters": [{"name": "p", "value": "1"}],
        "result": "r",
        "artifacts": [{"name": "a", "s3": {"key": "k"}}],
    }
    world = World(answered(200, {"node": {"phase": "Succeeded", "message": "hello", "outputs": outputs}}))
    done = await worker(world, "one").perform(command({"hello": {}}))
    assert (done.phase, done.message, done.result, done.parameters) == (
        Phase.SUCCEEDED,
        "hello",
        "r",
        {"p": "1"},
    )
    assert [each.name for each in done.artifacts] == ["a"]
    [asked] = world.asked
    assert (asked.method, asked.url) == ("POST", "http://one/api/v1/template.execute")
    assert ("Authorization", "Bearer t-one") in [(each.name, each.value) for each in asked.headers]
    body = json.loads(asked.body)
    assert body["workflow"]["metadata"].keys() == {"name", "namespace", "uid"}
    assert body["template"] == {"name": "main", "plugin": {"hello": {}}}


async def test_the_first_plugin_that_is_for_the_template_executes_it() -> None:
    world = World(
        answered(404, ""),
        answered(200, {}),
        answered(200, SUCCEEDED),
        answered(200, {}),
        answered(200, SUCCEEDED),
    )
    asked = worker(world, "deaf", "other", "mine")
    assert await asked.perform(command({"hello": {}})) == Done()
    assert await asked.perform(command({"hello": {}})) == Done()
    hosts = [each.url.split("/")[2] for each in world.asked]
    assert hosts == [
        "deaf",
        "other",
        "mine",
        "other",
        "mine",
    ]  # who does not know the method is not asked again


async def test_a_plugin_that_is_not_done_is_asked_again_when_it_wants() -> None:
    running = {"node": {"phase": "Running"}, "requeue": "2m"}
    world = World(answered(200, running), answered(200, running), answered(200, SUCCEEDED))
    assert await worker(world, "one").perform(command({"hello": {}})) == Done()
    assert world.slept == [120.0, 120.0]


async def test_a_plugin_in_passing_trouble_is_asked_five_times() -> None:
    refused = HttpOutcome(succeeded=False, message="dial tcp one:80: connect: connection refused")
    world = World(answered(503, "later"), refused, answered(200, SUCCEEDED))
    assert await worker(world, "one").perform(command({"hello": {}})) == Done()
    assert world.slept == [1.0, 2.0]
    world = World(*[answered(503, "later")] * 5)
    done = await worker(world, "one").perform(command({"hello": {}}))
    assert done == Done(Phase.FAILED, "plugin one: 503: later")


@pytest.mark.parametrize(
    ("answer", "phase", "message"),
    [
        (answered(500, "broken"), Phase.FAILED, "plugin one: 500: broken"),
        (answered(200, {"node": {"phase": "Failed", "message": "no"}}), Phase.FAILED, "no"),
        (answered(200, {"node": {"phase": "Running"}}), Phase.ERROR, "the plugin leaves the node Running"),
        (answered(200, "nonsense"), Phase.ERROR, "plugin one: its answer is not one: "),
        (answered(200, {"node": {"phase": "Gone"}}), Phase.ERROR, "plugin one: its answer is not one: "),
        (answered(200, {}), Phase.FAILED, "no plugin executed the template"),
    ],
)
async def test_what_goes_wrong_is_told(answer: HttpOutcome, phase: Phase, message: str) -> None:
    done = await worker(World(answer), "one").perform(command({"hello": {}}))
    assert done.phase is phase
    assert done.message.startswith(message)


def test_a_file_names_plugins() -> None:
    [plugin] = read_plugins("plugins: [{name: a, address: 'http://x', token: t}]")
    assert (plugin.name, plugin.address, plugin.token) == ("a", "http://x", "t")
    with pytest.raises(UsageError, match="cannot be read"):
        read_plugins("plugins: [{name: a}]")


# What is built in -------------------------------------------------------------------------------------------

Tell = Callable[..., Any]


async def test_a_webhook_is_called_with_secrets_filled_in_and_again_after_trouble() -> None:
    world = World(answered(502, ""), answered(200, "done"))
    key = {"secretKeyRef": {"name": "s", "key": "token"}}
    body = {
        "url": "http://there",
        "headers": [{"name": "X-Token", "valueFrom": key}, {"name": "A", "value": "b"}],
        "body": "hello",
    }
    assert await worker(world).perform(command({"webhook": body})) == Done(result="done")
    sent = world.asked[1]
    assert (sent.method, sent.url, sent.body) == ("POST", "http://there", "hello")
    assert [(each.name, each.value) for each in sent.headers] == [("X-Token", "xoxb"), ("A", "b")]
    assert world.slept == [1.0]


async def test_the_address_of_a_webhook_may_be_the_secret_and_is_not_told() -> None:
    failure = HttpOutcome(succeeded=False, message='Post "http://hooks/T0/secret": no such host')
    body = {"webhookSecret": {"name": "s", "key": "url"}, "text": 'a "quoted" text'}
    world = World(failure)
    done = await worker(world).perform(command({"slack": body}))
    assert (done.phase, done.message) == (Phase.FAILED, "the request failed")
    assert world.asked[0].url == "http://hooks/T0/secret"
    assert json.loads(world.asked[0].body) == {"text": 'a "quoted" text'}


async def test_slack_says_with_200_that_it_did_not_take_a_message() -> None:
    body = {"tokenSecret": {"name": "s", "key": "token"}, "channel": "#c", "text": "hi"}
    world = World(
        answered(200, {"ok": True, "ts": "1"}), answered(200, {"ok": False, "error": "not_in_channel"})
    )
    good = await worker(world).perform(command({"slack": body}))
    bad = await worker(world).perform(command({"slack": body}))
    assert good.phase is Phase.SUCCEEDED
    assert (bad.phase, bad.message) == (Phase.FAILED, "Slack: not_in_channel")
    assert ("Authorization", "Bearer xoxb") in [(each.name, each.value) for each in world.asked[0].headers]


MAIL = {"host": "smtp", "from": "a@b", "to": ["c@d"], "subject": "s", "body": "b", "tls": "none"}


async def test_mail_is_handed_over_and_again_after_passing_trouble() -> None:
    world = World(mail=(EnvironmentFailure("smtp: busy"),))
    body = {**MAIL, "username": "u", "passwordSecret": {"name": "s", "key": "password"}}
    assert await worker(world).perform(command({"email": body})) == Done()
    assert (world.letters[1].password, world.letters[1].to, world.slept) == ("pw", ("c@d",), [1.0])
    world = World(mail=(ManifestError("smtp did not take the message: 550 no"),))
    done = await worker(world).perform(command({"email": MAIL}))
    assert (done.phase, len(world.letters)) == (Phase.FAILED, 1)


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        ({"email": {**MAIL, "to": []}}, "plugin.email needs host, from and to"),
        ({"email": {**MAIL, "tls": "ssl"}}, "plugin.email.tls is 'ssl'"),
        ({"email": {**MAIL, "port": "x"}}, "plugin.email: "),
        ({"slack": {"text": "x"}}, "plugin.slack needs webhookSecret"),
        ({"webhook": {"urlSecret": {"name": "no", "key": "k"}}}, 'secret "no" not found'),
    ],
)
async def test_a_built_in_plugin_that_is_wrong_fails_the_node(plugin: Any, why: str) -> None:
    done = await worker(World()).perform(command(plugin))
    assert done.phase is Phase.FAILED
    assert why in done.message


# Amazon's services ------------------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-west-1:123456789012:deals"
QUEUE = "https://sqs.eu-west-2.amazonaws.com/123456789012/deals"
FUNCTION = "arn:aws:lambda:eu-west-3:123456789012:function:deal"
KEYS = {
    "accessKeySecret": {"name": "s", "key": "token"},
    "secretKeySecret": {"name": "s", "key": "password"},
}


async def test_a_message_is_published_with_the_named_keys_and_signed_anew_after_trouble() -> None:
    world = World(
        answered(503, ""), answered(200, "<PublishResult><MessageId>m1</MessageId></PublishResult>")
    )
    body = {
        "topicArn": TOPIC,
        "message": "2 deals & more",
        "subject": "Done",
        "attributes": {"a": "b"},
        **KEYS,
    }
    assert await worker(world).perform(command({"aws-sns": body})) == Done(result="m1")
    keys = AwsCredentials(access_key="xoxb", secret_key="pw")
    assert world.signed_for == [("sns", "eu-west-1", keys)] * 2
    assert (world.asked[1].method, world.asked[1].url) == ("POST", "https://sns.eu-west-1/")
    assert dict(parse_qsl(world.asked[1].body)) == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": TOPIC,
        "Message": "2 deals & more",
        "Subject": "Done",
        "MessageAttributes.entry.1.Name": "a",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "b",
    }


async def test_a_message_is_queued_in_the_region_of_the_queue() -> None:
    world = World(answered(200, {"MessageId": "m2"}))
    body = {"queueUrl": QUEUE, "message": "hi", "delaySeconds": "5", "endpoint": "http://there"}
    assert await worker(world).perform(command({"aws-sqs": body})) == Done(result="m2")
    assert world.signed_for == [("sqs", "eu-west-2", None)]
    assert world.asked[0].url == "http://there/"
    assert json.loads(world.asked[0].body) == {"QueueUrl": QUEUE, "MessageBody": "hi", "DelaySeconds": 5}


async def test_what_a_function_answers_is_the_result_and_the_declared_parameters() -> None:
    answer = {"price": 12, "names": ["a"], "text": "t", "unasked": 1}
    world = World(answered(200, answer))
    body = {"functionName": FUNCTION, "qualifier": "live", "payload": {"x": ["1"]}}
    done = await worker(world).perform(command({"aws-lambda": body}, "price", "names", "text", "absent"))
    assert done == Done(result=json.dumps(answer), parameters={"price": "12", "names": '["a"]', "text": "t"})
    [asked] = world.asked
    name = "arn%3Aaws%3Alambda%3Aeu-west-3%3A123456789012%3Afunction%3Adeal"
    assert asked.url == (f"https://lambda.eu-west-3/2015-03-31/functions/{name}/invocations?Qualifier=live")
    assert json.loads(asked.body) == {"x": ["1"]}


async def test_a_function_that_failed_fails_the_node_and_is_not_called_again() -> None:
    failure = {"errorType": "ValueError", "errorMessage": "no such article"}
    outcome = replace(answered(200, failure), succeeded=False, message="successCondition … evaluated false")
    world = World(outcome)
    done = await worker(world).perform(command({"aws-lambda": {"functionName": FUNCTION}}))
    assert done.phase is Phase.FAILED
    assert (done.message, done.result) == (
        "the function failed: ValueError: no such article",
        outcome.result,
    )
    assert world.slept == []


SNS_ERROR = "<Error><Code>NotFound</Code><Message>Topic &lt;x&gt;</Message></Error>"
SNS = {"topicArn": TOPIC, "message": "m"}


@pytest.mark.parametrize(
    ("plugin", "answers", "why"),
    [
        (
            {"aws-sns": SNS},
            [answered(404, SNS_ERROR)],
            "SNS: NotFound: Topic <x>",
        ),
        (
            {"aws-sqs": {"queueUrl": QUEUE, "message": "m"}},
            [answered(400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no queue"})],
            "SQS: QueueDoesNotExist: no queue",
        ),
        (
            {"aws-lambda": {"functionName": FUNCTION}},
            [answered(404, {"Type": "User", "Message": "Function not found"})],
            "Lambda: User: Function not found",
        ),
        (
            {"aws-lambda": {"functionName": FUNCTION}},
            [HttpOutcome(succeeded=False, message="no such host")],
            "Lambda: no such host",
        ),
        ({"aws-lambda": {"functionName": "deal"}}, [], "the call of AWS needs a region"),
        ({"aws-sns": {"message": "m"}}, [], "plugin.aws-sns: Object missing required field `topicArn`"),
        (
            {
                "aws-sns": {
                    "topicArn": TOPIC,
                    "message": "m",
                    **KEYS,
                    "accessKeySecret": {"name": "no", "key": "k"},
                }
            },
            [],
            'secret "no" not found',
        ),
    ],
)
async def test_why_a_call_of_aws_failed_is_told_in_its_words(
    plugin: Any, answers: list[HttpOutcome], why: str
) -> None:
    done = await worker(World(*answers)).perform(command(plugin))
    assert (done.phase, done.message) == (Phase.FAILED, why)
