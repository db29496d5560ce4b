"""What every store keeps. Inherit ``StoreContract``, give it a fixture ``store``, and pytest runs it all.

The store under test must take its time, and what it knows of dead processes, from the ``world`` fixture.
"""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from pinnace.base.errors import LeaseLost, NotFoundError
from pinnace.engine.run import RunState
from pinnace.ports.store import Request, RunChange, RunFilter, Store
from pinnace.testing.contracts.metrics import MetricContract
from pinnace.testing.contracts.objects import ObjectContract
from pinnace.testing.contracts.store_runs import RunContract
from pinnace.testing.contracts.store_samples import (
    LEASE,
    ME,
    OTHER,
    World,
    create,
    make_node,
    make_owner,
    make_run,
    with_phase,
)


class LeaseContract(RunContract):
    """Who owns a run."""

    def test_a_run_belongs_to_its_maker_until_the_lease_expires(self, store: Store, world: World) -> None:
        uid = make_run().info.uid
        lease = create(store, make_run())
        assert store.owner_of(uid) == ME
        assert store.acquire(uid, OTHER, LEASE) is None
        world.now += LEASE
        assert store.owner_of(uid) is None
        taken = store.acquire(uid, OTHER, LEASE)
        assert taken is not None
        assert taken != lease
        assert store.owner_of(uid) == OTHER

    def test_a_dead_process_owns_nothing(self, store: Store, world: World) -> None:
        uid = make_run().info.uid
        create(store, make_run())
        world.dead.add(ME.id)
        assert store.owner_of(uid) is None
        assert [run.uid for run in store.unowned()] == [uid]
        assert store.acquire(uid, OTHER, LEASE)

    def test_nothing_is_saved_under_an_old_lease(self, store: Store, world: World) -> None:
        run = make_run()
        uid, lease = run.info.uid, create(store, run)
        request = store.add_request(uid, "stop", {})
        world.now += LEASE
        store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(1)])])  # late, but nobody has taken it
        taken = store.acquire(uid, OTHER, LEASE)
        assert taken is not None
        late = RunChange(
            uid=uid,
            lease=lease,
            nodes=[make_node(2)],
            state=RunState(phase="Failed"),
            requests_done=[request],
        )
        with pytest.raises(LeaseLost) as caught:
            store.save([late])
        assert caught.value.uid == uid
        assert store.load_run(uid) == replace(run, nodes=(*run.nodes, make_node(1)))
        assert [pending.id for pending in store.pending_requests([uid])] == [request]
        store.save([replace(late, lease=taken)])
        assert store.load_run(uid).state.phase == "Failed"

    def test_an_old_lease_in_a_batch_keeps_all_of_it_from_being_saved(self, store: Store) -> None:
        mine, lost = make_run("mine"), make_run("lost")
        lease, old = create(store, mine), create(store, lost)
        store.release([lost.info.uid], ME)
        changes = [
            RunChange(uid=mine.info.uid, lease=lease, nodes=[make_node(1)]),
            RunChange(uid=lost.info.uid, lease=old, nodes=[make_node(1)]),
        ]
        with pytest.raises(LeaseLost):
            store.save(changes)
        assert store.load_run(mine.info.uid) == mine
        assert store.load_run(lost.info.uid) == lost

    def test_to_acquire_ones_own_run_again_voids_the_old_number(self, store: Store) -> None:
        uid = make_run().info.uid
        old = create(store, make_run())
        new = store.acquire(uid, ME, LEASE)
        assert new is not None
        with pytest.raises(LeaseLost):
            store.save([RunChange(uid=uid, lease=old, nodes=[make_node(1)])])
        store.save([RunChange(uid=uid, lease=new, nodes=[make_node(1)])])

    def test_a_process_that_lost_and_regained_a_run_cannot_save_what_it_began_before(
        self, store: Store, world: World
    ) -> None:
        uid = make_run().info.uid
        old = create(store, make_run())
        world.now += LEASE
        assert store.acquire(uid, OTHER, LEASE)
        store.release([uid], OTHER)
        assert store.acquire(uid, ME, LEASE)
        with pytest.raises(LeaseLost):
            store.save([RunChange(uid=uid, lease=old, nodes=[make_node(1)])])

    def test_renewal_extends_what_is_still_held_and_nothing_else(self, store: Store, world: World) -> None:
        held, lost, gone = (make_run(name) for name in ("held", "lost", "gone"))
        for run in (held, lost, gone):
            create(store, run)
        uids = [run.info.uid for run in (held, lost, gone)]
        world.now += LEASE
        assert store.acquire(lost.info.uid, OTHER, LEASE)
        store.delete_run(gone.info.uid)
        assert store.renew(uids, ME, LEASE) == {held.info.uid}
        world.now += LEASE - 1
        assert store.owner_of(held.info.uid) == ME
        assert store.owner_of(lost.info.uid) == OTHER
        assert store.renew([], ME, LEASE) == set()

    def test_a_released_run_is_free_at_once(self, store: Store) -> None:
        uid = make_run().info.uid
        create(store, make_run())
        store.release([uid], OTHER)
        assert store.owner_of(uid) == ME
        store.release([uid, "missing"], ME)
        assert store.owner_of(uid) is None
        assert store.renew([uid], ME, LEASE) == set()
        assert store.acquire(uid, OTHER, LEASE)

    def test_only_open_runs_that_nobody_owns_wait_to_be_recovered(self, store: Store, world: World) -> None:
        begun = with_phase(make_run("begun", created_at=2.0), "Running")
        fresh = with_phase(make_run("fresh", created_at=1.0), "")
        done = with_phase(make_run("done"), "Succeeded")
        for run in (begun, fresh, done):
            create(store, run)
        assert store.unowned() == []
        world.now += LEASE
        create(store, make_run("owned"))
        assert [run.name for run in store.unowned()] == ["fresh", "begun"]

    def test_a_missing_run_has_no_owner_and_gets_none(self, store: Store) -> None:
        assert store.acquire("missing", ME, LEASE) is None
        assert store.owner_of("missing") is None

    def test_of_many_that_want_a_run_one_gets_it(self, store: Store) -> None:
        uid = make_run().info.uid
        create(store, make_run())
        store.release([uid], ME)
        got: list[int | None] = []
        start = threading.Barrier(8)

        def want(name: str) -> None:
            start.wait()
            got.append(store.acquire(uid, make_owner(name), LEASE))

        threads = [threading.Thread(target=want, args=(f"thread {number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(lease is not None for lease in got) == 1


class StoreContract(LeaseContract, MetricContract, ObjectContract):
    """Everything that a store keeps."""

    def test_requests_stay_until_a_saved_change_has_done_them(self, store: Store) -> None:
        run, other = make_run(), make_run("other")
        uid, lease = run.info.uid, create(store, run)
        create(store, other)
        first = store.add_request(uid, "suspend", {})
        second = store.add_request(uid, "node-set", {"phase": "Succeeded", "count": 3})
        elsewhere = store.add_request(other.info.uid, "stop", {})
        assert first < second < elsewhere
        assert store.pending_requests([uid]) == [
            Request(id=first, uid=uid, kind="suspend", payload={}, created_at=1_000.0),
            Request(
                id=second,
                uid=uid,
                kind="node-set",
                payload={"phase": "Succeeded", "count": 3},
                created_at=1_000.0,
            ),
        ]
        store.save([RunChange(uid=uid, lease=lease, requests_done=[first])])
        assert [request.id for request in store.pending_requests([uid])] == [second]
        every = store.pending_requests([other.info.uid, uid, "missing"])
        assert [request.id for request in every] == [second, elsewhere]
        assert store.pending_requests([]) == []

    def test_a_missing_run_takes_no_requests(self, store: Store) -> None:
        with pytest.raises(NotFoundError, match="There is no run with the uid missing"):
            store.add_request("missing", "stop", {})

    def test_the_number_of_changes_tells_whether_to_look_again(self, store: Store) -> None:
        numbers = [store.changed()]
        lease = create(store, make_run())
        numbers.append(store.changed())
        uid = make_run().info.uid
        store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(1)])])
        numbers.append(store.changed())
        store.add_request(uid, "stop", {})
        numbers.append(store.changed())
        store.delete_run(uid)
        numbers.append(store.changed())
        assert len(set(numbers)) == len(numbers)
        store.list_runs(RunFilter())
        assert store.changed() == numbers[-1]
