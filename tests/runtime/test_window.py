"""How many requests are on their way at once."""

from __future__ import annotations

import asyncio

from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import SendRequest
from pinnace.ports.http import HttpOutcome, HttpRequest
from pinnace.runtime.requests import Requester
from pinnace.runtime.window import MOST, STEP, Window
from pinnace.runtime.workers import Workers
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.templates import HTTP, Template


async def settled() -> None:
    """Return when everything that can go on without time passing has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def full() -> Window:
    window = Window()
    for _ in range(STEP):
        await window.enter()
    return window


async def test_who_finds_a_place_does_not_wait_and_who_does_not_is_let_in_in_order() -> None:
    window = await full()
    entered: list[int] = []

    async def come(number: int) -> None:
        await window.enter()
        entered.append(number)

    comers = [asyncio.create_task(come(number)) for number in range(3)]
    await settled()
    assert entered == []
    window.leave()
    await settled()
    assert entered == [0]
    window.leave()
    window.leave()
    await asyncio.gather(*comers)
    assert entered == [0, 1, 2]


async def test_while_nobody_leaves_there_are_more_places_up_to_the_most() -> None:
    window = Window()
    late = [asyncio.create_task(window.enter()) for _ in range(MOST + 1)]
    done = 0
    while done < MOST:
        await asyncio.wait(late[done:], return_when=asyncio.FIRST_COMPLETED)
        done = sum(task.done() for task in late)
    await asyncio.sleep(0.1)
    assert not late[MOST].done()
    window.leave()
    await late[MOST]


async def test_who_is_cancelled_while_waiting_takes_no_place() -> None:
    window = await full()
    first, second = (asyncio.create_task(window.enter()) for _ in range(2))
    await settled()
    first.cancel()
    window.leave()
    await asyncio.wait_for(second, 10)


async def test_who_is_cancelled_in_the_instant_of_being_let_in_leaves_the_place_to_the_next() -> None:
    window = await full()
    first, second = (asyncio.create_task(window.enter()) for _ in range(2))
    await settled()
    window.leave()
    first.cancel()
    await asyncio.wait_for(second, 10)
    assert first.cancelled()


class Recorder:
    """Answers every request, and remembers it."""

    def __init__(self) -> None:
        self.seen: list[HttpRequest] = []

    async def request(self, request: HttpRequest) -> HttpOutcome:
        self.seen.append(request)
        return HttpOutcome(succeeded=True, result="", status=200)

    async def close(self) -> None:
        """Nothing is open."""


def command(attempt_id: str, *, seconds: int | None = None, deadline: float | None = None) -> SendRequest:
    template = Template(name="fetch", http=HTTP(url="http://there", timeout_seconds=seconds))
    return SendRequest(
        node=NodeNumber(1), attempt_id=attempt_id, node_name="fetch", template=template, deadline=deadline
    )


async def test_the_time_of_a_request_begins_when_it_is_sent() -> None:
    now = 0.0
    runner, window = Recorder(), await full()
    workers = Workers({SendRequest: Requester(runner, window, Catalogue(), lambda: now)}, lambda: now)
    own = asyncio.create_task(workers.perform(command("a", seconds=5)))
    absolute = asyncio.create_task(workers.perform(command("b", deadline=90.0)))
    await settled()
    assert (workers.at_work, runner.seen) == (2, [])
    now = 60.0
    window.leave()
    window.leave()
    await asyncio.gather(own, absolute)
    assert [request.timeout for request in runner.seen] == [5.0, 30.0]


async def test_a_request_that_is_cancelled_before_it_is_sent_is_never_sent() -> None:
    runner, window = Recorder(), await full()
    workers = Workers({SendRequest: Requester(runner, window, Catalogue(), lambda: 0.0)}, lambda: 0.0)
    given_up = asyncio.create_task(workers.perform(command("a")))
    sent = asyncio.create_task(workers.perform(command("b")))
    await settled()
    workers.cancel(["a", "unknown"])
    window.leave()
    event = await sent
    assert event is not None
    assert (given_up.cancelled(), event.attempt_id, len(runner.seen)) == (True, "b", 1)
    assert workers.at_work == 0
