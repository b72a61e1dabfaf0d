"""Matters as rows: who may see which, and everything recorded about one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

import engine
from app.customers.models import Customer
from app.matters.models import (
    FINISHED,
    Matter,
    MatterCopy,
    MatterFact,
    MatterHolding,
    MatterStep,
    MatterSupplement,
    MatterTransfer,
    MatterVerification,
)
from app.security import Principal, scope
from engine import tables

PROCESS_KEY = "cco_routing"
SEARCH_KIND = "matter"


def visible(principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
    """Numbers of the matters this person may see, as :func:`sees` says, for other tables. ``one_by_one``: to be asked
    of matters that are known, without a list of all (ix_matter_holding_number_id)."""
    own: ColumnElement[bool] = false()
    if by_tasks:
        own = Matter.number.in_(scope.business_keys_of_own_tasks(principal, PROCESS_KEY))
    return select(Matter.number).where(_sees(principal, own, one_by_one=one_by_one))


def sees(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``Matter``: this person may see it. All for the call centre and the CCO; those a department of the
    own subtree has, had or was copied; those with a task that is, was or may become the person's; those the person was
    told of.

    Who has many tasks is asked about matter by matter, so that a page needs no list of them all.
    """
    own: ColumnElement[bool]
    if principal.few_offers:
        own = Matter.number.in_(scope.business_keys_of_own_tasks(principal, PROCESS_KEY))
    else:
        own = scope.own_task_exists(principal, PROCESS_KEY, Matter.number)
    return _sees(principal, own)


def _sees(principal: Principal, own: ColumnElement[bool], *, one_by_one: bool = False) -> ColumnElement[bool]:
    if principal.sees_all("matter.view_all"):
        return true()
    told = select(MatterCopy.number).where(MatterCopy.login == principal.login)
    conditions = [own, Matter.number.in_(told)]
    if principal.has("case.view_subtree"):
        ours = scope.departments_in_subtree(principal)
        held, copied = MatterHolding, MatterCopy
        conditions.append(Matter.number.in_(select(copied.number).where(copied.department_key.in_(ours))))
        if one_by_one:  # no index fits a computed column: SQLite looks at the few who had the matter
            conditions.append(exists().where(held.number == Matter.number, (held.department_key + "").in_(ours)))
        else:
            conditions.append(Matter.number.in_(select(held.number).where(held.department_key.in_(ours))))
    return or_(*conditions)


def matter(session: Session, number: str) -> Matter | None:
    """The matter of that number, whoever asks."""
    return session.get(Matter, number)


def visible_matter(session: Session, principal: Principal, number: str) -> Matter | None:
    """The matter of that number if this person may see it."""
    return session.scalar(select(Matter).where(Matter.number == number, sees(principal)))


def by_reference(session: Session, source: str, reference: str) -> Matter | None:
    """The matter that came in from ``source`` under its own ``reference``."""
    return session.scalar(select(Matter).where(Matter.source == source, Matter.source_reference == reference))


def of_complaint(session: Session, number: str) -> Matter | None:
    """The matter that became this complaint, if one did (index complaint_number)."""
    return session.scalar(select(Matter).where(Matter.complaint_number == number).limit(1))


def holdings(session: Session, number: str) -> list[MatterHolding]:
    """Who had the matter when, in order: the intervals follow each other without gap or overlap."""
    statement = select(MatterHolding).where(MatterHolding.number == number)
    return list(session.scalars(statement.order_by(MatterHolding.from_at, MatterHolding.id)))


def completers(session: Session, rows: Sequence[MatterHolding]) -> dict[int, str]:
    """Who completed the task of intervals that nobody had claimed it in, by interval. The last interval of a task ends
    with it, those before ended when somebody took it or gave it back."""
    last = {row.task_id: row for row in rows if row.task_id is not None}
    task = tables.user_task.c
    unclaimed = [row.task_id for row in last.values() if row.person is None]
    found = session.execute(
        select(task.id, task.ended_by).where(task.id.in_(unclaimed), task.state == engine.TaskState.COMPLETED)
    )
    return {last[task_id].id: login for task_id, login in found if login}


def transfers(session: Session, number: str) -> list[MatterTransfer]:
    """Every move from one department to another, in order."""
    return _children(session, MatterTransfer, number)


def copies(session: Session, number: str) -> list[MatterCopy]:
    """Who was told of the matter, in order."""
    return _children(session, MatterCopy, number)


def steps(session: Session, number: str) -> list[MatterStep]:
    """Completed steps in order."""
    return _children(session, MatterStep, number)


def supplements(session: Session, number: str) -> list[MatterSupplement]:
    """What the customer said in later contacts, in order."""
    return _children(session, MatterSupplement, number)


def verifications(session: Session, number: str) -> list[MatterVerification]:
    """Calls back to the customer, in order."""
    return _children(session, MatterVerification, number)


def facts(session: Session, verification_ids: Iterable[int]) -> list[MatterFact]:
    """The facts asked about in these calls, in order."""
    chosen = MatterFact.verification_id.in_(list(verification_ids))
    return list(session.scalars(select(MatterFact).where(chosen).order_by(MatterFact.id)))


@dataclass(frozen=True, slots=True)
class OpenTaskRow:
    """An open task of a matter, as the list and the detail page show it."""

    number: str
    task_id: str
    definition_id: str
    node_id: str
    name: str
    assignee: str | None
    created_at: datetime
    due_at: datetime | None
    service_minutes: int | None
    calendar: str | None
    ended_at: None = None


def open_tasks(session: Session, numbers: Iterable[str]) -> dict[str, list[OpenTaskRow]]:
    """The open tasks of each matter, the most urgent first."""
    task = tables.user_task
    columns = [task.c[name] for name in list(OpenTaskRow.__dataclass_fields__)[2:-1]]
    statement = (
        select(Matter.number, task.c.id, *columns)
        .join(Matter, Matter.instance_id == task.c.instance_id)
        .where(Matter.number.in_(list(numbers)), tables.IS_OPEN)
        .order_by(task.c.due_at.is_(None), task.c.due_at, task.c.created_at, task.c.id)
    )
    found: dict[str, list[OpenTaskRow]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(OpenTaskRow(*row))
    return found


def _children(session: Session, model: Any, number: str) -> list[Any]:
    return list(session.scalars(select(model).where(model.number == number).order_by(model.id)))


def open_of_customer(session: Session, principal: Principal, customer_id: int) -> list[Matter]:
    """The unfinished matters of a customer that this person may see, the newest first."""
    unfinished = Matter.state.not_in([state.value for state in FINISHED])
    statement = select(Matter).where(Matter.customer_id == customer_id, unfinished, sees(principal))
    return list(session.scalars(statement.order_by(Matter.number.desc())))


@dataclass(frozen=True, slots=True)
class LastContact:
    """Where the last contact with a customer stopped: when, how, with whom, how far the matter is, what comes next."""

    number: str
    at: datetime
    channel: str
    by: str
    kind: str
    summary: str
    state: str
    next_step: str


def last_contact(
    session: Session, *, customer_id: int | None = None, phone: str = "", before: str = ""
) -> LastContact | None:
    """The break-point of the last contact of a customer, or of an unknown caller by the telephone number; None for
    somebody who never called. ``before``: only matters with a smaller number than this one. A call about a matter that
    is there already is a contact, too."""
    if customer_id is not None:
        whose = Matter.customer_id == customer_id
    elif phone:
        whose = Matter.caller_phone == phone
    else:
        return None
    later = func.max(MatterSupplement.added_at)
    added = select(MatterSupplement.number, later.label("at")).group_by(MatterSupplement.number).subquery()
    at = func.coalesce(added.c.at, Matter.replied_at, Matter.received_at)
    statement = select(Matter).outerjoin(added, added.c.number == Matter.number).where(whose)
    if before:
        statement = statement.where(Matter.number < before)
    found = session.scalar(statement.order_by(at.desc(), Matter.number.desc()).limit(1))
    return None if found is None else _break_point(session, found)


def _break_point(session: Session, found: Matter) -> LastContact:
    contact = (found.received_at, found.channel, found.registered_by)
    if found.replied_at is not None:
        contact = (found.replied_at, found.reply_channel, found.replied_by or "")
    for row in supplements(session, found.number):
        if row.added_at > contact[0]:
            contact = (row.added_at, row.channel, row.added_by)
    at, channel, by = contact
    summary = found.summary or found.verbatim or ""
    return LastContact(found.number, at, channel, by, found.kind, summary, found.state, found.next_step)


def data_verified_at(session: Session, customer_id: int) -> datetime | None:
    """When what we know of a customer was last known to be true: changed by somebody, or confirmed by the customer in
    a matter."""
    changed = session.scalar(select(Customer.updated_at).where(Customer.id == customer_id))
    confirmed = session.scalar(select(func.max(Matter.data_confirmed_at)).where(Matter.customer_id == customer_id))
    known = [moment for moment in (changed, confirmed) if moment is not None]
    return max(known) if known else None


@dataclass(frozen=True, slots=True)
class Quality:
    """Of the facts an owner had written down and customers were asked about, how many were right."""

    owner: str
    asked: int
    right: int

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.right / self.asked


def quality(session: Session, matters: ColumnElement[bool]) -> list[Quality]:
    """How true the records of each owner were, by owner: the facts that customers were asked about in those matters
    for which the condition on ``Matter`` holds."""
    right = func.sum(case((MatterFact.correct, 1), else_=0))
    statement = (
        select(MatterFact.owner, func.count(), right)
        .join(MatterVerification, MatterVerification.id == MatterFact.verification_id)
        .join(Matter, Matter.number == MatterVerification.number)
        .where(matters)
        .group_by(MatterFact.owner)
    )
    rows = session.execute(statement.order_by(MatterFact.owner))
    return [Quality(owner, asked, int(found or 0)) for owner, asked, found in rows]


def customer_name(session: Session, customer_id: int | None) -> str:
    """The customer's name, or an empty text while the customer is unknown."""
    if customer_id is None:
        return ""
    return session.scalar(select(Customer.name).where(Customer.id == customer_id)) or ""
