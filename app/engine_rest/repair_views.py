"""Repair of what runs: suspended instances, variables, jobs, incidents, signals. For holders of ``instance.repair``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.business_objects import objects
from app.engine_rest import queries, represent, requests
from app.engine_rest.context import blueprint, visible_incident, visible_instance, visible_job
from app.engine_rest.errors import BadRequest
from app.engine_rest.history_vocabulary import INCIDENT
from app.engine_rest.listing import Listing, each, offer
from app.engine_rest.values import BadValue, from_camunda, parse_moment
from app.security import current, requires, signed_in
from app.web.api import settings_zone

REPAIR = "instance.repair"
NUMBERS = range(2**31)


@blueprint.put("/process-instance/<instance_id>/suspended")
@requires(REPAIR)
def suspend_instance(instance_id: str) -> ResponseReturnValue:
    """Suspend an instance, or let it go on."""
    row, given = visible_instance(instance_id), requests.body()
    if not isinstance(given.get("suspended"), bool):
        raise BadRequest("'suspended' must be true or false")
    kind = engine.SuspendInstance if given["suspended"] else engine.ResumeInstance
    return _repair(kind(instance_id=row.id, reason="REST", actor=current().login))


@blueprint.put("/process-instance/<instance_id>/variables/<name>")
@requires(REPAIR)
def set_instance_variable(instance_id: str, name: str) -> ResponseReturnValue:
    """Set one variable."""
    return _change_instance(instance_id, {name: value_of(name)}, frozenset())


@blueprint.post("/process-instance/<instance_id>/variables")
@requires(REPAIR)
def modify_instance_variables(instance_id: str) -> ResponseReturnValue:
    """Set and remove several."""
    return _change_instance(instance_id, *modifications())


@blueprint.delete("/process-instance/<instance_id>/variables/<name>")
@requires(REPAIR)
def delete_instance_variable(instance_id: str, name: str) -> ResponseReturnValue:
    """Remove one."""
    return _change_instance(instance_id, {}, frozenset({name}))


@blueprint.put("/job/<job_id>/retries")
@requires(REPAIR)
def set_job_retries(job_id: str) -> ResponseReturnValue:
    """So many attempts are left; with some a failed job is tried again at once."""
    row, retries = visible_job(job_id), requests.whole(requests.body(), "retries", NUMBERS)
    return _repair(engine.SetRetries(job_id=row.id, retries=retries, actor=current().login))


@blueprint.put("/job/<job_id>/duedate")
@requires(REPAIR)
def set_job_due(job_id: str) -> ResponseReturnValue:
    """Move a job; without a date it is due now."""
    row, given = visible_job(job_id), requests.body().get("duedate")
    try:
        due_at = None if given is None else parse_moment(given, settings_zone())
    except BadValue as error:
        raise BadRequest(f"'duedate': {error}") from None
    return _repair(engine.SetJobDue(job_id=row.id, due_at=due_at, actor=current().login))


INCIDENTS = Listing(
    INCIDENT, lambda asked: queries.incidents(current(), objects(), asked, open_only=True), each(represent.incident)
)
offer("/incident", INCIDENTS, signed_in, by_body=False)


@blueprint.get("/incident/<incident_id>")
@signed_in
def incident(incident_id: str) -> ResponseReturnValue:
    """One open incident."""
    return jsonify(represent.incident(visible_incident(incident_id)))


@blueprint.delete("/incident/<incident_id>")
@requires(REPAIR)
def resolve_incident(incident_id: str) -> ResponseReturnValue:
    """Close an incident."""
    row = visible_incident(incident_id)
    return _repair(engine.ResolveIncident(incident_id=row.id, actor=current().login))


@blueprint.put("/incident/<incident_id>/annotation")
@requires(REPAIR)
def annotate_incident(incident_id: str) -> ResponseReturnValue:
    """A note for the next who looks at it."""
    text = requests.text(requests.body(), "annotation", required=True, most=4000)
    return _annotate(incident_id, text)


@blueprint.delete("/incident/<incident_id>/annotation")
@requires(REPAIR)
def clear_annotation(incident_id: str) -> ResponseReturnValue:
    """The note is gone."""
    return _annotate(incident_id, None)


def _annotate(incident_id: str, text: str | None) -> ResponseReturnValue:
    row = visible_incident(incident_id)
    return _repair(engine.AnnotateIncident(incident_id=row.id, annotation=text, actor=current().login))


@blueprint.post("/signal")
@requires(REPAIR)
def throw_signal() -> ResponseReturnValue:
    """Give a signal to everybody who waits for it, or to one instance."""
    given = requests.only(requests.body(), {"name", "executionId", "variables", "withoutTenantId"})
    execution = requests.text(given, "executionId")
    command = engine.BroadcastSignal(
        name=str(requests.text(given, "name", required=True)),
        variables=requests.variables(given),
        instance_id=None if execution is None else visible_instance(execution).id,
        actor=current().login,
    )
    return _repair(command)


def value_of(name: str) -> Any:
    """The typed value sent for one variable. Raises :class:`BadRequest`."""
    try:
        return from_camunda(name, requests.body(), settings_zone())
    except BadValue as error:
        raise BadRequest(str(error)) from None


def modifications() -> tuple[Mapping[str, Any], frozenset[str]]:
    """``modifications`` and ``deletions`` of the body."""
    given = requests.body()
    return requests.variables(given, "modifications"), frozenset(requests.texts(given, "deletions"))


def _change_instance(instance_id: str, changes: Mapping[str, Any], removals: frozenset[str]) -> ResponseReturnValue:
    row = visible_instance(instance_id)
    command = engine.SetVariables(
        instance_id=row.id, variables=changes, removals=removals, reason="REST", actor=current().login
    )
    return _repair(command)


def _repair(command: engine.Command) -> ResponseReturnValue:
    engine.execute(db.session(), command)
    return "", 204
