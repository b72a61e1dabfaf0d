"""``/variable-instance``: variables of running instances and of their open tasks, as far as the caller may know them.

Variables are kept with their instance and their task, so one of them has to be named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from app import db
from app.business_objects import objects
from app.confidential import shown_variables, variables_of
from app.engine_rest import queries, requests
from app.engine_rest.context import blueprint
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.filters import PAGING, list_of
from app.engine_rest.listing import add, first_rows
from app.engine_rest.values import BadValue, to_camunda
from app.engine_rest.variable_lists import Order
from app.engine_rest.vocabulary import RUNNING
from app.security import current, signed_in
from engine.tables import process_instance, user_task

SCOPES = ("variableScopeIdIn", "activityInstanceIdIn")
OF_INSTANCES = (
    "processInstanceIdIn",
    "executionIdIn",
    "processInstanceId",
    "variableScopeIdIn",
    "activityInstanceIdIn",
)
OF_TASKS = ("taskIdIn", *SCOPES)
FILTERS = {*OF_INSTANCES, *OF_TASKS, "variableName", "variableNameIn", "variableNameLike", "deserializeValues"}
KNOWN = FILTERS | PAGING


def listed(asked: requests.Asked) -> ResponseReturnValue:
    """The variables that match, one page of them."""
    return jsonify(first_rows(asked, _variables(asked)))


def counted(asked: requests.Asked) -> ResponseReturnValue:
    """How many match."""
    return jsonify(count=len(_variables(asked)))


add("/variable-instance", "GET", signed_in(lambda: listed(requests.asked())))
add("/variable-instance/count", "GET", signed_in(lambda: counted(requests.asked())))
add("/variable-instance", "POST", signed_in(db.without_unit_of_work(lambda: listed(requests.asked_in_body()))))
add("/variable-instance/count", "POST", signed_in(db.without_unit_of_work(lambda: counted(requests.asked_in_body()))))


@blueprint.get("/variable-instance/<variable_id>")
@signed_in
def variable_instance(variable_id: str) -> ResponseReturnValue:
    """One variable: ``<instance or task>:<name>``."""
    scope, _, name = variable_id.partition(":")
    for found in _variables({"variableScopeIdIn": [scope], "variableName": name}):
        return jsonify(found)
    raise Missing(f"Variable instance with Id '{variable_id[:100]}' does not exist.")


def _variables(asked: requests.Asked) -> list[dict[str, Any]]:
    requests.only(asked, KNOWN)
    order = Order(asked)
    try:
        scopes = {name: list_of(asked[name]) for name in (*OF_INSTANCES, *OF_TASKS) if asked.get(name)}
    except BadValue as error:
        raise BadRequest(f"Cannot set query parameter: {error}") from None
    if not scopes:
        raise BadRequest("Name process instances by 'processInstanceIdIn' or tasks by 'taskIdIn'")
    found = [*_of_instances(scopes), *_of_tasks(scopes)]
    return order.of([one for one in found if order.names.fits(one["name"])])


def _of_instances(scopes: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    wanted = [set(ids) for name, ids in scopes.items() if name in OF_INSTANCES]
    if not wanted or "taskIdIn" in scopes:
        return
    query = queries.instances(current(), objects(), {"processInstanceIds": sorted(set.intersection(*wanted))})
    for row in db.session().execute(query.order_by(process_instance.c.id).limit(requests.MOST_ROWS)):
        for name, value in variables_of(row.id).items():
            yield _shown(row.id, name, value, row.id, None, row.definition_id)


def _of_tasks(scopes: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    wanted = [set(ids) for name, ids in scopes.items() if name in OF_TASKS]
    inside = [set(ids) for name, ids in scopes.items() if name in ("processInstanceIdIn", "processInstanceId")]
    if not wanted and not inside:
        return
    query = queries.tasks(current(), objects(), {}).where(process_instance.c.state.in_(RUNNING))
    if wanted:
        query = query.where(user_task.c.id.in_(set.intersection(*wanted)))
    if inside:
        query = query.where(user_task.c.instance_id.in_(set.intersection(*inside)))
    for row in db.session().execute(query.order_by(user_task.c.id).limit(requests.MOST_ROWS)):
        for name, value in shown_variables(row.definition_id, row.local_variables).items():
            yield _shown(row.id, name, value, row.instance_id, row.id, row.definition_id)


def _shown(
    scope: str, name: str, value: Any, instance_id: str, task_id: str | None, definition_id: str
) -> dict[str, Any]:
    return {
        "id": f"{scope}:{name}",
        "name": name,
        **to_camunda(value),
        "processDefinitionId": definition_id,
        "processInstanceId": instance_id,
        "executionId": instance_id,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "taskId": task_id,
        "batchId": None,
        "activityInstanceId": scope,
        "errorMessage": None,
        "tenantId": None,
    }
