"""Moving and cancelling what happens later, by hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.external import SETTABLE, change_job, open_job, result_of, waiting_state
from engine.commands.model import Result, SetJobDue
from engine.commands.repair_model import CancelTimer
from engine.commands.unit import Unit
from engine.errors import JobNotRunnable
from engine.model import JobKind, JobState
from engine.queries.jobs import is_optional
from engine.rows import JobRow

IDLE = (JobState.SCHEDULED, JobState.AVAILABLE, JobState.RETRYABLE)


def set_due(session: Session, command: SetJobDue) -> Result:
    """The job runs at that moment; from now on no calendar moves it. Raises JobNotFound, JobNotRunnable (it runs at
    this moment, or has failed), InstanceNotActive."""
    unit, _, job = open_job(session, command.job_id, command.actor, kinds=SETTABLE)
    _require_idle(job)
    due_at = command.due_at or unit.at
    if command.shift is not None:
        due_at = max(job.due_at, unit.at) + command.shift
    facts = {"due_at": due_at.isoformat(), "previous": job.due_at.isoformat(), "reason": command.reason}
    values: dict[str, Any] = {"due_at": due_at, "state": waiting_state(due_at - unit.at)}
    if job.kind is JobKind.TIMER:
        values["payload"] = _moved(unit, job, command.reason)
        unit.record("timer_moved", job.node_id, job.task_id, facts)
        unit.write_history()
    change_job(session, job.id, **values)
    unit.runtime.bell.ring(session, job.id, due_at)
    audit(session, command, unit.instance_id, str(job.id), facts)
    return result_of(unit, job)


def _require_idle(job: JobRow) -> None:
    if job.state not in IDLE:
        raise JobNotRunnable(job_id=job.id, state=job.state.value)


def _moved(unit: Unit, job: JobRow, reason: str) -> dict[str, Any]:
    """What the timer was computed from is kept for people; ``working`` is what a changed calendar would ask for."""
    explanation = {name: value for name, value in job.payload.get("explanation", {}).items() if name != "working"}
    moved = {"by": unit.actor, "at": unit.at.isoformat(), "from": job.due_at.isoformat(), "reason": reason}
    return {**job.payload, "explanation": {**explanation, "moved": moved}}


def cancel_timer(session: Session, command: CancelTimer) -> Result:
    """The timer will not fire, and what else the instance waits for stays. Raises JobNotFound, InstanceNotActive and
    JobNotRunnable: it runs at this moment, has failed, or (``state`` waited_for) the instance waits for nothing but
    it, so that its token has to be moved instead."""
    unit, _, job = open_job(session, command.job_id, command.actor, kinds=(JobKind.TIMER,))
    _require_idle(job)
    if not is_optional(session, unit.definition_id, job):
        raise JobNotRunnable(job_id=job.id, state="waited_for")
    facts = {"due_at": job.due_at.isoformat(), "reason": command.reason}
    change_job(session, job.id, state=JobState.CANCELLED.value, ended_at=unit.at)
    unit.record("timer_cancelled", job.node_id, job.task_id, facts)
    unit.write_history()
    audit(session, command, unit.instance_id, str(job.id), facts)
    return result_of(unit, job)
