"""``POST /message``: a message goes to the one instance that waits for it, or starts a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

import engine
from app import db
from app.business_objects import objects
from app.confidential import variables_of
from app.engine_rest import queries, represent, requests
from app.engine_rest.context import blueprint
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
        "processVariablesToTriggeredScope",
        "processDefinitionId",
        "resultEnabled",
        "variablesInResultEnabled",
        "all",
        "tenantId",
        "withoutTenantId",
    }
)
MOST = 1_000
"""Instances one message reaches in one transaction."""


@blueprint.post("/message")
@signed_in
def correlate() -> ResponseReturnValue:
    """Deliver a message. 204, or 200 with what it reached when ``resultEnabled``. With ``all``: to all that wait for
    it and fit, and to a process that it starts."""
    session, given = db.session(), requests.only(requests.body(), KNOWN)
    if given.get("tenantId"):
        raise BadRequest("'tenantId' is not supported")
    name = str(requests.text(given, "messageName", required=True))
    variables = requests.variables(given, "processVariables") | requests.variables(given, "processVariablesLocal")
    variables |= requests.variables(given, "processVariablesToTriggeredScope")
    wants, shows = requests.flag(given, "resultEnabled"), requests.flag(given, "variablesInResultEnabled")
    found = _correlated(session, given, name, variables)
    if not wants:
        return "", 204
    if shows:
        for result in found:
            reached = result["execution"] or result["processInstance"]
            result["variables"] = variables_to_camunda(variables_of(reached.get("processInstanceId", reached["id"])))
    return jsonify(found)


def _correlated(
    session: Session, given: Mapping[str, Any], name: str, variables: dict[str, Any]
) -> list[dict[str, Any]]:
    if requests.flag(given, "all"):
        found = [deliver(session, row, name, variables) for row in _receivers(session, given, name)]
        starts = not found and not _names_an_instance(given)
        return [_started(session, name, variables, given)] if starts else found
    row = _receiver(session, given, name)
    return [_started(session, name, variables, given) if row is None else deliver(session, row, name, variables)]


def _receivers(session: Session, given: Mapping[str, Any], name: str) -> Sequence[Row[Any]]:
    """All instances the caller sees that wait for the message and fit."""
    waiting = select(subscription.c.instance_id).where(subscription.c.kind == "message", subscription.c.name == name)
    statement = _fitting(given).where(process_instance.c.id.in_(waiting), process_instance.c.state == "active")
    return session.execute(statement.order_by(process_instance.c.id).limit(MOST)).all()


def _names_an_instance(given: Mapping[str, Any]) -> bool:
    names = ("processInstanceId", "businessKey", "correlationKeys", "localCorrelationKeys")
    return any(given.get(name) for name in names)


def _receiver(session: Session, given: Mapping[str, Any], name: str) -> Row[Any] | None:
    """The running instance the request names, by id, business key or correlation key; None when it names none, or when
    none has the business key and a process begins with the message.

    Raises :class:`Missing` when the caller sees no such instance.
    """
    if not _names_an_instance(given):
        return None
    rows = session.execute(_fitting(given).limit(2)).all()
    if not rows and _may_start(given) and _starting(session, name, given) is not None:
        return None
    if not rows:
        raise Missing("Cannot correlate message: no process instance matches the parameters")
    if len(rows) > 1:
        raise Mismatch("Cannot correlate message: several process instances match the parameters")
    return rows[0]


def _may_start(given: Mapping[str, Any]) -> bool:
    """A business key may be meant for an instance that is yet to start."""
    return not any(given.get(name) for name in ("processInstanceId", "correlationKeys", "localCorrelationKeys"))


def _fitting(given: Mapping[str, Any]) -> Select[Any]:
    """Running instances the caller sees, narrowed by what the request names."""
    instance_id, key = requests.text(given, "processInstanceId"), requests.text(given, "businessKey")
    definition_id = requests.text(given, "processDefinitionId")
    named = requests.variables(given, "correlationKeys") | requests.variables(given, "localCorrelationKeys")
    statement = queries.instances(current(), objects(), {})
    if instance_id is not None:
        statement = statement.where(process_instance.c.id == instance_id)
    if key is not None:
        statement = statement.where(process_instance.c.business_key == key)
    if definition_id is not None:
        statement = statement.where(process_instance.c.definition_id == definition_id)
    if named:
        texts = [str(value) for value in named.values()]
        waiting = select(subscription.c.instance_id).where(subscription.c.correlation_key.in_(texts))
        statement = statement.where(process_instance.c.business_key.in_(texts) | process_instance.c.id.in_(waiting))
    return statement


def deliver(session: Session, row: Row[Any], name: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Give the message to an instance the caller sees; what it reached."""
    principal, known = current(), objects().get(row.definition_key)
    if known is not None and row.business_key is not None:
        try:
            variables = known.message(session, principal, name, row.business_key, variables)
        except NotVisible:
            raise Missing("Cannot correlate message: no process instance matches the parameters") from None
    elif not principal.has("task.work"):
        raise NotAllowedHere("task.work")
    _correlate(session, name, variables, row)
    return {"resultType": "Execution", "execution": represent.execution(row), "processInstance": None}


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


def _started(session: Session, name: str, variables: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Start the newest process that begins with this message, or the version that is named."""
    row = _starting(session, name, given)
    if row is None:
        raise Mismatch(
            f"Cannot correlate message '{name[:80]}': No process definition or execution matches the parameters"
        )
    by_id, key = given.get("processDefinitionId") is not None, requests.text(given, "businessKey")
    instance_id = start_instance(session, row, variables, key, source="message", by_id=by_id)
    started = represent.instance(engine.queries.instance(session, instance_id))
    return {"resultType": "ProcessDefinition", "execution": None, "processInstance": started}


def _starting(session: Session, name: str, given: Mapping[str, Any]) -> Row[Any] | None:
    definition_id = requests.text(given, "processDefinitionId")
    which = {"latestVersion": True} if definition_id is None else {"processDefinitionId": definition_id}
    found = queries.definitions(current(), {**which, "active": True}).order_by(process_definition.c.key)
    return next((row for row in session.execute(found) if name in row.start_messages), None)
