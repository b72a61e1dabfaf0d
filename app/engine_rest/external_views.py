"""``/external-task``: service tasks for programs outside. For holders of ``external_task.work``, and nobody else."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import fetching, queries, represent, requests
from app.engine_rest.context import blueprint, visible_external_task
from app.engine_rest.errors import BadRequest
from app.engine_rest.job_views import PRIORITIES
from app.engine_rest.listing import Listing, each, offer
from app.engine_rest.vocabulary import EXTERNAL_TASK
from app.security import current, requires
from engine.tables import job

WORK = "external_task.work"
LONG = 20_000
"""Characters of an error message or its details that are read."""


@blueprint.post("/external-task/fetchAndLock")
@requires(WORK)
@db.without_unit_of_work  # it may wait, and must not hold a transaction meanwhile
def fetch_and_lock() -> ResponseReturnValue:
    """Lock tasks for a worker; waits up to ``asyncResponseTimeout`` milliseconds for the first."""
    given = requests.body()
    wanted, wait = fetching.command(given, current().login), fetching.wait_of(given)
    return jsonify([represent.fetched(found) for found in fetching.fetch(wanted, wait)])


EXTERNAL_TASKS = Listing(
    EXTERNAL_TASK, lambda asked: queries.external_tasks(db.session(), asked), each(represent.external_task)
)
offer("/external-task", EXTERNAL_TASKS, requires(WORK))


@blueprint.get("/external-task/topic-names")
@requires(WORK)
def topic_names() -> ResponseReturnValue:
    """The topics of the tasks that match."""
    session = db.session()
    statement = queries.external_tasks(session, requests.asked())
    names = session.scalars(statement.with_only_columns(job.c.topic).distinct().order_by(job.c.topic))
    return jsonify(list(names))


@blueprint.get("/external-task/<task_id>")
@requires(WORK)
def external_task(task_id: str) -> ResponseReturnValue:
    """One task that is not over."""
    return jsonify(represent.external_task(visible_external_task(task_id)))


@blueprint.get("/external-task/<task_id>/errorDetails")
@requires(WORK)
def error_details(task_id: str) -> ResponseReturnValue:
    """What the worker said about its last failure."""
    details = visible_external_task(task_id).payload.get("details")
    return Response(details, content_type="text/plain; charset=utf-8") if details else ("", 204)


@blueprint.post("/external-task/<task_id>/complete")
@requires(WORK)
def complete_external_task(task_id: str) -> ResponseReturnValue:
    """The worker has done it."""
    given = requests.body()
    command = engine.CompleteExternalTask(
        job_id=visible_external_task(task_id).id,
        worker=_worker(given),
        variables=requests.variables(given),
        local_variables=requests.variables(given, "localVariables"),
        actor=current().login,
    )
    return _done(command)


@blueprint.post("/external-task/<task_id>/failure")
@requires(WORK)
def fail_external_task(task_id: str) -> ResponseReturnValue:
    """The worker could not do it; with no retries left it is an incident."""
    given = requests.body()
    if given.get("variables") or given.get("localVariables"):
        raise BadRequest("A failure cannot set variables")
    command = engine.FailExternalTask(
        job_id=visible_external_task(task_id).id,
        worker=_worker(given),
        message=requests.text(given, "errorMessage", most=LONG) or "",
        details=requests.text(given, "errorDetails", most=1_000_000) or "",
        retries=requests.whole(given, "retries", range(2**31), default=0),
        pause=timedelta(milliseconds=requests.whole(given, "retryTimeout", range(2**31), default=0)),
        actor=current().login,
    )
    return _done(command)


@blueprint.post("/external-task/<task_id>/bpmnError")
@requires(WORK)
def throw_bpmn_error(task_id: str) -> ResponseReturnValue:
    """The worker reports a business error."""
    given = requests.body()
    command = engine.ThrowBpmnError(
        job_id=visible_external_task(task_id).id,
        worker=_worker(given),
        error_code=str(requests.text(given, "errorCode", required=True)),
        message=requests.text(given, "errorMessage", most=LONG) or "",
        variables=requests.variables(given),
        actor=current().login,
    )
    return _done(command)


@blueprint.post("/external-task/<task_id>/lock")
@requires(WORK)
def lock_external_task(task_id: str) -> ResponseReturnValue:
    """Lock one task."""
    given, row = requests.body(), visible_external_task(task_id)
    lock_for = fetching.lock_of(given, "lockDuration")
    return _done(
        engine.LockExternalTask(job_id=row.id, worker=_worker(given), lock_for=lock_for, actor=current().login)
    )


@blueprint.post("/external-task/<task_id>/extendLock")
@requires(WORK)
def extend_lock(task_id: str) -> ResponseReturnValue:
    """Keep it longer."""
    given, row = requests.body(), visible_external_task(task_id)
    lock_for = fetching.lock_of(given, "newDuration")
    return _done(engine.ExtendLock(job_id=row.id, worker=_worker(given), lock_for=lock_for, actor=current().login))


@blueprint.post("/external-task/<task_id>/unlock")
@requires(WORK)
def unlock_external_task(task_id: str) -> ResponseReturnValue:
    """Whoever holds it, others may fetch it."""
    return _done(engine.Unlock(job_id=visible_external_task(task_id).id, actor=current().login))


@blueprint.put("/external-task/<task_id>/retries")
@requires(WORK)
def set_external_task_retries(task_id: str) -> ResponseReturnValue:
    """So many attempts are left."""
    retries = requests.whole(requests.body(), "retries", range(2**31))
    return _done(engine.SetRetries(job_id=visible_external_task(task_id).id, retries=retries, actor=current().login))


@blueprint.put("/external-task/<task_id>/priority")
@requires(WORK)
def set_external_task_priority(task_id: str) -> ResponseReturnValue:
    """It is fetched before those of lower priority by who asks for that order."""
    priority = requests.whole(requests.body(), "priority", PRIORITIES)
    return _done(engine.SetPriority(job_id=visible_external_task(task_id).id, priority=priority, actor=current().login))


@blueprint.put("/external-task/retries")
@requires(WORK)
def set_several_retries() -> ResponseReturnValue:
    """So many attempts are left for each of the tasks that are named."""
    given = requests.only(requests.body(), {"retries", "externalTaskIds"})
    retries, ids = requests.whole(given, "retries", range(2**31)), requests.texts(given, "externalTaskIds")
    if not ids:
        raise BadRequest("externalTaskIds is empty")
    for job_id in sorted({visible_external_task(one).id for one in ids}):
        _done(engine.SetRetries(job_id=job_id, retries=retries, actor=current().login))
    return "", 204


def _worker(given: dict[str, object]) -> str:
    return str(requests.text(given, "workerId", required=True, most=100))


def _done(command: engine.Command) -> ResponseReturnValue:
    engine.execute(db.session(), command)
    return "", 204
