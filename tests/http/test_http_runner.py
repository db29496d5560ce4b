"""The requests of ``http`` templates, against real servers on this machine."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pinnace.executors.http import AiohttpRunner
from pinnace.ports.http import HttpHeader, HttpRequest

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def runner() -> AsyncIterator[AiohttpRunner]:
    runner = AiohttpRunner()
    yield runner
    await runner.close()


@asynccontextmanager
async def raw_server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that does with each connection what ``answer`` does; yields its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except asyncio.IncompleteReadError:
            pass  # the client went without asking for anything
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def says(text: bytes, *, resets: bool = False, waits: float = 0) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()
        await asyncio.sleep(waits)
        if resets:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return answer


@asynccontextmanager
async def app_server(
    **handlers: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """A server with one handler a path; yields its URL."""
    app = web.Application()
    for path, handler in handlers.items():
        app.router.add_route("*", f"/{path}", handler)
    served = web.AppRunner(app)
    await served.setup()
    site = web.TCPSite(served, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{served.addresses[0][1]}"
    finally:
        await served.cleanup()


async def echo(request: web.Request) -> web.Response:
    body = await request.text()
    lines = [f"{request.method} {request.raw_path}", *(f"{k}: {v}" for k, v in request.headers.items()), body]
    return web.Response(text="\n".join(lines), headers={"x-custom-NAME": "yes"})


def redirect(status: int, location: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return handler


async def test_the_body_of_a_2xx_response_is_the_result(runner: AiohttpRunner) -> None:
    async with app_server(echo=echo) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/echo"))
    assert (outcome.succeeded, outcome.message, outcome.status) == (True, "", 200)
    assert outcome.result is not None
    assert outcome.result.startswith("GET /echo\n")


async def test_a_request_carries_what_gos_client_sends_and_nothing_more(runner: AiohttpRunner) -> None:
    async with app_server(echo=echo) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/echo", method="POST", body="hé"))
    host = url.removeprefix("http://")
    assert outcome.result is not None
    assert set(outcome.result.split("\n")) == {
        "POST /echo",
        f"Host: {host}",
        "User-Agent: pinnace",
        "Accept-Encoding: gzip",
        "Content-Length: 3",
        "hé",
    }


async def test_bytes_are_sent_in_place_of_the_body(runner: AiohttpRunner) -> None:
    async with app_server(echo=echo) as url:
        outcome = await runner.request(
            HttpRequest(url=f"{url}/echo", method="PUT", body="not this", body_bytes=b"this")
        )
    assert outcome.result is not None
    assert outcome.result.endswith("\nthis")


async def test_headers_are_sent_in_order_and_host_replaces_the_servers_name(runner: AiohttpRunner) -> None:
    headers = (
        HttpHeader("X-A", "1"),
        HttpHeader("X-A", "2"),
        HttpHeader("host", "elsewhere.example"),
        HttpHeader("Content-Length", "999"),
    )
    async with app_server(echo=echo) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/echo", headers=headers))
    assert outcome.result is not None
    lines = outcome.result.split("\n")
    assert [line for line in lines if line.startswith("X-A")] == ["X-A: 1", "X-A: 2"]
    assert "Host: elsewhere.example" in [line.replace("host:", "Host:") for line in lines]
    assert "Content-Length: 999" not in lines


async def test_header_names_are_sent_as_go_writes_them(runner: AiohttpRunner) -> None:
    headers = (HttpHeader("x-own-ID", "1"), HttpHeader("token", "2"))
    async with app_server(echo=echo) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/echo", headers=headers))
    assert outcome.result is not None
    assert {"X-Own-Id: 1", "Token: 2"} < set(outcome.result.split("\n"))


async def test_escapes_in_a_url_stay_and_what_needs_one_gets_it(runner: AiohttpRunner) -> None:
    async with app_server(**{"{tail:.*}": echo}) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/a%2Fb c?q=%2F&r=d é#part"))
    assert outcome.result is not None
    assert outcome.result.startswith("GET /a%2Fb%20c?q=%2F&r=d%20%C3%A9\n")


async def test_credentials_in_a_url_become_basic_authorization(runner: AiohttpRunner) -> None:
    async with app_server(echo=echo) as url:
        outcome = await runner.request(HttpRequest(url=url.replace("://", "://user:p%40ss@") + "/echo"))
    assert outcome.result is not None
    assert "Authorization: Basic dXNlcjpwQHNz" in outcome.result


async def test_another_status_fails_and_keeps_the_body(runner: AiohttpRunner) -> None:
    async def unavailable(_: web.Request) -> web.Response:
        return web.Response(status=503, text="later")

    async with app_server(x=unavailable) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/x"))
    assert not outcome.succeeded
    assert outcome.message == "received non-2xx response code: 503"
    assert (outcome.result, outcome.status) == ("later", 503)


@pytest.mark.parametrize(
    "condition",
    [
        "response.statusCode == 200",
        'response.body contains "X-A"',
        'response.headers["X-Custom-Name"][0] == "yes"',
        'request.headers["x-a"][0] == "1"',
        'request.method == "" && request.body == "" && len(request.url) > 0',
        'not ("Authorization" in request.headers)',
    ],
)
async def test_a_success_condition_sees_request_and_response(runner: AiohttpRunner, condition: str) -> None:
    headers = (HttpHeader("x-a", "1"), HttpHeader("Authorization", "token", secret=True))
    async with app_server(echo=echo) as url:
        outcome = await runner.request(
            HttpRequest(url=f"{url}/echo", headers=headers, success_condition=condition)
        )
    assert outcome.succeeded, outcome.message


async def test_a_false_success_condition_fails_and_keeps_the_body(runner: AiohttpRunner) -> None:
    async with app_server(echo=echo) as url:
        outcome = await runner.request(
            HttpRequest(url=f"{url}/echo", success_condition="response.statusCode == 201")
        )
    assert outcome.message == "successCondition 'response.statusCode == 201' evaluated false"
    assert outcome.result is not None


async def test_a_success_condition_that_cannot_be_evaluated_fails_without_a_result(
    runner: AiohttpRunner,
) -> None:
    async with app_server(echo=echo) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/echo", success_condition="response."))
    assert (outcome.succeeded, outcome.result, outcome.status) == (False, None, 200)
    assert outcome.message


async def test_a_success_condition_may_accept_another_status(runner: AiohttpRunner) -> None:
    async with app_server(x=redirect(304, "")) as url:
        outcome = await runner.request(
            HttpRequest(url=f"{url}/x", success_condition="response.statusCode == 304")
        )
    assert outcome.succeeded


@pytest.mark.parametrize(
    ("status", "method", "arrives"),
    [
        (301, "POST", "GET"),
        (302, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
    ],
)
async def test_a_redirect_is_followed_as_go_does(
    runner: AiohttpRunner, status: int, method: str, arrives: str
) -> None:
    seen: list[tuple[str, str, str | None, str | None]] = []

    async def target(request: web.Request) -> web.Response:
        headers = request.headers
        seen.append(
            (request.method, await request.text(), headers.get("Content-Type"), headers.get("Referer"))
        )
        return web.Response(text="there")

    async with app_server(go=redirect(status, "/target"), target=target) as url:
        headers = (HttpHeader("Content-Type", "text/x"),)
        outcome = await runner.request(
            HttpRequest(url=f"{url}/go", method=method, body="hi", headers=headers)
        )
    assert outcome.succeeded
    keeps = status in {307, 308}
    assert seen == [(arrives, "hi" if keeps else "", "text/x" if keeps else None, f"{url}/go")]


async def test_a_chain_of_ten_requests_ends_with_gos_message(runner: AiohttpRunner) -> None:
    visits = 0

    async def loop(_: web.Request) -> web.Response:
        nonlocal visits
        visits += 1
        return web.Response(status=302, headers={"Location": "/loop"})

    async with app_server(loop=loop) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/loop", method="POST"))
    assert outcome.message == 'Post "/loop": stopped after 10 redirects'
    assert visits == 10


async def test_credentials_stay_behind_when_a_redirect_leaves_the_server(runner: AiohttpRunner) -> None:
    async with app_server(echo=echo) as elsewhere:
        away = elsewhere.replace("127.0.0.1", "localhost") + "/echo"
        async with app_server(go=redirect(302, away)) as url:
            headers = (HttpHeader("Authorization", "s3cret"), HttpHeader("X-Kept", "1"))
            outcome = await runner.request(HttpRequest(url=f"{url}/go", headers=headers))
    assert outcome.result is not None
    assert "s3cret" not in outcome.result
    assert "X-Kept: 1" in outcome.result


async def test_a_redirect_without_a_location_is_the_answer(runner: AiohttpRunner) -> None:
    async with raw_server(says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")) as url:
        outcome = await runner.request(HttpRequest(url=url))
    assert outcome.message == "received non-2xx response code: 302"


async def test_compression_that_nobody_asked_for_is_undone(runner: AiohttpRunner) -> None:
    packed = gzip.compress(b"plain")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    condition = 'response.body == "plain" && !("Content-Encoding" in response.headers)'
    async with raw_server(says(head + packed)) as url:
        outcome = await runner.request(HttpRequest(url=url, success_condition=condition))
    assert outcome.succeeded, outcome.message


async def test_undecodable_bytes_of_a_body_are_replaced(runner: AiohttpRunner) -> None:
    async with raw_server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\xffb")) as url:
        outcome = await runner.request(HttpRequest(url=url))
    assert outcome.result == "a\ufffdb"


FAILURES = {
    "dropped before an answer": (says(b""), 'Get "{url}": EOF'),
    "reset before an answer": (
        says(b"", resets=True),
        'Get "{url}": read tcp {host}: read: connection reset by peer',
    ),
    "short": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "unexpected EOF"),
    "short chunk": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"),
        "unexpected EOF",
    ),
    "reset in the body": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", resets=True, waits=0.05),
        "read tcp {host}: read: connection reset by peer",
    ),
    "broken gzip": (
        says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
        "gzip: invalid header",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_a_broken_exchange_is_told_in_gos_words(runner: AiohttpRunner, case: str) -> None:
    answer, message = FAILURES[case]
    async with raw_server(answer) as url:
        outcome = await runner.request(HttpRequest(url=url))
    assert outcome.message == message.format(url=url, host=url.removeprefix("http://"))
    assert not outcome.succeeded
    assert outcome.result is None


async def test_a_refused_connection_is_told_in_gos_words(runner: AiohttpRunner) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else can listen there now
        host = f"127.0.0.1:{deaf.getsockname()[1]}"
        outcome = await runner.request(HttpRequest(url=f"http://{host}"))
    assert outcome.message == f'Get "http://{host}": dial tcp {host}: connect: connection refused'


async def test_an_answer_that_is_not_http_is_told(runner: AiohttpRunner) -> None:
    async with raw_server(says(b"HELLO WORLD\r\n\r\n")) as url:
        outcome = await runner.request(HttpRequest(url=url))
    start = f'Get "{url}": net/http: HTTP/1.x transport connection broken: malformed HTTP response'
    assert outcome.message.startswith(start)


async def test_a_server_without_tls_is_told(runner: AiohttpRunner) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with raw_server(answer) as url:
        secure = url.replace("http", "https")
        outcome = await runner.request(HttpRequest(url=secure))
    assert outcome.message == f'Get "{secure}": http: server gave HTTP response to HTTPS client'


async def test_a_name_that_does_not_exist_is_told(runner: AiohttpRunner) -> None:
    outcome = await runner.request(HttpRequest(url="http://nowhere.invalid/x"))
    assert outcome.message.startswith('Get "http://nowhere.invalid/x": dial tcp: lookup nowhere.invalid: ')


async def test_the_timeout_covers_waiting_for_the_answer(runner: AiohttpRunner) -> None:
    async with raw_server(says(b"", waits=5)) as url:
        outcome = await runner.request(HttpRequest(url=url, timeout=0.1))
    assert outcome.message == f'Get "{url}": context deadline exceeded'


async def test_the_timeout_covers_a_slow_body(runner: AiohttpRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 8_000_000)
        await writer.drain()  # who takes that much has read the head
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + 3600)
        await asyncio.sleep(5)

    async with raw_server(answer) as url:
        outcome = await runner.request(HttpRequest(url=url, timeout=1800))
    assert (outcome.message, outcome.status) == ("context deadline exceeded", 200)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_above_the_limit_fails_and_is_not_read_to_its_end(
    runner: AiohttpRunner, announced: bool
) -> None:
    sent = 0

    async def large(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        if announced:
            response.content_length = 20 << 20
        await response.prepare(request)
        try:
            for _ in range(20):
                await response.write(b"x" * (1 << 20))
                sent += 1
        except ConnectionError:
            pass
        return response

    async with app_server(x=large) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/x", max_bytes=1 << 20))
    assert (
        outcome.message == "response body is longer than 1048576 bytes; fetch it as an http artifact instead"
    )
    assert (outcome.result, outcome.status) == (None, 200)
    assert sent < 20


async def test_a_small_response_that_unpacks_to_a_large_one_meets_the_same_limit(
    runner: AiohttpRunner,
) -> None:
    packed = gzip.compress(b"\0" * (20 << 20))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with raw_server(says(head + packed)) as url:
        outcome = await runner.request(HttpRequest(url=url))
    assert outcome.message.startswith("response body is longer than 16777216 bytes")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://0xa9fea9fe/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://Metadata.Google.Internal./",
    ],
)
async def test_link_local_and_metadata_addresses_are_not_asked(runner: AiohttpRunner, url: str) -> None:
    outcome = await runner.request(HttpRequest(url=url, timeout=5))
    assert not outcome.succeeded
    assert "not allowed: " in outcome.message
    assert "allow_link_local" in outcome.message


async def test_an_address_written_as_one_number_is_no_address(runner: AiohttpRunner) -> None:
    outcome = await runner.request(HttpRequest(url="http://2852039166/"))
    assert outcome.message == 'Get "http://2852039166/": dial tcp: lookup 2852039166: no such host'


async def test_a_redirect_to_a_metadata_address_is_not_followed(runner: AiohttpRunner) -> None:
    async with app_server(go=redirect(302, "http://169.254.169.254/secret")) as url:
        outcome = await runner.request(HttpRequest(url=f"{url}/go"))
    assert outcome.message.startswith(
        'Get "http://169.254.169.254/secret": dial tcp 169.254.169.254:80: not all'
    )
    assert outcome.result is None


async def test_the_address_is_judged_after_the_name_is_looked_up(
    runner: AiohttpRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def getaddrinfo(*_: object, **__: object) -> list[object]:
        address = ("169.254.169.254", 80)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    outcome = await runner.request(HttpRequest(url="http://innocent.example/"))
    assert "169.254.169.254 is a link-local address" in outcome.message


async def test_the_setting_allows_link_local_addresses() -> None:
    runner = AiohttpRunner(allow_link_local=True)
    outcome = await runner.request(HttpRequest(url="http://169.254.1.1:9/", timeout=0.2))
    await runner.close()
    assert "not allowed" not in outcome.message


async def test_credentials_never_stand_in_a_message(runner: AiohttpRunner) -> None:
    outcome = await runner.request(HttpRequest(url="http://user:hunter2@127.0.0.1:1/x?q=1"))
    expected = 'Get "http://***@127.0.0.1:1/x?q=1": dial tcp 127.0.0.1:1: connect: connection refused'
    assert outcome.message == expected


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (HttpRequest(url=""), 'Get "": unsupported protocol scheme ""'),
        (HttpRequest(url="/x"), 'Get "/x": unsupported protocol scheme ""'),
        (HttpRequest(url="ftp://x/"), 'Get "ftp://x/": unsupported protocol scheme "ftp"'),
        (HttpRequest(url="http:///x"), 'Get "http:///x": http: no Host in request URL'),
        (HttpRequest(url="http://x/\n"), 'parse "http://x/\\n": net/url: invalid control character in URL'),
        (HttpRequest(url="http://x/", method="B AD"), 'net/http: invalid method "B AD"'),
        (
            HttpRequest(url="http://x/", headers=(HttpHeader("a b", "c"),)),
            'Get "http://x/": net/http: invalid header field name "a b"',
        ),
        (
            HttpRequest(url="http://x/", headers=(HttpHeader("Ab", "c\r\nX: y"),)),
            'Get "http://x/": net/http: invalid header field value for "Ab"',
        ),
    ],
)
async def test_a_request_that_cannot_be_sent_fails_with_gos_message(
    runner: AiohttpRunner, request_: HttpRequest, message: str
) -> None:
    outcome = await runner.request(request_)
    assert (outcome.succeeded, outcome.message, outcome.status) == (False, message, None)


async def test_hundreds_of_requests_wait_together(runner: AiohttpRunner) -> None:
    together = 0
    all_here = asyncio.Event()

    async def meet(_: web.Request) -> web.Response:
        nonlocal together
        together += 1
        if together == 300:
            all_here.set()
        await all_here.wait()
        return web.Response(text="met")

    async with app_server(x=meet) as url:
        requests = [runner.request(HttpRequest(url=f"{url}/x", timeout=600)) for _ in range(300)]
        outcomes = await asyncio.gather(*requests)
    assert {outcome.result for outcome in outcomes} == {"met"}


async def test_an_unknown_certificate_is_refused_unless_the_manifest_says_otherwise(
    runner: AiohttpRunner, tls: ssl.SSLContext
) -> None:
    ok = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    async with raw_server(ok, tls) as url:
        refused = await runner.request(HttpRequest(url=f"{url}/"))
        accepted = await runner.request(HttpRequest(url=f"{url}/", insecure=True))
    unknown = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    assert refused.message == f'Get "{url}/": {unknown}'
    assert accepted.result == "ok"


def test_a_runner_serves_one_event_loop_after_another() -> None:
    runner = AiohttpRunner()

    async def once() -> str | None:
        async with app_server(echo=echo) as url:
            outcome = await runner.request(HttpRequest(url=f"{url}/echo"))
        await runner.close()
        return outcome.result

    assert asyncio.run(once())
    assert asyncio.run(once())
