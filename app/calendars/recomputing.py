"""After a calendar was changed: what is due in working time is computed again, each case in a transaction of its own.

The change itself leaves a row and a job. The job finds the cases concerned and hands them to a batch of the engine;
what moved is heard from the engine and kept for the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from app.calendars import queries
from app.calendars.models import MovedDeadline, Recomputation
from engine.tables import job, user_task

WORK = "calendars.recompute"
CAUSE = "calendar:"
MOST = 50_000
"""Cases of one batch."""
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recomputation is. ``total`` None: nobody has looked yet which cases are concerned."""

    id: int
    calendar_key: str
    at: datetime
    actor: str
    total: int | None
    done: int
    failed: int
    moved: int

    @property
    def over(self) -> bool:
        """Whether nothing is left to be done."""
        return self.total is not None and self.done + self.failed >= self.total


def request(session: Session, actor: str, key: str, groups: Iterable[str] = ()) -> int:
    """Open deadlines on calendar ``key``, and those of ``groups``, will be computed again; returns the id."""
    row = Recomputation(
        calendar_key=key, actor=actor, at=engine.now(session), groups=sorted(groups), batches=[], total=0
    )
    session.add(row)
    session.flush()
    engine.execute(session, engine.AddWork(topic=WORK, payload={"id": row.id}, actor=actor))
    return row.id


def begin(session: Session, work: engine.WorkCall) -> None:
    """Worker function: find the cases concerned and start the batches that do them."""
    row = session.get_one(Recomputation, int(work.payload["id"]))
    subjects = sorted(_concerned(session, row))
    made = []
    for begin_at in range(0, len(subjects), MOST):
        template = engine.RecomputeDeadlines(instance_id="", cause=f"{CAUSE}{row.id}", actor=row.actor)
        some = tuple(subjects[begin_at : begin_at + MOST])
        command = engine.StartBatch(template=template, subjects=some, reason=row.calendar_key, actor=row.actor)
        made.append(int(engine.execute(session, command).batch_id or 0))
    row.batches, row.total, row.started_at = made, len(subjects), engine.now(session)


def _concerned(session: Session, row: Recomputation) -> set[str]:
    keys, groups = queries.assigned(session), set(row.groups)

    def touched(group: str | None) -> bool:
        return group in groups or keys.get(group or "", queries.OFFICE) == row.calendar_key

    return {instance for instance, group in _due(session) if touched(group)}


def _due(session: Session) -> Iterator[tuple[str, str | None]]:
    """(instance, candidate group of the calendar) of all that waits in working time (ix_user_task_state_created_at,
    ix_job_state_due_at)."""
    open_ones = (user_task.c.state.in_(engine.OPEN_TASKS), user_task.c.ended_at.is_(None))
    dated = user_task.c.service_minutes.is_not(None) | user_task.c.due_at.is_not(None)
    tasks = select(user_task.c.instance_id, user_task.c.calendar).where(*open_ones, dated)
    for instance_id, group in session.execute(tasks.distinct()):
        yield instance_id, group
    waiting = (job.c.kind == engine.JobKind.TIMER.value, job.c.state.in_(engine.UNFINISHED_JOBS))
    timers = select(job.c.instance_id, job.c.payload).where(*waiting, job.c.instance_id.is_not(None))
    for instance_id, payload in session.execute(timers):
        working = payload.get("explanation", {}).get("working")
        if working is not None:
            yield instance_id, working["calendar"]


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: keep what a recomputation moved."""
    if not isinstance(event, engine.DeadlinesMoved) or not event.cause.startswith(CAUSE):
        return
    number = int(event.cause.removeprefix(CAUSE))
    for moved in event.moved:
        session.add(
            MovedDeadline(
                recomputation_id=number,
                kind=moved.kind,
                instance_id=event.instance_id,
                business_key=event.business_key,
                task_id=moved.task_id,
                node_id=moved.node_id,
                before=moved.before,
                after=moved.after,
            )
        )


def progress(session: Session, number: int) -> Progress | None:
    """How far recomputation ``number`` is."""
    row = session.get(Recomputation, number)
    return None if row is None else _progress(session, row)


def latest(session: Session, limit: int = 10) -> list[Progress]:
    """The last recomputations, newest first."""
    rows = session.scalars(select(Recomputation).order_by(Recomputation.id.desc()).limit(limit))
    return [_progress(session, row) for row in rows]


def _progress(session: Session, row: Recomputation) -> Progress:
    batches = list(_kept(session, row.batches))
    purged = row.total - sum(batch.total for batch in batches)
    moved = select(func.count()).select_from(MovedDeadline).where(MovedDeadline.recomputation_id == row.id)
    return Progress(
        id=row.id,
        calendar_key=row.calendar_key,
        at=row.at,
        actor=row.actor,
        total=None if row.started_at is None else row.total,
        done=sum(batch.done for batch in batches) + purged,
        failed=sum(batch.failed for batch in batches),
        moved=int(session.scalar(moved) or 0),
    )


def _kept(session: Session, numbers: Iterable[int]) -> Iterator[engine.BatchRow]:
    """The batches that are still there: those that ended long ago are purged."""
    for number in numbers:
        try:
            yield engine.queries.batch(session, number)
        except engine.BatchNotFound:
            continue


def step_names(session: Session, number: int, language: str) -> dict[tuple[str, str | None], str]:
    """By (instance, node) what the steps of the moved deadlines are called."""
    names: dict[tuple[str, str | None], str] = {}
    for row in moved_by(session, number):
        key = (row.instance_id, row.node_id)
        if key not in names and row.node_id is not None:
            definition = engine.queries.instance(session, row.instance_id).definition_id
            names[key] = engine.queries.node_name(session, definition, row.node_id, language)
    return names


def moved_by(session: Session, number: int, limit: int = SHOWN) -> list[MovedDeadline]:
    """What recomputation ``number`` moved, in order (ix_moved_deadline_recomputation_id)."""
    found = select(MovedDeadline).where(MovedDeadline.recomputation_id == number).order_by(MovedDeadline.id)
    return list(session.scalars(found.limit(limit)))
