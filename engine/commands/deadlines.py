"""Deadlines of a user task with a service level: reminder, overdue, escalation; each exactly once [C15].

They follow from the moment the task began, the working time allowed, the calendar and the pauses. When one of these
changes, they are computed again from the start; what has happened already does not happen again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from engine.calendar import WorkingCalendar
from engine.commands import ledger
from engine.commands.audit import audit
from engine.commands.model import Result
from engine.commands.task_model import RecomputeDeadlines
from engine.commands.unit import Unit, lock_instance
from engine.events import DeadlinesMoved, Moved
from engine.model import InstanceState, JobKind, JobState, ServiceLevel
from engine.queries.tasks import open_tasks, pauses_of_instance
from engine.rows import PauseRow, TaskRow
from engine.store.tables import job, user_task

REMINDER_SHARE = 0.8
ESCALATION_DAYS = 1
PAUSED = "paused"
"""Why a job is cancelled that will be there again when the clock goes on."""
NOT_RUNNING = (JobState.SCHEDULED.value, JobState.AVAILABLE.value, JobState.RETRYABLE.value)
NOT_ENDED = (InstanceState.ACTIVE, InstanceState.SUSPENDED)

Pauses = Sequence[PauseRow]


@dataclass(frozen=True, slots=True)
class Dates:
    """What a task's deadlines are. None: nobody knows while the clock stands still."""

    due: datetime | None
    risk: datetime | None
    stages: Mapping[str, datetime | None]


def deadline_jobs(unit: Unit, task: TaskRow, level: ServiceLevel | None) -> list[dict[str, Any]]:
    """The three jobs of a task, on the working calendar of its first candidate group. The workflow is not needed
    to run them; they are cancelled with the task."""
    if level is None or task.due_at is None:
        return []
    calendar = unit.calendar(level.calendar)
    moments = {
        "reminder": _reminder(calendar, task, level),
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


def _reminder(calendar: WorkingCalendar, task: TaskRow, level: ServiceLevel) -> datetime:
    """The moment at which the task is at risk, unless the model says another due date."""
    if task.due_basis is None and task.risk_at is not None:
        return task.risk_at
    return calendar.add(task.created_at, timedelta(hours=level.hours * REMINDER_SHARE))


def _explanation(stage: str, task: TaskRow, level: ServiceLevel) -> dict[str, Any]:
    """How the moment was computed, for the person who asks why it is late."""
    rules = {"reminder": f"{REMINDER_SHARE:.0%}", "overdue": "100%", "escalation": f"100% + {ESCALATION_DAYS} d"}
    return {
        "from": task.created_at.isoformat(),
        "working_hours": level.hours,
        "calendar": level.calendar,
        "rule": rules[stage],
    }


def move_deadlines(unit: Unit, task: TaskRow, due_at: datetime | None) -> None:
    """Somebody changed the due date: what follows from it follows the new one, unless it has happened. From now on no
    calendar changes it."""
    basis = {"start": unit.at.isoformat(), "fixed": due_at.isoformat() if due_at else None}
    unit.connection.execute(update(user_task).where(user_task.c.id == task.id).values(due_basis=basis, risk_at=None))
    if due_at is not None:
        settle(unit, replace(task, due_at=due_at, due_basis=basis), pauses_of_instance(unit.session, unit.instance_id))


def recompute(session: Session, command: RecomputeDeadlines) -> Result:
    """Open tasks and waiting timers of the instance are due when the calendars of today say. Raises
    InstanceNotFound, InstanceNotActive."""
    unit, _ = lock_instance(session, command.instance_id, command.actor, states=NOT_ENDED)
    moved = tuple(settle_all(unit))
    if moved:
        facts = {"cause": command.cause, "moved": [one.facts() for one in moved]}
        audit(session, command, unit.instance_id, unit.business_key, facts)
        unit.record("deadlines_recomputed", changes=facts)
        unit.events.append(DeadlinesMoved(**unit.facts(), cause=command.cause, moved=moved))
    unit.write_history()
    unit.publish()
    return Result(
        instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, outcome="moved" if moved else ""
    )


def settle_all(unit: Unit) -> Iterable[Moved]:
    """Everything of the instance that is due in working time is due when calendars and pauses say now."""
    pauses = pauses_of_instance(unit.session, unit.instance_id)
    for task in open_tasks(unit.session, unit.instance_id):
        if task.service_minutes is not None or task.due_basis is not None:
            yield from settle(unit, task, pauses)
    yield from settle_timers(unit, pauses)


def settle(unit: Unit, task: TaskRow, pauses: Pauses) -> list[Moved]:
    """One open task is due when calendar and pauses say now, and so are its stages that are still to come."""
    dates = dates_of(unit.calendar(task.calendar), task, pauses)
    _move_stages(unit, task, dates)
    mine = user_task.c.id == task.id
    stored = unit.connection.execute(select(user_task.c.due_at, user_task.c.risk_at).where(mine)).one()
    if tuple(stored) != (dates.due, dates.risk):
        moved = {"due_at": dates.due, "risk_at": dates.risk}
        unit.connection.execute(update(user_task).where(mine).values(moved))
    if stored.due_at == dates.due:
        return []
    return [Moved("task", task.node_id, task.id, stored.due_at, dates.due)]


def dates_of(calendar: WorkingCalendar, task: TaskRow, pauses: Pauses) -> Dates:
    """When a task is due and when its stages come, from its basis."""
    start, base = _base(calendar, task)
    due = None if base is None else shifted(calendar, base, _since(start, _of(task.id, pauses)))
    stages: dict[str, datetime | None] = {"overdue": due, "escalation": None}
    if due is not None:
        late = calendar.add_days(due, ESCALATION_DAYS)
        stages["escalation"] = shifted(calendar, late, _since(due, _of(task.id, pauses)))
    if task.service_minutes is not None:
        reminder = calendar.add(task.created_at, timedelta(minutes=task.service_minutes * REMINDER_SHARE))
        stages["reminder"] = shifted(calendar, reminder, _of(task.id, pauses))
    return Dates(due, None if due is None else risk_from(calendar, task.created_at, due, task.service_minutes), stages)


def risk_from(calendar: WorkingCalendar, start: datetime, due: datetime, minutes: int | None) -> datetime:
    """From when on at most a fifth of the working time allowed is left until ``due``. Allowed are ``minutes``; None:
    the time from ``start`` to ``due``."""
    span = calendar.between(start, due)
    allowed = span if minutes is None else timedelta(minutes=minutes)
    used = span - allowed * (1 - REMINDER_SHARE)
    return calendar.add(start, used) if used > timedelta() else start


def _base(calendar: WorkingCalendar, task: TaskRow) -> tuple[datetime, datetime | None]:
    """From when the due moment is counted, and where it would be without pauses."""
    if task.due_basis is not None:
        return computed(calendar, task.due_basis)
    return task.created_at, calendar.add(task.created_at, timedelta(minutes=task.service_minutes or 0))


def computed(calendar: WorkingCalendar, basis: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    """The start and the moment of a basis, as :class:`engine.TaskRow` describes it."""
    start = datetime.fromisoformat(basis["start"])
    if "fixed" in basis:
        return start, datetime.fromisoformat(basis["fixed"]) if basis["fixed"] else None
    if "days" in basis:
        end = calendar.add_days(start, int(basis["days"]))
    else:
        end = calendar.add(start, timedelta(hours=basis["hours"]))
    return start, end + timedelta(seconds=basis.get("offset", 0))


def shifted(calendar: WorkingCalendar, moment: datetime, pauses: Pauses) -> datetime | None:
    """``moment`` later by the working time of the pauses before it; None when one of them has no end yet."""
    for pause in pauses:
        if pause.from_at >= moment:
            break
        if pause.to_at is None:
            return None
        moment = calendar.add(pause.to_at, calendar.between(pause.from_at, moment))
    return moment


def _of(task_id: str, pauses: Pauses) -> list[PauseRow]:
    return sorted((pause for pause in pauses if pause.task_id == task_id), key=lambda pause: pause.from_at)


def _since(start: datetime, pauses: Pauses) -> list[PauseRow]:
    """What lies after ``start``: of a pause under way then, the rest."""
    later = [pause for pause in pauses if pause.to_at is None or pause.to_at > start]
    return [replace(pause, from_at=max(pause.from_at, start)) for pause in later]


def _move_stages(unit: Unit, task: TaskRow, dates: Dates) -> None:
    rows = _waiting(unit, JobKind.DEADLINE, job.c.task_id == task.id)
    for row in rows:
        stage = row.payload["stage"]
        if stage in dates.stages:
            put(unit, row, dates.stages[stage])


def settle_timers(unit: Unit, pauses: Pauses) -> list[Moved]:
    """The timers of the instance that were computed in working time."""
    moved = []
    for row in _waiting(unit, JobKind.TIMER):
        explanation = row.payload.get("explanation", {})
        basis = explanation.get("working")
        if basis is None:
            continue
        calendar = unit.calendar(basis["calendar"])
        start, moment = computed(calendar, basis)
        assert moment is not None
        due = shifted(calendar, moment, _since(start, _of(explanation.get("owner", ""), pauses)))
        before = None if row.state == JobState.CANCELLED else row.due_at
        if before != due:
            put(unit, row, due)
            moved.append(Moved("timer", row.node_id, row.task_id, before, due))
    return moved


def _waiting(unit: Unit, kind: JobKind, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """Jobs that nobody runs now, those of paused tasks among them (ix_job_instance_id_state)."""
    still = or_(job.c.state.in_(NOT_RUNNING), and_(job.c.state == JobState.CANCELLED.value, job.c.last_error == PAUSED))
    mine = (job.c.instance_id == unit.instance_id, job.c.kind == kind.value, still)
    return unit.connection.execute(select(job).where(*mine, *conditions).order_by(job.c.id)).all()


def put(unit: Unit, row: Any, due_at: datetime | None) -> None:
    """The job is due then; with None it waits for its task's clock to go on."""
    mine = update(job).where(job.c.id == row.id)
    if due_at is None:
        gone = {"state": JobState.CANCELLED.value, "ended_at": unit.at, "last_error": PAUSED}
        unit.connection.execute(mine.values(gone))
        return
    if row.due_at == due_at and row.state != JobState.CANCELLED:
        return
    state = JobState.SCHEDULED if due_at > unit.at else JobState.AVAILABLE
    again = {"state": state.value, "due_at": due_at, "ended_at": None, "last_error": None}
    unit.connection.execute(mine.values(again))
    unit.runtime.bell.ring(unit.session, None, due_at)
