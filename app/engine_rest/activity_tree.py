"""Where an instance waits, as Camunda's tree of activity instances: the instance, within it the sub-processes that hold
something, within them what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

import engine
from engine.hardened_xml import local_name, parse_xml
from engine.tables import incident, job, subscription, user_task

SCOPES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
BOUNDARY = "boundaryEvent"
JOBS = (engine.JobKind.TIMER, engine.JobKind.SERVICE_TASK, engine.JobKind.CALL)


def tree(session: Session, row: Row[Any]) -> dict[str, Any]:
    """The tree of a running instance. Boundary events belong to what they hang on and are not shown, as in Camunda."""
    nodes = engine.queries.definition(session, row.definition_id).nodes
    scopes = _scopes(engine.queries.definition_xml(session, row.definition_id))
    open_incidents = _incidents(session, row.id)
    root = _activity(row, row.id, None, row.definition_key, {"type": "processDefinition", "name": None}, [])
    made: dict[tuple[str, ...], dict[str, Any]] = {(): root}
    for key, node_id in sorted(_waiting(session, row.id)):
        node = nodes.get(node_id, {})
        if node.get("type") == BOUNDARY:
            continue
        parent = _parent(row, made, scopes.get(node_id, ()), nodes)
        found = open_incidents.get(node_id, [])
        parent["childActivityInstances"].append(_activity(row, key, parent["id"], node_id, node, found))
    return root


def _parent(
    row: Row[Any], made: dict[tuple[str, ...], dict[str, Any]], path: tuple[str, ...], nodes: Mapping[str, Any]
) -> dict[str, Any]:
    if path not in made:
        above = _parent(row, made, path[:-1], nodes)
        scope = path[-1]
        node = nodes.get(scope) or {"type": "subProcess"}
        made[path] = _activity(row, f"{scope}:{row.id}", above["id"], scope, node, [])
        above["childActivityInstances"].append(made[path])
    return made[path]


def _activity(
    row: Row[Any], key: str, parent: str | None, node_id: str, node: Mapping[str, Any], incidents: list[str]
) -> dict[str, Any]:
    return {
        "id": key,
        "parentActivityInstanceId": parent,
        "activityId": node_id,
        "activityName": node.get("name"),
        "name": node.get("name"),
        "activityType": node.get("type"),
        "processInstanceId": row.id,
        "processDefinitionId": row.definition_id,
        "childActivityInstances": [],
        "childTransitionInstances": [],
        "executionIds": [row.id],
        "incidentIds": incidents,
        "incidents": [{"id": one, "activityId": node_id} for one in incidents],
    }


def _waiting(session: Session, instance_id: str) -> set[tuple[str, str]]:
    """Ids and nodes of everything that waits; an event with several things to wait for is there once."""
    tasks = select(user_task.c.id, user_task.c.node_id).where(
        user_task.c.instance_id == instance_id, user_task.c.state.in_(engine.OPEN_TASKS)
    )
    standing = job.c.state.in_((*engine.UNFINISHED_JOBS, engine.JobState.FAILED))
    jobs = select(job.c.task_id, job.c.node_id).where(job.c.instance_id == instance_id, standing, job.c.kind.in_(JOBS))
    events = select(subscription.c.task_id, subscription.c.node_id).where(subscription.c.instance_id == instance_id)
    return {(str(key), str(node)) for query in (tasks, jobs, events) for key, node in session.execute(query)}


def _incidents(session: Session, instance_id: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    here = select(incident.c.id, incident.c.node_id).where(incident.c.instance_id == instance_id)
    for row in session.execute(here.where(incident.c.state == engine.IncidentState.OPEN).order_by(incident.c.id)):
        found.setdefault(str(row.node_id), []).append(str(row.id))
    return found


def _scopes(xml: bytes) -> dict[str, tuple[str, ...]]:
    """By element the sub-processes it lies in, outermost first."""
    return dict(_inside(parse_xml(xml), ()))


def _inside(element: Any, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for child in element:
        if not isinstance(child.tag, str):
            continue
        key = child.get("id")
        if key is not None:
            yield key, path
        below = (*path, key) if local_name(child) in SCOPES and key else path
        yield from _inside(child, below)
