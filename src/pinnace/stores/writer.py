"""One thread that saves: what is handed in while a commit runs goes into the next one together.

Called by the runtime, whose event loop must not wait for a disk. A commit waits for the disk once, whether it
holds one change or a hundred.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

from pinnace.base.errors import StorageError
from pinnace.ports.store import RunChange, Store

_Entry = tuple[RunChange, Future[None]]


class Writer:
    """Saves changes in the order in which they are handed in.

    A run's next change may be handed in only after the previous one's future is done: else, when the first
    fails for want of room, the second could be saved without it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="pinnace-writer", daemon=True)
        self._thread.start()

    def submit(self, change: RunChange) -> Future[None]:
        """Have ``change`` saved; the future is done when it is durable.

        It fails with ``StorageError`` when nothing can be stored now (submit the same change again, later),
        and with ``LeaseLost`` when the run is another's.

        Raises:
            StorageError: the writer was closed.
        """
        future: Future[None] = Future()
        with self._closing:
            if self._is_closed:
                message = "The store is closed"
                raise StorageError(message)
            self._queue.put((change, future))
        return future

    def close(self) -> None:
        """Save what was handed in, and end the thread. The store stays open."""
        with self._closing:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        is_open = True
        while is_open:
            entries = [self._queue.get()]
            with suppress(queue.Empty):
                while True:
                    entries.append(self._queue.get_nowait())
            is_open = entries[-1] is not None  # close() puts it in, and nothing follows it
            self._save([entry for entry in entries if entry and entry[1].set_running_or_notify_cancel()])

    def _save(self, group: Sequence[_Entry]) -> None:
        """Save a group together, or, when one of them is at fault, each by itself."""
        try:
            if group:
                self._store.save([change for change, _ in group])
        except Exception as error:  # noqa: BLE001  # whatever it is, it belongs to whoever waits
            if len(group) > 1 and not isinstance(error, StorageError):
                for entry in group:
                    self._save([entry])
                return
            for _, future in group:
                future.set_exception(error)
        else:
            for _, future in group:
                future.set_result(None)
