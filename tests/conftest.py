"""What all tests share.

Hypothesis tries as much as the profile ``ci`` says, unless HYPOTHESIS_PROFILE in the environment is ``soak``.

``ci`` tries the same examples each time, so that a change is judged by itself; ``soak`` looks for new ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pinnace.executors.isolation import Isolation, probe
from processes import end_begun

if TYPE_CHECKING:  # it needs an extra
    from buckets import Bucket

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("soak", max_examples=5000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("soak" if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else "ci")


@pytest.fixture(autouse=True)
def _processes() -> Iterator[None]:
    yield
    end_begun()


@pytest.fixture(scope="session")
def isolation(tmp_path_factory: pytest.TempPathFactory) -> Isolation:
    """Return what isolation tasks get on this machine."""
    return probe(tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="session")
def private(isolation: Isolation) -> None:
    """Skip where tasks can have no private view; tests/executors/test_isolation.py says that this is so."""
    if not isolation.is_available:
        pytest.skip(isolation.reason)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Return the URL of an emulator of S3."""
    from buckets import emulated_s3

    with emulated_s3() as url:
        yield url


@pytest.fixture
def bucket(s3: str) -> Bucket:
    """Return a new bucket of the emulator."""
    from buckets import Bucket

    return Bucket(s3)
