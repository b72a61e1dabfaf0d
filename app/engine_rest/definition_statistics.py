"""How versions of processes do: what of the instances the caller sees waits where, and what failed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, union_all
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.engine_rest import queries, represent, requests
from app.engine_rest.errors import BadRequest
from app.engine_rest.filters import flag
from app.engine_rest.values import BadValue
from app.engine_rest.vocabulary import OPEN, RUNNING, WAITING_JOBS
from app.security import Principal
from app.visibility import sees_instance
from engine.tables import incident, job, process_definition, process_instance, subscription, user_task

OPTIONS = frozenset({"failedJobs", "incidents", "incidentsForType", "rootIncidents"})
SHOWN = (engine.JobKind.TIMER, engine.JobKind.SERVICE_TASK, engine.JobKind.CALL)


def of_all(
    session: Session, principal: Principal, objects: BusinessObjects, asked: requests.Asked
) -> list[dict[str, Any]]:
    """One entry per version the caller sees, those without instances too. Raises :class:`BadRequest`."""
    requests.only(asked, OPTIONS)
    seen = sees_instance(principal, objects)
    of = process_instance.c.definition_id
    running = select(of, func.count()).where(seen, process_instance.c.state.in_(RUNNING)).group_by(of)
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(running)}
    failed = _failed(session, seen, of) if _wants(asked, "failedJobs") else Counter()
    troubles = _incidents(session, seen, of) if _wants(asked, *OPTIONS - {"failedJobs"}) else {}
    rows = session.execute(queries.definitions(principal, {}).order_by(process_definition.c.id))
    return [
        {
            "id": row.id,
            "instances": counts.get(row.id, 0),
            "failedJobs": failed[row.id],
            "incidents": _counted(troubles.get(row.id, Counter())),
            "definition": represent.definition(row),
        }
        for row in rows
    ]


def of_activities(
    session: Session, principal: Principal, objects: BusinessObjects, definition_id: str, asked: requests.Asked
) -> list[dict[str, Any]]:
    """One entry per activity at which something waits or failed. Raises :class:`BadRequest`."""
    requests.only(asked, OPTIONS)
    seen = sees_instance(principal, objects) & (process_instance.c.definition_id == definition_id)
    waiting = Counter(row.node_id for row in session.execute(_waiting(seen)))
    failed = _failed(session, seen, job.c.node_id) if _wants(asked, "failedJobs") else Counter()
    troubles = _incidents(session, seen, incident.c.node_id) if _wants(asked, *OPTIONS - {"failedJobs"}) else {}
    return [
        {
            "id": node,
            "instances": waiting[node],
            "failedJobs": failed[node],
            "incidents": _counted(troubles.get(node, Counter())),
        }
        for node in sorted({*waiting, *failed, *troubles} - {None})
    ]


def called(row: Row[Any], caller: Row[Any]) -> dict[str, Any]:
    """A version that another one calls, with the activities that do."""
    calls = sorted(key for key, node in caller.nodes.items() if node["type"] == "callActivity")
    shown = represent.definition(row)
    return {**shown, "calledFromActivityIds": calls, "callingProcessDefinitionId": caller.id}


def _waiting(seen: ColumnElement[bool]) -> Select[Any]:
    """Task and node of everything that waits, once each."""

    def of(table: Any, key: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
        joined = select(key.label("key"), table.c.node_id).join(
            process_instance, process_instance.c.id == table.c.instance_id
        )
        return joined.where(seen, process_instance.c.state.in_(RUNNING), *conditions)

    standing = (job.c.state.in_(WAITING_JOBS), job.c.kind.in_(SHOWN))
    task = user_task.alias("waiting")  # what the caller sees is judged by other tasks of the instance as well
    tasks = of(task, task.c.id, task.c.state.in_(OPEN))
    everything = union_all(
        tasks, of(job, job.c.task_id, *standing), of(subscription, subscription.c.task_id)
    ).subquery()
    return select(everything.c.key, everything.c.node_id).distinct()


def _failed(session: Session, seen: ColumnElement[bool], by: ColumnElement[Any]) -> Counter[Any]:
    query = select(by, func.count()).select_from(job).join(process_instance, process_instance.c.id == job.c.instance_id)
    found = session.execute(query.where(seen, job.c.state == engine.JobState.FAILED).group_by(by))
    return Counter({row[0]: row[1] for row in found})


def _incidents(session: Session, seen: ColumnElement[bool], by: ColumnElement[Any]) -> dict[Any, Counter[str]]:
    query = (
        select(by, incident.c.kind, func.count())
        .select_from(incident)
        .join(process_instance, process_instance.c.id == incident.c.instance_id)
    )
    is_open = incident.c.state == engine.IncidentState.OPEN
    found: dict[Any, Counter[str]] = {}
    for key, kind, count in session.execute(query.where(seen, is_open).group_by(by, incident.c.kind)):
        found.setdefault(key, Counter())[represent.INCIDENT_TYPES.get(kind, "failedJob")] += count
    return found


def _counted(kinds: Counter[str]) -> list[dict[str, Any]]:
    return [{"incidentType": kind, "incidentCount": count} for kind, count in sorted(kinds.items())]


def _wants(asked: requests.Asked, *names: str) -> bool:
    try:
        return any(name == "incidentsForType" or flag(asked[name]) for name in names if name in asked)
    except BadValue as error:
        raise BadRequest(str(error)) from None
