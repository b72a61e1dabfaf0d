"""What lies in a person's boxes. One statement per page, in a total order that continues after a key."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.db import search
from app.security import Principal, scope
from engine.tables import process_instance, user_task

PAGE = 50
MOST_COUNTED = 1_000
"""Counts in the page end here: nobody reads on, and counting a hundred thousand rows takes its time."""
Row = TypeVar("Row")


class Box(StrEnum):
    """The four boxes."""

    TODO = "todo"
    CLAIM = "claim"
    DONE = "done"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to see of a box."""

    box: Box = Box.TODO
    q: str = ""
    process_key: str = ""
    node_id: str = ""
    business_key: str = ""
    due: str = ""  # "", overdue, today, none
    sort: str = ""
    after: str = ""
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class BoxPage(Generic[Row]):
    """One page of a box and the key after which the next begins."""

    rows: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class StartedRow:
    """An instance the person started, and the steps it waits at."""

    id: str
    definition_id: str
    definition_key: str
    business_key: str | None
    title: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    waits_at: tuple[tuple[str, str | None], ...]
    """(node id, assignee) of its open tasks."""


@dataclass(frozen=True, slots=True)
class _Sort:
    column: ColumnElement[Any]
    descending: bool
    parse: Callable[[Any], Any]
    nullable: bool = False
    """Rows without a value come last."""


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


TASK_SORTS: Mapping[str, _Sort] = {
    "due": _Sort(user_task.c.due_at, False, _moment, nullable=True),
    "-created": _Sort(user_task.c.created_at, True, _moment),
    "created": _Sort(user_task.c.created_at, False, _moment),
    "-priority": _Sort(user_task.c.priority, True, int),
    "-ended": _Sort(user_task.c.ended_at, True, _moment),
    "step": _Sort(user_task.c.node_id, False, str),
}
STARTED_SORTS: Mapping[str, _Sort] = {
    "-started": _Sort(process_instance.c.started_at, True, _moment),
    "started": _Sort(process_instance.c.started_at, False, _moment),
}
DEFAULT_SORT = {Box.TODO: "due", Box.CLAIM: "due", Box.DONE: "-ended", Box.STARTED: "-started"}


def tasks(session: Session, principal: Principal, objects: BusinessObjects, asked: Asked) -> BoxPage[engine.TaskRow]:
    """The tasks of a box, without candidates. To do: ix_user_task_assignee_state_due_at; to claim:
    ix_user_task_candidate_name_kind_task_id; done: ix_user_task_ended_by_state_ended_at."""
    statement = select(user_task.c.id).where(*_task_conditions(session, principal, objects, asked))
    sort = TASK_SORTS.get(asked.sort) or TASK_SORTS[DEFAULT_SORT[asked.box]]
    ids, following = _keyset(session, statement, sort, user_task.c.id, asked)
    found = {row.id: row for row in _task_rows(session, ids)}
    return BoxPage(tuple(found[task_id] for task_id in ids), following)


def started(session: Session, principal: Principal, objects: BusinessObjects, asked: Asked) -> BoxPage[StartedRow]:
    """The instances the person started."""
    statement = select(process_instance.c.id).where(*_started_conditions(session, principal, objects, asked))
    sort = STARTED_SORTS.get(asked.sort) or STARTED_SORTS[DEFAULT_SORT[Box.STARTED]]
    ids, following = _keyset(session, statement, sort, process_instance.c.id, asked)
    found = _started_rows(session, ids)
    return BoxPage(tuple(found[instance_id] for instance_id in ids), following)


def total(
    session: Session, principal: Principal, objects: BusinessObjects, asked: Asked, *, most: int | None = None
) -> int:
    """How many rows the box has under the filters asked for, counted up to ``most``."""
    started = asked.box is Box.STARTED
    conditions = (_started_conditions if started else _task_conditions)(session, principal, objects, asked)
    rows = select(literal(1)).select_from(process_instance if started else user_task).where(*conditions).limit(most)
    return int(session.scalar(select(func.count()).select_from(rows.subquery())) or 0)


def counts(session: Session, principal: Principal, objects: BusinessObjects) -> dict[Box, int]:
    """How many rows each box has, counted up to :data:`MOST_COUNTED`."""
    return {box: total(session, principal, objects, Asked(box), most=MOST_COUNTED) for box in Box}


def steps(session: Session, principal: Principal, objects: BusinessObjects, box: Box) -> list[tuple[str, str, str]]:
    """The steps found in a box, to filter by: (process key, node id, one definition id that has it)."""
    if box is Box.STARTED:
        return []
    columns = (user_task.c.definition_key, user_task.c.node_id, user_task.c.definition_id)
    found = select(*columns).where(*_task_conditions(session, principal, objects, Asked(box))).limit(MOST_COUNTED)
    some = found.subquery()
    statement = (
        select(some.c.definition_key, some.c.node_id, func.max(some.c.definition_id))
        .group_by(some.c.definition_key, some.c.node_id)
        .order_by(some.c.definition_key, some.c.node_id)
    )
    return [(key, node, definition) for key, node, definition in session.execute(statement)]


def next_task(session: Session, principal: Principal, objects: BusinessObjects) -> engine.TaskRow | None:
    """What the person has to do first."""
    for box in (Box.TODO, Box.CLAIM):
        page = tasks(session, principal, objects, Asked(box, limit=1))
        if page.rows:
            return page.rows[0]
    return None


def in_box(principal: Principal, box: Box) -> ColumnElement[bool]:
    """Condition on ``user_task``: it lies in this box of this person."""
    login = principal.login
    match box:
        case Box.TODO:
            return and_(user_task.c.assignee == login, user_task.c.state.in_(engine.OPEN_TASKS))
        case Box.CLAIM:
            return scope.waits_for(principal)
        case _:
            return and_(user_task.c.ended_by == login, user_task.c.state == engine.TaskState.COMPLETED)


def _task_conditions(
    session: Session, principal: Principal, objects: BusinessObjects, asked: Asked
) -> list[ColumnElement[bool]]:
    found = [in_box(principal, asked.box)]
    if asked.process_key:
        found.append(user_task.c.definition_key == asked.process_key)
    if asked.node_id:
        found.append(user_task.c.node_id == asked.node_id)
    if asked.business_key:
        found.append(user_task.c.business_key == asked.business_key)
    if asked.due:
        found.append(_due(session, asked.due))
    if asked.q.strip():
        found.append(_found_by(session, objects, asked.q, user_task.c.definition_key, user_task.c.business_key))
    return found


def _started_conditions(
    session: Session, principal: Principal, objects: BusinessObjects, asked: Asked
) -> list[ColumnElement[bool]]:
    table = process_instance
    found = [table.c.started_by == principal.login]
    if asked.process_key:
        found.append(table.c.definition_key == asked.process_key)
    if asked.business_key:
        found.append(table.c.business_key == asked.business_key)
    if asked.q.strip():
        found.append(_found_by(session, objects, asked.q, table.c.definition_key, table.c.business_key))
    return found


def _due(session: Session, wanted: str) -> ColumnElement[bool]:
    now, column = engine.now(session), user_task.c.due_at
    match wanted:
        case "overdue":
            return column < now
        case "none":
            return column.is_(None)
        case "today":
            return and_(column >= now, column < _end_of_day(session, now))
        case _:
            return literal(True)


def _end_of_day(session: Session, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(engine.runtime(session).zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _found_by(
    session: Session, objects: BusinessObjects, q: str, process: ColumnElement[Any], key: ColumnElement[Any]
) -> ColumnElement[bool]:
    """The business object matches the words (two Chinese characters suffice), or its number begins with them."""
    dialect = session.get_bind().dialect.name
    matches = [
        and_(process == found.process_key, key.in_(search.matching(found.process_key, q, dialect))) for found in objects
    ]
    return or_(func.upper(key).startswith(q.strip().upper()[:100], autoescape=True), *matches)


def _keyset(
    session: Session, statement: Select[Any], sort: _Sort, key: ColumnElement[Any], asked: Asked
) -> tuple[list[str], str | None]:
    """Ids of one page and the cursor of the next."""
    after = _cursor(asked.after, sort)
    if after is not None:
        statement = statement.where(_beyond(sort, key, *after))
    order = sort.column.desc() if sort.descending else sort.column.asc()
    if sort.nullable:
        order = order.nulls_last()
    rows = session.execute(statement.add_columns(sort.column).order_by(order, key).limit(asked.limit + 1)).all()
    ids = [row[0] for row in rows[: asked.limit]]
    following = _encode(rows[asked.limit - 1][1], ids[-1]) if len(rows) > asked.limit else None
    return ids, following


def _beyond(sort: _Sort, key: ColumnElement[Any], value: Any, last: str) -> ColumnElement[bool]:
    """The rows after the one with ``value`` and key ``last``."""
    column = sort.column
    if value is None:
        return and_(column.is_(None), key > last)
    bound = literal(value, column.type)
    beyond = or_(column < bound if sort.descending else column > bound, and_(column == bound, key > last))
    return or_(beyond, column.is_(None)) if sort.nullable else beyond


def _encode(value: Any, last: str) -> str:
    shown = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([shown, last]).encode()).decode()


def _cursor(text: str, sort: _Sort) -> tuple[Any, str] | None:
    """What a cursor says; a cursor that nobody gave out begins at the beginning."""
    if not text:
        return None
    try:
        value, last = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        parsed = None if value is None and sort.nullable else sort.parse(value)
        return parsed, str(last)[:100].replace("\x00", "")
    except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError):
        return None


def _task_rows(session: Session, ids: Sequence[str]) -> list[engine.TaskRow]:
    names = [field for field in engine.TaskRow.__dataclass_fields__ if field in user_task.c]
    columns = [user_task.c[name] for name in names]
    rows = session.execute(select(*columns).where(user_task.c.id.in_(ids)))
    return [engine.TaskRow(**{**row._mapping, "state": engine.TaskState(row.state)}) for row in rows]


def _started_rows(session: Session, ids: Sequence[str]) -> dict[str, StartedRow]:
    names = ("id", "definition_id", "definition_key", "business_key", "title", "state", "started_at", "ended_at")
    columns = [process_instance.c[name] for name in names]
    waits: dict[str, list[tuple[str, str | None]]] = {}
    open_tasks = select(user_task.c.instance_id, user_task.c.node_id, user_task.c.assignee).where(
        user_task.c.instance_id.in_(ids), user_task.c.state.in_(engine.OPEN_TASKS)
    )
    for instance_id, node_id, assignee in session.execute(open_tasks.order_by(user_task.c.created_at, user_task.c.id)):
        waits.setdefault(instance_id, []).append((node_id, assignee))
    rows = session.execute(select(*columns).where(process_instance.c.id.in_(ids)))
    return {row.id: StartedRow(**row._mapping, waits_at=tuple(waits.get(row.id, ()))) for row in rows}
