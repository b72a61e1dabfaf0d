"""Running what the ledger says: timers, deadlines, service tasks, messages and work of slices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.commands import batch, calls, ledger, pause, starts
from engine.commands.audit import audit
from engine.commands.incidents import open_incident, record_command_failure, resolve_of_job
from engine.commands.messages import Message, deliver, deliver_signal, signal, subscribed
from engine.commands.model import AddWork, Command, Result, RetryJob, RunJob
from engine.commands.projection import Done, known
from engine.commands.saving import save
from engine.commands.unit import Unit, executing, lock_instance, restore
from engine.commands.values import checked
from engine.context import now, runtime
from engine.errors import (
    BatchItemRefused,
    BpmnError,
    EngineError,
    ExecutionFailed,
    JobNotFound,
    JobNotRunnable,
    NotFound,
)
from engine.events import DeadlineReached
from engine.handlers import ServiceCall, WorkCall
from engine.model import UNFINISHED_JOBS, InstanceState, JobKind, JobState, WaitingService
from engine.queries.instances import instance as find_instance
from engine.queries.jobs import job as find_job
from engine.queries.tasks import task as find_task
from engine.rows import JobRow
from engine.store.hints import words
from engine.store.tables import job as jb


def run(session: Session, command: RunJob) -> Result:
    """The job is completed and its effect is in the same transaction.

    Raises JobNotFound, JobNotRunnable, LeaseLost, ExecutionFailed, and whatever a handler raises.
    """
    job = find_job(session, command.job_id)
    if not command.worker and command.actor != "system":
        audit(session, command, job.instance_id, str(job.id), {"kind": job.kind, "node_id": job.node_id})
    match job.kind:
        case JobKind.TIMER:
            return starts.fire(session, command, job) if job.instance_id is None else _timer(session, command, job)
        case JobKind.SERVICE_TASK:
            return _service(session, command, job)
        case JobKind.DEADLINE:
            return _deadline(session, command, job)
        case JobKind.MESSAGE:
            return _message(session, command, job)
        case JobKind.CALL:
            return calls.run(session, command, job)
        case JobKind.BATCH_ITEM:
            return batch.run_item(session, command, job)
        case JobKind.WORK:
            return _work(session, command, job)


def _instance_id(job: JobRow) -> str:
    assert job.instance_id is not None
    return job.instance_id


def _result(unit: Unit, job: JobRow, **more: Any) -> Result:
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, job_id=job.id, **more)


def _timer(session: Session, command: RunJob, job: JobRow) -> Result:
    unit, row = lock_instance(session, _instance_id(job), command.actor)
    ledger.finish(session, job.id, command.worker, unit.at)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    unit.record("timer_fired", job.node_id, job.task_id, {"due_at": job.due_at.isoformat()})
    with executing(unit.instance_id):
        execution.fire_timer(str(job.task_id), job.payload["key"])
    done = Done(job_key=job.dedupe_key)
    return _result(unit, job, created=save(unit, execution, rows, done=done, late=job.payload["late"]))


def _deadline(session: Session, command: RunJob, job: JobRow) -> Result:
    """Needs the task's row only; the workflow is not restored."""
    unit, _ = lock_instance(session, _instance_id(job), command.actor)
    ledger.finish(session, job.id, command.worker, unit.at)
    task, stage = find_task(session, str(job.task_id)), job.payload["stage"]
    if task.is_open and stage == pause.CONTINUE:
        pause.end_at_its_date(unit, task)
    elif task.is_open:
        unit.record("deadline_reached", task.node_id, task.id, {"stage": stage, "due_at": job.due_at.isoformat()})
        unit.events.append(DeadlineReached(**unit.facts(), task=task, stage=stage))
    unit.write_history()
    unit.publish()
    return _result(unit, job, task=task)


def _service(session: Session, command: RunJob, job: JobRow) -> Result:
    unit, row = lock_instance(session, _instance_id(job), command.actor)
    handler = unit.runtime.handlers.service(str(job.topic))
    if handler is None:  # a worker outside does it
        raise JobNotRunnable(job_id=job.id, state=job.state.value)
    ledger.finish(session, job.id, command.worker, unit.at)
    execution = restore(unit, row)
    before = execution.waiting()
    waiting = next((service for service in before.services if service.task_id == job.task_id), None)
    if waiting is None:
        raise JobNotRunnable(job_id=job.id, state=job.state.value)
    try:
        variables = checked(handler(session, _call(unit, job, waiting)) or {})
    except BpmnError as error:
        unit.record("error_thrown", job.node_id, job.task_id, {"code": error.error_code, "message": str(error)})
        with executing(unit.instance_id):
            execution.fail_service(waiting.task_id, error.error_code, str(error))
    else:
        with executing(unit.instance_id):
            execution.finish_service(waiting.task_id, variables)
    done = Done(job_key=job.dedupe_key)
    return _result(unit, job, created=save(unit, execution, known(before), done=done))


def _call(unit: Unit, job: JobRow, waiting: WaitingService) -> ServiceCall:
    return ServiceCall(
        job_id=job.id,
        instance_id=unit.instance_id,
        business_key=unit.business_key,
        process_key=unit.process_key,
        task_id=waiting.task_id,
        node_id=waiting.node_id,
        topic=waiting.topic,
        variables=waiting.variables,
        attempt=_attempt(job),
        at=unit.at,
    )


def _attempt(job: JobRow) -> int:
    return job.attempts if job.state is JobState.RUNNING else job.attempts + 1


def _message(session: Session, command: RunJob, job: JobRow) -> Result:
    at = now(session)
    kind = job.payload["kind"]
    ledger.finish(session, job.id, command.worker, at)
    variables, topic = job.payload["variables"], str(job.topic)
    if kind == "signal":
        signal(session, topic, variables, job.payload.get("source"))
    elif kind == "signal_start":
        return starts.start_by_signal(session, job)
    elif kind == "signal_delivery":
        deliver_signal(session, _instance_id(job), topic, variables, command.actor)
    else:
        key = job.correlation_key
        actor = job.payload.get("actor", command.actor)
        message = Message(topic, key, variables, actor, business_key=key)
        if _asleep(session, message) or deliver(session, message) is None:
            _keep_waiting(session, job)
    return Result(job_id=job.id)


def _asleep(session: Session, message: Message) -> bool:
    """Whoever expects the message is suspended: it has the message when it is resumed."""
    receiver = subscribed(session, message)
    if receiver is None:
        return False
    return find_instance(session, receiver.instance_id).state is InstanceState.SUSPENDED


def _keep_waiting(session: Session, job: JobRow) -> None:
    """Nobody expects the message yet: keep it until it expires; a new subscription picks it up."""
    at = now(session)
    expired = job.expires_at is None or job.expires_at <= at
    values: dict[str, Any] = {"state": JobState.CANCELLED.value, "last_error": "expired"}
    if not expired:
        values = {"state": JobState.SCHEDULED.value, "due_at": job.expires_at, "ended_at": None, "attempts": 0}
    session.connection().execute(update(jb).where(jb.c.id == job.id).values(worker=None, **values))


def _work(session: Session, command: RunJob, job: JobRow) -> Result:
    ledger.finish(session, job.id, command.worker, now(session))
    work = runtime(session).handlers.work(str(job.topic))
    if work is None:
        raise NotFound(topic=job.topic, instance_id=job.instance_id)
    work.function(session, work_call(session, job, command.outcome))
    return Result(job_id=job.id, instance_id=job.instance_id)


def work_call(session: Session, job: JobRow, outcome: Any = None) -> WorkCall:
    """What the functions of a work job are told."""
    return WorkCall(
        job_id=job.id,
        payload=job.payload,
        attempt=_attempt(job),
        at=now(session),
        instance_id=job.instance_id,
        outcome=outcome,
    )


def add_work(session: Session, command: AddWork) -> Result:
    """A job for a work function; the unfinished job with the same dedupe key, if there is one, is kept instead.

    Raises NotFound when no function is registered for the topic.
    """
    work = runtime(session).handlers.work(command.topic)
    if work is None:
        raise NotFound(topic=command.topic)
    if command.dedupe_key is not None:
        unfinished = words(jb.c.state, *UNFINISHED_JOBS)  # uq_job_dedupe_key_unfinished
        query = select(jb.c.id).where(jb.c.dedupe_key == command.dedupe_key, unfinished)
        found = session.connection().execute(query).scalar()
        if found is not None:
            return Result(job_id=found, instance_id=command.instance_id)
    values = ledger.entry(
        JobKind.WORK,
        now(session),
        due_at=command.due_at,
        instance_id=command.instance_id,
        topic=command.topic,
        dedupe_key=command.dedupe_key,
        payload=checked(command.payload),
        priority=ledger.OUTSIDE if work.outside else 0,
    )
    return Result(job_id=ledger.add_one(session, values), instance_id=command.instance_id)


def retry(session: Session, command: RetryJob) -> Result:
    """A failed job is due now with so many attempts, one at least. Raises JobNotFound, JobNotRunnable."""
    at = now(session)
    states = [JobState.FAILED.value, JobState.RETRYABLE.value]
    values: dict[str, Any] = {
        "state": JobState.AVAILABLE.value,
        "attempts": 0,
        "max_attempts": max(command.retries, 1),
        "due_at": at,
        "ended_at": None,
        "worker": None,
    }
    statement = update(jb).where(jb.c.id == command.job_id, jb.c.state.in_(states)).values(values)
    row = session.connection().execute(statement.returning(jb.c.instance_id)).first()
    if row is None:
        raise JobNotRunnable(job_id=command.job_id, state=find_job(session, command.job_id).state.value)
    resolve_of_job(session, command.job_id, command.actor)
    facts = {"reason": command.reason} if command.reason else {}
    audit(session, command, row.instance_id, str(command.job_id), facts)
    runtime(session).bell.ring(session, command.job_id, at)
    return Result(job_id=command.job_id, instance_id=row.instance_id)


def record_incident(session: Session, error: BaseException, command: Command | None = None) -> int | None:
    """Keep what the engine could not do, in a transaction of its own, after the failed one was rolled back.

    A job a worker ran is tried again (after 1, 5, 30 minutes) and becomes an incident when its attempts are used up;
    any other command becomes an incident at once. Returns the incident's id, None if the job will be tried again.
    """
    if command is None and isinstance(error, EngineError) and isinstance(error.command, Command):
        command = error.command
    if isinstance(command, RunJob) and command.worker:
        return fail(session, command, error)
    if command is None:
        return open_incident(session, "command", error, command=None, instance_id=None)
    return record_command_failure(session, command, error)


def fail(session: Session, command: RunJob, error: BaseException) -> int | None:
    """One attempt of a job this worker held has failed. Somebody else's job is left alone."""
    query = select(jb).where(jb.c.id == command.job_id).with_for_update()
    row = session.connection().execute(query).first()
    if row is None:
        raise JobNotFound(job_id=command.job_id)
    if row.state != JobState.RUNNING.value or row.worker != command.worker:
        return None
    at = now(session)
    used_up = row.attempts >= row.max_attempts or isinstance(error, BatchItemRefused)
    message = f"{type(error).__name__}: {error}"
    values: dict[str, Any] = {"state": JobState.FAILED.value, "ended_at": at}
    if not used_up:
        pause = ledger.BACKOFF[min(row.attempts, len(ledger.BACKOFF)) - 1]
        values = {"state": JobState.RETRYABLE.value, "due_at": at + pause}
        runtime(session).bell.ring(session, row.id, at + pause)
    session.connection().execute(
        update(jb).where(jb.c.id == row.id).values(lease_until=None, worker=None, last_error=message[:4_000], **values)
    )
    if not used_up:
        return None
    node = error.facts.get("node_id") if isinstance(error, ExecutionFailed) else None
    return open_incident(
        session,
        row.kind,
        error,
        command=command,
        instance_id=row.instance_id or batch.subject_instance(row.kind, row.payload),
        job_id=row.id,
        node_id=node or row.node_id,
    )
