"""The Linux calls that the standard library lacks, through ctypes; each raises ``OSError`` when refused.

Imported on Linux only. ``PyDLL`` keeps the interpreter's lock during a call: this package runs no threads,
and a child made by ``clone`` could not take the lock again.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_MOVE = 8192
MS_REC = 16384
MS_PRIVATE = 1 << 18

_MNT_DETACH = 2
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 1
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
#: ``clone`` is called by number, for libc's wrapper wants a stack and a C function.
_SYS_CLONE = {"x86_64": 56, "aarch64": 220, "riscv64": 220, "loongarch64": 220}

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.PyDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount ``source`` at ``target``."""
    done = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        os.fsencode(data) or None,
    )
    _checked(done, f"mount {kind or 'bind'} {target}")


def make_read_only(target: str) -> None:
    """Make the mount at ``target`` and those below it read-only in this mount namespace (Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY, 0, 0, 0)
    done = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_long(_AT_FDCWD),
        os.fsencode(target),
        ctypes.c_long(_AT_RECURSIVE),
        attributes,
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    _checked(done, f"mount_setattr {target}")


def detach(target: str) -> None:
    """Unmount ``target`` and all below it, now or as soon as nobody uses them."""
    _checked(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def pivot_root_here() -> None:
    """Make the current folder, which is a mount, the root, and let go of the former root."""
    # Stacking the former root on the new one and detaching it there needs no folder to put it in.
    _checked(_libc.pivot_root(b".", b"."), "pivot_root")
    detach(".")
    os.chdir("/")


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def enter(namespace: int, flag: int) -> None:
    """Move this process into the namespace that the descriptor ``namespace`` stands for."""
    _checked(_libc.setns(ctypes.c_int(namespace), ctypes.c_int(flag)), "setns")


def clone(flags: int) -> int:
    """Fork with new namespaces; return the child's process id, or 0 in the child.

    Raises:
        OSError: not allowed, or ``clone``'s number is not known for this processor.
    """
    number = _SYS_CLONE.get(platform.machine())
    if number is None:
        message = f"namespaces are not supported on {platform.machine()} yet"
        raise OSError(message)
    zero = ctypes.c_long(0)
    made = _libc.syscall(
        ctypes.c_long(number), ctypes.c_long(flags | signal.SIGCHLD), zero, zero, zero, zero, zero
    )
    return _checked(made, "clone")


def become_subreaper() -> None:
    """Make this process the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, "become subreaper")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, "set parent-death signal")


def limit_capabilities(kept: frozenset[int]) -> None:
    """Make every program executed from here on unable to gain a capability outside ``kept``."""
    for capability in range(64):
        if capability in kept:
            continue
        if _libc.prctl(_PR_CAPBSET_READ, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            return  # the kernel knows no capability of this number or above
        _prctl(_PR_CAPBSET_DROP, capability, f"drop capability {capability}")


def _prctl(option: int, argument: int, what: str) -> None:
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(argument), zero, zero, zero), what)
