"""Tasks and instances in the reader's words: step, case, customer, deadline, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects, Summary
from app.inbox.queries import StartedRow
from app.process_names import process_name, step_name
from app.security import Principal
from app.web.due import Due, calendars_of, due_of
from app.web.i18n import language


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One row of a box."""

    task: engine.TaskRow
    step: str
    process: str
    title: str
    customer: str
    url: str
    due: Due | None
    holder: str
    can_claim: bool
    delegated_by: str = ""
    """Who gave the open task away for a while and completes it; empty when nobody did."""
    came_back: bool = False
    """It was delegated, and is with its owner again."""


@dataclass(frozen=True, slots=True)
class StartedLine:
    """One row of "started by me"."""

    row: StartedRow
    process: str
    title: str
    customer: str
    url: str
    steps: tuple[tuple[str, str], ...]
    """(step, who has it) where the instance waits."""


def task_lines(
    session: Session, principal: Principal, objects: BusinessObjects, tasks: Iterable[engine.TaskRow]
) -> list[TaskLine]:
    """Rows with words, three statements for the whole page."""
    rows = list(tasks)
    summaries = _summaries(session, principal, objects, [(row.definition_key, row.business_key) for row in rows])
    people = {row.assignee or row.ended_by or "" for row in rows} | {row.owner or "" for row in rows}
    names = accounts.display_names(session, people, language())
    calendars = calendars_of(session)
    return [
        _task_line(
            session, row, summaries.get((row.definition_key, row.business_key)), names, due_of(session, row, calendars)
        )
        for row in rows
    ]


def started_lines(
    session: Session, principal: Principal, objects: BusinessObjects, rows: Iterable[StartedRow]
) -> list[StartedLine]:
    """Rows with words."""
    found = list(rows)
    summaries = _summaries(session, principal, objects, [(row.definition_key, row.business_key) for row in found])
    logins = {assignee for row in found for _node, assignee in row.waits_at if assignee}
    names = accounts.display_names(session, logins, language())
    return [_started_line(session, row, summaries.get((row.definition_key, row.business_key)), names) for row in found]


def _task_line(
    session: Session, row: engine.TaskRow, summary: Summary | None, names: Mapping[str, str], due: Due | None
) -> TaskLine:
    step = step_name(session, row.definition_id, row.node_id)
    return TaskLine(
        task=row,
        step=step,
        process=process_name(session, row.definition_id),
        title=(summary.title if summary else "") or row.business_key or step,
        customer=summary.customer if summary else "",
        url=summary.url if summary else "",
        due=due,
        holder=names.get(row.assignee or row.ended_by or "", ""),
        can_claim=row.is_open and row.assignee is None,
        delegated_by=names.get(row.owner or "", "")
        if row.is_open and row.delegation == engine.Delegation.PENDING
        else "",
        came_back=row.is_open and row.delegation == engine.Delegation.RESOLVED and row.assignee == row.owner,
    )


def _started_line(session: Session, row: StartedRow, summary: Summary | None, names: Mapping[str, str]) -> StartedLine:
    process = process_name(session, row.definition_id)
    steps = tuple(
        (step_name(session, row.definition_id, node), names.get(assignee, "") if assignee else _("nobody yet"))
        for node, assignee in row.waits_at
    )
    return StartedLine(
        row=row,
        process=process,
        title=(summary.title if summary else row.title) or row.business_key or process,
        customer=summary.customer if summary else "",
        url=summary.url if summary else "",
        steps=steps,
    )


def _summaries(
    session: Session, principal: Principal, objects: BusinessObjects, keys: Iterable[tuple[str, str | None]]
) -> dict[tuple[str, str | None], Summary]:
    by_process: dict[str, list[str]] = {}
    for process, key in keys:
        if key is not None:
            by_process.setdefault(process, []).append(key)
    found: dict[tuple[str, str | None], Summary] = {}
    for process, business_keys in by_process.items():
        known = objects.get(process)
        if known is not None:
            texts = known.summaries(session, list(dict.fromkeys(business_keys)), principal)
            found.update({(process, key): summary for key, summary in texts.items()})
    return found
