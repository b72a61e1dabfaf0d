"""One thing done to many instances, jobs or external tasks. For holders of ``instance.repair``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import requests, selection
from app.engine_rest.batch_views import REPAIR, begin
from app.engine_rest.context import blueprint
from app.engine_rest.errors import BadRequest
from app.security import current, requires

NUMBERS = range(2**31)


@blueprint.post("/process-instance/delete")
@requires("instance.cancel")
def delete_instances_later() -> ResponseReturnValue:
    """Cancel many instances as a batch."""
    return _delete()


@blueprint.post("/process-instance/delete-historic-query-based")
@requires("instance.cancel")
def delete_found_instances_later() -> ResponseReturnValue:
    """The same, found in the history."""
    return _delete()


@blueprint.put("/process-instance/suspended")
@requires(REPAIR)
def suspend_instances() -> ResponseReturnValue:
    """Suspend many instances, or let them go on, all or none."""
    given = requests.body()
    for one in _suspended(given):
        engine.execute(db.session(), _suspension(one, given))
    return "", 204


@blueprint.post("/process-instance/suspended-async")
@requires(REPAIR)
def suspend_instances_later() -> ResponseReturnValue:
    """The same as a batch."""
    given = requests.body()
    return begin(_suspension("", given), selection.instances(given), "REST")


@blueprint.post("/process-instance/variables-async")
@requires(REPAIR)
def set_variables_later() -> ResponseReturnValue:
    """Set variables of many instances as a batch."""
    given = requests.body()
    values = requests.variables(given)
    if not values:
        raise BadRequest("variables is empty")
    return begin(engine.SetVariables(instance_id="", variables=values, reason="REST"), _running(given), "REST")


@blueprint.post("/process-instance/message-async")
@requires(REPAIR)
def correlate_later() -> ResponseReturnValue:
    """Deliver a message to many instances as a batch."""
    given = requests.body()
    name = str(requests.text(given, "messageName", required=True))
    template = engine.CorrelateMessage(name=name, variables=requests.variables(given))
    return begin(template, _running(given), "REST")


@blueprint.post("/process-instance/job-retries")
@requires(REPAIR)
def set_retries_of_instances_later() -> ResponseReturnValue:
    """Give the failed jobs of many instances new attempts, as a batch."""
    return _retries_of_instances()


@blueprint.post("/process-instance/job-retries-historic-query-based")
@requires(REPAIR)
def set_retries_of_found_instances_later() -> ResponseReturnValue:
    """The same, found in the history."""
    return _retries_of_instances()


@blueprint.post("/job/retries")
@requires(REPAIR)
def set_retries_of_jobs_later() -> ResponseReturnValue:
    """Give many jobs new attempts, as a batch."""
    given = requests.body()
    return begin(_retries(given), selection.jobs(given), "REST")


@blueprint.post("/external-task/retries-async")
@requires("external_task.work")
def set_retries_of_external_tasks_later() -> ResponseReturnValue:
    """Give many external tasks new attempts, as a batch."""
    given = requests.body()
    subjects = selection.external_tasks(given)
    return begin(_retries(given), subjects, "REST", kind="set-external-task-retries")


def _delete() -> ResponseReturnValue:
    given = requests.body()
    reason = requests.text(given, "deleteReason", most=4000) or "Cancelled over REST"
    return begin(engine.CancelInstance(instance_id="", reason=reason), _running(given), reason)


def _running(given: Mapping[str, Any]) -> list[str]:
    return selection.instances(given, past=True)


def _suspended(given: Mapping[str, Any]) -> list[str]:
    """Camunda also takes the definition for all its instances."""
    names = ("processDefinitionId", "processDefinitionKey")
    by_definition = {name: given[name] for name in names if isinstance(given.get(name), str)}
    if by_definition and not given.get("processInstanceIds") and not given.get("processInstanceQuery"):
        return selection.instances({"processInstanceQuery": by_definition})
    return selection.instances(given)


def _suspension(instance_id: str, given: Mapping[str, Any]) -> engine.SuspendInstance | engine.ResumeInstance:
    if not isinstance(given.get("suspended"), bool):
        raise BadRequest("'suspended' must be true or false")
    kind = engine.SuspendInstance if given["suspended"] else engine.ResumeInstance
    return kind(instance_id=instance_id, reason="REST", actor=current().login)


def _retries(given: Mapping[str, Any]) -> engine.SetRetries:
    return engine.SetRetries(job_id=0, retries=requests.whole(given, "retries", NUMBERS))


def _retries_of_instances() -> ResponseReturnValue:
    given = requests.body()
    jobs = selection.failed_jobs(selection.instances(given, ids="processInstances", past=True))
    if not jobs:
        raise BadRequest("None of these instances has a job without retries left")
    return begin(_retries(given), jobs, "REST")
