"""The table of stand-ins as the runtime asks it, with what an embedded world answers for put before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pinnace.executors.standins import BASE_ENVIRONMENT, Refusal, Standins, matches
from pinnace.ports import images as port
from pinnace.ports.executor import StagedFile


class Answer(msgspec.Struct, frozen=True):
    """How an embedded world runs an image."""

    entrypoint: tuple[str, ...]
    files: tuple[StagedFile, ...]
    note: str
    folder: str = ""
    """Put first in PATH where files cannot be staged; empty is nowhere."""


class ImageTable:
    """Finds stand-ins; implements ``pinnace.ports.images.Images``.

    Args:
        standins: the table.
        answers: image pattern → what an embedded world does instead.
    """

    def __init__(self, standins: Standins, answers: Mapping[str, Answer]) -> None:
        self._standins = standins
        self._answers = dict(answers)

    def resolve(self, image: str, command: Sequence[str], args: Sequence[str]) -> port.StandIn | port.Refusal:
        """Return what runs, or why nothing does."""
        for pattern, answer in self._answers.items():
            if matches(pattern, image):
                argv = (*(command or answer.entrypoint), *args)
                path = f"{answer.folder}:" if answer.folder else ""
                env = tuple({**BASE_ENVIRONMENT, "PATH": path + BASE_ENVIRONMENT["PATH"]}.items())
                return port.StandIn(argv=argv, env=env, files=answer.files, notes=(answer.note,))
        found = self._standins.resolve(image, command, args)
        if isinstance(found, Refusal):
            return port.Refusal(message=found.message, remedies=tuple(found.remedies))
        env = tuple({**BASE_ENVIRONMENT, **found.env}.items())
        files = tuple(
            StagedFile(path=place, content=content, mode=0o755) for place, content in found.programs.items()
        )
        return port.StandIn(argv=tuple(found.argv), env=env, files=files, notes=tuple(found.notes))
