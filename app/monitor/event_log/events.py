"""Cases and their events, read from the history a few hundred instances at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.orm import Session

import engine
from engine.tables import history_event, process_definition, process_instance

BATCH = 200
MOST_COUNTED = 2_000
"""Cases that a page counts; the file holds all."""
DONE = "task_completed"
KINDS = (DONE, "node_passed", "timer_fired", "message_received", "signal_received")
"""Kinds of history rows that are events: each says that a node was passed."""
LEFT_OUT = ("Gateway", "subProcess", "transaction", "adHocSubProcess")
"""Ends of the types of nodes where nothing happens that anybody would call an event."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose events: condition on ``process_instance`` for who asks, processes (keys), started from and before."""

    sees: ColumnElement[bool]
    processes: tuple[str, ...]
    first: datetime
    last: datetime
    people_only: bool = False
    """Only what people did, not what ran by itself."""

    def condition(self) -> ColumnElement[bool]:
        """On ``process_instance``."""
        row = process_instance.c
        own = (row.definition_key + "").in_(self.processes)  # no index fits: SQLite goes along the days
        return and_(self.sees, own, row.started_at >= self.first, row.started_at < self.last)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. ``began_at``: of a task, when it came up; of everything else the same moment. ``number``: that of the
    history row, unique in the log."""

    number: int
    node_id: str
    name: str
    type: str
    at: datetime
    began_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Case:
    """One process instance with its events in order. ``id``: its business key, else the instance's id; the same key in
    two instances gets the instance's id behind it."""

    id: str
    instance_id: str
    process: str
    version: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    parent_instance_id: str | None
    events: Sequence[Happening]


@dataclass(frozen=True, slots=True)
class _Version:
    """What a definition says of its nodes: {id: (name, type)} in the reader's language."""

    number: int
    nodes: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases and how many events, at most: nodes that are no events are counted too. ``capped``: there are more
    than these cases, of which the events are counted."""

    cases: int
    events: int
    capped: bool


def counts(session: Session, chosen: Chosen) -> Counts:
    """Counts the first :data:`MOST_COUNTED` cases (ix_process_instance_started_at, ix_history_event_instance_id_id)."""
    row = process_instance.c
    first = select(row.id).where(chosen.condition()).order_by(row.started_at, row.id).limit(MOST_COUNTED + 1)
    ids = session.scalars(first).all()
    kinds = (DONE,) if chosen.people_only else KINDS
    some = history_event.c.instance_id.in_(ids[:MOST_COUNTED])
    events = session.scalar(select(func.count()).where(some, history_event.c.kind.in_(kinds)))
    return Counts(min(len(ids), MOST_COUNTED), int(events or 0), len(ids) > MOST_COUNTED)


def cases(session: Session, chosen: Chosen, language: str) -> Iterator[Case]:
    """Every case with at least one event, in the order in which they were started."""
    versions: dict[str, _Version] = {}
    taken: set[str] = set()
    for rows in _pages(session, chosen):
        events = _events(session, [row.id for row in rows])
        for row in rows:
            if row.definition_id not in versions:
                versions[row.definition_id] = _version(session, row.definition_id, language)
            found = _happenings(events.get(row.id, ()), versions[row.definition_id], chosen.people_only)
            if found:
                yield _case(row, versions[row.definition_id], found, taken)


def _case(row: Any, version: _Version, found: Sequence[Happening], taken: set[str]) -> Case:
    name = row.business_key or row.id
    name = f"{name} {row.id}" if name in taken else name
    taken.add(name)
    facts = (row.state, row.started_at, row.ended_at, row.parent_instance_id)
    return Case(name, row.id, row.definition_key, version.number, *facts, found)


def _pages(session: Session, chosen: Chosen) -> Iterator[Sequence[Any]]:
    row = process_instance.c
    columns = (row.id, row.business_key, row.definition_id, row.definition_key, row.state, row.started_at, row.ended_at)
    query = select(*columns, row.parent_instance_id).where(chosen.condition()).order_by(row.started_at, row.id)
    after: tuple[datetime, str] | None = None
    while True:
        more = query if after is None else query.where(tuple_(row.started_at, row.id) > after)
        found = session.execute(more.limit(BATCH)).all()
        if found:
            yield found
        if len(found) < BATCH:
            return
        after = (found[-1].started_at, found[-1].id)


def _events(session: Session, ids: Sequence[str]) -> dict[str, list[Any]]:
    """History of these instances in order (ix_history_event_instance_id_id)."""
    row = history_event.c
    query = select(row.id, row.instance_id, row.at, row.kind, row.node_id, row.task_id, row.actor)
    kinds = (*KINDS, "task_created")
    query = query.where(row.instance_id.in_(ids), row.kind.in_(kinds)).order_by(row.instance_id, row.id)
    found: dict[str, list[Any]] = {}
    for event in session.execute(query):
        found.setdefault(event.instance_id, []).append(event)
    return found


def _happenings(rows: Sequence[Any], version: _Version, people_only: bool) -> list[Happening]:
    began: dict[str | None, datetime] = {}
    found = []
    for row in rows:
        if row.kind == "task_created":
            began[row.task_id] = row.at
            continue
        name, kind = version.nodes.get(row.node_id, (row.node_id or row.kind, ""))
        if kind.endswith(LEFT_OUT) or (people_only and row.kind != DONE):
            continue
        since = began.get(row.task_id, row.at)
        found.append(Happening(row.id, row.node_id or row.kind, name, kind, row.at, since, row.actor))
    return found


def _version(session: Session, definition_id: str, language: str) -> _Version:
    definition = engine.queries.definition(session, definition_id)
    return _Version(
        definition.version,
        {
            node_id: (engine.queries.node_name(session, definition_id, node_id, language), str(node["type"]))
            for node_id, node in definition.nodes.items()
        },
    )


def activities(session: Session, processes: Sequence[str], language: str) -> list[str]:
    """Names of everything that may be an event of any version of these processes."""
    query = select(process_definition.c.id).where(process_definition.c.key.in_(processes))
    names = {
        name
        for definition_id in session.scalars(query).all()
        for name, kind in _version(session, definition_id, language).nodes.values()
        if not kind.endswith(LEFT_OUT)
    }
    return sorted(names)
