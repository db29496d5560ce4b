"""What every store keeps of locks. Inherit ``LockContract`` and give it a fixture ``store``."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pinnace.base.ids import NodeNumber
from pinnace.engine.locks import Lock, LockAnswer, LockRequest
from pinnace.engine.node import NOBODY, Phase
from pinnace.engine.run import RunState
from pinnace.ports.store import RunChange, Store
from pinnace.testing.contracts.store_samples import LEASE, ME, OTHER, World, create, make_node, make_run

A = Lock("default/Mutex/a", is_mutex=True)
B = Lock("default/Mutex/b", is_mutex=True)
TWO = Lock("default/ConfigMap/limits/two", 2)
GRANTED = LockAnswer(is_granted=True)


def waiting(lock: Lock, free: int = 0) -> LockAnswer:
    """Return the answer to who has to wait for ``lock``."""
    text = f"Waiting for {lock.name} lock. Lock status: {free}/{lock.limit}"
    return LockAnswer(is_granted=False, waits_for=lock.name, message=text)


class LockContract:
    """Who gets a lock, and when it is free again."""

    @pytest.fixture
    def world(self) -> World:
        return World()

    def made(self, store: Store, name: str, *numbers: int, phase: Phase = Phase.WAITING) -> tuple[str, int]:
        """Return uid and lease of a run that has nodes of these numbers in ``phase``."""
        run = replace(make_run(name), nodes=tuple(make_node(number, phase) for number in numbers))
        return run.info.uid, create(store, run)

    def request(self, uid: str, number: int, *locks: Lock, priority: int = 0) -> LockRequest:
        return LockRequest(
            uid=uid, node=NodeNumber(number), locks=locks, holder=f"{uid}/{number}", priority=priority
        )

    def test_a_mutex_has_one_holder_and_the_next_follows_when_the_node_has_ended(self, store: Store) -> None:
        uid, lease = self.made(store, "one", 1)
        other, _ = self.made(store, "other", 1)
        assert store.locks.claim([self.request(uid, 1, A)]) == [GRANTED]
        assert store.locks.claim([self.request(other, 1, A)]) == [waiting(A)]
        assert store.locks.claim([self.request(uid, 1, A)]) == [GRANTED]
        store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(1, Phase.FAILED)])])
        assert store.locks.claim([self.request(other, 1, A)]) == [GRANTED]

    def test_a_node_that_is_over_is_given_nothing(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1, phase=Phase.SUCCEEDED)
        assert store.locks.claim([self.request(uid, 1, A)]) == [None]
        assert store.locks.claim([self.request("nobody", 1, A)]) == [None]
        assert store.locks.claims() == []

    def test_a_semaphore_has_as_many_holders_as_its_limit(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1, 2, 3)
        answers = store.locks.claim([self.request(uid, number, TWO) for number in (1, 2, 3)])
        assert answers == [GRANTED, GRANTED, waiting(TWO)]

    def test_several_locks_are_taken_together_or_not_at_all(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1, 2, 3)
        assert store.locks.claim([self.request(uid, 1, B)]) == [GRANTED]
        assert store.locks.claim([self.request(uid, 2, A, B)]) == [waiting(B)]
        assert [claim.is_held for claim in store.locks.claims() if claim.node == 2] == [False, False]
        store.locks.release(uid, NodeNumber(1))
        assert store.locks.claim([self.request(uid, 2, A, B)]) == [GRANTED]

    def test_the_queue_is_by_priority_then_age_of_the_run_then_order(self, store: Store) -> None:
        holder, _ = self.made(store, "holder", 1)
        store.locks.claim([self.request(holder, 1, A)])
        made = {name: self.made(store, name, 1)[0] for name in ("late", "early", "urgent")}
        requests = [
            replace(self.request(made["late"], 1, A), created_at=9.0),
            replace(self.request(made["early"], 1, A), created_at=3.0),
            self.request(made["urgent"], 1, A, priority=5),
        ]
        assert store.locks.claim(requests) == [waiting(A)] * 3
        for name in ("urgent", "early", "late"):
            [held] = [claim for claim in store.locks.claims() if claim.is_held]
            store.locks.release(held.uid, held.node)
            last = [each for each in requests if each.uid == made["late"]]
            if name != "late":
                assert store.locks.claim(last) == [waiting(A, free=1)]  # free, but another's
            requests = [each for each in requests if each.uid != held.uid]
            store.locks.claim(requests)
            assert [claim.uid for claim in store.locks.claims() if claim.is_held] == [made[name]]

    def test_who_nobody_drives_stands_before_nobody_but_keeps_what_it_holds(
        self, store: Store, world: World
    ) -> None:
        uid, _ = self.made(store, "gone", 1)
        waits, _ = self.made(store, "waits", 1)
        other = make_run("other")
        lease = store.create_run(
            other.info, other.submission, other.state, [make_node(1)], owner=OTHER, lease_seconds=LEASE
        )
        store.locks.claim([self.request(uid, 1, A)])
        store.locks.claim([self.request(waits, 1, A, B)])
        world.dead.add(ME.id)
        assert store.locks.claim([self.request(other.info.uid, 1, B)]) == [GRANTED]
        store.save([RunChange(uid=other.info.uid, lease=lease, nodes=[make_node(1, Phase.SUCCEEDED)])])
        asked = replace(self.request(other.info.uid, 1, A), node=NOBODY)
        assert store.locks.claim([asked]) == [waiting(A)]

    def test_who_waits_for_a_run_does_not_stand_before_it(self, store: Store) -> None:
        one, _ = self.made(store, "one", 1, 2)
        other, _ = self.made(store, "other", 1)
        assert store.locks.claim([self.request(one, 1, A)]) == [GRANTED]
        assert store.locks.claim([self.request(other, 1, A, B, priority=9)]) == [waiting(A)]
        assert store.locks.claim([self.request(one, 2, B)]) == [GRANTED]

    def test_nodes_of_one_run_do_not_stand_before_each_other(self, store: Store) -> None:
        one, _ = self.made(store, "one", 1, 2)
        other, _ = self.made(store, "other", 1, 2)
        assert store.locks.claim([self.request(other, 1, A)]) == [GRANTED]
        assert store.locks.claim([self.request(one, 1, A, B)]) == [waiting(A)]
        assert store.locks.claim([self.request(other, 2, A)]) == [waiting(A)]
        assert store.locks.claim([self.request(one, 2, B)]) == [GRANTED]

    def test_a_run_holds_its_own_locks_until_it_has_finished(self, store: Store) -> None:
        uid, lease = self.made(store, "one")
        other, _ = self.made(store, "other")
        assert store.locks.claim([self.request(uid, NOBODY, A)]) == [GRANTED]
        assert store.locks.claim([self.request(other, NOBODY, A)]) == [waiting(A)]
        store.save([RunChange(uid=uid, lease=lease, state=RunState(phase="Succeeded"))])
        assert store.locks.claim([self.request(other, NOBODY, A)]) == [GRANTED]
        store.save([RunChange(uid=uid, lease=lease, state=RunState(phase="Running"))])  # as a retry does
        assert [claim.uid for claim in store.locks.claims()] == [other]

    def test_a_deleted_run_holds_nothing(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1)
        other, _ = self.made(store, "other", 1)
        store.locks.claim([self.request(uid, 1, A)])
        store.delete_run(uid)
        assert store.locks.claim([self.request(other, 1, A)]) == [GRANTED]

    def test_what_nothing_was_begun_under_is_forgotten_by_who_takes_a_run_over(self, store: Store) -> None:
        uid, lease = self.made(store, "one", 1, 2)
        store.locks.claim([self.request(uid, 1, A), self.request(uid, 2, B)])
        store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(2, Phase.RUNNING)])])
        store.locks.reset(uid)
        assert [claim.lock for claim in store.locks.claims()] == [B.name]

    def test_a_workflow_that_has_not_begun_is_taken_over_without_its_locks(self, store: Store) -> None:
        run = replace(make_run("one"), state=RunState(phase="Pending"), nodes=())
        create(store, run)
        store.locks.claim([self.request(run.info.uid, NOBODY, A)])
        store.locks.reset(run.info.uid)
        assert store.locks.claims() == []

    def test_the_store_knows_the_limits_of_database_semaphores(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1, 2)
        unknown = replace(TWO, name="default/Database/x", limit=None)
        [answer] = store.locks.claim([self.request(uid, 1, unknown)])
        assert answer is not None
        assert answer.error == "failed to initialize semaphore default/Database/x with limit"
        store.locks.set_limit(unknown.name, 1)
        assert store.locks.limits() == {unknown.name: 1}
        first, second = store.locks.claim([self.request(uid, number, unknown) for number in (1, 2)])
        assert first == GRANTED
        assert second is not None
        assert second.message == f"Waiting for {unknown.name} lock (sem/default/x). Lock status: 1/1"
        store.locks.set_limit(unknown.name, None)
        assert store.locks.limits() == {}

    def test_who_waits_for_a_mutex_of_the_database_is_told_its_place_there(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1, 2)
        mutex = Lock("default/Database/m", is_mutex=True)
        _, answer = store.locks.claim([self.request(uid, number, mutex) for number in (1, 2)])
        assert answer is not None
        assert answer.message == f"Waiting for {mutex.name} lock (mtx/default/m). Lock status: 1/1"

    def test_who_looks_for_changes_learns_that_a_lock_is_free(self, store: Store) -> None:
        uid, _ = self.made(store, "one", 1)
        store.locks.claim([self.request(uid, 1, A)])
        seen = store.changed()
        assert store.changed() == seen
        store.locks.release(uid, NodeNumber(1))
        assert store.changed() != seen
