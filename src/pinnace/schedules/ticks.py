"""When a CronWorkflow is to run, and which of those times were missed."""

from __future__ import annotations

from pinnace.language.cron import parse_schedule
from pinnace.language.dates import UTC_ZONE, Zone
from pinnace.schedules.status import Cron
from pinnace.spec.schedules import CronWorkflowSpec

#: Says which schedules the last run was made under.
LAST_SCHEDULE = "cronworkflows.argoproj.io/last-used-schedule"


class Ticks:
    """The times that the schedules of a CronWorkflow name, as whole Unix seconds.

    Those that name no zone are in ``local``; ``@every`` counts from when the CronWorkflow was made.

    Raises:
        ExpressionError: a schedule or the time zone cannot be read.
    """

    def __init__(self, spec: CronWorkflowSpec, created_at: float, local: Zone = UTC_ZONE) -> None:
        self._schedules = [
            parse_schedule(schedule, spec.timezone, local=local, every_from=created_at)
            for schedule in spec.schedules
        ]

    def next(self, after: float) -> int | None:
        """Return the first tick later than ``after``; None if there is none within five years."""
        ticks = [tick for schedule in self._schedules if (tick := schedule.next(after)) is not None]
        return min(ticks, default=None)

    def between(self, seen: float, now: float) -> list[int]:
        """Return what is due of somebody who last looked at ``seen``: of each schedule its first tick since.

        Of several that a schedule had meanwhile the rest were missed, as with robfig's cron.
        """
        ticks = {tick for schedule in self._schedules if (tick := schedule.next(seen)) is not None}
        return sorted(tick for tick in ticks if tick <= now)

    def last_missed(self, last: int, now: float, deadline: int) -> int | None:
        """Return a schedule's latest tick since ``last`` that may still start ``deadline`` seconds late.

        The first schedule that has one counts.
        Source: Argo cron/operator.go, shouldOutstandingWorkflowsBeRun.
        """
        for schedule in self._schedules:
            missed: int | None = None
            tick = schedule.next(max(last, now - deadline))
            while tick is not None and tick < now:
                missed, tick = tick, schedule.next(tick)
            if missed is not None:
                return missed
        return None


def schedule_text(spec: CronWorkflowSpec) -> str:
    """Return the schedules with their time zone as one text. Source: Argo GetScheduleWithTimezoneString."""
    zone = f"CRON_TZ={spec.timezone} " if spec.timezone else ""
    return ",".join(zone + schedule for schedule in spec.schedules)


def missed_tick(cron: Cron, ticks: Ticks, now: float) -> int | None:
    """Return the tick that was missed and may still be run, or None.

    None too where it never ran, has no ``startingDeadlineSeconds``, or other schedules than at its last run.
    """
    last, deadline = cron.status.last_tick, cron.manifest.spec.starting_deadline_seconds
    if last is None or deadline is None:
        return None
    if cron.manifest.metadata.annotations.get(LAST_SCHEDULE) != schedule_text(cron.manifest.spec):
        return None
    return ticks.last_missed(last, now, deadline)
