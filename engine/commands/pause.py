"""The clock of a task stands still for a reason: what is due moves by the working time paused [C15]."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from engine.commands import ledger
from engine.commands.audit import audit
from engine.commands.deadlines import settle, settle_timers
from engine.commands.model import Result
from engine.commands.task_model import ContinueTask, PauseTask
from engine.commands.tasks import lock_open
from engine.commands.unit import Unit
from engine.errors import NotAllowed
from engine.model import UNFINISHED_JOBS, JobKind, JobState
from engine.queries.tasks import pauses_of_instance
from engine.queries.tasks import task as find_task
from engine.rows import PauseRow, TaskRow
from engine.store.hints import words
from engine.store.tables import job, task_pause

CONTINUE = "continue"
"""The stage of the job that ends a pause at its date."""


def pause(session: Session, command: PauseTask) -> Result:
    """The task's clock stands still from now on. Raises NotAllowed when it does already, or when nothing of the task
    is due in working time, or the date has passed, and what claiming raises."""
    unit, task = lock_open(session, command.task_id, command.actor)
    _may_pause(unit, task, command)
    facts = {"reason": command.reason, "until_at": command.until_at.isoformat() if command.until_at else None}
    row = {
        "instance_id": unit.instance_id,
        "task_id": task.id,
        "from_at": unit.at,
        "until_at": command.until_at,
        "reason": command.reason,
        "paused_by": command.actor,
    }
    unit.connection.execute(insert(task_pause).values(row))
    if command.until_at is not None:
        ledger.add(session, unit.connection, [_alarm(unit, task, command.until_at)])
    audit(session, command, unit.instance_id, task.id, facts)
    unit.record("clock_paused", task.node_id, task.id, facts)
    return _settled(unit, task)


def _may_pause(unit: Unit, task: TaskRow, command: PauseTask) -> None:
    reason = ""
    if running_pause(unit, task.id) is not None:
        reason = "paused"
    elif task.due_at is None:
        reason = "no_deadline"
    elif command.until_at is not None and command.until_at <= unit.at:
        reason = "past"
    if reason:
        raise NotAllowed(task_id=task.id, actor=command.actor, reason=reason)


def running_pause(unit: Unit, task_id: str) -> PauseRow | None:
    """The pause of a task that nobody has ended yet."""
    found = pauses_of_instance(unit.session, unit.instance_id)
    return next((one for one in found if one.task_id == task_id and one.ended_at is None), None)


def continue_(session: Session, command: ContinueTask) -> Result:
    """The clock goes on now. Raises NotAllowed when it does not stand still, and what claiming raises."""
    unit, task = lock_open(session, command.task_id, command.actor)
    found = running_pause(unit, task.id)
    if found is None:
        raise NotAllowed(task_id=task.id, actor=command.actor, reason="not_paused")
    facts = {"reason": found.reason, "from_at": found.from_at.isoformat()}
    audit(session, command, unit.instance_id, task.id, facts)
    return end(unit, task, found, unit.at)


def end(unit: Unit, task: TaskRow, found: PauseRow, at: datetime) -> Result:
    """The pause ended at that moment."""
    ended = {"ended_at": at, "ended_by": unit.actor}
    unit.connection.execute(update(task_pause).where(task_pause.c.id == found.id).values(ended))
    alarm = (job.c.dedupe_key == _alarm_key(task.id), words(job.c.state, *UNFINISHED_JOBS))
    off = {"state": JobState.CANCELLED.value, "ended_at": unit.at}
    unit.connection.execute(update(job).where(*alarm).values(off))
    unit.record("clock_continued", task.node_id, task.id, {"from_at": found.from_at.isoformat()})
    return _settled(unit, task)


def end_at_its_date(unit: Unit, task: TaskRow) -> None:
    """The date until which the clock was to stand still has come: it ended then, however late this runs."""
    found = running_pause(unit, task.id)
    if found is not None and found.until_at is not None and found.until_at <= unit.at:
        end(unit, task, found, found.until_at)


def _settled(unit: Unit, task: TaskRow) -> Result:
    pauses = pauses_of_instance(unit.session, unit.instance_id)
    settle(unit, task, pauses)
    settle_timers(unit, pauses)
    unit.write_history()
    unit.publish()
    changed = find_task(unit.session, task.id)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=changed)


def _alarm_key(task_id: str) -> str:
    return f"deadline:{task_id}:{CONTINUE}"


def _alarm(unit: Unit, task: TaskRow, until_at: datetime) -> dict[str, object]:
    return ledger.entry(
        JobKind.DEADLINE,
        unit.at,
        due_at=until_at,
        instance_id=unit.instance_id,
        task_id=task.id,
        node_id=task.node_id,
        dedupe_key=_alarm_key(task.id),
        payload={"stage": CONTINUE},
    )
