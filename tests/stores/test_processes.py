"""Who is dead, told by real processes."""

from __future__ import annotations

import os
import subprocess
import sys

from msgspec.structs import replace

from pinnace.stores.processes import is_dead, this_process


def test_this_process_is_alive_and_every_owner_differs() -> None:
    first, second = this_process(), this_process()
    assert first.pid == os.getpid()
    assert first.id != second.id
    assert replace(first, id="") == replace(second, id="")
    assert not is_dead(first)


def test_a_process_is_dead_when_it_has_ended_collected_or_not() -> None:
    program = (
        "from pinnace.stores.processes import this_process as me; print(me().birth, flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    birth = child.stdout.readline().strip()
    owner = replace(this_process(), pid=child.pid, birth=birth)
    assert not is_dead(owner)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays to be collected
    assert is_dead(owner)
    child.communicate()
    assert is_dead(owner)


def test_a_number_that_another_process_has_now_is_not_taken_for_the_owner() -> None:
    assert is_dead(replace(this_process(), birth="earlier"))


def test_what_cannot_be_known_is_not_called_dead() -> None:
    assert not is_dead(replace(this_process(), host="another machine", birth="earlier"))
    assert not is_dead(replace(this_process(), birth=""))
    assert not is_dead(replace(this_process(), pid=0))
