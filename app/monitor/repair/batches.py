"""Batches as people see them: what was ordered, for how many, how far it is, what became of each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, select, true
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import engine
from app.accounts import queries as accounts
from app.monitor.sight import EXPORTS
from app.process_names import process_name, step_name
from app.security import Principal
from app.web.lists import ChoiceFilter, Column, DateFilter, ListSpec, Sort
from engine import BatchState, JobState
from engine.tables import batch, incident, job, process_instance

REPAIR = "instance.repair"
PAGE = 50
NAMES: Mapping[str, Any] = {
    "CancelInstance": _l("Cancel"),
    "CancelTimer": _l("Cancel the timer"),
    "CorrelateMessage": _l("Deliver a message"),
    "MigrateInstance": _l("Migrate to another version"),
    "ModifyInstance": _l("Move to another step"),
    "RecomputeDeadlines": _l("Compute deadlines again"),
    "ResolveIncident": _l("Close with a note"),
    "RestartInstance": _l("Start again"),
    "ResumeInstance": _l("Resume"),
    "RetryIncident": _l("Retry"),
    "RetryJob": _l("Retry"),
    "SetJobDue": _l("Move a timer"),
    "SetRetries": _l("Set attempts"),
    "SetVariables": _l("Edit variables"),
    "SkipStep": _l("Skip this step"),
    "SuspendInstance": _l("Suspend"),
    "set-external-task-retries": _l("Set attempts"),
}
STATES: Mapping[str, Any] = {
    BatchState.ACTIVE.value: _l("under way"),
    BatchState.SUSPENDED.value: _l("held up"),
    BatchState.COMPLETED.value: _l("done"),
    BatchState.DELETED.value: _l("ended early"),
}
FAILED, OPEN, DONE = "failed", "open", "done"
ITEM_STATES: Mapping[str, tuple[Any, tuple[JobState, ...]]] = {
    FAILED: (_l("failed"), (JobState.FAILED,)),
    OPEN: (_l("to be done"), tuple(engine.UNFINISHED_JOBS)),
    DONE: (_l("done"), (JobState.COMPLETED,)),
    "cancelled": (_l("not done any more"), (JobState.CANCELLED,)),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A batch with its words."""

    row: engine.BatchRow
    name: str
    state: str
    by: str
    orders: tuple[tuple[str, str], ...]
    """What was ordered in particular: names and values."""

    @property
    def running(self) -> bool:
        """Whether it changes by itself."""
        return self.row.state is BatchState.ACTIVE and self.row.remaining > 0

    @property
    def over(self) -> bool:
        """Whether nothing can be done to it any more."""
        return self.row.ended_at is not None


@dataclass(frozen=True, slots=True)
class Item:
    """One item and what became of it."""

    row: engine.BatchItemRow
    state: str
    name: str
    process: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Items:
    """A page of items. ``after``: the last one, when there are more."""

    rows: tuple[Item, ...]
    chosen: str
    after: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list."""

    id: int
    name: str
    reason: str
    total: int
    state: str
    state_name: str
    by: str
    created_at: datetime
    ended_at: datetime | None


def sees(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``batch``: whoever started it sees it, who repairs sees all."""
    return true() if principal.has(REPAIR) else batch.c.created_by == principal.login


def visible(session: Session, principal: Principal, batch_id: int) -> engine.BatchRow | None:
    """The batch, if this person may look at it."""
    known = session.scalar(select(batch.c.id).where(batch.c.id == batch_id, sees(principal)))
    return None if known is None else engine.queries.batch(session, batch_id)


def of_request(session: Session, principal: Principal, key: str) -> int | None:
    """The batch that this person's page has started already (uq_batch_request_key)."""
    found = select(batch.c.id).where(batch.c.request_key == key, batch.c.created_by == principal.login)
    return session.scalar(found)


def shown(session: Session, row: engine.BatchRow) -> Shown:
    """With words."""
    by = accounts.display_names(session, [row.created_by]).get(row.created_by, row.created_by)
    return Shown(row, name_of(row.kind), str(STATES[row.state.value]), by, tuple(_orders(session, row)))


def name_of(kind: str) -> str:
    """What a batch does."""
    return str(NAMES.get(kind, kind))


def _orders(session: Session, row: engine.BatchRow) -> list[tuple[str, str]]:
    """Names of the variables that are set, never their values: a form may keep them from whoever looks."""
    found, template = [], row.template
    version = _version(session, row) if template.get("instructions") else None
    if template.get("variables"):
        found.append((str(_l("Variables")), ", ".join(sorted(template["variables"]))))
    for order in template.get("instructions") or ():
        name = str(_l("ends at")) if order.get("kind") == "cancel" else str(_l("begins at"))
        found.append((name, _place(session, version, order)))
    if template.get("target_definition_id"):
        target = engine.queries.definition(session, str(template["target_definition_id"]))
        name = _("%(name)s, version %(version)s", name=process_name(session, target.id), version=target.version)
        found.append((str(_l("New version")), name))
    return found


def _version(session: Session, row: engine.BatchRow) -> str | None:
    """The version of the first instance: its words name the steps."""
    first = engine.queries.batch_items(session, row.id, limit=1)
    instance = next(iter(_instances_of(session, row, first).values()), None)
    return session.scalar(select(process_instance.c.definition_id).where(process_instance.c.id == instance))


def _place(session: Session, version: str | None, order: Mapping[str, Any]) -> str:
    node = order.get("node_id")
    if node and version:
        return step_name(session, version, str(node))
    return str(node or order.get("flow_id") or order.get("task_id") or "")


def items(session: Session, row: engine.BatchRow, arguments: MultiDict[str, str]) -> Items:
    """A page of items, by state (ix_job_batch_id_state). What failed comes first while nothing else is asked for."""
    chosen = arguments.get("items", "")
    if chosen not in ITEM_STATES:
        chosen = FAILED if row.failed else ""
    states = ITEM_STATES[chosen][1] if chosen else ()
    after = arguments.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    found = engine.queries.batch_items(session, row.id, states=states, after=start, limit=PAGE + 1)
    some = found[:PAGE]
    return Items(tuple(_items(session, row, some)), chosen, some[-1].job_id if len(found) > PAGE else None)


def _items(session: Session, row: engine.BatchRow, found: Sequence[engine.BatchItemRow]) -> list[Item]:
    about = _instances_of(session, row, found)
    ids = [instance for instance in about.values() if instance]
    columns = (process_instance.c.id, process_instance.c.business_key, process_instance.c.definition_id)
    known = {one.id: one for one in session.execute(select(*columns).where(process_instance.c.id.in_(ids)))}
    return [_item(session, one, about.get(one.job_id), known) for one in found]


def _instances_of(
    session: Session, row: engine.BatchRow, found: Sequence[engine.BatchItemRow]
) -> dict[int, str | None]:
    """The instance of each item, also while it waits: of an incident or a job, its instance."""
    subjects = [one.subject for one in found if isinstance(one.subject, int)]
    table = incident if row.kind in ("ResolveIncident", "RetryIncident", "SkipStep") else job
    owners = select(table.c.id, table.c.instance_id).where(table.c.id.in_(subjects))
    of = {row.id: row.instance_id for row in session.execute(owners)} if subjects else {}
    return {
        one.job_id: one.instance_id or (of.get(one.subject) if isinstance(one.subject, int) else one.subject)
        for one in found
    }


def _item(session: Session, one: engine.BatchItemRow, instance_id: str | None, known: Mapping[str, Any]) -> Item:
    instance = known.get(instance_id or "")
    name = next(str(name) for name, states in ITEM_STATES.values() if one.state in states)
    return Item(
        row=engine.BatchItemRow(**{**_values(one), "instance_id": instance.id if instance else None}),
        state=name,
        name=(instance.business_key or instance.id[:8]) if instance else str(one.subject),
        process=process_name(session, instance.definition_id) if instance else "",
        version=int(instance.definition_id.split(":")[1]) if instance else None,
    )


def _values(one: engine.BatchItemRow) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def _select(_session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    return select(batch).where(sees(principal))


def _lines(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[Line]:
    people = accounts.display_names(session, {row.created_by for row in found})
    return [
        Line(
            id=row.id,
            name=name_of(row.kind),
            reason=row.reason,
            total=row.total,
            state=row.state,
            state_name=str(STATES[row.state]),
            by=people.get(row.created_by, row.created_by),
            created_at=row.created_at,
            ended_at=row.ended_at,
        )
        for row in found
    ]


BATCHES: ListSpec[Line] = ListSpec(
    name="repairs",
    title=_l("Repairs"),
    select=_select,
    rows=_lines,
    key=batch.c.id,
    columns=(
        Column("name", _l("What"), lambda row: row.name),
        Column("reason", _l("Reason"), lambda row: row.reason),
        Column("total", _l("For how many"), lambda row: row.total, numeric=True),
        Column("state", _l("State"), lambda row: row.state_name),
        Column("by", _l("Ordered by"), lambda row: row.by),
        Column("created", _l("Begun"), lambda row: row.created_at, sort="created"),
    ),
    sorts={"created": Sort(batch.c.id)},  # pk_batch: numbers grow with time
    default_sort="-created",
    export_permission=EXPORTS,
    filters=(
        ChoiceFilter("state", _l("State"), lambda _session: list(STATES.items()), batch.c.state, several=True),
        DateFilter("created", _l("Begun"), batch.c.created_at),
    ),
)
