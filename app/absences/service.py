"""Entering absences, and moving tasks when they begin and end. Each task moves in a transaction of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import column, delete, exists, select, table, update
from sqlalchemy.orm import Session

import engine
from app.absences import queries
from app.absences.models import ALL, Absence, AbsenceDeputy
from app.accounts import queries as accounts
from app.accounts import service as account_log
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.security import Principal
from engine.tables import task_attachment, task_comment, user_task

BEGIN, END, MOVE = "absences.begin", "absences.end", "absences.move"
LONGEST = timedelta(days=3 * 366)
_draft = table("form_draft", column("sheet"), column("login"))
"""Of the inbox, which stands above: named here by its columns only."""


def may_enter(session: Session, principal: Principal, login: str) -> bool:
    """Whether the principal may say that ``login`` is away: the person, supervisors above, administrators."""
    if login == principal.login or principal.is_admin:
        return True
    return principal.login in accounts.supervisors_above(session, login)


def enter(session: Session, principal: Principal, values: dict[str, Any]) -> int:
    """The absence ``values`` (see ``schemas.absence``) say; returns its id. Raises :class:`FieldErrors`."""
    login = values["login"]
    if not may_enter(session, principal, login):
        raise NotAllowedHere("task.reassign")
    _check(session, values)
    row = Absence(
        login=login,
        from_at=values["from_at"],
        to_at=values["to_at"],
        reason=values["reason"],
        give_back=values["give_back"],
        entered_by=principal.login,
        entered_at=engine.now(session),
    )
    session.add(row)
    session.flush()
    deputies: dict[str, str] = values["deputies"]
    session.add_all(AbsenceDeputy(absence_id=row.id, process_key=key, deputy=who) for key, who in deputies.items())
    session.flush()
    facts = {"from": row.from_at.isoformat(), "to": row.to_at.isoformat(), "deputies": deputies, "reason": row.reason}
    account_log.record(session, principal.login, "absence.entered", login, **facts)
    for topic, due_at in ((BEGIN, row.from_at), (END, row.to_at)):
        _later(session, topic, row.id, due_at)
    return row.id


def _check(session: Session, values: dict[str, Any]) -> None:
    login, from_at, to_at = values["login"], values["from_at"], values["to_at"]
    errors: dict[str, list[str]] = {}
    if to_at <= max(from_at, engine.now(session)):
        errors["to"] = [_("The end must lie after the beginning, and still to come.")]
    elif to_at - from_at > LONGEST:
        errors["to"] = [_("At most three years. Someone who leaves hands over for good.")]
    elif queries.overlapping(session, login, from_at, to_at) is not None:
        errors["from"] = [_("There is an absence in this time already. Call it off first.")]
    if not values["deputies"]:
        errors["deputy"] = [_("Choose who stands in, for all processes or for some.")]
    for key, who in values["deputies"].items():
        found = accounts.user(session, who)
        name = f"deputy_{key}" if key != ALL else "deputy"
        if found is None or not found.active:
            errors[name] = [_("There is no such person.")]
        elif who == login:
            errors[name] = [_("Nobody stands in for themselves.")]
    if errors:
        raise FieldErrors(errors)


def call_off(session: Session, principal: Principal, absence_id: int) -> None:
    """A planned absence does not take place; one under way ends now. Raises :class:`NotVisible`."""
    row, now = session.get(Absence, absence_id), engine.now(session)
    if row is None or not may_enter(session, principal, row.login):
        raise NotVisible
    if row.cancelled_at is not None or row.to_at <= now:
        return
    row.cancelled_at, row.cancelled_by = now, principal.login
    session.flush()
    account_log.record(session, principal.login, "absence.called_off", row.login, id=row.id)
    if row.from_at <= now:
        _later(session, END, row.id, now)


def _later(session: Session, topic: str, absence_id: int, due_at: datetime) -> None:
    work = engine.AddWork(topic=topic, payload={"id": absence_id}, due_at=max(due_at, engine.now(session)))
    engine.execute(session, work)


def begin(session: Session, work: engine.WorkCall) -> None:
    """Worker function: an absence begins, and the open tasks of the person go to who stands in."""
    row = queries.absence(session, int(work.payload["id"]))
    if row is None or row.cancelled_at is not None:
        return
    mine = (user_task.c.assignee == row.login, user_task.c.state.in_(engine.OPEN_TASKS))
    found = session.execute(select(user_task.c.id, user_task.c.definition_key).where(*mine).order_by(user_task.c.id))
    for task_id, process_key in found.all():
        if row.covers(process_key):
            _move(session, row.id, task_id, "away")


def end(session: Session, work: engine.WorkCall) -> None:
    """Worker function: an absence is over, and what the deputies have not begun goes back, if it was to."""
    row = queries.absence(session, int(work.payload["id"]))
    if row is None or not row.give_back or row.state(engine.now(session)) != "over":
        return
    lent = (user_task.c.on_behalf_of == row.login, user_task.c.state.in_(engine.OPEN_TASKS))
    for task_id in session.scalars(select(user_task.c.id).where(*lent).order_by(user_task.c.id)).all():
        _move(session, row.id, task_id, "back")


def _move(session: Session, absence_id: int, task_id: str, way: str) -> None:
    payload = {"id": absence_id, "task_id": task_id, "way": way}
    engine.execute(session, engine.AddWork(topic=MOVE, payload=payload))


def move(session: Session, work: engine.WorkCall) -> None:
    """Worker function: one task goes to who stands in, or back. What has changed since is left as it is."""
    row = queries.absence(session, int(work.payload["id"]))
    try:
        task = engine.queries.task(session, work.payload["task_id"])
    except engine.TaskNotFound:
        return
    if row is None or not task.is_open:
        return
    if work.payload["way"] == "away":
        _lend(session, row, task)
    else:
        _give_back(session, row, task)


def _lend(session: Session, row: queries.AbsenceRow, task: engine.TaskRow) -> None:
    if task.assignee != row.login:
        return
    now = engine.now(session)
    choice = queries.choose(session, task.definition_key, row.login, task.excluded_users, now)
    if choice is None or choice.login is None:
        return
    _assign(session, row, task, choice.login, on_behalf_of=task.on_behalf_of or row.login)


def _give_back(session: Session, row: queries.AbsenceRow, task: engine.TaskRow) -> None:
    away = queries.choose(session, task.definition_key, row.login, task.excluded_users, engine.now(session))
    if task.on_behalf_of != row.login or away is not None or row.login in task.excluded_users or _begun(session, task):
        return
    _assign(session, row, task, row.login, on_behalf_of=None)


def _assign(
    session: Session, row: queries.AbsenceRow, task: engine.TaskRow, login: str, *, on_behalf_of: str | None
) -> None:
    command = engine.AssignTask(
        task_id=task.id,
        assignee=login,
        reason=f"absence {row.id}",
        on_behalf_of=on_behalf_of,
        asleep=True,
        actor=row.entered_by,
    )
    engine.execute(session, command)


def _begun(session: Session, task: engine.TaskRow) -> bool:
    """Whether the deputy has done anything: a draft, a comment, a file."""
    login = task.assignee
    done = (
        exists().where(_draft.c.sheet == task.id, _draft.c.login == login),
        exists().where(task_comment.c.task_id == task.id, task_comment.c.author == login),
        exists().where(task_attachment.c.task_id == task.id, task_attachment.c.author == login),
    )
    return any(session.scalar(select(one)) for one in done)


def replace_deputy(session: Session, leaver: str, successor: str) -> int:
    """The successor stands in wherever the leaver would have; where that is the absent person, nobody does."""
    found = queries.standing_in(session, leaver)
    for row in found:
        mine = (AbsenceDeputy.absence_id == row.id, AbsenceDeputy.deputy == leaver)
        if row.login == successor:
            session.execute(delete(AbsenceDeputy).where(*mine))
        else:
            session.execute(update(AbsenceDeputy).where(*mine).values(deputy=successor))
    return len(found)
