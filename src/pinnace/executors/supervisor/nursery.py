"""The process that makes wardens inside private views, and the namespaces that they share.

It is forked from the supervisor for the first isolated task and enters a mount namespace (and, for an
ordinary user, a user namespace in which that user is root) where everything that the views have in common is
laid out once. Each warden that it clones is process 1 of a process namespace of its own, and makes for each
task a mount namespace that starts as a copy of this one.

Its memory never runs a program of a task, and what programs may gain is limited before the first is started:
as root in a container they own files and change users, but cannot mount, load modules, trace or make devices.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from typing import NoReturn

from . import syscalls
from .groundwork import UnavailableError, prepare
from .places import Layout
from .processes import keep_only, prefer_as_oom_victim
from .view import ViewPlace
from .warden import Warden, report_not_started
from .wire import Channel, receive_descriptor, send_descriptor

#: What a program may do as root: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP,
#: NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, AUDIT_WRITE, SETFCAP. Source: Docker's default set, without MKNOD,
#: for no device filter stands behind it here.
KEPT_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31})

#: How many processes and threads an ordinary user's tasks of one run may have at once, together. It holds a
#: fork bomb where the kernel is too old for the limit by task (``view.TASK_PROCESSES``).
RUN_PROCESSES = 8192


class Nursery:
    """The supervisor's end of the nursery process."""

    def __init__(self, layout: Layout, hidden: list[str], visible: list[str]) -> None:
        self._socket, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            _serve(theirs, layout, hidden, visible)
        theirs.close()

    def hand(self, connection: socket.socket) -> None:
        """Have a warden made that serves ``connection``."""
        send_descriptor(self._socket, connection.fileno())

    def close(self) -> None:
        """Let the nursery go; its wardens go with it."""
        self._socket.close()


def enter_namespaces() -> None:
    """Move this process into the namespaces that the views share.

    Raises:
        UnavailableError: the kernel or its policy forbids it; says what would allow it.
    """
    user, group = os.geteuid(), os.getegid()
    flags = syscalls.CLONE_NEWNS | (syscalls.CLONE_NEWUSER if user else 0)
    try:
        syscalls.unshare(flags)
        if user:
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"0 {user} 1")
            _write("/proc/self/gid_map", f"0 {group} 1")
            _, most = resource.getrlimit(resource.RLIMIT_NPROC)
            limit = RUN_PROCESSES if most == resource.RLIM_INFINITY else min(most, RUN_PROCESSES)
            resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
        syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    except OSError as error:
        raise UnavailableError(_why(user, error)) from error


def _why(user: int, error: OSError) -> str:
    if not user:
        return (
            f"this root may not make a mount namespace ({error.strerror}); "
            "in a container it needs CAP_SYS_ADMIN (docker run --privileged)"
        )
    return (
        f"this kernel does not let ordinary users make namespaces ({error.strerror}); an administrator can "
        "allow it: sysctl user.max_user_namespaces=15000, on Debian kernel.unprivileged_userns_clone=1, on "
        "Ubuntu kernel.apparmor_restrict_unprivileged_userns=0, in a container seccomp=unconfined"
    )


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _serve(connection: socket.socket, layout: Layout, hidden: list[str], visible: list[str]) -> NoReturn:
    keep_only(connection)
    syscalls.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the wardens' ends are told over their channels
    prefer_as_oom_victim()
    reason = ""
    try:
        enter_namespaces()
        shared = prepare(hidden, visible)
        syscalls.limit_capabilities(KEPT_CAPABILITIES)
    except UnavailableError as error:
        reason = str(error)
    except OSError as error:
        reason = f"a private view cannot be laid out: {error}"
    while (descriptor := receive_descriptor(connection)) is not None:
        channel = Channel(socket.socket(fileno=descriptor))
        try:
            if reason:
                report_not_started(channel, f"no isolation on this machine: {reason}")
            elif syscalls.clone(syscalls.CLONE_NEWPID) == 0:
                syscalls.die_with_parent()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                connection.close()
                Warden(channel, ViewPlace(layout, shared)).serve()
        except OSError as error:
            report_not_started(channel, f"a private view cannot be made: {error}")
        channel.close()
    os._exit(0)
