"""Pinnace with a home of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from whole_runs import opened

from pinnace.bootstrap import Pinnace


@pytest.fixture
def pinnace(tmp_path: Path) -> Iterator[Pinnace]:
    made = opened(tmp_path)
    yield made
    made.close()
