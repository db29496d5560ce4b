"""Driving runs from a terminal: signals, progress, logs, and what is said at the end.

Used by every command that executes: ``run``, ``recover``, ``retry`` and ``resubmit``.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import click

from pinnace.cli.main import FAILED, INTERRUPTED
from pinnace.cli.output import outliving_readers
from pinnace.cli.render.silence import Quiet
from pinnace.cli.session import is_colour
from pinnace.engine.node import Node
from pinnace.engine.run import Run, Shutdown
from pinnace.ports.observer import Observer

if TYPE_CHECKING:  # opening Pinnace is the caller's doing
    from pinnace.bootstrap import Pinnace

#: Seconds between two looks at logs and at the live tree.
_TICK = 0.1
#: An observer, what to call now and then, and what to call at the end.
Watching = tuple[Observer, Callable[[], None], Callable[[], None]]


@dataclass(frozen=True)
class Display:
    """What is shown of runs while they are driven, and after."""

    is_quiet: bool = False
    is_log: bool = False
    """Print what the steps print instead of their progress."""
    output: str | None = None
    """``json``, ``yaml``, ``name``: the run, when it has ended."""
    is_colour: bool = False

    @property
    def is_to_stderr(self) -> bool:
        """Whether standard output is kept for the run itself."""
        return self.output is not None and self.output != "wide"

    def say(self, text: str) -> None:
        """Print a line of progress."""
        click.echo(text, err=self.is_to_stderr, color=self.is_colour)


def display_of(given: Mapping[str, Any]) -> Display:
    """Return what ``drive_options``, and ``-o`` of commands that have it, want to be shown."""
    return Display(
        is_quiet=given["quiet"],
        is_log=given["is_log"],
        output=given.get("output"),
        is_colour=is_colour(no_color=given["no_color"]),
    )


def drive(pinnace: Pinnace, uids: Sequence[str], display: Display) -> int:
    """Drive the runs to their ends, showing how they get on, and return the command's exit status.

    A reader of the progress that leaves (``| head``) ends the progress and not the runs.
    """
    watching = _watching(pinnace, display)
    interrupts = asyncio.run(
        _attend(pinnace, watching, lambda observer: pinnace.drive(uids, observer=observer))
    )
    _show_ends(pinnace, uids, display)
    if interrupts:
        return INTERRUPTED
    return 0 if all(pinnace.store.find_run(uid).phase == "Succeeded" for uid in uids) else FAILED


def schedule(pinnace: Pinnace, display: Display, **given: Any) -> int:
    """Drive what CronWorkflows start until the user interrupts, and return the command's exit status."""
    interrupts = asyncio.run(
        _attend(
            pinnace,
            _as_lines(pinnace, display),
            lambda observer: pinnace.schedule(observer=observer, **given),
        )
    )
    return INTERRUPTED if interrupts >= Interrupts.ENOUGH else 0


async def _attend(
    pinnace: Pinnace, watching: Watching, work: Callable[[Observer], Coroutine[Any, Any, None]]
) -> int:
    """Have ``work`` done, watched; return how often the user interrupted."""
    shown, tick, close = watching
    observer = Steadfast(shown)
    driving = asyncio.ensure_future(work(observer))
    interrupts = Interrupts(pinnace, observer, driving)
    with interrupts:
        ticking = asyncio.create_task(_tick(tick))
        try:
            await driving
        except asyncio.CancelledError:
            if interrupts.count < Interrupts.ENOUGH:
                raise
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            with outliving_readers():
                tick()
                close()
    return interrupts.count


async def _tick(tick: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_TICK)
        with outliving_readers():
            tick()


def _as_lines(pinnace: Pinnace, display: Display) -> Watching:
    """Return what writes a line for each thing that happens, for runs that come and go."""
    if display.is_log or display.is_quiet:
        return _watching(pinnace, display)
    from pinnace.cli.render.lines import Lines

    return Lines(display.say), lambda: None, lambda: None


def _watching(pinnace: Pinnace, display: Display) -> Watching:
    """Return what shows how runs get on."""
    if display.is_log:
        from pinnace.cli.printing import LogPrinter

        printer = LogPrinter(pinnace.home.runs, is_colour=display.is_colour)
        return printer, printer.tick, lambda: None
    if display.is_quiet:
        return Quiet(lambda line: click.echo(line, err=True)), lambda: None, lambda: None
    stream = sys.stderr if display.is_to_stderr else sys.stdout
    if stream.isatty():
        from pinnace.cli.render.live import LiveTree

        live = LiveTree(stream, is_colour=display.is_colour)
        return live, live.tick, live.close
    from pinnace.cli.render.lines import Lines

    return Lines(display.say), lambda: None, lambda: None


class Steadfast:
    """An observer that passes everything on to another one, and outlives the reader of what that shows."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def run_changed(self, run: Run, nodes: Sequence[Node]) -> None:
        """Pass it on."""
        with outliving_readers():
            self._observer.run_changed(run, nodes)

    def said(self, message: str) -> None:
        """Pass it on."""
        with outliving_readers():
            self._observer.said(message)


class Interrupts:
    """Turns Ctrl-C into an orderly end: the first stops, the second terminates, the third leaves at once.

    SIGTERM counts like Ctrl-C. A terminal that goes away (SIGHUP, which may come several times) only stops;
    under ``nohup`` nothing happens.
    """

    #: After so many the command leaves; what is still to be done waits for `pinnace recover`.
    ENOUGH = 3

    def __init__(self, pinnace: Pinnace, observer: Observer, driving: asyncio.Future[None]) -> None:
        self._pinnace = pinnace
        self._observer = observer
        self._driving = driving
        self.count = 0

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)

    def _hang_up(self) -> None:
        if self.count == 0:
            self._interrupt()

    def _interrupt(self) -> None:
        self.count += 1
        if self.count == 1:
            self._observer.said("Stopping; exit handlers still run. Interrupt again to terminate.")
            self._pinnace.shutdown(Shutdown.STOP)
        elif self.count < self.ENOUGH:
            self._observer.said("Terminating. Interrupt again to leave at once.")
            self._pinnace.shutdown(Shutdown.TERMINATE)
        else:
            self._observer.said("Left. `pinnace recover` goes on.")
            self._driving.cancel()


def _show_ends(pinnace: Pinnace, uids: Sequence[str], display: Display) -> None:
    is_told = not display.is_quiet and not display.is_log
    if not is_told and display.output is None:
        return  # to load a large run takes a while
    runs = [pinnace.load(uid) for uid in uids]
    if is_told:
        from pinnace.cli.render.ending import render_ending

        with outliving_readers():
            for run in runs:
                logs = pinnace.home.runs / run.info.uid / "logs"
                display.say("\n" + render_ending(run, logs, is_colour=display.is_colour).rstrip("\n"))
    if display.output is not None:
        from pinnace.cli.printing import print_runs

        print_runs(runs, display.output)
