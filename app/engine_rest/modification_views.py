"""Moving tokens by hand and starting again, for one instance or many. For holders of ``instance.repair``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import requests, selection
from app.engine_rest.batch_views import REPAIR, begin
from app.engine_rest.context import blueprint, visible_definition, visible_instance
from app.engine_rest.errors import BadRequest
from app.engine_rest.values import BadValue, from_camunda
from app.security import current, requires
from app.web.api import settings_zone

KINDS = {
    "cancel": "cancel",
    "startBeforeActivity": "start_before",
    "startAfterActivity": "start_after",
    "startTransition": "start_transition",
}


@blueprint.post("/process-instance/<instance_id>/modification")
@requires(REPAIR)
def modify_instance(instance_id: str) -> ResponseReturnValue:
    """Move tokens of one instance."""
    row, given = visible_instance(instance_id), requests.body()
    return _all([_modification(row.id, given)])


@blueprint.post("/process-instance/<instance_id>/modification-async")
@requires(REPAIR)
def modify_instance_later(instance_id: str) -> ResponseReturnValue:
    """The same as a batch of one."""
    row, given = visible_instance(instance_id), requests.body()
    return begin(_modification("", given, row.id), [row.id], reason_of(given))


@blueprint.post("/modification/execute")
@requires(REPAIR)
def modify_instances() -> ResponseReturnValue:
    """Move tokens of many instances, all or none."""
    given = requests.body()
    return _all([_modification(one, given) for one in _meant(given)])


@blueprint.post("/modification/executeAsync")
@requires(REPAIR)
def modify_instances_later() -> ResponseReturnValue:
    """The same as a batch."""
    given = requests.body()
    return begin(_modification("", given), _meant(given), reason_of(given))


@blueprint.post("/process-definition/<definition_id>/restart")
@requires(REPAIR)
def restart_instances(definition_id: str) -> ResponseReturnValue:
    """Start ended instances of a definition again, all or none."""
    row, given = visible_definition(definition_id), requests.body()
    return _all([_restart(one, given) for one in selection.instances(given, past=True, definition_id=row.id)])


@blueprint.post("/process-definition/<definition_id>/restart-async")
@requires(REPAIR)
def restart_instances_later(definition_id: str) -> ResponseReturnValue:
    """The same as a batch."""
    row, given = visible_definition(definition_id), requests.body()
    subjects = selection.instances(given, past=True, definition_id=row.id)
    return begin(_restart("", given), subjects, reason_of(given))


def reason_of(given: Mapping[str, Any]) -> str:
    """Why, as the caller says: ``annotation``."""
    return requests.text(given, "annotation", most=4000) or "REST"


def instructions_of(given: Mapping[str, Any], instance_id: str = "") -> tuple[engine.Instruction, ...]:
    """The orders of a body. Raises :class:`BadRequest`."""
    found = given.get("instructions")
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise BadRequest("'instructions' must be a list of at least one instruction")
    return tuple(_instruction(one, instance_id) for one in found)


def _instruction(given: Mapping[str, Any], instance_id: str) -> engine.Instruction:
    kind = KINDS.get(str(given.get("type")))
    if kind is None:
        raise BadRequest(f"'type' must be one of {', '.join(KINDS)}")
    wide, local = _variables(given.get("variables"))
    where = requests.text(given, "activityId")
    token = requests.text(given, "activityInstanceId") or requests.text(given, "transitionInstanceId")
    if token is not None and instance_id and token.endswith(f":{instance_id}"):  # of the tree of activity instances
        where, token = token.removesuffix(f":{instance_id}"), None
    ancestor = requests.text(given, "ancestorActivityInstanceId") or requests.text(
        given, "ancestorTransitionInstanceId"
    )
    return engine.Instruction(
        kind=kind,
        node_id=where,
        task_id=token,
        flow_id=requests.text(given, "transitionId"),
        ancestor_id=None if ancestor in (None, instance_id) or ":" in str(ancestor) else ancestor,
        variables=wide,
        local_variables=local,
    )


def _variables(given: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the instance, and those that are ``local`` to the new token."""
    if given is None:
        return {}, {}
    if not isinstance(given, dict):
        raise BadRequest("'variables' must be an object of variables by name")
    wide: dict[str, Any] = {}
    local: dict[str, Any] = {}
    for name, value in given.items():
        into = local if isinstance(value, dict) and value.get("local") is True else wide
        try:
            into[name] = from_camunda(name, value, settings_zone())
        except BadValue as error:
            raise BadRequest(str(error)) from None
    return wide, local


def _modification(subject: str, given: Mapping[str, Any], instance_id: str | None = None) -> engine.ModifyInstance:
    orders = instructions_of(given, instance_id or subject)
    return engine.ModifyInstance(
        instance_id=subject, instructions=orders, reason=reason_of(given), actor=current().login
    )


def _meant(given: Mapping[str, Any]) -> list[str]:
    """Of one version, if the body names it; Camunda always asks for that."""
    return selection.instances(given, definition_id=requests.text(given, "processDefinitionId"))


def _restart(subject: str, given: Mapping[str, Any]) -> engine.RestartInstance:
    return engine.RestartInstance(
        instance_id=subject,
        initial_variables=requests.flag(given, "initialVariables"),
        without_business_key=requests.flag(given, "withoutBusinessKey"),
        instructions=instructions_of(given),
        reason=reason_of(given),
        actor=current().login,
    )


def _all(commands: list[Any]) -> ResponseReturnValue:
    for command in commands:
        engine.execute(db.session(), command)
    return "", 204
