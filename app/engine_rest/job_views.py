"""``/job``: what happens later, and bringing it forward."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import queries, represent, requests, vocabulary
from app.engine_rest.context import blueprint, objects, visible_job
from app.engine_rest.errors import BadRequest
from app.security import current, policy, signed_in


@blueprint.get("/job")
@signed_in
def jobs() -> ResponseReturnValue:
    """The unfinished jobs that match."""
    return _listed(requests.asked())


@blueprint.post("/job")
@signed_in
@db.without_unit_of_work  # it only asks
def jobs_by_post() -> ResponseReturnValue:
    """The same, asked by body."""
    asked = requests.asked_in_body()
    if isinstance(asked.get("dueDates"), list):
        asked["dueDates"] = ",".join(_due(one) for one in asked["dueDates"])
    return _listed(asked)


@blueprint.get("/job/count")
@signed_in
def count_jobs() -> ResponseReturnValue:
    """How many match."""
    return jsonify(
        count=queries.count(db.session(), queries.jobs(db.session(), current(), objects(), requests.asked()))
    )


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


def _listed(asked: requests.Asked) -> ResponseReturnValue:
    statement = queries.jobs(db.session(), current(), objects(), asked)
    rows = queries.page(db.session(), vocabulary.JOB, asked, statement)
    return jsonify([represent.job(row) for row in rows])


def _due(one: object) -> str:
    """``{"operator": "gt", "value": …}`` of a body as the query writes it."""
    if not isinstance(one, dict):
        raise BadRequest("'dueDates' must be a list of {operator, value}")
    return f"{one.get('operator')}_{one.get('value')}"
