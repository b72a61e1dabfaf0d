"""Complaints as rows: who may see which, and everything recorded about one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, false, func, or_, select, true, union_all
from sqlalchemy.orm import Session, aliased

from app.complaints.models import (
    CauseCode,
    Complaint,
    ComplaintAction,
    ComplaintAppeal,
    ComplaintDepartment,
    ComplaintPause,
    ComplaintPenalty,
    ComplaintStep,
    ComplaintSupplement,
    ComplaintVisit,
    DepartmentRole,
    Remedy,
)
from app.customers.models import Customer
from app.security import Principal, scope
from engine import tables

PROCESS_KEY = "complaint"
SEARCH_KIND = "complaint"


def visible(principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
    """Numbers of the complaints this person may see, as :func:`sees` says, for other tables. ``one_by_one``: to be
    asked of complaints that are known, without a list of all (ix_complaint_department_number_from_at)."""
    own: ColumnElement[bool] = false()
    if by_tasks:
        own = Complaint.number.in_(scope.business_keys_of_own_tasks(principal, PROCESS_KEY))
    return select(Complaint.number).where(_sees(principal, own, one_by_one=one_by_one))


def sees(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``Complaint``: this person may see it. All for the CCO; those a department of the own subtree is or
    was in; those with a task that is, was or may become the person's; those the person registered or was penalised for;
    for human resources those with a penalty decision.

    Uses ix_complaint_department_department_key_number. Who has many tasks is asked about complaint by complaint, so
    that a page needs no list of them all.
    """
    own: ColumnElement[bool]
    if principal.few_offers:
        own = Complaint.number.in_(scope.business_keys_of_own_tasks(principal, PROCESS_KEY))
    else:
        own = scope.own_task_exists(principal, PROCESS_KEY, Complaint.number)
    return _sees(principal, own)


def counted(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``Complaint``: figures count it for this person: what the person sees; of somebody with many tasks
    without what is seen for a task alone, which would have to be asked for complaint by complaint."""
    if principal.sees_all("complaint.view_all"):
        return true()
    # No index fits a computed column: SQLite goes along the days of the figure.
    return (Complaint.number + "").in_(counted_numbers(principal))


def counted_numbers(principal: Principal) -> CompoundSelect[str]:
    """The numbers of these complaints, some of them twice, for who does not see all."""
    found = _seen_apart_from_tasks(principal)
    if principal.few_offers:
        found.append(scope.business_keys_of_own_tasks(principal, PROCESS_KEY))
    return union_all(*found)


def _seen_apart_from_tasks(principal: Principal) -> list[Select[Any]]:
    """Numbers by each reason there is to see a complaint, for who does not see all."""
    row = ComplaintDepartment
    found = [select(ComplaintPenalty.number).where(_penalised(principal))]
    if principal.has("case.view_subtree"):
        found.append(select(row.number).where(row.department_key.in_(scope.departments_in_subtree(principal))))
    if principal.has("complaint.register"):
        mine = aliased(Complaint)
        found.append(select(mine.number).where(mine.registered_by == principal.login))
    return found


def _sees(principal: Principal, own: ColumnElement[bool], *, one_by_one: bool = False) -> ColumnElement[bool]:
    if principal.sees_all("complaint.view_all"):
        return true()
    if not one_by_one:
        return or_(own, *(Complaint.number.in_(numbers) for numbers in _seen_apart_from_tasks(principal)))
    conditions = [own, Complaint.number.in_(select(ComplaintPenalty.number).where(_penalised(principal)))]
    if principal.has("case.view_subtree"):
        # No index fits a computed column: SQLite looks at the few departments of the complaint.
        inside = (ComplaintDepartment.department_key + "").in_(scope.departments_in_subtree(principal))
        conditions.append(exists().where(ComplaintDepartment.number == Complaint.number, inside))
    if principal.has("complaint.register"):
        conditions.append(Complaint.registered_by == principal.login)
    return or_(*conditions)


def _penalised(principal: Principal) -> ColumnElement[bool]:
    return true() if sees_penalties(principal) else ComplaintPenalty.employee == principal.login


def sees_penalties(principal: Principal) -> bool:
    """Penalties are for human resources and the CCO only."""
    return principal.has("penalty.view")


def complaint(session: Session, number: str) -> Complaint | None:
    """The complaint of that number, whoever asks."""
    return session.get(Complaint, number)


def visible_complaint(session: Session, principal: Principal, number: str) -> Complaint | None:
    """The complaint of that number if this person may see it."""
    statement = select(Complaint).where(Complaint.number == number, sees(principal))
    return session.scalar(statement)


def by_reference(session: Session, source: str, reference: str) -> Complaint | None:
    """The complaint that came in from ``source`` under the customer's own ``reference``."""
    statement = select(Complaint).where(Complaint.source == source, Complaint.customer_reference == reference)
    return session.scalar(statement)


@dataclass(frozen=True, slots=True)
class OpenTaskRow:
    """An open task of a complaint, as the list and the detail page show it."""

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
    """The open tasks of each complaint, the most urgent first (index ix_user_task_business_key or instance)."""
    task = tables.user_task
    statement = (
        select(
            task.c.business_key,
            task.c.id,
            task.c.definition_id,
            task.c.node_id,
            task.c.name,
            task.c.assignee,
            task.c.created_at,
            task.c.due_at,
            task.c.service_minutes,
            task.c.calendar,
        )
        .join(Complaint, Complaint.instance_id == task.c.instance_id)
        .where(Complaint.number.in_(list(numbers)), tables.IS_OPEN)
        .order_by(task.c.due_at.is_(None), task.c.due_at, task.c.created_at, task.c.id)
    )
    found: dict[str, list[OpenTaskRow]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(OpenTaskRow(*row))
    return found


def steps(session: Session, number: str) -> list[ComplaintStep]:
    """Completed steps in order (index number, id)."""
    return _children(session, ComplaintStep, number)


def departments(session: Session, number: str) -> list[ComplaintDepartment]:
    """Which department was in the case when, in order."""
    statement = select(ComplaintDepartment).where(ComplaintDepartment.number == number)
    return list(session.scalars(statement.order_by(ComplaintDepartment.from_at, ComplaintDepartment.id)))


def actions(session: Session, number: str, *, round_no: int | None = None) -> list[ComplaintAction]:
    """Actions of the solution, those of one round or all, without replaced ones."""
    rows = _children(session, ComplaintAction, number)
    return [row for row in rows if row.state != "replaced" and round_no in (None, row.round)]


def action(session: Session, action_id: int) -> ComplaintAction | None:
    """One action."""
    return session.get(ComplaintAction, action_id)


def penalties(session: Session, number: str) -> list[ComplaintPenalty]:
    """Penalty decisions, one per round. Confidential: ask :func:`sees_penalties` first."""
    return _children(session, ComplaintPenalty, number)


def appeals(session: Session, number: str) -> list[ComplaintAppeal]:
    """Appeals against penalties. Confidential."""
    return _children(session, ComplaintAppeal, number)


def visits(session: Session, number: str) -> list[ComplaintVisit]:
    """Return visits in order."""
    return _children(session, ComplaintVisit, number)


def supplements(session: Session, number: str) -> list[ComplaintSupplement]:
    """What came in after the complaint was recorded, in order."""
    return _children(session, ComplaintSupplement, number)


def pauses(session: Session, number: str) -> list[ComplaintPause]:
    """When the clock stood still, in order."""
    return _children(session, ComplaintPause, number)


def _children(session: Session, model: Any, number: str) -> list[Any]:
    return list(session.scalars(select(model).where(model.number == number).order_by(model.id)))


def customer_name(session: Session, customer_id: int | None) -> str:
    """The customer's name, or an empty text while the customer is unknown."""
    if customer_id is None:
        return ""
    return session.scalar(select(Customer.name).where(Customer.id == customer_id)) or ""


def cause_codes(session: Session) -> list[CauseCode]:
    """The tree of causes; parents come before their children's group."""
    return list(session.scalars(select(CauseCode).where(CauseCode.active).order_by(CauseCode.position, CauseCode.code)))


def remedies(session: Session) -> list[Remedy]:
    """What the company may offer."""
    return list(session.scalars(select(Remedy).where(Remedy.active).order_by(Remedy.position, Remedy.code)))


def compensations_of_like_cases(session: Session, sub_code: str, without: str) -> list[Decimal]:
    """Compensations approved in closed cases of the same kind, ascending (index sub_code, number)."""
    statement = (
        select(Complaint.approved_compensation)
        .where(
            Complaint.sub_code == sub_code,
            Complaint.number != without,
            Complaint.archived_at.is_not(None),
            Complaint.approved_compensation.is_not(None),
        )
        .order_by(Complaint.approved_compensation)
    )
    return [amount for amount in session.scalars(statement) if amount is not None]


def satisfaction_by_remedies(session: Session, sub_code: str) -> list[tuple[list[str], int]]:
    """Remedies and satisfaction of every closed case of the same kind that has both."""
    statement = select(Complaint.remedies, Complaint.satisfaction).where(
        Complaint.sub_code == sub_code, Complaint.archived_at.is_not(None), Complaint.satisfaction.is_not(None)
    )
    return [(list(chosen or ()), grade) for chosen, grade in session.execute(statement) if chosen and grade]


def count_of_customer(session: Session, principal: Principal, customer_id: int) -> int:
    """How many complaints of a customer this person may see."""
    statement = select(func.count()).where(Complaint.customer_id == customer_id, sees(principal))
    return int(session.scalar(statement) or 0)


def intake_department(session: Session, number: str) -> str | None:
    """The department that took the complaint in."""
    statement = select(ComplaintDepartment.department_key).where(
        ComplaintDepartment.number == number, ComplaintDepartment.role == DepartmentRole.INTAKE.value
    )
    return session.scalar(statement.order_by(ComplaintDepartment.id).limit(1))
