"""``/job``: what happens later, and bringing it forward."""

from __future__ import annotations

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select

import engine
from app import db
from app.business_objects import objects
from app.engine_rest import queries, represent, requests, vocabulary
from app.engine_rest.context import blueprint, visible_job
from app.engine_rest.listing import Listing, each, offer
from app.security import current, policy, requires, signed_in
from engine.tables import incident

REPAIR = "instance.repair"
PRIORITIES = range(-(2**31), 2**31)


JOBS = Listing(
    vocabulary.JOB, lambda asked: queries.jobs(db.session(), current(), objects(), asked), each(represent.job)
)
offer("/job", JOBS, signed_in)


@blueprint.get("/job/<job_id>")
@signed_in
def job(job_id: str) -> ResponseReturnValue:
    """One unfinished job."""
    return jsonify(represent.job(visible_job(job_id)))


@blueprint.post("/job/<job_id>/execute")
@signed_in
def execute_job(job_id: str) -> ResponseReturnValue:
    """Run the job now: a timer is brought forward. For those who may repair."""
    session, principal = db.session(), current()
    row = visible_job(job_id)
    policy.require(session, principal, "job.execute")
    engine.execute(session, engine.RunJob(job_id=row.id, actor=principal.login))
    return "", 204


@blueprint.get("/job/<job_id>/stacktrace")
@requires(REPAIR)
def job_stacktrace(job_id: str) -> ResponseReturnValue:
    """What is known about its last failure."""
    row = visible_job(job_id)
    newest = select(incident.c.detail).where(incident.c.job_id == row.id).order_by(incident.c.id.desc()).limit(1)
    text = db.session().scalar(newest) or row.last_error or ""
    return Response(text, content_type="text/plain; charset=utf-8")


@blueprint.put("/job/<job_id>/priority")
@requires(REPAIR)
def set_job_priority(job_id: str) -> ResponseReturnValue:
    """It comes before those of lower priority."""
    row, priority = visible_job(job_id), requests.whole(requests.body(), "priority", PRIORITIES)
    engine.execute(db.session(), engine.SetPriority(job_id=row.id, priority=priority, actor=current().login))
    return "", 204
