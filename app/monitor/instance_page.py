"""Everything the page of one instance shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects, Summary
from app.monitor import cases, instance_now, instance_past, instance_times, instance_variables
from app.process_names import process_name
from app.security import Principal
from app.visibility import sees_instance
from app.web.filters import duration, working_hours
from app.web.i18n import language
from engine.tables import process_instance

MOST_CHILDREN = 50


@dataclass(frozen=True, slots=True)
class Relative:
    """An instance that called this one, or was called by it."""

    id: str
    key: str
    process: str
    state: str


@dataclass(frozen=True, slots=True)
class Now:
    """What an instance waits for, and what went wrong."""

    row: engine.InstanceRow
    tasks: list[instance_now.OpenTask]
    timers: list[instance_now.Timer]
    awaited: list[instance_now.Awaited]
    incidents: list[instance_now.Incident]

    @property
    def open_incidents(self) -> int:
        """How many incidents wait for somebody."""
        return sum(one.row.state == engine.IncidentState.OPEN for one in self.incidents)

    @property
    def ended(self) -> bool:
        """Whether nothing can happen any more."""
        return self.row.ended_at is not None


@dataclass(frozen=True, slots=True)
class InstancePage(Now):
    """One instance. ``case`` is None for whoever may not see its business object."""

    process: str
    version: int
    case: Summary | None
    title: str
    starter: str
    activities: list[instance_times.Activity]
    variables: list[instance_variables.Variable]
    timeline: list[instance_past.Entry]
    left_out: int
    audited: list[instance_past.Audited]
    comments: list[instance_past.Comment]
    parent: Relative | None
    children: list[Relative]


def now(session: Session, principal: Principal, row: engine.InstanceRow) -> Now:
    """What the page asks again by itself."""
    return Now(
        row=row,
        tasks=instance_now.open_tasks(session, principal, row.id),
        timers=instance_now.timers(session, row),
        awaited=instance_now.awaited(session, row),
        incidents=instance_now.incidents(session, row),
    )


def load(
    session: Session, principal: Principal, objects: BusinessObjects, row: engine.InstanceRow, *, everything: bool
) -> InstancePage:
    """The instance as ``principal`` may see it; ``everything``: also what the process did by itself."""
    history = engine.queries.history(session, row.id)
    secret = instance_variables.hidden(row, history)
    timeline, left_out = instance_past.timeline(session, row, history, secret, everything=everything)
    key = (row.definition_key, row.business_key)
    name, case = process_name(session, row.definition_id), cases.summaries(session, principal, objects, [key]).get(key)
    relatives = _relatives(session, principal, objects, row)
    waiting = now(session, principal, row)
    return InstancePage(
        row=row,
        tasks=waiting.tasks,
        timers=waiting.timers,
        awaited=waiting.awaited,
        incidents=waiting.incidents,
        process=name,
        version=engine.queries.definition(session, row.definition_id).version,
        case=case,
        title=cases.title(objects, case, row.definition_key, row.title) or row.business_key or name,
        starter=accounts.display_names(session, [row.started_by], language()).get(row.started_by, row.started_by),
        activities=instance_times.of_instance(session, row),
        variables=instance_variables.of_instance(session, row, history, secret),
        timeline=timeline,
        left_out=left_out,
        audited=instance_past.audited(session, row.id, secret),
        comments=instance_past.comments(session, row.id),
        parent=next((one for one in relatives if one.id == row.parent_instance_id), None),
        children=[one for one in relatives if one.id != row.parent_instance_id],
    )


def _relatives(
    session: Session, principal: Principal, objects: BusinessObjects, row: engine.InstanceRow
) -> list[Relative]:
    """The caller and the called, as far as the reader may know of them (ix_process_instance_parent_instance_id)."""
    instance = process_instance.c
    near = (instance.parent_instance_id == row.id) | (instance.id == (row.parent_instance_id or ""))
    query = select(instance.id, instance.business_key, instance.definition_id, instance.state)
    query = query.where(near, sees_instance(principal, objects)).order_by(instance.started_at, instance.id)
    return [
        Relative(found.id, found.business_key or found.id[:8], process_name(session, found.definition_id), found.state)
        for found in session.execute(query.limit(MOST_CHILDREN))
    ]


def diagram_state(session: Session, row: engine.InstanceRow) -> Mapping[str, Any]:
    """What the diagram shows: tokens, the way so far, and at each activity its visits and time."""
    troubled = {one.row.node_id for one in instance_now.incidents(session, row) if one.row.state == "open"}
    standing = sorted(engine.queries.tokens(session, row.id), key=lambda token: token.state != "user_task")
    tokens = [{"node": token.node_id, "state": token.state} for token in standing]
    tokens += [{"node": node, "state": "incident"} for node in sorted(filter(None, troubled))]
    passed = instance_times.visits(session, row.id)
    badges = [_badge(one) for one in instance_times.of_instance(session, row)]
    return {"tokens": tokens, "passed": sorted(passed), "badges": badges}


def _badge(one: instance_times.Activity) -> dict[str, str]:
    spent = working_hours(round(one.working.total_seconds() / 3600, 1)) if one.working is not None else ""
    text = spent or duration(one.elapsed)
    return {"node": one.node_id, "text": f"{one.visits} × · {text}" if one.visits > 1 else text}
