"""Deadlines of a user task with a service level: reminder, overdue, escalation; each exactly once [C15]."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from engine.commands import ledger
from engine.commands.unit import Unit
from engine.model import UNFINISHED_JOBS, JobKind, ServiceLevel
from engine.rows import TaskRow
from engine.store.tables import job

REMINDER_SHARE = 0.8
ESCALATION_DAYS = 1


def deadline_jobs(unit: Unit, task: TaskRow, level: ServiceLevel | None) -> list[dict[str, Any]]:
    """The three jobs of a task, on the working calendar of its first candidate group. The workflow is not needed
    to run them; they are cancelled with the task."""
    if level is None or task.due_at is None:
        return []
    calendar = unit.runtime.calendars(unit.session, level.calendar)
    moments = {
        "reminder": calendar.add(task.created_at, timedelta(hours=level.hours * REMINDER_SHARE)),
        "overdue": task.due_at,
        "escalation": calendar.add_days(task.due_at, ESCALATION_DAYS),
    }
    return [
        ledger.entry(
            JobKind.DEADLINE,
            unit.at,
            due_at=due_at,
            instance_id=unit.instance_id,
            task_id=task.id,
            node_id=task.node_id,
            dedupe_key=f"deadline:{task.id}:{stage}",
            payload={"stage": stage, "explanation": _explanation(stage, task, level)},
        )
        for stage, due_at in moments.items()
    ]


def move_deadlines(unit: Unit, task: TaskRow, due_at: datetime) -> None:
    """Somebody changed the due date: what follows from it follows the new one, unless it has happened."""
    calendar = unit.runtime.calendars(unit.session, task.calendar)
    for stage, moment in (("overdue", due_at), ("escalation", calendar.add_days(due_at, ESCALATION_DAYS))):
        waiting = (job.c.dedupe_key == f"deadline:{task.id}:{stage}", job.c.state.in_(UNFINISHED_JOBS))
        unit.connection.execute(update(job).where(*waiting).values(due_at=moment))


def _explanation(stage: str, task: TaskRow, level: ServiceLevel) -> dict[str, Any]:
    """How the moment was computed, for the person who asks why it is late."""
    rules = {"reminder": f"{REMINDER_SHARE:.0%}", "overdue": "100%", "escalation": f"100% + {ESCALATION_DAYS} d"}
    return {
        "from": task.created_at.isoformat(),
        "working_hours": level.hours,
        "calendar": level.calendar,
        "rule": rules[stage],
    }
