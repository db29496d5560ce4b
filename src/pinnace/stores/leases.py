"""Who owns a run: the lease columns of a run's row. Each function works within the caller's transaction.

The lease number goes up with every change of owner. So what a process saves that was paused, and whose run
another took over meanwhile, is refused, even if that process has become the owner once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from pinnace.ports.store import Owner
from pinnace.stores.answers import lease_lost
from pinnace.stores.database import driver
from pinnace.stores.schema import runs

#: Returns whether an owner's process is known to have ended.
IsDead = Callable[[Owner], bool]

_LEASE = (runs.c.owner_id, runs.c.owner_host, runs.c.owner_pid, runs.c.owner_birth, runs.c.lease_until)
_NOBODY = {"owner_id": None, "owner_host": None, "owner_pid": None, "owner_birth": None, "lease_until": None}


def columns(owner: Owner, until: float) -> dict[str, object]:
    """Return the values of a run's row that make ``owner`` its owner; the lease number is not among them."""
    return {
        "owner_id": owner.id,
        "owner_host": owner.host,
        "owner_pid": owner.pid,
        "owner_birth": owner.birth,
        "lease_until": until,
    }


def check(connection: Connection, uid: str, lease: int) -> None:
    """Make sure that the run's lease number is ``lease``.

    Raises:
        LeaseLost: it is not, or there is no such run.
    """
    row = driver(connection).execute("SELECT lease FROM runs WHERE uid = ?", (uid,)).fetchone()
    if row is None or row[0] != lease:
        raise lease_lost(uid)


def holder(connection: Connection, uid: str, now: float, is_dead: IsDead) -> Owner | None:
    """Return who owns the run now, or None."""
    row = connection.execute(sa.select(*_LEASE).where(runs.c.uid == uid)).first()
    if row is None or row.owner_id is None or row.lease_until <= now:
        return None
    owner = Owner(id=row.owner_id, host=row.owner_host, pid=row.owner_pid, birth=row.owner_birth)
    return None if is_dead(owner) else owner


def give(connection: Connection, uid: str, owner: Owner, until: float) -> int | None:
    """Make ``owner`` the run's owner and return the new lease number, None when there is no such run."""
    connection.execute(
        runs.update().where(runs.c.uid == uid).values(lease=runs.c.lease + 1, **columns(owner, until))
    )
    number: int | None = connection.execute(sa.select(runs.c.lease).where(runs.c.uid == uid)).scalar()
    return number


def extend(connection: Connection, uids: Collection[str], owner: Owner, until: float) -> set[str]:
    """Let the leases that ``owner`` still has last until then, and return their runs."""
    own = runs.c.uid.in_(uids) & (runs.c.owner_id == owner.id)
    connection.execute(runs.update().where(own).values(lease_until=until))
    return set(connection.execute(sa.select(runs.c.uid).where(own)).scalars())


def take_back(connection: Connection, uids: Collection[str], owner: Owner) -> None:
    """Leave the runs that ``owner`` still has to nobody."""
    own = runs.c.uid.in_(uids) & (runs.c.owner_id == owner.id)
    connection.execute(runs.update().where(own).values(lease=runs.c.lease + 1, **_NOBODY))
