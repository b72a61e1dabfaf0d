"""How long the steps of processes took, how many were in time, how often they came back.

Times are working time on each task's calendar without pauses, as the engine wrote it when the task was completed
(``user_task.worked_minutes``). They are taken from the latest completed tasks of a step: reading a million of them
would take longer than anybody waits.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, and_, case, exists, func, select, true
from sqlalchemy.orm import Session

from app.monitor import sight
from app.monitor.sight import Sight
from engine.tables import user_task

SAMPLE = 500
"""So many of the latest completed tasks of a step are read for its times."""
RETURNS_SAMPLE = 200
"""So many are looked at for returns: each asks for the tasks of its instance."""


def percent(part: int, whole: int) -> float | None:
    """``part`` of ``whole`` in percent with one decimal; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True, slots=True)
class Times:
    """Of ``measured`` tasks, hours of working time; of ``dated`` tasks with a deadline, so many in time."""

    measured: int
    median: float | None
    most: float | None
    dated: int
    in_time: int

    @property
    def percent(self) -> float | None:
        """In time of those with a deadline, in percent with one decimal."""
        return percent(self.in_time, self.dated)


@dataclass(frozen=True, slots=True)
class Completed:
    """So many completed tasks; so many of them had a deadline, and so many of these were in time."""

    count: int
    dated: int
    in_time: int

    @property
    def late(self) -> int:
        """Completed after the deadline."""
        return self.dated - self.in_time

    @property
    def percent(self) -> float | None:
        """In time of those with a deadline, in percent with one decimal."""
        return percent(self.in_time, self.dated)


NOTHING = Times(0, None, None, 0, 0)


@dataclass(frozen=True, slots=True)
class Which:
    """Completed tasks of one process: of one version or all, ended from one moment to before another."""

    process_key: str
    version: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    def condition(self, sees: Sight) -> ColumnElement[bool]:
        """Condition on ``user_task`` (ix_user_task_completed_step, with the step or steps after the process)."""
        task = user_task.c
        found = [sight.IS_COMPLETED, task.definition_key == self.process_key, sees.completed_by()]
        found.append(true() if self.version is None else task.definition_id == self.version)
        found.append(true() if self.since is None else task.ended_at >= self.since)
        found.append(true() if self.before is None else task.ended_at < self.before)
        return and_(*found)


def percentile(values: Sequence[int], share: float) -> int:
    """The nearest-rank percentile: the smallest of the sorted ``values`` that at least ``share`` of them do not exceed
    (https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method)."""
    return values[max(math.ceil(share * len(values)), 1) - 1]


def times(session: Session, sees: Sight, which: Which, node_id: str) -> Times:
    """The times of one step: median and 90th percentile of its latest :data:`SAMPLE` tasks. Index-only, from the end of
    ix_user_task_completed_step."""
    task = user_task.c
    latest = (
        select(task.worked_minutes, task.due_at, task.ended_at)
        .where(which.condition(sees), task.node_id == node_id)
        .order_by(task.ended_at.desc())
        .limit(SAMPLE)
    )
    rows = session.execute(latest).all()
    worked = sorted(row.worked_minutes for row in rows if row.worked_minutes is not None)
    dated = [row for row in rows if row.due_at is not None]
    return Times(
        measured=len(worked),
        median=median(worked) / 60 if worked else None,
        most=percentile(worked, 0.9) / 60 if worked else None,
        dated=len(dated),
        in_time=sum(1 for row in dated if row.ended_at <= row.due_at),
    )


def returns(session: Session, sees: Sight, which: Which, node_id: str) -> tuple[int, int]:
    """Of so many of the latest tasks of a step, so many came when their instance had been at the step before: an
    earlier task of the same step and instance exists (ix_user_task_completed_step, ix_user_task_instance_id)."""
    task, earlier = user_task.c, user_task.alias("earlier")
    latest = (
        select(task.instance_id, task.created_at)
        .where(which.condition(sees), task.node_id == node_id)
        .order_by(task.ended_at.desc())
        .limit(RETURNS_SAMPLE)
        .subquery()
    )
    again = exists().where(
        earlier.c.instance_id == latest.c.instance_id,
        earlier.c.node_id == node_id,
        earlier.c.created_at < latest.c.created_at,
    )
    counted = select(func.count(), func.count().filter(again)).select_from(latest)
    looked_at, found = session.execute(counted).one()
    return int(looked_at), int(found)


def completed(session: Session, sees: Sight, which: Which, nodes: Collection[str]) -> dict[str, Completed]:
    """The completed tasks of each of these steps, every one counted; steps without any are left out. From
    ix_user_task_completed_step alone."""
    task = user_task.c
    dated = func.sum(case((task.due_at.is_not(None), 1), else_=0))
    in_time = func.sum(case((task.ended_at <= task.due_at, 1), else_=0))
    counted = select(task.node_id, func.count(), dated, in_time)
    counted = counted.where(which.condition(sees), task.node_id.in_(sorted(nodes))).group_by(task.node_id)
    return {node: Completed(int(count), int(due), int(kept)) for node, count, due, kept in session.execute(counted)}
