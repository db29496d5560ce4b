"""What was acknowledged survives a kill; what cannot be stored is said, and stored when it can be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from msgspec.structs import replace

from pinnace.base.errors import LeaseLost
from pinnace.ports.store import RunChange
from pinnace.stores.processes import is_dead, this_process
from pinnace.stores.sqlite import SqliteStore
from pinnace.testing.contracts.store_samples import make_node, make_run

PRELUDE = """
import os, resource, sys
from pathlib import Path
from pinnace.base.errors import StorageError
from pinnace.ports.store import RunChange
from pinnace.stores.processes import this_process
from pinnace.stores.sqlite import SqliteStore
from pinnace.testing.contracts.store_samples import LARGE_TEXT, create, make_node, make_run

store = SqliteStore(Path(sys.argv[1]) / "pinnace.db")
run = make_run()
owner = this_process()
lease = store.create_run(run.info, run.submission, run.state, (), owner=owner, lease_seconds=3600)

def save(number, text=""):
    nodes = [make_node(number * 10 + at, text=f"{number} {text}") for at in range(10)]
    store.save([RunChange(uid=run.info.uid, lease=lease, nodes=nodes)])
"""

FOR_EVER = """
print(owner.pid, owner.birth, flush=True)
for number in range(1_000_000):
    save(number, LARGE_TEXT[:number % 3 * 20_000])
    print(number, flush=True)
"""

UNTIL_FULL = """
number, text = 0, os.urandom(20_000).hex()
try:
    while True:
        save(number, text + str(number))
        number += 1
except StorageError as error:
    print(error)
try:
    save(number, text + str(number))
except StorageError:
    print("still full")
assert len(store.load_run(run.info.uid).nodes) == number * 10, "readers go on"
{make_room}
save(number, text + str(number))
nodes = store.load_run(run.info.uid).nodes
assert [node.number for node in nodes] == list(range(number * 10 + 10))
assert all(node == make_node(node.number, text=node.message) for node in nodes)
print("saved again")
"""


def python(program: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", PRELUDE + textwrap.dedent(program), str(folder)]


def in_own_mounts(command: list[str], mount: str, folder: Path) -> list[str]:
    """Return what runs ``command`` after the shell command ``mount``, whose mounts nobody else sees."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", "--mount", *user, "sh", "-c", f'{mount} && exec "$@"', str(folder), *command]


def can_mount(folder: Path) -> bool:
    """Return whether this kernel lets this user mount a small file system of its own."""
    if shutil.which("unshare") is None:
        return False
    attempt = in_own_mounts(["true"], 'mount -t tmpfs -o size=1m none "$0"', folder)
    return subprocess.run(attempt, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 7, 30])
def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, count: int) -> None:
    child = subprocess.Popen(python(FOR_EVER, tmp_path), stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    _, birth = child.stdout.readline().split()
    for _ in range(count):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    told = child.communicate()[0].split()
    acknowledged = int(told[-1]) + 1 if told else count

    store = SqliteStore(tmp_path / "pinnace.db")
    nodes = store.load_run(make_run().info.uid).nodes
    assert len(nodes) // 10 in {acknowledged, acknowledged + 1}  # one may be saved and not told
    assert [node.number for node in nodes] == list(range(len(nodes)))  # whole batches only
    assert len(nodes) % 10 == 0
    assert all(node == make_node(node.number, text=node.message) for node in nodes)
    assert [run.name for run in store.unowned()] == ["hello"]
    assert is_dead(replace(this_process(), pid=child.pid, birth=birth))
    lease = store.acquire(make_run().info.uid, this_process(), 30)
    assert lease is not None
    store.save([RunChange(uid=make_run().info.uid, lease=lease, nodes=[make_node(5)])])
    store.close()


@pytest.mark.slow
def test_a_full_disk_is_reported_and_the_store_goes_on_when_there_is_room(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("this user may not mount a file system here")
    program = UNTIL_FULL.format(make_room='os.remove(sys.argv[1] + "/ballast")')
    mount = 'mount -t tmpfs -o size=4m none "$0" && head -c 1500000 /dev/zero > "$0/ballast"'
    answer = subprocess.run(
        in_own_mounts(python(program, tmp_path), mount, tmp_path), capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    assert answer.stdout.splitlines() == [
        f"Cannot use the store {tmp_path}/pinnace.db: there is no room left on the disk (SQLITE_FULL)",
        "  Free some room there; `pinnace delete` removes old runs.",
        "still full",
        "saved again",
    ]


@pytest.mark.slow
def test_a_file_size_limit_is_reported_and_the_store_goes_on_when_it_is_raised(tmp_path: Path) -> None:
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))\n"
    program = limit.format(3_000_000) + UNTIL_FULL.format(make_room=limit.format("resource.RLIM_INFINITY"))
    answer = subprocess.run(python(program, tmp_path), capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    first, remedy, *rest = answer.stdout.splitlines()
    assert f"Cannot use the store {tmp_path}/pinnace.db: the disk failed to" in first
    assert "a file size limit (`ulimit -f`)" in remedy
    assert rest == ["still full", "saved again"]


@pytest.mark.slow
def test_a_disk_that_becomes_read_only_is_reported_and_used_again_when_it_is_writable(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("this user may not mount a file system here")
    program = """
        store.close()
        def remount(how):
            assert os.system(f"mount -o remount,bind,{how} {sys.argv[1]}") == 0
        remount("ro")
        for _ in range(2):
            try:
                save(1)
            except StorageError as error:
                print(error)
        try:
            SqliteStore(Path(sys.argv[1]) / "pinnace.db")
        except StorageError as error:
            print(error)
        remount("rw")
        save(1)
        assert len(store.load_run(run.info.uid).nodes) == 10
        print("saved again")
    """
    mount = 'mount -t tmpfs none "$0"'
    answer = subprocess.run(
        in_own_mounts(python(program, tmp_path), mount, tmp_path), capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    lines = answer.stdout.splitlines()
    what = f"Cannot use the store {tmp_path}/pinnace.db: it, its folder or its disk is read-only"
    assert lines[::2] == [*[f"{what} (SQLITE_CANTOPEN)"] * 3, "saved again"]
    assert "set PINNACE_HOME to a folder that is" in lines[1]


@pytest.mark.slow
def test_two_processes_share_a_store_and_only_the_owner_saves(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from pinnace.ports.store import RunChange
        from pinnace.stores.processes import this_process
        from pinnace.stores.sqlite import SqliteStore
        from pinnace.testing.contracts.store_samples import make_node

        store, me = SqliteStore(Path(sys.argv[1])), this_process()
        found = store.find_run("hel")
        print(found.name, found.phase, store.owner_of(found.uid).pid, store.acquire(found.uid, me, 30))
        store.add_request(found.uid, "stop", {"message": "enough"})
        print("asked", flush=True)
        input()
        lease = store.acquire(found.uid, me, 30)
        store.save([RunChange(uid=found.uid, lease=lease, nodes=[make_node(2)])])
    """
    path = tmp_path / "pinnace.db"
    store, me, run = SqliteStore(path), this_process(), make_run()
    uid = run.info.uid
    lease = store.create_run(run.info, run.submission, run.state, run.nodes, owner=me, lease_seconds=30)
    seen = store.changed()
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == f"hello Running {me.pid} None\n"
    assert child.stdout.readline() == "asked\n"
    assert store.changed() != seen
    (request,) = store.pending_requests([uid])
    assert (request.kind, request.payload) == ("stop", {"message": "enough"})
    change = RunChange(uid=uid, lease=lease, nodes=[make_node(1)], requests_done=[request.id])
    store.save([change])
    store.release([uid], me)
    child.communicate("go on\n")
    assert child.returncode == 0
    with pytest.raises(LeaseLost):
        store.save([change])
    assert [node.number for node in store.load_run(uid).nodes] == [0, 1, 2]
    assert store.pending_requests([uid]) == []
    assert store.owner_of(uid) is None  # the child has ended
    store.close()
