"""What every store keeps about runs: they are created, saved, loaded, found, listed and deleted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pinnace.base.errors import LeaseLost, NameTaken, NotFoundError, UsageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.node import NodeOutputs, Phase
from pinnace.engine.run import RunState, Shutdown
from pinnace.ports.store import (
    Request,
    RunChange,
    RunFilter,
    RunSummary,
    Store,
    StoredRun,
)
from pinnace.spec.policies import TTLStrategy
from pinnace.spec.workflow import WorkflowSpec
from pinnace.testing.contracts.store_samples import (
    LARGE_TEXT,
    ODD_TEXTS,
    World,
    create,
    make_node,
    make_run,
    with_phase,
)


class RunContract:
    """Creating, saving, loading, finding and deleting runs."""

    @pytest.fixture
    def world(self) -> World:
        """Return the world that the store lives in."""
        return World()

    def test_a_new_run_is_loaded_as_it_was_made(self, store: Store) -> None:
        run = make_run()
        create(store, run)
        assert store.load_run(run.info.uid) == run

    def test_what_was_saved_last_is_loaded(self, store: Store) -> None:
        run = make_run()
        lease = create(store, run)
        uid = run.info.uid
        state = RunState(phase="Succeeded", started_at=1.0, finished_at=2.0, message="done")
        info = replace(run.info, labels={"app": "new"})
        done, added = make_node(0, Phase.SUCCEEDED, "result"), make_node(7)
        store.save([RunChange(uid=uid, lease=lease, state=state, info=info, nodes=[added, done])])
        assert store.load_run(uid) == StoredRun(
            info=info, submission=run.submission, state=state, nodes=(done, added)
        )
        assert store.list_runs(RunFilter()) == [
            RunSummary(
                uid=uid,
                name="hello",
                namespace="default",
                labels={"app": "new"},
                phase="Succeeded",
                message="done",
                created_at=1.0,
                started_at=1.0,
                finished_at=2.0,
            )
        ]

    def test_a_list_tells_what_stands_beside_the_phase(self, store: Store) -> None:
        run = make_run()
        spec = replace(run.submission.workflow.spec, priority=7)
        workflow = replace(run.submission.workflow, spec=spec)
        run = replace(run, submission=replace(run.submission, workflow=workflow))
        lease, uid = create(store, run), run.info.uid
        state = RunState(phase="Running", shutdown=Shutdown.STOP, is_suspended=True)
        store.save([RunChange(uid=uid, lease=lease, state=state)])
        (listed,) = store.list_runs(RunFilter())
        assert (listed.priority, listed.shutdown, listed.is_suspended) == (7, Shutdown.STOP, True)

    def test_the_nodes_in_a_phase_are_found_without_the_others(self, store: Store) -> None:
        run = make_run()
        lease, uid = create(store, run), run.info.uid
        running = [make_node(number, Phase.RUNNING, text=f"{number}") for number in (9, 4)]
        store.save([RunChange(uid=uid, lease=lease, nodes=[*running, make_node(5, Phase.FAILED)])])
        assert store.nodes_in(uid, Phase.RUNNING)[-2:] == [running[1], running[0]]
        assert store.nodes_in(uid, Phase.FAILED) == [make_node(5, Phase.FAILED)]
        assert store.nodes_in("other", Phase.RUNNING) == []

    def test_changes_take_effect_in_their_order(self, store: Store) -> None:
        run = make_run()
        lease, uid = create(store, run), run.info.uid
        store.save(
            [
                RunChange(uid=uid, lease=lease, nodes=[make_node(1), make_node(2), make_node(3)]),
                RunChange(uid=uid, lease=lease, nodes=[make_node(1, Phase.FAILED)], removed=[NodeNumber(2)]),
                RunChange(uid=uid, lease=lease, nodes=[make_node(3, Phase.ERROR)], removed=[NodeNumber(3)]),
            ]
        )
        assert store.load_run(uid).nodes[1:] == (make_node(1, Phase.FAILED), make_node(3, Phase.ERROR))

    def test_changes_of_several_runs_are_saved_together(self, store: Store) -> None:
        runs = [make_run(name) for name in ("a", "b", "c")]
        leases = [create(store, run) for run in runs]
        store.save(
            [
                RunChange(uid=run.info.uid, lease=lease, nodes=[make_node(1, text=run.info.name)])
                for run, lease in zip(runs, leases, strict=True)
            ]
        )
        for run in runs:
            assert store.load_run(run.info.uid).nodes[1] == make_node(1, text=run.info.name)

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
    def test_any_text_comes_back_as_it_was(self, store: Store, text: str) -> None:
        run = make_run()
        info = replace(run.info, parameters={"p": text}, labels={"l": text}, annotations={text: "a"})
        state = replace(run.state, message=text, outputs=NodeOutputs(parameters={"o": text}))
        run = replace(run, info=info, state=state, nodes=(make_node(0, text=text),))
        create(store, run)
        assert store.load_run(info.uid) == run
        assert store.list_runs(RunFilter())[0].labels == {"l": text.encode(errors="replace").decode()}
        request = store.add_request(info.uid, "node-set", {"text": text})
        assert store.pending_requests([info.uid]) == [
            Request(id=request, uid=info.uid, kind="node-set", payload={"text": text}, created_at=1_000.0)
        ]

    def test_equal_large_texts_are_one_object(self, store: Store) -> None:
        run = make_run()
        lease, uid = create(store, run), run.info.uid
        copies = ["x" * 100_000 for _ in range(3)]
        nodes = [make_node(number, text=copy) for number, copy in enumerate(copies)]
        store.save([RunChange(uid=uid, lease=lease, nodes=nodes)])
        loaded = store.load_run(uid).nodes
        assert loaded == tuple(nodes)
        if loaded[0] is not nodes[0]:  # a store that keeps the objects themselves has no copies to share
            assert len({id(node.outputs.result) for node in loaded if node.outputs}) == 1

    def test_a_name_is_given_once_in_a_namespace(self, store: Store) -> None:
        run = make_run()
        create(store, run)
        again = replace(run, info=replace(run.info, uid="another"))
        with pytest.raises(NameTaken, match="Namespace default has a run named hello already"):
            create(store, again)
        create(store, replace(again, info=replace(again.info, namespace="elsewhere")))
        assert store.load_run(run.info.uid) == run
        store.delete_run(run.info.uid)
        create(store, make_run("hello"))

    def test_a_run_is_found_by_uid_by_name_and_by_how_it_begins(self, store: Store) -> None:
        for run in (
            make_run("build"),
            make_run("build-2"),
            make_run("test"),
            make_run("test", namespace="b"),
        ):
            create(store, run)

        def found(text: str, namespace: str | None = None) -> str:
            return store.find_run(text, namespace).uid

        assert found("build") == "uid-of-default-build"
        assert found("build-") == "uid-of-default-build-2"
        assert found("uid-of-b-test") == found("uid-of-b-test", "default") == "uid-of-b-test"
        assert found("test", "b") == found("uid-of-b") == "uid-of-b-test"
        for text, namespace in (("buil", None), ("test", None), ("te", None)):
            with pytest.raises(UsageError, match=r"could mean (b/test, )?default/"):
                found(text, namespace)
        for text, namespace in (("Build", None), ("%", None), ("", None), ("\udcff", None), ("build", "b")):
            with pytest.raises(NotFoundError, match="There is no run"):
                found(text, namespace)

    def test_an_ambiguous_word_is_answered_with_some_of_what_it_could_mean(self, store: Store) -> None:
        for number in range(9):
            create(store, make_run(f"job-{number}"))
        with pytest.raises(
            UsageError, match=r"'job' could mean (default/job-\d, ){4}default/job-\d and more"
        ):
            store.find_run("job")

    @pytest.mark.parametrize(
        ("wanted", "names"),
        [
            (RunFilter(), ["d", "c2", "c", "b", "a"]),
            (RunFilter(limit=2), ["d", "c2"]),
            (RunFilter(limit=0), []),
            (RunFilter(namespace="default"), ["d", "c2", "c", "a"]),
            (RunFilter(phases=frozenset({"Failed", ""})), ["c2", "a"]),
            (RunFilter(prefix="c"), ["c2", "c"]),
            (RunFilter(prefix="C"), []),
            (RunFilter(since=3.0), ["d", "c2", "c"]),
            (RunFilter(since=2.0, until=3.0), ["b"]),
            (RunFilter(labels=lambda labels: labels["app"] != "d"), ["c2", "c", "b", "a"]),
            (RunFilter(labels=lambda labels: labels["app"] != "d", limit=1), ["c2"]),
            (RunFilter(namespace="default", prefix="c", phases=frozenset({"Running"})), ["c"]),
        ],
    )
    def test_a_list_shows_what_meets_every_condition(
        self, store: Store, wanted: RunFilter, names: list[str]
    ) -> None:
        for run in (
            with_phase(make_run("a", created_at=1.0), ""),
            make_run("b", created_at=2.0, namespace="elsewhere"),
            make_run("d", created_at=4.0),
            make_run("c", created_at=3.0),
            with_phase(make_run("c2", created_at=3.5), "Failed"),
        ):
            create(store, run)
        assert [run.name for run in store.list_runs(wanted)] == names

    def test_the_latest_run_is_the_one_made_last(self, store: Store) -> None:
        with pytest.raises(NotFoundError, match="There is no run yet"):
            store.latest()
        create(store, make_run("new", created_at=5.0))
        create(store, make_run("old", created_at=4.0))
        create(store, make_run("elsewhere", created_at=9.0, namespace="b"))
        assert store.latest("default").name == "new"
        assert store.latest().name == "elsewhere"
        with pytest.raises(NotFoundError, match="There is no run yet in namespace c"):
            store.latest("c")

    def test_a_deleted_run_is_gone_with_everything(self, store: Store) -> None:
        run = make_run()
        lease, uid = create(store, run), run.info.uid
        store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(1, text=LARGE_TEXT)])])
        store.add_request(uid, "stop", {})
        store.delete_run(uid)
        store.delete_run(uid)
        assert store.list_runs(RunFilter()) == []
        assert store.pending_requests([uid]) == []
        with pytest.raises(NotFoundError, match=f"There is no run with the uid {uid}"):
            store.load_run(uid)
        with pytest.raises(LeaseLost, match="taken over by another process, or deleted"):
            store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(2)])])

    def test_what_two_runs_share_survives_the_deletion_of_one(self, store: Store) -> None:
        first, second = (replace(make_run(name), nodes=(make_node(0, text=LARGE_TEXT),)) for name in "ab")
        create(store, first)
        create(store, second)
        store.delete_run(first.info.uid)
        assert store.load_run(second.info.uid) == second

    @pytest.mark.parametrize(
        ("phase", "age", "is_expired"),
        [
            ("Succeeded", 10, True),
            ("Succeeded", 9, False),
            ("Failed", 20, True),
            ("Failed", 19, False),
            ("Error", 29, False),
            ("Error", 30, True),
        ],
    )
    def test_an_ended_run_expires_by_its_phase(
        self, store: Store, world: World, phase: str, age: int, *, is_expired: bool
    ) -> None:
        strategy = TTLStrategy(
            seconds_after_completion=30, seconds_after_success=10, seconds_after_failure=20
        )
        run = make_run()
        workflow = replace(run.submission.workflow, spec=WorkflowSpec(ttl_strategy=strategy))
        run = replace(run, submission=replace(run.submission, workflow=workflow))
        lease = create(store, run)
        create(store, with_phase(make_run("kept"), phase))
        assert store.expired(world.now + 1000) == []
        state = RunState(phase=phase, started_at=1.0, finished_at=world.now)
        store.save([RunChange(uid=run.info.uid, lease=lease, state=state)])
        assert [each.uid for each in store.expired(world.now + age)] == [run.info.uid] * is_expired
