"""``POST /message``: a message goes to the one instance that waits for it, or starts a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

import engine
from app import db
from app.engine_rest import queries, represent, requests
from app.engine_rest.context import blueprint, objects, variables_of
from app.engine_rest.definition_views import start_instance
from app.engine_rest.errors import BadRequest, Mismatch, Missing
from app.engine_rest.values import variables_to_camunda
from app.errors import NotAllowedHere, NotVisible
from app.security import current, signed_in
from engine.tables import process_definition, process_instance, subscription

KNOWN = frozenset(
    {
        "messageName",
        "businessKey",
        "correlationKeys",
        "localCorrelationKeys",
        "processInstanceId",
        "processVariables",
        "processVariablesLocal",
        "processDefinitionId",
        "resultEnabled",
        "variablesInResultEnabled",
        "all",
        "tenantId",
        "withoutTenantId",
    }
)


@blueprint.post("/message")
@signed_in
def correlate() -> ResponseReturnValue:
    """Deliver a message. 204, or 200 with what it reached when ``resultEnabled``."""
    session, given = db.session(), requests.body()
    unknown = sorted(set(given) - KNOWN)
    if unknown:
        raise BadRequest(f"Unknown property '{unknown[0][:80]}'. Known: {', '.join(sorted(KNOWN))}")
    name = str(requests.text(given, "messageName", required=True))
    variables = requests.variables(given, "processVariables") | requests.variables(given, "processVariablesLocal")
    wants, shows = requests.flag(given, "resultEnabled"), requests.flag(given, "variablesInResultEnabled")
    found = _receiver(session, given)
    if found is None:
        result = _started(session, name, variables)
    else:
        result = _delivered(session, found, name, variables)
    if not wants:
        return "", 204
    if shows:
        instance_id = (
            result["execution"]["processInstanceId"] if result["execution"] else result["processInstance"]["id"]
        )
        result["variables"] = variables_to_camunda(variables_of(instance_id))
    return jsonify([result])


def _receiver(session: Session, given: Mapping[str, Any]) -> Row[Any] | None:
    """The running instance the request names, by id, business key or correlation key; None when it names none.

    Raises :class:`Missing` when the caller sees no such instance.
    """
    instance_id, key = requests.text(given, "processInstanceId"), requests.text(given, "businessKey")
    named = requests.variables(given, "correlationKeys") | requests.variables(given, "localCorrelationKeys")
    keys = {str(value) for value in named.values()} | ({key} if key else set())
    if instance_id is None and not keys:
        return None
    statement = queries.instances(current(), objects(), {})
    if instance_id is not None:
        statement = statement.where(process_instance.c.id == instance_id)
    if key is not None:
        statement = statement.where(process_instance.c.business_key == key)
    if named:
        texts = [str(value) for value in named.values()]
        waiting = select(subscription.c.instance_id).where(subscription.c.correlation_key.in_(texts))
        statement = statement.where(process_instance.c.business_key.in_(texts) | process_instance.c.id.in_(waiting))
    rows = session.execute(statement.limit(2)).all()
    if not rows:
        raise Missing("Cannot correlate message: no process instance matches the parameters")
    if len(rows) > 1:
        raise Mismatch("Cannot correlate message: several process instances match the parameters")
    return rows[0]


def _delivered(session: Session, row: Row[Any], name: str, variables: dict[str, Any]) -> dict[str, Any]:
    principal, known = current(), objects().get(row.definition_key)
    if known is not None and row.business_key is not None:
        try:
            variables = known.message(session, principal, name, row.business_key, variables)
        except NotVisible:
            raise Missing("Cannot correlate message: no process instance matches the parameters") from None
    elif not principal.has("task.work"):
        raise NotAllowedHere("task.work")
    _correlate(session, name, variables, row)
    execution = {"id": row.id, "processInstanceId": row.id, "ended": False, "tenantId": None}
    return {"resultType": "Execution", "execution": execution, "processInstance": None}


def _correlate(session: Session, name: str, variables: dict[str, Any], row: Row[Any]) -> None:
    waiting = session.scalars(
        select(subscription.c.correlation_key).where(
            subscription.c.instance_id == row.id, subscription.c.kind == "message", subscription.c.name == name
        )
    ).first()
    command = engine.CorrelateMessage(
        name=name,
        correlation_key=waiting or row.business_key,
        variables=variables,
        instance_id=row.id,
        actor=current().login,
    )
    try:
        engine.execute(session, command)
    except engine.MessageNotExpected:
        raise Mismatch(
            f"Cannot correlate message '{name[:80]}': No process definition or execution matches the parameters"
        ) from None


def _started(session: Session, name: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Start the newest process that begins with this message."""
    latest = queries.definitions(current(), {"latestVersion": True, "active": True})
    for row in session.execute(latest.order_by(process_definition.c.key)):
        if name in row.start_messages:
            instance_id = start_instance(session, row, variables, None, source="message", by_id=False)
            started = represent.instance(engine.queries.instance(session, instance_id))
            return {"resultType": "ProcessDefinition", "execution": None, "processInstance": started}
    raise Mismatch(f"Cannot correlate message '{name[:80]}': No process definition or execution matches the parameters")
