"""Batches: one command for many instances or jobs. Each item is a job of the ledger, in a transaction of its own.

An item that is refused fails at once and is an incident; one that goes wrong is tried again like any job. Retrying
its job tries the item again. Locks go from the item's job to what it changes, and to the batch at last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.commands import ledger
from engine.commands.audit import audit
from engine.commands.codec import from_json, to_json
from engine.commands.model import (
    CancelInstance,
    Command,
    CorrelateMessage,
    ResolveIncident,
    Result,
    ResumeInstance,
    RetryJob,
    RunJob,
    SetJobDue,
    SetRetries,
    SetVariables,
    SuspendInstance,
)
from engine.commands.repair_model import (
    CancelTimer,
    DeleteBatch,
    MigrateInstance,
    ModifyInstance,
    RestartInstance,
    ResumeBatch,
    RetryBatch,
    RetryIncident,
    SkipStep,
    StartBatch,
    SuspendBatch,
)
from engine.commands.task_model import RecomputeDeadlines
from engine.context import now, runtime
from engine.errors import (
    BadVariables,
    BatchItemRefused,
    BatchNotFound,
    BatchRefused,
    Conflict,
    EngineError,
    InstanceChanged,
    InstanceNotActive,
    NotAllowed,
    NotFound,
    PlanRefused,
)
from engine.model import BatchState, IncidentState, InstanceState, JobKind, JobState
from engine.rows import JobRow
from engine.store.tables import CLAIMABLE
from engine.store.tables import batch as bt
from engine.store.tables import incident as inc
from engine.store.tables import job as jb

SUBJECTS: Mapping[type[Command], str] = {
    CancelInstance: "instance_id",
    CancelTimer: "job_id",
    CorrelateMessage: "instance_id",
    MigrateInstance: "instance_id",
    ModifyInstance: "instance_id",
    RecomputeDeadlines: "instance_id",
    ResolveIncident: "incident_id",
    RestartInstance: "instance_id",
    ResumeInstance: "instance_id",
    RetryIncident: "incident_id",
    RetryJob: "job_id",
    SetJobDue: "job_id",
    SetRetries: "job_id",
    SetVariables: "instance_id",
    SkipStep: "incident_id",
    SuspendInstance: "instance_id",
}
"""What a batch can do, and the field of the command that says to whom."""
MOST = 100_000
"""Items of one batch."""
REFUSALS = (Conflict, NotFound, NotAllowed, BadVariables, PlanRefused)
"""An item refused like this would be refused again."""
FEW = 50
"""With fewer items left, whoever finishes one looks whether it was the last."""
LEFT = f"({CLAIMABLE} OR state IN ('running', 'failed'))"
NUMBERS = ("job_id", "incident_id")


def start(session: Session, command: StartBatch) -> Result:
    """The batch is there with all its items, which the workers do. Raises BatchRefused.

    Of two requests with the same key the second one finds the batch of the first.
    """
    subject = SUBJECTS.get(type(command.template))
    subjects = list(dict.fromkeys(command.subjects))
    kind = int if subject in NUMBERS else str
    if subject is None or not subjects or not all(type(one) is kind for one in subjects):
        raise BatchRefused(kind=type(command.template).__name__, count=len(subjects))
    if len(subjects) > MOST:
        raise BatchRefused(kind=type(command.template).__name__, count=len(subjects), allowed=MOST)
    at = now(session)
    template = replace(command.template, actor=command.actor)
    values = {
        "kind": command.kind or type(template).__name__,
        "template": to_json(template),
        "reason": command.reason,
        "total": len(subjects),
        "state": BatchState.ACTIVE.value,
        "created_at": at,
        "created_by": command.actor,
        "request_key": command.request_key,
    }
    batch_id = _insert(session, values)
    if batch_id is None:
        return Result(batch_id=_of_request(session, command))
    entries = [
        {
            **ledger.entry(JobKind.BATCH_ITEM, at, topic=type(template).__name__, payload={"subject": one}),
            "batch_id": batch_id,
        }
        for one in subjects
    ]
    session.connection().execute(insert(jb), entries)
    _audit(session, command, batch_id, {"kind": values["kind"], "total": len(subjects), "reason": command.reason})
    runtime(session).bell.ring(session, None, at)
    return Result(batch_id=batch_id)


def _insert(session: Session, values: Mapping[str, Any]) -> int | None:
    """The id of the new batch; None when the same request has started one (of two at once, one waits for the other)."""
    into = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = into(bt).values(values).on_conflict_do_nothing(index_elements=["request_key"]).returning(bt.c.id)
    found: int | None = session.connection().execute(statement).scalar()
    return found


def _of_request(session: Session, command: StartBatch) -> int:
    """Raises BatchRefused when the key was somebody else's."""
    mine = select(bt.c.id).where(bt.c.request_key == command.request_key, bt.c.created_by == command.actor)
    found: int | None = session.connection().execute(mine).scalar()
    if found is None:
        raise BatchRefused(kind=type(command.template).__name__, count=len(command.subjects))
    return found


def _audit(session: Session, command: Command, batch_id: int, facts: Mapping[str, Any]) -> None:
    audit(session, command, None, f"batch {batch_id}", facts)


def subject_instance(kind: str, payload: Mapping[str, Any]) -> str | None:
    """The instance an item of a batch is about."""
    subject = payload.get("subject") if kind == JobKind.BATCH_ITEM else None
    return subject if isinstance(subject, str) else None


# items
def run_item(session: Session, command: RunJob, job: JobRow) -> Result:
    """The item is done. Raises BatchItemRefused when its command is refused, and whatever else that raises."""
    ledger.finish(session, job.id, command.worker, now(session))
    row = session.execute(select(bt).where(bt.c.id == job.batch_id)).one()
    template = from_json(row.template)
    wanted = replace(template, **{SUBJECTS[type(template)]: job.payload["subject"]})
    result, outcome = _do(session, wanted)
    kept = {**job.payload, "outcome": outcome, "instance_id": result.instance_id}
    session.connection().execute(update(jb).where(jb.c.id == job.id).values(payload=kept))
    _close(session, row.id, now(session))
    return replace(result, job_id=job.id, batch_id=row.id)


def _do(session: Session, wanted: Command) -> tuple[Result, str]:
    from engine.commands import HANDLERS  # the table of all commands, of which this is one

    try:
        result = HANDLERS[type(wanted)](session, wanted)
        return result, result.outcome or "done"
    except InstanceChanged:
        raise  # the entry point runs it again
    except REFUSALS as refused:
        if isinstance(wanted, CancelInstance | RecomputeDeadlines) and _has_ended(refused):
            return Result(instance_id=wanted.instance_id), "ended already"
        raise BatchItemRefused(reason=_reason(refused), **_of_item(refused)) from refused


def _has_ended(refused: EngineError) -> bool:
    ended = (InstanceState.COMPLETED, InstanceState.CANCELLED)
    return isinstance(refused, InstanceNotActive) and refused.facts["state"] in ended


def _reason(refused: EngineError) -> str:
    if isinstance(refused, PlanRefused):
        return "; ".join(f"{finding.code} {finding.element or ''}".strip() for finding in refused.findings)
    return str(refused)


def _of_item(refused: EngineError) -> dict[str, Any]:
    found = refused.facts.get("instance_id")
    return {"instance_id": found} if found else {}


def _close(session: Session, batch_id: int, at: datetime) -> None:
    """Whoever does the last item closes the batch. Near the end they queue for it, so that one of them is last."""
    connection = session.connection()
    mine = (jb.c.batch_id == batch_id, text(LEFT))
    if len(connection.execute(select(jb.c.id).where(*mine).limit(FEW)).all()) == FEW:
        return
    connection.execute(select(bt.c.id).where(bt.c.id == batch_id).with_for_update())
    done = {"state": BatchState.COMPLETED.value, "ended_at": at}
    open_one = (bt.c.id == batch_id, bt.c.ended_at.is_(None))
    connection.execute(update(bt).where(*open_one, ~exists().where(*mine)).values(done))


# the batch itself
def suspend(session: Session, command: SuspendBatch) -> Result:
    """No item is begun from now on. Raises BatchNotFound."""
    return _set(session, command, command.batch_id, command.reason, BatchState.SUSPENDED)


def resume(session: Session, command: ResumeBatch) -> Result:
    """The workers go on. Raises BatchNotFound."""
    found = _set(session, command, command.batch_id, command.reason, BatchState.ACTIVE)
    runtime(session).bell.ring(session, None, now(session))
    return found


def retry(session: Session, command: RetryBatch) -> Result:
    """What failed is due now, once each, and its incidents are closed. Raises BatchNotFound."""
    at, connection = now(session), session.connection()
    row = connection.execute(
        select(bt.c.id).where(bt.c.id == command.batch_id, bt.c.ended_at.is_(None)).with_for_update()
    ).first()
    if row is None:
        raise BatchNotFound(batch_id=command.batch_id)
    failed = (jb.c.batch_id == command.batch_id, jb.c.state == JobState.FAILED.value)
    _close_incidents(session, select(jb.c.id).where(*failed), command.actor)
    again = {"state": JobState.AVAILABLE.value, "attempts": 0, "max_attempts": 1, "due_at": at, "ended_at": None}
    tried = connection.execute(update(jb).where(*failed).values(again)).rowcount
    _audit(session, command, command.batch_id, {"reason": command.reason, "tried": tried})
    runtime(session).bell.ring(session, None, at)
    return Result(batch_id=command.batch_id)


def _close_incidents(session: Session, jobs: Select[tuple[int]], actor: str) -> None:
    closed = {"state": IncidentState.RESOLVED.value, "resolved_at": now(session), "resolved_by": actor}
    of_them = (inc.c.job_id.in_(jobs), inc.c.state == IncidentState.OPEN.value)
    session.connection().execute(update(inc).where(*of_them).values(closed))


def delete(session: Session, command: DeleteBatch) -> Result:
    """What was not done is cancelled and its incidents are closed; what runs is done first. Raises BatchNotFound."""
    at, connection = now(session), session.connection()
    mine = (jb.c.batch_id == command.batch_id, text(LEFT))
    values = {"state": JobState.CANCELLED.value, "ended_at": at, "worker": None, "lease_until": None}
    cancelled = connection.execute(update(jb).where(*mine).values(values)).rowcount
    _close_incidents(session, select(jb.c.id).where(jb.c.batch_id == command.batch_id), command.actor)
    _set(session, command, command.batch_id, command.reason, BatchState.DELETED, ended_at=at, cancelled=cancelled)
    return Result(batch_id=command.batch_id)


def _set(
    session: Session,
    command: Command,
    batch_id: int,
    reason: str,
    state: BatchState,
    *,
    ended_at: datetime | None = None,
    **facts: Any,
) -> Result:
    changed = update(bt).where(bt.c.id == batch_id, bt.c.ended_at.is_(None))
    if session.connection().execute(changed.values(state=state.value, ended_at=ended_at)).rowcount != 1:
        raise BatchNotFound(batch_id=batch_id)
    _audit(session, command, batch_id, {"reason": reason, **facts})
    return Result(batch_id=batch_id)
