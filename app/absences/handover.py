"""Somebody leaves: everything the person holds goes to successors, in one transaction, and the account is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

import engine
from app.absences import queries, service
from app.absences.models import Absence, HandedOver
from app.accounts import queries as accounts
from app.accounts import service as account_service
from app.accounts.models import User
from app.errors import FieldErrors, NotVisible
from app.registries import Handover
from engine.tables import user_task

MINE = "tasks"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing, how many the leaver has, and who may get it by default."""

    key: str
    label: Any
    count: int


def built_in() -> list[Handover]:
    """What every company hands over: tasks, standing in, people who report to the leaver."""
    return [
        Handover(MINE, _l("Open tasks"), count_tasks, move_tasks),
        Handover("deputy", _l("Absences in which the person stands in"), _count_deputy, _move_deputy),
        Handover("reports", _l("People who report to the person"), _count_reports, _move_reports),
    ]


def kinds(session: Session, handovers: Sequence[Handover], leaver: str) -> list[Kind]:
    """What the leaver holds, by kind."""
    return [Kind(one.key, one.label, one.count(session, leaver)) for one in handovers]


def leave(
    session: Session, actor: str, handovers: Sequence[Handover], leaver: str, successors: Mapping[str, str]
) -> dict[str, int]:
    """The successors have everything and the account is closed; how many of each kind. Raises :class:`FieldErrors`
    for a successor who can't be one, and when something would be left."""
    person = accounts.user(session, leaver)
    if person is None:
        raise NotVisible
    _check(session, actor, handovers, leaver, successors)
    made = HandedOver(leaver=leaver, at=engine.now(session), actor=actor, successors=dict(successors), counts={})
    session.add(made)
    session.flush()
    ordered = sorted(handovers, key=lambda one: one.key == MINE)  # tasks last: what belongs to them moves first
    counts = {
        one.key: one.move(session, leaver, successors[one.key], actor) for one in ordered if successors.get(one.key)
    }
    _end_absences(session, leaver, actor)
    session.flush()
    left = {one.key: [_("Something is left with the person.")] for one in handovers if one.count(session, leaver)}
    if left:
        raise FieldErrors(left)
    made.counts = counts
    if person.active:
        account_service.deactivate(session, actor, leaver)
    account_service.record(session, actor, "user.handed_over", leaver, successors=dict(successors), counts=counts)
    return counts


def _check(
    session: Session, actor: str, handovers: Sequence[Handover], leaver: str, successors: Mapping[str, str]
) -> None:
    errors: dict[str, list[Any]] = {}
    for one in handovers:
        login = successors.get(one.key, "")
        found = accounts.user(session, login) if login else None
        if not login and one.key != MINE and not one.count(session, leaver):
            continue
        if not login:
            errors[one.key] = [_("Choose a successor.")]
        elif found is None or not found.active or login == leaver:
            errors[one.key] = [_("Choose somebody else who is still here.")]
    if actor == leaver:
        errors["leaver"] = [_("Nobody closes their own account. Another administrator does it.")]
    if errors:
        raise FieldErrors(errors)


def count_tasks(session: Session, leaver: str) -> int:
    """Open tasks the person has, or gets back from somebody."""
    statement = select(func.count()).select_from(user_task).where(*_open_of(leaver))
    return int(session.scalar(statement) or 0)


def _open_of(leaver: str) -> tuple[Any, ...]:
    whose = or_(user_task.c.assignee == leaver, user_task.c.owner == leaver, user_task.c.on_behalf_of == leaver)
    return user_task.c.state.in_(engine.OPEN_TASKS), whose


def move_tasks(session: Session, leaver: str, successor: str, actor: str) -> int:
    """The successor has the tasks; one the successor must not do goes back to its group, else to a supervisor."""
    rows = session.execute(select(user_task.c.id).where(*_open_of(leaver)).order_by(user_task.c.instance_id)).all()
    for row in rows:
        _move_task(session, engine.queries.task(session, row.id), leaver, successor, actor)
    return len(rows)


def _move_task(session: Session, task: engine.TaskRow, leaver: str, successor: str, actor: str) -> None:
    if task.owner == leaver:
        changes = {"owner": successor}
        engine.execute(session, engine.UpdateTask(task_id=task.id, changes=changes, actor=actor))
    if task.assignee == leaver:
        _assign(session, task, _whom(session, task, leaver, successor), actor, task.on_behalf_of)
    elif task.on_behalf_of == leaver and task.assignee is not None:  # the deputy keeps it, for nobody else now
        _assign(session, task, task.assignee, actor, None)


def _whom(session: Session, task: engine.TaskRow, leaver: str, successor: str) -> str | None:
    """Who gets it: the successor, nobody (its group takes it), or the nearest supervisor who may."""
    if successor not in task.excluded_users:
        return successor
    if task.candidate_groups or task.candidate_users:
        return None
    above = [*accounts.supervisors_above(session, successor), *accounts.supervisors_above(session, leaver)]
    found = next((one for one in above if one not in task.excluded_users and one != leaver), None)
    if found is None:
        raise FieldErrors({MINE: [_("The successor must not do task %(task)s. Choose another.", task=task.name)]})
    return found


def _assign(session: Session, task: engine.TaskRow, login: str | None, actor: str, on_behalf_of: str | None) -> None:
    if login is None:
        engine.execute(session, engine.ReleaseTask(task_id=task.id, actor=actor, override=True))
        return
    command = engine.AssignTask(
        task_id=task.id,
        assignee=login,
        reason="handed over",
        on_behalf_of=None if on_behalf_of == login else on_behalf_of,
        asleep=True,
        actor=actor,
    )
    engine.execute(session, command)


def _count_deputy(session: Session, leaver: str) -> int:
    return len(queries.standing_in(session, leaver))


def _move_deputy(session: Session, leaver: str, successor: str, _actor: str) -> int:
    return service.replace_deputy(session, leaver, successor)


def _count_reports(session: Session, leaver: str) -> int:
    return len(accounts.reports_of(session, leaver))


def _move_reports(session: Session, leaver: str, successor: str, actor: str) -> int:
    below = accounts.reports_of(session, leaver)
    ids = {row.login: row for row in accounts.users(session)}
    for login in below:
        above = ids[successor].id if login != successor else ids[leaver].supervisor_id
        session.execute(update(User).where(User.login == login).values(supervisor_id=above))
        account_service.record(session, actor, "user.changed", login, supervisor=[leaver, successor])
    return len(below)


def _end_absences(session: Session, leaver: str, actor: str) -> None:
    """The leaver's own absences are over: from now on new tasks go to the successor."""
    now = engine.now(session)
    mine = (Absence.login == leaver, Absence.cancelled_at.is_(None), Absence.to_at > now)
    session.execute(update(Absence).where(*mine).values(cancelled_at=now, cancelled_by=actor))
