"""``/batch`` and ``/history/batch``: how far mass operations are. Whoever started one may look at it, holders of
``instance.repair`` at all; only they hold one up or end it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, select, true

import engine
from app import db
from app.engine_rest import filters as f
from app.engine_rest import queries, requests
from app.engine_rest.context import blueprint, number_of
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.values import moment
from app.security import current, requires, signed_in
from engine.tables import batch

REPAIR = "instance.repair"
TYPES: Mapping[str, str] = {
    "CancelInstance": "instance-deletion",
    "CorrelateMessage": "correlate-message",
    "MigrateInstance": "instance-migration",
    "ModifyInstance": "instance-modification",
    "ResolveIncident": "resolve-incident",
    "RestartInstance": "instance-restart",
    "ResumeInstance": "instance-update-suspension-state",
    "RetryJob": "retry-job",
    "SetRetries": "set-job-retries",
    "SetVariables": "set-variables",
    "set-external-task-retries": "set-external-task-retries",
    "SuspendInstance": "instance-update-suspension-state",
}
"""Camunda's names; it has none for resolving incidents and retrying jobs."""
OPEN = (engine.BatchState.ACTIVE.value, engine.BatchState.SUSPENDED.value)


def _of_type(value: Any) -> Any:
    return batch.c.kind.in_([kind for kind, name in TYPES.items() if name == value])


def _suspended(value: Any) -> Any:
    asleep = batch.c.state == engine.BatchState.SUSPENDED.value
    return asleep if f.flag(value) else ~asleep


def _ended(value: Any) -> Any:
    return batch.c.ended_at.is_not(None) if f.flag(value) else batch.c.ended_at.is_(None)


SORTS = {"batchId": batch.c.id, "tenantId": batch.c.id, "startTime": batch.c.created_at, "endTime": batch.c.ended_at}
COMMON = {"batchId": f.numbers(batch.c.id), "type": _of_type, "createdBy": lambda value: batch.c.created_by == value}
RUNNING = f.Vocabulary({**COMMON, "suspended": _suspended}, SORTS, batch.c.id)
PAST = f.Vocabulary({**COMMON, "completed": _ended}, SORTS, batch.c.id)


@blueprint.get("/batch")
@signed_in
def batches() -> ResponseReturnValue:
    """The batches that are not over."""
    rows = queries.page(db.session(), RUNNING, requests.asked(), _open_ones())
    return jsonify([running(engine.queries.batch(db.session(), row.id)) for row in rows])


@blueprint.get("/batch/count")
@signed_in
def count_batches() -> ResponseReturnValue:
    """How many match."""
    return jsonify(count=queries.count(db.session(), _open_ones()))


@blueprint.get("/batch/statistics")
@signed_in
def batch_statistics() -> ResponseReturnValue:
    """The batches that are not over, and how far they are."""
    rows = queries.page(db.session(), RUNNING, requests.asked(), _open_ones())
    return jsonify([_progress(engine.queries.batch(db.session(), row.id)) for row in rows])


@blueprint.get("/batch/statistics/count")
@signed_in
def count_batch_statistics() -> ResponseReturnValue:
    """How many match."""
    return jsonify(count=queries.count(db.session(), _open_ones()))


@blueprint.get("/batch/<batch_id>")
@signed_in
def one_batch(batch_id: str) -> ResponseReturnValue:
    """One batch that is not over."""
    return jsonify(running(_visible(batch_id, open_only=True)))


@blueprint.put("/batch/<batch_id>/suspended")
@requires(REPAIR)
def suspend_batch(batch_id: str) -> ResponseReturnValue:
    """No further item is begun, or the workers go on."""
    found, given = _visible(batch_id, open_only=True), requests.body()
    if not isinstance(given.get("suspended"), bool):
        raise BadRequest("'suspended' must be true or false")
    kind = engine.SuspendBatch if given["suspended"] else engine.ResumeBatch
    engine.execute(db.session(), kind(batch_id=found.id, reason="REST", actor=current().login))
    return "", 204


@blueprint.delete("/batch/<batch_id>")
@requires(REPAIR)
def delete_batch(batch_id: str) -> ResponseReturnValue:
    """What is not done yet will not be done. The batch stays in the history, also with ``cascade``."""
    found = _visible(batch_id, open_only=True)
    engine.execute(db.session(), engine.DeleteBatch(batch_id=found.id, reason="REST", actor=current().login))
    return "", 204


@blueprint.get("/history/batch")
@signed_in
def past_batches() -> ResponseReturnValue:
    """All batches, those that are over too."""
    rows = queries.page(db.session(), PAST, requests.asked(), _all())
    return jsonify([past(engine.queries.batch(db.session(), row.id)) for row in rows])


@blueprint.get("/history/batch/count")
@signed_in
def count_past_batches() -> ResponseReturnValue:
    """How many match."""
    return jsonify(count=queries.count(db.session(), _all()))


@blueprint.get("/history/batch/<batch_id>")
@signed_in
def one_past_batch(batch_id: str) -> ResponseReturnValue:
    """One batch, over or not."""
    return jsonify(past(_visible(batch_id, open_only=False)))


def begin(
    template: engine.Command, subjects: list[str] | list[int], reason: str, *, kind: str = ""
) -> ResponseReturnValue:
    """Start a batch by the caller and answer with it, as Camunda does."""
    session = db.session()
    order = engine.StartBatch(
        template=template,
        subjects=tuple(subjects),  # type: ignore[arg-type]  # a list of one kind
        reason=reason,
        kind=kind,
        actor=current().login,
    )
    batch_id = engine.execute(session, order).batch_id
    assert batch_id is not None
    return jsonify(running(engine.queries.batch(session, batch_id)))


def running(row: engine.BatchRow) -> dict[str, Any]:
    """One batch. Its items are jobs from the beginning, so nothing seeds or monitors them."""
    return {
        **_common(row),
        "jobsCreated": row.total,
        "suspended": row.state is engine.BatchState.SUSPENDED,
    }


def past(row: engine.BatchRow) -> dict[str, Any]:
    """One batch of the history."""
    return {**_common(row), "endTime": moment(row.ended_at), "removalTime": None}


def _progress(row: engine.BatchRow) -> dict[str, Any]:
    """To Camunda what has failed is still to be done."""
    counts = {"remainingJobs": row.remaining + row.failed, "completedJobs": row.done, "failedJobs": row.failed}
    return running(row) | counts


def _common(row: engine.BatchRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "type": TYPES.get(row.kind, row.kind),
        "totalJobs": row.total,
        "batchJobsPerSeed": row.total,
        "invocationsPerBatchJob": 1,
        "seedJobDefinitionId": None,
        "monitorJobDefinitionId": None,
        "batchJobDefinitionId": None,
        "tenantId": None,
        "createUserId": row.created_by,
        "startTime": moment(row.created_at),
        "executionStartTime": moment(row.created_at) if row.done or row.failed else None,
    }


def _open_ones() -> Select[Any]:
    return select(batch.c.id).where(batch.c.state.in_(OPEN), _shown(), *f.conditions(RUNNING, requests.asked()))


def _all() -> Select[Any]:
    return select(batch.c.id).where(_shown(), *f.conditions(PAST, requests.asked()))


def _shown() -> ColumnElement[bool]:
    """The batches that the caller may look at."""
    return true() if current().has(REPAIR) else batch.c.created_by == current().login


def _visible(batch_id: str, *, open_only: bool) -> engine.BatchRow:
    number = number_of(batch_id)
    try:
        found = None if number is None else engine.queries.batch(db.session(), number)
    except engine.BatchNotFound:
        found = None
    if found is not None and not (current().has(REPAIR) or found.created_by == current().login):
        found = None
    if found is None or (open_only and found.state.value not in OPEN):
        raise Missing(f"Batch with id '{batch_id[:100]}' does not exist")
    return found
