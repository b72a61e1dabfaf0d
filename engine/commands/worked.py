"""How long people had a task, in working time: kept with the task, since nobody adds up a million when asked."""

from __future__ import annotations

from datetime import timedelta

from engine.commands.unit import Locked, Unit
from engine.queries.tasks import pauses_of

MINUTE = timedelta(minutes=1)


def worked_minutes(unit: Unit, row: Locked) -> int:
    """Working minutes from the beginning of the locked task until now on its calendar, its pauses left out, rounded."""
    calendar = unit.calendar(row["calendar"])
    worked = calendar.between(row["created_at"], unit.at)
    for pause in pauses_of(unit.session, row["id"]) if row["t_paused"] else ():
        worked -= calendar.between(pause.from_at, min(pause.to_at or unit.at, unit.at))
    return round(worked / MINUTE)
