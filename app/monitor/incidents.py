"""Open incidents grouped by cause, and the incidents of one cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, Row, Select, String, cast, column, func, literal_column, select, text
from sqlalchemy.orm import Session

import engine
from app.business_objects import Summary, objects
from app.monitor import cases
from app.monitor.sight import EXPORTS
from app.process_names import process_name, step_name
from app.security import Principal, current
from app.visibility import sees_every_instance, sees_listed
from app.web.lists import ChoiceFilter, Column, DateFilter, ListSpec, Sort
from engine import UtcDateTime
from engine.tables import incident, job, process_definition, process_instance

OPEN = text("incident.state = 'open'")
"""The condition of ix_incident_open_cause, word for word."""
KINDS: Mapping[str, Any] = {
    "service_task": _l("service task"),
    "external_task": _l("service task of a program"),
    "timer": _l("timer"),
    "deadline": _l("deadline"),
    "message": _l("message"),
    "call": _l("call of a process"),
    "batch_item": _l("item of a repair"),
    "work": _l("background work"),
    "command": _l("somebody's action"),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the list: what happened to how many. ``message`` has gaps for what differs."""

    key: str
    message: str
    kind: str
    process: str
    step: str
    count: int
    versions: tuple[int, ...]
    first_at: datetime
    last_at: datetime

    @property
    def kind_name(self) -> str:
        """The kind in words."""
        return str(KINDS.get(self.kind, self.kind))


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """A row of the list of one cause."""

    id: int
    cause: str
    instance_id: str | None
    title: str
    business_key: str | None
    version: int | None
    message: str
    annotation: str | None
    job_id: int | None
    attempts: int | None
    created_at: datetime


def sees(session: Session, principal: Principal) -> Any:
    """Condition on ``incident``: those who repair see all, others those of the instances they see."""
    if sees_every_instance(principal):
        return incident.c.id.is_not(None)
    mine = select(process_instance.c.id).where(process_instance.c.id == incident.c.instance_id)
    return mine.where(sees_listed(session, principal, objects())).correlate(incident).exists()


# The inner question is answered from ix_incident_open_cause alone; all that is joined to it has one row per cause.
def _select(session: Session, principal: Principal, key: str | None = None) -> Select[*tuple[Any, ...]]:
    some = (incident.c.cause, incident.c.definition_id)
    counted = select(
        *some,
        func.count().label("n"),
        func.min(incident.c.created_at).label("first"),
        func.max(incident.c.created_at).label("last"),
        func.max(incident.c.id).label("latest"),
    ).where(OPEN, incident.c.cause.is_not(None) if key is None else incident.c.cause == key)
    if not sees_every_instance(principal):
        counted = counted.where(sees(session, principal))
    versions = counted.group_by(*some).subquery("versions")
    causes = (
        select(
            cast(func.sum(versions.c.n), Integer).label("number"),
            func.min(versions.c.first).label("first_at"),
            func.max(versions.c.last).label("last_at"),
            func.max(versions.c.latest).label("latest"),
        )
        .group_by(versions.c.cause)
        .subquery("causes")
    )
    return (
        select(incident, causes.c.number, causes.c.first_at, causes.c.last_at, process_definition.c.key)
        .join_from(causes, incident, incident.c.id == causes.c.latest)
        .outerjoin(process_definition, process_definition.c.id == incident.c.definition_id)
    )


def _causes(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[Cause]:
    versions = _versions(session, [row.cause for row in found])
    return [
        Cause(
            key=row.cause,
            message=engine.cause_in_words(row.message),
            kind=row.kind,
            process=process_name(session, row.definition_id) if row.definition_id else "",
            step=step_name(session, row.definition_id, row.node_id) if row.definition_id and row.node_id else "",
            count=int(row.number),
            versions=versions.get(row.cause, ()),
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in found
    ]


def _versions(session: Session, causes: list[str]) -> dict[str, tuple[int, ...]]:
    """ix_incident_open_cause"""
    found: dict[str, list[int]] = {}
    pairs = select(incident.c.cause, incident.c.definition_id).where(OPEN, incident.c.cause.in_(causes)).distinct()
    known = pairs.subquery("known")
    joined = select(known.c.cause, process_definition.c.version).join_from(
        known, process_definition, process_definition.c.id == known.c.definition_id
    )
    for row in session.execute(joined.order_by(process_definition.c.version)):
        found.setdefault(row.cause, []).append(row.version)
    return {cause: tuple(numbers) for cause, numbers in found.items()}


def _processes(session: Session) -> list[tuple[str, str]]:
    return [(one.key, process_name(session, one.id)) for one in engine.queries.definitions(session)]


CAUSES: ListSpec[Cause] = ListSpec(
    name="causes",
    title=_l("Incidents"),
    select=_select,
    rows=_causes,
    key=incident.c.id,
    columns=(
        Column("message", _l("What went wrong"), lambda row: row.message),
        Column("where", _l("Where"), lambda row: f"{row.process} · {row.step}"),
        Column("count", _l("Incidents"), lambda row: row.count, sort="count", numeric=True),
        Column("versions", _l("Versions"), lambda row: ", ".join(map(str, row.versions))),
        Column("first", _l("First"), lambda row: row.first_at),
        Column("last", _l("Last"), lambda row: row.last_at, sort="last"),
    ),
    sorts={
        "count": Sort(column("number", Integer)),
        "last": Sort(literal_column("last_at", UtcDateTime())),
    },
    default_sort="-count",
    export_permission=EXPORTS,
    filters=(
        ChoiceFilter("process", _l("Process"), _processes, process_definition.c.key),
        ChoiceFilter(
            "kind", _l("Kind of failure"), lambda _session: list(KINDS.items()), incident.c.kind, several=True
        ),
        DateFilter("last", _l("Last"), literal_column("last_at", UtcDateTime())),
    ),
)


def cause(session: Session, principal: Principal, key: str) -> Cause | None:
    """One cause with its open incidents, as far as this person sees them."""
    row = session.execute(_select(session, principal, key)).first()
    return _causes(session, [row])[0] if row else None


def of_cause(key: str) -> ListSpec[IncidentLine]:
    """The list of the open incidents of one cause."""
    mine = (OPEN, incident.c.cause == key)

    def chosen(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
        return _incidents().where(*mine, sees(session, principal))

    return ListSpec(
        name="incidents",
        title=_l("Incidents"),
        select=chosen,
        rows=_lines,
        key=incident.c.id,
        columns=(
            Column("instance", _l("Instance"), lambda row: row.business_key or row.instance_id),
            Column("message", _l("Message"), lambda row: row.message),
            Column("version", _l("Version"), lambda row: row.version, numeric=True),
            Column("attempts", _l("Attempts"), lambda row: row.attempts, numeric=True),
            Column("since", _l("Since"), lambda row: row.created_at, sort="since"),
        ),
        sorts={"since": Sort(incident.c.created_at)},  # ix_incident_open_cause
        default_sort="-since",
        export_permission=EXPORTS,
        filters=(
            ChoiceFilter("version", _l("Version"), lambda session: _version_options(session, key), _VERSION),
            DateFilter("since", _l("Since"), incident.c.created_at),
        ),
    )


_VERSION = process_definition.c.version.cast(String)


def _version_options(session: Session, key: str) -> list[tuple[str, str]]:
    return [(str(number), str(number)) for number in _versions(session, [key]).get(key, ())]


def _incidents() -> Select[*tuple[Any, ...]]:
    return (
        select(
            incident,
            process_instance.c.title,
            process_instance.c.business_key,
            process_instance.c.definition_key,
            process_definition.c.version,
            job.c.attempts,
        )
        .outerjoin_from(incident, process_instance, process_instance.c.id == incident.c.instance_id)
        .outerjoin(process_definition, process_definition.c.id == incident.c.definition_id)
        .outerjoin(job, job.c.id == incident.c.job_id)
    )


def _lines(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[IncidentLine]:
    keys = ((row.definition_key, row.business_key) for row in found if row.definition_key)
    known = cases.summaries(session, current(), objects(), keys)
    return [_line(row, known.get((row.definition_key, row.business_key))) for row in found]


def _line(row: Row[*tuple[Any, ...]], case: Summary | None) -> IncidentLine:
    return IncidentLine(
        id=row.id,
        cause=row.cause,
        instance_id=row.instance_id,
        title=cases.title(objects(), case, row.definition_key or "", row.title or ""),
        business_key=row.business_key,
        version=row.version,
        message=row.message,
        annotation=row.annotation,
        job_id=row.job_id,
        attempts=row.attempts,
        created_at=row.created_at,
    )


def visible_incident(session: Session, principal: Principal, incident_id: int) -> engine.IncidentRow | None:
    """The incident, open or not, if this person may see it."""
    found = select(incident.c.id).where(incident.c.id == incident_id, sees(session, principal))
    return engine.queries.incident(session, incident_id) if session.scalar(found) is not None else None


def open_ids(session: Session, principal: Principal, instance_ids: Sequence[str], limit: int) -> list[int]:
    """Open incidents of these instances with something to try again (ix_incident_instance_id)."""
    found: list[int] = []
    for start in range(0, len(instance_ids), 1000):
        some = incident.c.instance_id.in_(instance_ids[start : start + 1000])
        query = select(incident.c.id).where(some, OPEN, sees(session, principal)).order_by(incident.c.id)
        found += session.scalars(query.limit(limit - len(found)))
        if len(found) >= limit:
            break
    return found
