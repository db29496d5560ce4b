"""That tests of private views are skipped only where the kernel gives none."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pinnace.executors.isolation import Isolation

VIEW = "unshare --user --map-root-user --mount --pid --fork --mount-proc true"


def test_tasks_get_private_views_wherever_the_kernel_gives_unshare_one(isolation: Isolation) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to ask")
    done = subprocess.run(VIEW.split(), capture_output=True, check=False)

    assert done.returncode != 0 or isolation.is_available, isolation.reason
