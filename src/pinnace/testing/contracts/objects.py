"""What every store keeps of the objects beside runs; a part of ``StoreContract``."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pinnace.base.errors import NameTaken, NotFoundError, ObjectChanged
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import Store
from pinnace.testing.contracts.store_samples import LEASE, ME, make_run


def make_object(name: str = "one", *, kind: str = "ConfigMap", namespace: str = "default") -> KeptObject:
    """Return an object of that name."""
    body = {"kind": kind, "metadata": {"name": name}, "data": {"key": f"{name} \ud800 \0"}}
    return KeptObject(
        kind=kind, namespace=namespace, name=name, uid=f"uid-{namespace}-{name}", created_at=5.5, body=body
    )


class ObjectContract:
    """Templates, CronWorkflows, ConfigMaps and Secrets."""

    def test_an_object_is_found_as_it_was_kept(self, store: Store) -> None:
        store.objects.create(make_object())
        assert store.objects.find("ConfigMap", "default", "one") == make_object()
        assert store.objects.find("ConfigMap", "default", "two") is None
        assert store.objects.find("Secret", "default", "one") is None
        assert store.objects.find("ConfigMap", "other", "one") is None

    def test_objects_are_listed_by_namespace_and_name(self, store: Store) -> None:
        for name, namespace in (("b", "x"), ("a", "x"), ("c", "default")):
            store.objects.create(make_object(name, namespace=namespace))
        store.objects.create(make_object("z", kind="Secret"))
        assert [kept.name for kept in store.objects.of_kind("ConfigMap")] == ["c", "a", "b"]
        assert [kept.name for kept in store.objects.of_kind("ConfigMap", "x")] == ["a", "b"]

    def test_a_name_is_taken_once_a_kind_and_namespace(self, store: Store) -> None:
        store.objects.create(make_object())
        store.objects.create(make_object(kind="Secret"))
        store.objects.create(make_object(namespace="other"))
        with pytest.raises(NameTaken, match="Namespace default has a ConfigMap named one already"):
            store.objects.create(make_object())

    def test_a_change_of_what_was_read_is_kept_and_seen(self, store: Store) -> None:
        store.objects.create(make_object())
        new = store.objects.replace(replace(make_object(), body={"data": {}}))
        assert new.version == 2
        assert store.objects.find("ConfigMap", "default", "one") == new
        assert new.body == {"data": {}}

    def test_a_change_of_what_is_no_more_so_is_refused(self, store: Store) -> None:
        read = make_object()
        store.objects.create(read)
        store.objects.replace(replace(read, body={"n": 1}))
        with pytest.raises(ObjectChanged):
            store.objects.replace(replace(read, body={"n": 2}))
        store.objects.delete("ConfigMap", "default", "one")
        store.objects.create(replace(read, uid="another"))
        with pytest.raises(ObjectChanged):
            store.objects.replace(read)

    def test_a_deleted_object_is_gone(self, store: Store) -> None:
        store.objects.create(make_object())
        assert store.objects.delete("ConfigMap", "default", "one")
        assert not store.objects.delete("ConfigMap", "default", "one")
        assert store.objects.find("ConfigMap", "default", "one") is None

    def test_a_run_and_a_change_of_an_object_are_made_together_or_not_at_all(self, store: Store) -> None:
        read = make_object()
        store.objects.create(read)

        def create(name: str, change: KeptObject) -> None:
            run = make_run(name)
            store.create_run(
                run.info,
                run.submission,
                run.state,
                run.nodes,
                owner=ME,
                lease_seconds=LEASE,
                replacing=[change],
            )

        create("first", replace(read, body={"n": 1}))
        with pytest.raises(ObjectChanged):
            create("second", replace(read, body={"n": 2}))
        with pytest.raises(NotFoundError):
            store.find_run("second")
        with pytest.raises(NameTaken):
            create("first", replace(read, version=2, body={"n": 3}))
        found = store.objects.find("ConfigMap", "default", "one")
        assert found is not None
        assert (found.version, found.body) == (2, {"n": 1})
