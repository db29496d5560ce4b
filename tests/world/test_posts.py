from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import aiohttp
import pytest

from pinnace.world.posts import Faults, PostsServer, post, read_numbers


@pytest.fixture
def server() -> Iterator[PostsServer]:
    running = PostsServer(Faults(unavailable=frozenset({3}), dropped=frozenset({2})))
    running.start()
    yield running
    running.stop()


def get(server: PostsServer, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_post_has_the_fields_of_the_real_api(server: PostsServer) -> None:
    status, body = get(server, "/posts/11")
    document = json.loads(body)
    assert status == 200
    assert list(document) == ["userId", "id", "title", "body"]
    assert (document["userId"], document["id"]) == (2, 11)
    assert document["body"].count("\n") == 3
    assert document == post(11)


def test_an_unavailable_post_answers_503_once_and_then_200(server: PostsServer) -> None:
    assert [get(server, "/posts/3")[0] for _ in range(3)] == [503, 200, 200]


def test_a_dropped_post_resets_the_connection_once(server: PostsServer) -> None:
    with pytest.raises(ConnectionResetError):
        get(server, "/posts/2")
    assert get(server, "/posts/2")[0] == 200


async def test_aiohttp_sees_the_reset_and_does_not_repeat_the_request_by_itself() -> None:
    posts = range(1, 101)
    server = PostsServer(Faults(dropped=frozenset(posts)))
    server.start()
    try:
        async with aiohttp.ClientSession() as session:
            for number in posts:
                with pytest.raises(aiohttp.ClientPayloadError, match="ConnectionResetError"):
                    async with session.get(f"{server.url}/posts/{number}") as answer:
                        await answer.read()
    finally:
        server.stop()
    assert server.requests() == dict.fromkeys(posts, 1)


@pytest.mark.parametrize("path", ["/", "/posts", "/posts/0", "/posts/x", "/posts/1/2", "/posts/٣", "/todos"])
def test_what_is_no_post_answers_404(server: PostsServer, path: str) -> None:
    assert get(server, quote(path)) == (404, b"{}")
    assert server.requests() == {}


def test_a_query_does_not_change_the_post(server: PostsServer) -> None:
    assert get(server, "/posts/5?x=1")[0] == 200


def test_the_summary_counts_requests_and_faults(server: PostsServer) -> None:
    get(server, "/posts/1")
    get(server, "/posts/3")
    get(server, "/posts/3")
    assert server.summary() == ("2 posts in 3 requests; on purpose 1 were answered with 503 and 0 dropped")


def test_numbers_are_read_with_commas_or_blanks() -> None:
    assert read_numbers("3, 7,11 12") == {3, 7, 11, 12}
    assert read_numbers("") == frozenset()
    with pytest.raises(ValueError, match="seven"):
        read_numbers("3, seven")
