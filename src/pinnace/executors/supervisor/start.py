"""The supervisor's process: from its configuration to the end of its run."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import resource
import socket
import sys
from typing import TypedDict

from . import trees
from .crew import Crew
from .journal import Journal
from .main import Supervisor
from .places import Layout

SOCKET_NAME = "supervisor.sock"
LOCK_NAME = "supervisor.lock"
JOURNAL_NAME = "journal"
#: What a supervisor or warden says when a defect of Pinnace ends it.
FAULTS_NAME = "supervisor.err"


class Config(TypedDict):
    """What a supervisor is started with."""

    root: str
    """The folder of the run."""
    max_tasks: int
    hidden: list[str]
    """Folders that isolated tasks find empty."""
    visible: list[str]
    """Folders that they may read although they lie in a hidden one."""


def main() -> None:
    """Serve a run with the configuration on standard input; says ``ready`` or why not, then detaches."""
    config: Config = json.load(sys.stdin)
    if os.fork():
        os._exit(0)  # whoever started this waits for it, and shall not have a zombie
    os.umask(0o022)
    os.chdir(config["root"])
    lock = os.open(LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _announce_ready()  # another one serves this run
        return
    _serve(config)


def _serve(config: Config) -> None:
    scratch = Layout(config["root"]).scratch("")
    trees.remove(scratch)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(SOCKET_NAME)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET_NAME)
    if sys.platform.startswith("linux"):
        from .syscalls import become_subreaper

        become_subreaper()  # so that what a killed warden leaves can be found
    crew = Crew(Layout(config["root"]), config["hidden"], config["visible"])
    supervisor = Supervisor(listener, Journal(JOURNAL_NAME), crew, config["max_tasks"])
    listener.listen(4)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()  # what is here to stay is shared with every fork as long as nobody touches it
    _announce_ready()
    supervisor.run()
    crew.close()
    trees.remove(scratch)
    os.unlink(SOCKET_NAME)
    supervisor.confirm_closing()


def _announce_ready() -> None:
    os.write(1, b"ready")
    null = os.open(os.devnull, os.O_RDWR)
    faults = os.open(FAULTS_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor, replacement in enumerate((null, null, faults)):
        os.dup2(replacement, descriptor)
    os.close(null)
    os.close(faults)
