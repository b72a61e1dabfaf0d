"""Service tasks for workers outside: fetched and locked, then completed, failed or given back.

They are the jobs of kind ``service_task`` whose topic has no handler in this process. The lock is the lease, whoever
asked for it is the job's ``worker``. A lock that ran out keeps its worker until somebody else fetches the task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, update
from sqlalchemy.orm import Session

from engine.commands import ledger
from engine.commands.audit import audit
from engine.commands.incidents import open_incident, resolve_of_job
from engine.commands.model import (
    CompleteExternalTask,
    ExtendLock,
    FailExternalTask,
    FetchExternalTasks,
    LockExternalTask,
    Result,
    SetRetries,
    ThrowBpmnError,
    Topic,
    Unlock,
)
from engine.commands.projection import Done, known
from engine.commands.saving import save
from engine.commands.task_model import SetPriority
from engine.commands.unit import Unit, executing, lock_instance, program, restore, unit_of
from engine.commands.values import checked
from engine.context import now
from engine.errors import (
    ExecutionFailed,
    InstanceNotActive,
    JobNotFound,
    JobNotRunnable,
    NotLocked,
    StateUnreadable,
)
from engine.model import InstanceState, JobKind, JobState, Waiting, WaitingService
from engine.queries.external import is_expired, is_free
from engine.queries.jobs import job as find_job
from engine.rows import ExternalTask, JobRow
from engine.store import statements as sql
from engine.store.rows import JOB, job_row
from engine.store.tables import job as jb
from engine.store.tables import process_definition as pd
from engine.store.tables import process_instance as pi

INCIDENT = "external_task"
MOST = 1_000
"""Tasks one fetch may take."""
SETTABLE = (JobKind.TIMER, JobKind.DEADLINE, JobKind.SERVICE_TASK)
FREE = {"worker": None, "lease_until": None}


class ExternalTaskFailed(Exception):
    """What a worker outside said about its failure."""


def fetch(session: Session, command: FetchExternalTasks) -> Result:
    """Lock what waits for these topics; a task that somebody fetches at this moment is passed over."""
    at, limit = now(session), min(command.limit, MOST)
    topics = {topic.name: topic for topic in command.topics}
    if limit < 1 or not topics:
        return Result()
    wanted: list[Row[Any]] = []
    for fetchable in (is_expired(session), is_free(session)):  # together no index would serve them
        query = _fetchable(command, list(topics.values()), fetchable)
        wanted += _wanted(session, query, topics, limit)
    wanted = sorted(wanted, key=lambda row: _rank(command, row))[:limit]
    fetched = []
    for row in wanted:
        topic = topics[row.topic]
        lock_until = at + topic.lock_for
        values = {"state": JobState.RUNNING.value, "worker": command.worker, "lease_until": lock_until}
        change_job(session, row.id, **values)
        try:
            fetched.append(_fetched(session, row.id, topic, command.actor))
        except (StateUnreadable, ExecutionFailed, JobNotRunnable) as broken:  # one instance must not stop the others
            _used_up(session, find_job(session, row.id), str(broken), "")
    return Result(fetched=tuple(fetched))


def _rank(command: FetchExternalTasks, row: Row[Any]) -> tuple[float, ...]:
    created = 0 if command.newest_first is None else row.created_at.timestamp() * (-1 if command.newest_first else 1)
    return (-row.priority if command.by_priority else 0, created, row.due_at.timestamp(), row.id)


def _fetchable(command: FetchExternalTasks, topics: list[Topic], fetchable: ColumnElement[bool]) -> Select[Any]:
    query = (
        select(jb.c.id, jb.c.topic, jb.c.priority, jb.c.created_at, jb.c.due_at, pi.c.variables)
        .join(pi, pi.c.id == jb.c.instance_id)
        .where(fetchable, pi.c.state == InstanceState.ACTIVE.value, or_(*(_of(topic) for topic in topics)))
    )
    order: list[ColumnElement[Any]] = [jb.c.priority.desc()] if command.by_priority else []
    if command.newest_first is not None:
        order.append(jb.c.created_at.desc() if command.newest_first else jb.c.created_at.asc())
    return query.order_by(*order, jb.c.due_at, jb.c.id).with_for_update(of=jb, skip_locked=True)


def _of(topic: Topic) -> ColumnElement[bool]:
    found = [jb.c.topic == topic.name]
    if topic.business_key is not None:
        found.append(pi.c.business_key == topic.business_key)
    if topic.definition_ids:
        found.append(pi.c.definition_id.in_(topic.definition_ids))
    if topic.definition_keys:
        found.append(pi.c.definition_key.in_(topic.definition_keys))
    if topic.version_tag is not None:
        found.append(pi.c.definition_id.in_(select(pd.c.id).where(pd.c.version_tag == topic.version_tag)))
    return and_(*found)


def _wanted(session: Session, query: Select[Any], topics: Mapping[str, Topic], limit: int) -> list[Row[Any]]:
    """Values of variables are compared here: the two databases read JSON too differently."""
    if not any(topic.instance_variables for topic in topics.values()):
        return list(session.connection().execute(query.limit(limit)))
    return list(_matching(session, query, topics, limit))


def _matching(session: Session, query: Select[Any], topics: Mapping[str, Topic], limit: int) -> Iterator[Row[Any]]:
    missing = object()
    for row in session.connection().execute(query).all():
        asked = topics[row.topic].instance_variables
        if all(row.variables.get(name, missing) == value for name, value in asked.items()):
            yield row
            limit -= 1
            if limit == 0:
                return


def _fetched(session: Session, job_id: int, topic: Topic, actor: str) -> ExternalTask:
    """The state is read, not locked: a fetch changes no instance."""
    job = find_job(session, job_id)
    row = sql.READ_INSTANCE.first(session.connection(), {"id": job.instance_id})
    assert row is not None
    unit = unit_of(session, session.connection(), row, actor)
    waiting = _service(restore(unit, row).waiting(), job)
    found = waiting.local_variables if topic.local_variables else waiting.variables
    if topic.variables is not None:
        found = {name: found[name] for name in topic.variables if name in found}
    return ExternalTask(
        job=job,
        definition_id=unit.definition_id,
        definition_key=unit.process_key,
        business_key=unit.business_key,
        variables=found,
        version_tag=program(session, unit.definition_id).version_tag,
    )


def _service(waiting: Waiting, job: JobRow) -> WaitingService:
    for service in waiting.services:
        if service.task_id == job.task_id:
            return service
    raise JobNotRunnable(job_id=job.id, state=job.state.value)


def complete(session: Session, command: CompleteExternalTask) -> Result:
    """The instance has moved on. Raises JobNotFound, JobNotRunnable, NotLocked, BadVariables, ExecutionFailed."""
    variables, local = checked(command.variables), checked(command.local_variables)
    unit, row, job = _held(session, command.job_id, command.worker, command.actor)
    execution = restore(unit, row)
    before = execution.waiting()
    service = _service(before, job)
    ledger.finish(session, job.id, command.worker, unit.at)
    with executing(unit.instance_id):
        execution.finish_service(service.task_id, variables, local)
    created = save(unit, execution, known(before), done=Done(job_key=job.dedupe_key))
    return result_of(unit, job, created=created)


def throw_error(session: Session, command: ThrowBpmnError) -> Result:
    """The boundary event for the code is taken; without one the task has failed, with an incident.

    Raises JobNotFound, JobNotRunnable, NotLocked, BadVariables, ExecutionFailed.
    """
    variables = checked(command.variables)
    unit, row, job = _held(session, command.job_id, command.worker, command.actor)
    execution = restore(unit, row)
    before = execution.waiting()
    service = _service(before, job)
    with executing(unit.instance_id):
        execution.set_variables(variables)
        caught = execution.catches(service.task_id, command.error_code)
    if not caught:
        reason = f"No boundary event catches error '{command.error_code}': {command.message}".rstrip(": ")
        _used_up(session, job, reason, "")
        return result_of(unit, job)
    ledger.finish(session, job.id, command.worker, unit.at)
    unit.record("error_thrown", job.node_id, job.task_id, {"code": command.error_code, "message": command.message})
    with executing(unit.instance_id):
        execution.fail_service(service.task_id, command.error_code, command.message)
    created = save(unit, execution, known(before), done=Done(job_key=job.dedupe_key))
    return result_of(unit, job, created=created)


def fail(session: Session, command: FailExternalTask) -> Result:
    """Fetched again after the pause, or an incident. Raises JobNotFound, JobNotRunnable, NotLocked."""
    unit, _, job = _held(session, command.job_id, command.worker, command.actor)
    if command.retries <= 0:
        _used_up(session, job, command.message, command.details)
        return result_of(unit, job)
    due_at = unit.at + max(command.pause, timedelta())
    change_job(
        session,
        job.id,
        state=waiting_state(command.pause),
        due_at=due_at,
        attempts=0,
        max_attempts=command.retries,
        last_error=command.message[:4_000],
        payload=_payload(job, command.retries, command.details),
        **FREE,
    )
    return result_of(unit, job)


def lock(session: Session, command: LockExternalTask) -> Result:
    """Locked for the worker. Raises JobNotFound, JobNotRunnable, NotLocked when another one holds it."""
    unit, _, job = open_job(session, command.job_id, command.actor)
    held = job.state is JobState.RUNNING and job.lease_until is not None and job.lease_until >= unit.at
    if held and job.worker != command.worker:
        raise NotLocked(job_id=job.id, worker=command.worker, locked_by=job.worker)
    state, until = JobState.RUNNING.value, unit.at + command.lock_for
    change_job(session, job.id, state=state, worker=command.worker, lease_until=until)
    return result_of(unit, job)


def extend(session: Session, command: ExtendLock) -> Result:
    """The lock ends later. Raises JobNotFound, JobNotRunnable, NotLocked, also when it has run out."""
    unit, _, job = _held(session, command.job_id, command.worker, command.actor)
    if job.lease_until is None or job.lease_until < unit.at:
        raise NotLocked(job_id=job.id, worker=command.worker, locked_by=None)
    change_job(session, job.id, lease_until=unit.at + command.lock_for)
    return result_of(unit, job)


def unlock(session: Session, command: Unlock) -> Result:
    """Nobody holds it. Raises JobNotFound, JobNotRunnable."""
    unit, _, job = open_job(session, command.job_id, command.actor)
    if job.state is JobState.RUNNING:
        change_job(session, job.id, state=JobState.AVAILABLE.value, due_at=unit.at, **FREE)
    return result_of(unit, job)


def set_retries(session: Session, command: SetRetries) -> Result:
    """So many attempts are left; with some the incident is closed. Raises JobNotFound, JobNotRunnable."""
    job = find_job(session, command.job_id)
    if job.instance_id is None or job.kind not in SETTABLE:
        raise JobNotFound(job_id=job.id)
    unit, _, job = open_job(session, command.job_id, command.actor, kinds=SETTABLE)
    if command.retries <= 0:
        _used_up(session, job, job.last_error or "No retries left", "")
        return result_of(unit, job)
    values: dict[str, Any] = {"attempts": 0, "max_attempts": command.retries}
    if job.kind is JobKind.SERVICE_TASK:
        values["payload"] = {**job.payload, "retries": command.retries}
    if job.state is JobState.FAILED:
        values |= {"state": JobState.AVAILABLE.value, "due_at": unit.at, "ended_at": None, **FREE}
        unit.runtime.bell.ring(session, job.id, unit.at)
    change_job(session, job.id, **values)
    resolve_of_job(session, job.id, command.actor)
    audit(session, command, unit.instance_id, str(job.id), {"retries": command.retries})
    return result_of(unit, job)


def set_priority(session: Session, command: SetPriority) -> Result:
    """It is fetched or run before those of lower priority. Raises JobNotFound, JobNotRunnable."""
    unit, _, job = open_job(session, command.job_id, command.actor, kinds=SETTABLE)
    change_job(session, job.id, priority=command.priority)
    audit(session, command, unit.instance_id, str(job.id), {"priority": command.priority, "previous": job.priority})
    return result_of(unit, job)


def _used_up(session: Session, job: JobRow, message: str, details: str) -> None:
    change_job(
        session,
        job.id,
        state=JobState.FAILED.value,
        ended_at=now(session),
        attempts=0,
        max_attempts=0,
        last_error=message[:4_000],
        payload=_payload(job, 0, details),
        **FREE,
    )
    resolve_of_job(session, job.id, "system")
    open_incident(
        session,
        INCIDENT if job.kind is JobKind.SERVICE_TASK else job.kind.value,
        ExternalTaskFailed(message),
        command=None,
        instance_id=job.instance_id,
        job_id=job.id,
        node_id=job.node_id,
        detail=details or None,
    )


def _payload(job: JobRow, retries: int, details: str) -> dict[str, Any]:
    return {**job.payload, "retries": retries, "details": details[:8_000]}


def waiting_state(pause: timedelta) -> str:
    """Of a job that is due after so long."""
    return (JobState.SCHEDULED if pause > timedelta() else JobState.AVAILABLE).value


def change_job(session: Session, job_id: int, **values: Any) -> None:
    """Write these columns of a job that is locked."""
    session.connection().execute(update(jb).where(jb.c.id == job_id).values(values))


def _held(session: Session, job_id: int, worker: str, actor: str) -> tuple[Unit, Mapping[str, Any], JobRow]:
    """Instance and task, locked; the worker was the last to lock it and nobody else has it since."""
    unit, row, job = open_job(session, job_id, actor)
    if job.state is not JobState.RUNNING or job.worker != worker:
        raise NotLocked(job_id=job.id, worker=worker, locked_by=job.worker)
    return unit, row, job


def open_job(
    session: Session, job_id: int, actor: str, *, kinds: tuple[JobKind, ...] = (JobKind.SERVICE_TASK,)
) -> tuple[Unit, Mapping[str, Any], JobRow]:
    """The instance is locked before the job, as everywhere. A task that is over is unknown, as in Camunda.

    Raises JobNotFound, InstanceNotActive for one that is suspended.
    """
    job = find_job(session, job_id)
    if job.kind not in kinds or job.instance_id is None or _over(job):
        raise JobNotFound(job_id=job_id)
    try:
        unit, row = lock_instance(session, job.instance_id, actor)
    except InstanceNotActive as refused:
        if refused.facts["state"] == InstanceState.SUSPENDED:
            raise
        raise JobNotFound(job_id=job_id) from None
    locked = session.connection().execute(select(*JOB).where(jb.c.id == job_id).with_for_update()).one()
    job = job_row(locked)
    if _over(job) or (kinds == (JobKind.SERVICE_TASK,) and job.topic in unit.runtime.handlers.service_topics):
        raise JobNotFound(job_id=job_id)
    return unit, row, job


def _over(job: JobRow) -> bool:
    return job.state in (JobState.COMPLETED, JobState.CANCELLED)


def result_of(unit: Unit, job: JobRow, **more: Any) -> Result:
    """What a command about one job did."""
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, job_id=job.id, **more)
