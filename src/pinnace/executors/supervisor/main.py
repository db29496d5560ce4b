"""The supervisor's loop: messages of Pinnace in, batches of updates out, the journal between them.

Messages from Pinnace are ``[name, request, …]``; each is answered by ``["reply", request, answer]``. Updates
are pushed as ``["updates", [update, …]]``, in the form of ``pinnace.ports.executor``. ``["trouble", text]``
says what everything waits for, and with an empty text that it goes on.

Rules that hold here:

* one turn = read everything that has come, then one ``commit``, then act and tell: a thousand ends cost a few
  writes;
* nothing starts before its ``starting`` record is on disk, no end is told before it is;
* this process has one thread and never blocks on a peer.
"""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import socket
import time
from typing import Any

from .attempts import Attempt, ended, progressed, started
from .crew import Crew
from .journal import Journal, outcome
from .processes import NotStartedError
from .wire import Channel, Message

#: Seconds that a supervisor with nothing to do waits for Pinnace to come back before it goes.
IDLE_SECONDS = 10.0
#: How many tasks are being started at once. More would only take the processors from one another; and short
#: tasks end meanwhile, so that their wardens are used again instead of new ones being made.
MAX_STARTING = 8 * (os.cpu_count() or 1)
#: Seconds between attempts to write a journal that has no room.
_RETRY_SECONDS = 0.5


class Supervisor:
    """Keeps the attempts of the run whose folder is the current one; at most ``max_tasks`` run at once."""

    def __init__(self, listener: socket.socket, journal: Journal, crew: Crew, max_tasks: int) -> None:
        self._listener = listener
        self._journal = journal
        self._crew = crew
        self._max_tasks = max_tasks
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._client: Channel | None = None
        self._attempts: dict[str, Attempt] = {}
        self._queue: dict[str, Attempt] = {}
        #: When attempts that were queued must have started, as a heap; some have left the queue since.
        self._deadlines: list[tuple[float, str]] = []
        self._running: dict[Channel, Attempt] = {}
        self._updates: list[dict[str, Any]] = []
        self._trouble = ""
        #: Commands beside tasks, until their ends are told: number → attempt, who asked, under which number.
        self._asked: dict[int, tuple[Attempt, Channel, int]] = {}
        self._numbers = itertools.count()
        self._idle_since = time.monotonic()
        self._closing: tuple[int, Channel] | None = None
        ends, lost = outcome(journal.read())
        for update in ends.values():
            self._attempts[update["attempt_id"]] = Attempt.of_end(update)
        for attempt_id in lost:
            self._end(Attempt.unseen(attempt_id), _lost("the supervisor that watched it was ended"))

    def run(self) -> None:
        """Serve until the run is closed, or nobody needs this process any more."""
        while not self._is_over():
            for key, mask in self._selector.select(self._patience()):
                self._attend(key.fileobj, mask)
            self._drop_overdue(time.time())
            chosen = self._choose()
            if self._commit():
                self._launch(chosen)
                self._tell()
            else:
                self._queue = {a.attempt_id: a for a in chosen} | self._queue
            self._watch_client()

    # -- what comes in

    def _attend(self, source: Any, mask: int) -> None:
        if source is self._listener:
            self._accept()
            return
        channel: Channel = source
        messages = _read(channel, mask)
        if messages is None:
            return
        if channel is self._client:
            for message in messages:
                self._obey(message)
            if channel.closed:
                self._drop_client()
        elif channel in self._running:
            self._hear(channel, messages)
        elif channel.closed:
            self._selector.unregister(channel)
            self._crew.dismiss(channel)

    def _accept(self) -> None:
        connection, _address = self._listener.accept()
        if self._client is not None:
            self._drop_client()
        self._client = Channel(connection)
        self._selector.register(self._client, selectors.EVENT_READ)
        if self._trouble:
            self._client.send(["trouble", self._trouble])

    def _drop_client(self) -> None:
        assert self._client is not None
        self._selector.unregister(self._client)
        self._client.close()
        self._client = None

    def _obey(self, message: Message) -> None:
        name, request, *rest = message
        answer: object = None
        if name == "start":
            self._accept_tasks(rest[0])
        elif name == "cancel":
            self._cancel(*rest)
        elif name == "release":
            self._release(rest[0])
        elif name == "state":
            answer = [attempt.last for attempt in self._attempts.values() if attempt.last is not None]
            running = self._running.values()
            self._updates += [progressed(each.attempt_id, each.progress) for each in running if each.progress]
        elif name == "exec":
            self._run_beside(request, *rest)
            return
        elif name == "fail":
            self._fail(*rest)
        elif name == "close":
            self._begin_closing(request)
            return
        assert self._client is not None
        self._client.send(["reply", request, answer])

    def _accept_tasks(self, specs: list[dict[str, Any]]) -> None:
        for spec in specs:
            known = self._attempts.get(spec["attempt_id"])
            if known is None:
                attempt = Attempt(spec["attempt_id"], spec)
                self._attempts[attempt.attempt_id] = attempt
                self._queue[attempt.attempt_id] = attempt
                if attempt.deadline is not None:
                    heapq.heappush(self._deadlines, (attempt.deadline, attempt.attempt_id))
            elif known.last is not None and known.is_recorded:
                self._updates.append(known.last)

    def _cancel(self, attempt_ids: list[str], grace: float | None) -> None:
        for attempt_id in attempt_ids:
            attempt = self._attempts.get(attempt_id)
            if attempt is None:
                continue
            if self._queue.pop(attempt_id, None):
                self._end(attempt, ended("cancelled"))
            elif attempt.channel is not None:
                attempt.channel.send(["stop", "cancelled", grace, ""])

    def _fail(self, attempt_id: str, message: str) -> None:
        attempt = self._attempts.get(attempt_id)
        if attempt is not None and attempt.channel is not None:
            attempt.channel.send(["stop", "unhealthy", None, message])

    def _run_beside(self, request: int, attempt_id: str, argv: list[str], timeout: float) -> None:
        assert self._client is not None
        attempt = self._attempts.get(attempt_id)
        if attempt is None or attempt.channel is None:
            self._client.send(["reply", request, None])
            return
        number = next(self._numbers)
        self._asked[number] = (attempt, self._client, request)
        attempt.channel.send(["exec", number, argv, timeout])

    def _answer(self, number: int, exit_code: int | None) -> None:
        _attempt, client, request = self._asked.pop(number)
        client.send(["reply", request, exit_code])

    def _release(self, attempt_ids: list[str]) -> None:
        gone = []
        for attempt_id in attempt_ids:  # one may be named twice: after a crash its end is told twice
            attempt = self._attempts.get(attempt_id)
            if attempt is not None and attempt.is_recorded and attempt.is_ended:
                del self._attempts[attempt_id]
                gone.append(attempt_id)
        if gone:
            self._journal.add(["released", gone])

    def _hear(self, channel: Channel, messages: list[Message]) -> None:
        attempt = self._running[channel]
        for kind, body in messages:
            if kind == "started":
                update = started(attempt.attempt_id, body)
                attempt.last = update
                self._updates.append(update)
            elif kind == "exec":
                self._answer(body["request"], body["exit_code"])
            elif kind == "progressed":
                attempt.progress = body["progress"]
                self._updates.append(progressed(attempt.attempt_id, attempt.progress))
            else:
                self._finish(channel, attempt, body)
        if channel.closed and attempt.channel is channel:
            self._finish(channel, attempt, _lost("the process that watched it was ended"))
            self._crew.end_strays(channel)

    def _finish(self, channel: Channel, attempt: Attempt, body: dict[str, Any]) -> None:
        del self._running[channel]
        attempt.channel = None
        for number in [number for number, (asked, *_) in self._asked.items() if asked is attempt]:
            self._answer(number, None)
        self._end(attempt, body)
        if not self._crew.take_back(channel, attempt):
            self._selector.unregister(channel)
            channel.close()

    def _end(self, attempt: Attempt, body: dict[str, Any]) -> None:
        update = {"type": "ended", "attempt_id": attempt.attempt_id, **body}
        attempt.end(update)
        self._attempts[attempt.attempt_id] = attempt
        self._journal.add(["ended", update])
        self._updates.append(update)

    def _drop_overdue(self, now: float) -> None:
        while (deadline := self._next_deadline()) is not None and now >= deadline:
            _deadline, attempt_id = heapq.heappop(self._deadlines)
            self._end(
                self._queue.pop(attempt_id), ended("deadline", "its deadline passed before it could start")
            )

    def _next_deadline(self) -> float | None:
        """Return when the first of the queued attempts must have started."""
        while self._deadlines and self._deadlines[0][1] not in self._queue:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    # -- what goes out

    def _choose(self) -> list[Attempt]:
        """Take from the queue what can start in this turn, and record it."""
        if self._closing is not None:
            return []
        chosen = list(itertools.islice(self._queue.values(), self._room()))
        for attempt in chosen:
            del self._queue[attempt.attempt_id]
            self._journal.add(["starting", attempt.attempt_id])
        return chosen

    def _room(self) -> int:
        """Return how many more tasks may start now."""
        starting = sum(1 for attempt in self._running.values() if attempt.last is None)
        return max(0, min(self._max_tasks - len(self._running), MAX_STARTING - starting))

    def _launch(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            try:
                channel = self._crew.take(attempt.spec)
            except OSError as error:
                self._end(attempt, ended("not-started", f"no process can be made: {error.strerror}"))
                continue
            except NotStartedError as error:
                self._end(attempt, ended("not-started", str(error)))
                continue
            attempt.channel = channel
            self._running[channel] = attempt
            if channel not in self._selector.get_map():
                self._selector.register(channel, selectors.EVENT_READ)
            channel.send(["run", attempt.spec])

    def _commit(self) -> bool:
        try:
            self._journal.commit()
        except OSError as error:
            self._complain(f"the journal of the run's tasks cannot be written: {error.strerror}")
            return False
        self._complain("")
        for update in self._updates:
            if attempt := self._attempts.get(update["attempt_id"]):
                attempt.is_recorded = True
        return True

    def _complain(self, trouble: str) -> None:
        """Tell the client what everything waits for, once; an empty text says that it goes on."""
        if trouble != self._trouble and self._client is not None:
            self._client.send(["trouble", trouble])
        self._trouble = trouble

    def _tell(self) -> None:
        """Tell the client what is on disk; without one it stays known as each attempt's last fact."""
        if self._client is not None and self._updates:
            self._client.send(["updates", self._updates])
        self._updates = []

    def _watch_client(self) -> None:
        for channel in (self._client, *self._running):
            if channel is None:
                continue
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if channel.unsent else 0)
            if self._selector.get_key(channel).events != wanted:
                self._selector.modify(channel, wanted)

    # -- when to wake and when to go

    def _patience(self) -> float | None:
        if self._trouble:
            return _RETRY_SECONDS
        if self._queue and self._room():
            return 0.0
        if (deadline := self._next_deadline()) is not None:
            return max(0.0, deadline - time.time())
        return IDLE_SECONDS if self._client is None else None

    def _is_over(self) -> bool:
        if self._closing is not None:
            return not self._running
        if self._client is not None or self._running or self._queue:
            self._idle_since = time.monotonic()
        return time.monotonic() - self._idle_since >= IDLE_SECONDS

    def _begin_closing(self, request: int) -> None:
        assert self._client is not None
        self._closing = (request, self._client)
        self._queue.clear()
        for channel in self._running:
            channel.send(["stop", "cancelled", 0, ""])

    def confirm_closing(self) -> None:
        """Tell the client that asked for the end of the run, if one did, that nothing of it is left."""
        if self._closing is not None:
            request, client = self._closing
            client.send(["reply", request, None])


def _read(channel: Channel, mask: int) -> list[Message] | None:
    """Return what has come over ``channel``; None when an event before this one has let go of it.

    One that only a failed ``send`` has marked as closed is still to be heard out.
    """
    if channel.fileno() < 0:
        return None
    if mask & selectors.EVENT_WRITE:
        channel.flush()
    return channel.receive() if mask & selectors.EVENT_READ else []


def _lost(why: str) -> dict[str, Any]:
    return ended("lost", f"its end was seen by nobody: {why}")
