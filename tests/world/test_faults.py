"""What a workflow sees of the world's faults, through Pinnace's own HTTP runner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from pinnace.executors.http import AiohttpRunner
from pinnace.ports.http import HttpOutcome, HttpRequest
from pinnace.world.posts import POSTS_ORIGIN, Faults, PostsServer
from pinnace.world.rewriting import RewritingRunner

CONDITION = 'response.statusCode == 200 && response.body contains "userId"'


@pytest.fixture
def server() -> Iterator[PostsServer]:
    running = PostsServer(Faults(unavailable=frozenset({1}), dropped=frozenset({2})))
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def runner() -> AsyncIterator[AiohttpRunner]:
    running = AiohttpRunner()
    yield running
    await running.close()


async def fetch(runner: AiohttpRunner, server: PostsServer, number: int) -> HttpOutcome:
    url = f"{server.url}/posts/{number}"
    return await runner.request(HttpRequest(url=url, success_condition=CONDITION))


async def test_a_dropped_connection_has_a_message_that_argo_takes_for_transient(
    runner: AiohttpRunner, server: PostsServer
) -> None:
    outcome = await fetch(runner, server, 2)
    assert not outcome.succeeded
    assert outcome.message.endswith("connection reset by peer")
    assert (await fetch(runner, server, 2)).succeeded


async def test_a_503_fails_the_success_condition_and_its_message_is_not_transient(
    runner: AiohttpRunner, server: PostsServer
) -> None:
    outcome = await fetch(runner, server, 1)
    assert (outcome.succeeded, outcome.status) == (False, 503)
    assert outcome.message == f"successCondition '{CONDITION}' evaluated false"
    assert (await fetch(runner, server, 1)).succeeded


async def test_a_request_to_the_real_origin_is_answered_here(
    runner: AiohttpRunner, server: PostsServer
) -> None:
    rewriting = RewritingRunner(runner, {POSTS_ORIGIN: server.url})
    assert (await rewriting.request(HttpRequest(url=f"{POSTS_ORIGIN}/posts/4"))).succeeded
    assert server.requests() == {4: 1}


async def test_a_message_names_the_origin_that_the_manifest_names(
    runner: AiohttpRunner, server: PostsServer
) -> None:
    server.stop()
    rewriting = RewritingRunner(runner, {POSTS_ORIGIN: server.url})
    outcome = await rewriting.request(HttpRequest(url=f"{POSTS_ORIGIN}/posts/4"))
    assert outcome.message.startswith(f'Get "{POSTS_ORIGIN}/posts/4": dial tcp')


async def test_other_origins_are_left_alone(runner: AiohttpRunner, server: PostsServer) -> None:
    rewriting = RewritingRunner(runner, {f"{server.url}/posts/4": "http://127.0.0.1:9"})
    assert (await rewriting.request(HttpRequest(url=f"{server.url}/posts/40"))).succeeded
