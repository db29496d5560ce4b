"""Reports of defects: what a developer needs and a user need not see."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

from pinnace import __version__
from pinnace.base.errors import PinnaceError
from pinnace.settings import read_settings


def write_report(error: BaseException) -> Path | None:
    """Write what is known of ``error`` to a file and return where it lies; None if nowhere can be written.

    It holds the traceback and versions, no values of manifests except those in the error's own text.
    """
    story = "".join(traceback.format_exception(error))
    text = f"pinnace {__version__}, Python {sys.version}, {platform.platform()}\n\n{story}"
    folders = [Path(tempfile.gettempdir())]
    with suppress(PinnaceError):
        folders.insert(0, read_settings().home / "reports")
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = time.strftime("defect-%Y%m%d-%H%M%S-")
            with tempfile.NamedTemporaryFile(
                "w", dir=folder, prefix=name, suffix=".txt", delete=False, encoding="utf-8", errors="replace"
            ) as file:
                file.write(text)
            return Path(file.name)
    return None
