"""Which instances, jobs and tasks a mass operation is about: named by id, or found by the queries of the lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, true

import engine
from app import db
from app.business_objects import objects
from app.engine_rest import history_queries, queries
from app.engine_rest.context import number_of
from app.engine_rest.errors import BadRequest, Missing
from app.security import current
from engine.tables import job, process_instance

MOST = 100_000
CHUNK = 500


def instances(
    given: Mapping[str, Any], *, ids: str = "processInstanceIds", past: bool = False, definition_id: str | None = None
) -> list[str]:
    """The instances meant by ``processInstanceIds``, ``processInstanceQuery`` and ``historicProcessInstanceQuery``.

    ``past``: named ones may have ended; ``definition_id``: only of this version. Raises
    :class:`BadRequest` when none is, :class:`Missing` for an unknown one.
    """
    named = _named(given, ids)
    found = dict.fromkeys(named)
    of = true() if definition_id is None else process_instance.c.definition_id == definition_id
    _require(named, _seen(named, of, past=past))
    for name, build in (
        ("processInstanceQuery", queries.instances),
        ("historicProcessInstanceQuery", history_queries.instances),
    ):
        asked = _query(given, name)
        if asked is not None:
            found |= dict.fromkeys(_column(build(current(), objects(), asked).where(of), process_instance.c.id))
    if not found:
        raise BadRequest(f"{ids} is empty")
    return list(found)


def failed_jobs(of: Sequence[str]) -> list[int]:
    """Jobs of these instances that nobody tries any more."""
    session = db.session()
    failed = queries.jobs(session, current(), objects(), {}).where(job.c.state == engine.JobState.FAILED)
    return [one for part in _parts(of) for one in session.scalars(_ids(failed, job, job.c.instance_id.in_(part)))]


def jobs(given: Mapping[str, Any]) -> list[int]:
    """The jobs meant by ``jobIds`` and ``jobQuery``. Raises :class:`BadRequest`, :class:`Missing`."""
    session, asked = db.session(), _query(given, "jobQuery")
    listed = queries.jobs(session, current(), objects(), {})
    found = _numbers(_named(given, "jobIds"), listed)
    if asked is not None:
        found |= dict.fromkeys(_column(queries.jobs(session, current(), objects(), asked), job.c.id))
    if not found:
        raise BadRequest("jobIds is empty")
    return list(found)


def external_tasks(given: Mapping[str, Any]) -> list[int]:
    """The external tasks meant by ids, by their instances or by ``externalTaskQuery``."""
    session, asked = db.session(), _query(given, "externalTaskQuery")
    listed = queries.external_tasks(session, {})
    found = _numbers(_named(given, "externalTaskIds"), listed)
    if asked is not None:
        found |= dict.fromkeys(_column(queries.external_tasks(session, asked), job.c.id))
    if any(given.get(name) for name in ("processInstanceIds", "processInstanceQuery", "historicProcessInstanceQuery")):
        for part in _parts(instances(given, past=True)):
            found |= dict.fromkeys(session.scalars(_ids(listed, job, job.c.instance_id.in_(part))))
    if not found:
        raise BadRequest("externalTaskIds is empty")
    return list(found)


def _named(given: Mapping[str, Any], name: str) -> list[str]:
    value = given.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST or not all(isinstance(one, str) and one for one in value):
        raise BadRequest(f"'{name}' must be a list of at most {MOST} ids")
    return list(dict.fromkeys(value))


def _query(given: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"'{name}' must be an object")
    return value


def _seen(named: Sequence[str], of: ColumnElement[bool], *, past: bool) -> set[str]:
    build = history_queries.instances if past else queries.instances
    statement = build(current(), objects(), {}).where(of)
    session = db.session()
    found: set[str] = set()
    for part in _parts(named):
        found |= set(session.scalars(_ids(statement, process_instance, process_instance.c.id.in_(part))))
    return found


def _require(named: Iterable[str], seen: set[str]) -> None:
    unknown = next((one for one in named if one not in seen), None)
    if unknown is not None:
        raise Missing(f"Process instance with id {unknown[:100]} does not exist")


def _numbers(named: Sequence[str], listed: Select[Any]) -> dict[int, None]:
    numbers = {one: number_of(one) for one in named}
    session = db.session()
    wanted = [number for number in numbers.values() if number is not None]
    seen = {one for part in _parts(wanted) for one in session.scalars(_ids(listed, job, job.c.id.in_(part)))}
    unknown = next((one for one, number in numbers.items() if number not in seen), None)
    if unknown is not None:
        raise Missing(f"Job with id {unknown[:100]} does not exist")
    return dict.fromkeys(wanted)


def _ids(statement: Select[Any], table: Any, condition: Any) -> Select[Any]:
    return statement.with_only_columns(table.c.id).where(condition).order_by(table.c.id)


def _column(statement: Select[Any], column: Any) -> list[Any]:
    found = statement.with_only_columns(column).order_by(None).distinct().limit(MOST + 1)
    rows = list(db.session().scalars(found))
    if len(rows) > MOST:
        raise BadRequest(f"The query finds more than {MOST}")
    return rows


def _parts(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[at : at + CHUNK] for at in range(0, len(values), CHUNK)]
