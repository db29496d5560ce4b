"""What tasks run with: the stand-ins for their images, and a private view of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pinnace.base.errors import RefusedError
from pinnace.settings import Settings

if TYPE_CHECKING:  # adapters are imported when they are first used, so that `list` starts fast
    from concurrent.futures import Future

    from pinnace.executors.images import ImageTable
    from pinnace.executors.isolation import Isolation
    from pinnace.world.world import World


def image_table(settings: Settings, root: Path, world: World | None) -> ImageTable:
    """Return the table of stand-ins: options, then the user's file, then what is shipped.

    Raises:
        UsageError: an option or the user's file cannot be read.
    """
    from pinnace.executors.images import Answer, ImageTable
    from pinnace.executors.standins import Standins, load, parse_option
    from pinnace.executors.venvs import Venvs

    entries = [parse_option(text) for text in settings.image_rules]
    if settings.images is not None:
        entries += load(settings.images)
    answers = {}
    if world is not None:
        from pinnace.world.world import AWS_CLI_IMAGES, AWS_CLI_NOTE

        if settings.is_isolated:
            answer = Answer(("aws",), world.staged_files(), AWS_CLI_NOTE)
        else:
            answer = Answer(("aws",), (), AWS_CLI_NOTE, str(world.command_folder()))
        answers = dict.fromkeys(AWS_CLI_IMAGES, answer)
    standins = Standins(entries, Venvs(root / "venvs"), can_stage=settings.is_isolated)
    return ImageTable(standins, answers)


class IsolationTrial:
    """Tries once, on another thread, whether tasks can be isolated under the folder ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._trial: Future[Isolation] | None = None

    def begin(self) -> None:
        """Make the trial be on its way: it takes a while."""
        if self._trial is not None:
            return
        from concurrent.futures import ThreadPoolExecutor

        from pinnace.executors.isolation import probe

        pool = ThreadPoolExecutor(1)
        self._trial = pool.submit(probe, self._root)
        pool.shutdown(wait=False)

    def require(self) -> None:
        """Make sure that tasks can have the private view they are to get; wait for the trial.

        Raises:
            RefusedError: they cannot; says why, and what can be done instead.
        """
        self.begin()
        assert self._trial is not None
        found = self._trial.result()
        if not found.is_available:
            raise RefusedError(
                f"tasks cannot be isolated here: {found.reason}",
                remedy="With --no-isolated tasks run on this machine as it is, and see and change its files.",
            )

    def close(self) -> None:
        """Wait until a trial that is on its way has gone from the folder."""
        if self._trial is not None:
            self._trial.exception()
