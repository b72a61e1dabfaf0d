"""Leads as rows: who may see which, and everything recorded about one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, exists, false, func, or_, select, table, true
from sqlalchemy.orm import Session

from app.customers.models import Product
from app.leads.models import RUNNING, UNFINISHED, FollowUp, Lead, LeadHorizon, LeadMaterial, LeadOwner, LeadState
from app.security import Principal, scope
from engine import tables

PROCESS_KEY = "lead_followup"
SEARCH_KIND = PROCESS_KEY
DUPLICATES_SHOWN = 10


def visible(principal: Principal, *, by_tasks: bool = True) -> Select[str]:
    """Numbers of the leads this person may see, as :func:`sees` says, for other tables."""
    return select(Lead.number).where(sees(principal, by_tasks=by_tasks))


def sees(principal: Principal, *, by_tasks: bool = True) -> ColumnElement[bool]:
    """Condition on ``Lead``: this person may see it. All with ``lead.view_all``; the own ones; those of people and
    centres of the own department and below; those in the pool of the own centre; those the person captured or has, or
    had, a task in.

    Uses ix_lead_owner_state_number, ix_lead_department_key_state_number.
    """
    if principal.sees_all("lead.view_all"):
        return true()
    conditions = [Lead.owner == principal.login]
    if by_tasks:
        conditions.append(Lead.number.in_(scope.business_keys_of_own_tasks(principal, PROCESS_KEY)))
    if principal.has("case.view_subtree"):
        conditions.append(Lead.owner.in_(scope.people_in_subtree(principal)))
        conditions.append(Lead.department_key.in_(scope.departments_in_subtree(principal)))
    if principal.has("lead.claim"):
        conditions.append(in_pool_of(principal))
    if principal.has("lead.capture"):
        conditions.append(Lead.captured_by == principal.login)
    return or_(*conditions)


def counted(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``Lead``: figures count it for this person: what the person sees; of somebody with many tasks
    without what is seen for a task alone."""
    return sees(principal, by_tasks=principal.few_offers)


def in_pool_of(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``Lead``: it waits in the pool of a centre whose group this person is in."""
    return and_(Lead.state == LeadState.POOL.value, Lead.department_key.in_(sorted(principal.groups)))


def lead(session: Session, number: str) -> Lead | None:
    """The lead of that number, whoever asks."""
    return session.get(Lead, number)


def visible_lead(session: Session, principal: Principal, number: str) -> Lead | None:
    """The lead of that number if this person may see it."""
    return session.scalar(select(Lead).where(Lead.number == number, sees(principal)))


def by_reference(session: Session, source: str, reference: str) -> Lead | None:
    """The lead that came in from ``source`` under the other side's ``reference``."""
    return session.scalar(select(Lead).where(Lead.source == source, Lead.source_reference == reference))


def owners(session: Session, number: str) -> list[LeadOwner]:
    """Who had the lead when, the pool included, in order: without gaps from qualification to the end."""
    statement = select(LeadOwner).where(LeadOwner.number == number)
    return list(session.scalars(statement.order_by(LeadOwner.from_at, LeadOwner.id)))


def horizons(session: Session, number: str) -> list[LeadHorizon]:
    """Which horizon the lead was in when, in order."""
    statement = select(LeadHorizon).where(LeadHorizon.number == number)
    return list(session.scalars(statement.order_by(LeadHorizon.entered_at, LeadHorizon.id)))


def current_horizon(session: Session, number: str) -> LeadHorizon | None:
    """The horizon the lead is in now."""
    statement = select(LeadHorizon).where(LeadHorizon.number == number, LeadHorizon.left_at.is_(None))
    return session.scalar(statement.order_by(LeadHorizon.id.desc()).limit(1))


def follow_ups(session: Session, number: str) -> list[FollowUp]:
    """The follow-up records, the oldest first (index number, id)."""
    return list(session.scalars(select(FollowUp).where(FollowUp.number == number).order_by(FollowUp.id)))


def last_follow_up(session: Session, number: str) -> FollowUp | None:
    """The latest follow-up record."""
    return session.scalar(select(FollowUp).where(FollowUp.number == number).order_by(FollowUp.id.desc()).limit(1))


def materials(session: Session, number: str) -> list[LeadMaterial]:
    """The packs that were sent, the oldest first (index number, id)."""
    return list(session.scalars(select(LeadMaterial).where(LeadMaterial.number == number).order_by(LeadMaterial.id)))


def material_by_token(session: Session, token: str) -> LeadMaterial | None:
    """The pack whose link ends with ``token``."""
    return session.scalar(select(LeadMaterial).where(LeadMaterial.token == token))


@dataclass(frozen=True, slots=True)
class LikeLead:
    """A lead that may be the same: ``by_phone`` when the telephone number is, else the company's name is."""

    number: str
    company: str
    contact_name: str
    phone: str
    owner: str | None
    state: str
    purchase_date: date | None
    captured_at: datetime
    by_phone: bool


def duplicates(session: Session, *, company_key: str, phone_key: str, without: str = "") -> list[LikeLead]:
    """Unfinished leads with the same folded company name or the same telephone number, the oldest first; at most ten
    (indexes company_key, phone_key)."""
    same = []
    if company_key:
        same.append(Lead.company_key == company_key)
    if phone_key:
        same.append(Lead.phone_key == phone_key)
    if not same:
        return []
    columns = [getattr(Lead, name) for name in LikeLead.__dataclass_fields__ if name != "by_phone"]
    statement = (
        select(*columns, and_(Lead.phone_key == phone_key, Lead.phone_key != ""))
        .where(or_(*same), Lead.number != without, Lead.state.in_(UNFINISHED))
        .order_by(Lead.number)
        .limit(DUPLICATES_SHOWN)
    )
    rows = session.execute(statement)
    return [LikeLead(**dict(zip(LikeLead.__dataclass_fields__, row, strict=True))) for row in rows]


def owned(session: Session, login: str) -> int:
    """How many running leads this person owns (index owner, state, number)."""
    statement = select(func.count()).where(Lead.owner == login, Lead.state == LeadState.OPEN.value)
    return int(session.scalar(statement) or 0)


def next_of(session: Session, number: str) -> list[Lead]:
    """The leads that offer the next product after this one was won."""
    return list(session.scalars(select(Lead).where(Lead.next_of == number).order_by(Lead.number)))


def running_for_customer(session: Session, customer_id: int | None, product_code: str) -> bool:
    """Whether a lead of this customer for this product is unfinished (index customer_id, number)."""
    statement = select(Lead.number).where(
        Lead.customer_id == customer_id, Lead.product_code == product_code, Lead.state.in_(UNFINISHED)
    )
    return session.scalar(statement.limit(1)) is not None


def product_by_code(session: Session, code: str | None) -> Product | None:
    """The product of that code, whether still sold or not."""
    return session.scalar(select(Product).where(Product.code == code)) if code else None


@dataclass(frozen=True, slots=True)
class OpenTaskRow:
    """An open task of a lead, as the list and the detail page show it."""

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
    """The open tasks of each lead, the most urgent first."""
    task = tables.user_task
    columns: list[Any] = [task.c.business_key, task.c.id]
    columns += [task.c[name] for name in ("definition_id", "node_id", "name", "assignee", "created_at", "due_at")]
    columns += [task.c.service_minutes, task.c.calendar]
    statement = (
        select(*columns)
        .join(Lead, Lead.instance_id == task.c.instance_id)
        .where(Lead.number.in_(list(numbers)), tables.IS_OPEN)
        .order_by(task.c.due_at.is_(None), task.c.due_at, task.c.created_at, task.c.id)
    )
    found: dict[str, list[OpenTaskRow]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(OpenTaskRow(*row))
    return found


def people_with_leads(session: Session, principal: Principal) -> list[str]:
    """Logins of everybody with leads of their own, as far as this person may see them (index owner, state, number)."""
    user = table("user_account", column("login"))
    statement = select(user.c.login).where(exists().where(Lead.owner == user.c.login))
    if not principal.sees_all("lead.view_all"):
        own = user.c.login == principal.login
        below = user.c.login.in_(scope.people_in_subtree(principal)) if principal.has("case.view_subtree") else false()
        statement = statement.where(or_(own, below))
    return list(session.scalars(statement.order_by(user.c.login)))


def running_by_horizon(session: Session, principal: Principal) -> dict[str, int]:
    """How many visible leads are being followed up or wait in the pool, by horizon (index state, horizon, number)."""
    statement = select(Lead.horizon, func.count()).where(Lead.state.in_(RUNNING), sees(principal))
    return {str(horizon): int(count) for horizon, count in session.execute(statement.group_by(Lead.horizon))}


def last_contacts(session: Session, numbers: Iterable[str]) -> dict[str, FollowUp]:
    """The latest follow-up record of each lead (index number, id)."""
    latest = select(func.max(FollowUp.id)).where(FollowUp.number.in_(list(numbers))).group_by(FollowUp.number)
    return {row.number: row for row in session.scalars(select(FollowUp).where(FollowUp.id.in_(latest)))}


def previous_owners(session: Session, numbers: Iterable[str]) -> dict[str, list[LeadOwner]]:
    """Who had each lead when, the pool included, in order (index number, from_at)."""
    statement = select(LeadOwner).where(LeadOwner.number.in_(list(numbers)))
    found: dict[str, list[LeadOwner]] = {}
    for row in session.scalars(statement.order_by(LeadOwner.from_at, LeadOwner.id)):
        found.setdefault(row.number, []).append(row)
    return found


def visible_next_of(session: Session, principal: Principal, number: str) -> list[Lead]:
    """The leads that offer the next product after this one was won, as far as this person may see them."""
    statement = select(Lead).where(Lead.next_of == number, sees(principal))
    return list(session.scalars(statement.order_by(Lead.number)))


def visible_alike(session: Session, principal: Principal, one: Lead) -> list[LikeLead]:
    """Other unfinished leads of the same company or telephone number that this person may see."""
    found = duplicates(session, company_key=one.company_key, phone_key=one.phone_key, without=one.number)
    seen = seen_of(session, principal, [row.number for row in found])
    return [row for row in found if row.number in seen]


_seen = table("task_seen", column("task_id"), column("login"))
"""Named by its columns only: the inbox, which keeps it, stands above the slices."""


def seen_by(session: Session, task_id: str, login: str | None) -> bool:
    """Whether this person (None: anybody) has opened the page of the task."""
    statement = select(_seen.c.task_id).where(_seen.c.task_id == task_id)
    if login is not None:
        statement = statement.where(_seen.c.login == login)
    return session.scalar(statement.limit(1)) is not None


def open_task_at(session: Session, instance_id: str, node_id: str) -> str | None:
    """The open task of an instance at a node."""
    task = tables.user_task
    statement = select(task.c.id).where(task.c.instance_id == instance_id, task.c.node_id == node_id)
    return session.scalar(statement.where(tables.IS_OPEN).order_by(task.c.id).limit(1))


def seen_of(session: Session, principal: Principal, numbers: Iterable[str]) -> frozenset[str]:
    """Those of these leads that this person may see."""
    some = list(numbers)
    return frozenset(session.scalars(visible(principal).where(Lead.number.in_(some)))) if some else frozenset()


def visible_materials(session: Session, principal: Principal, limit: int) -> list[tuple[LeadMaterial, str]]:
    """The packs sent last to leads this person may see, each with the company's name (primary key)."""
    statement = select(LeadMaterial, Lead.company).join(Lead, Lead.number == LeadMaterial.number)
    found = session.execute(statement.where(sees(principal)).order_by(LeadMaterial.id.desc()).limit(limit))
    return [(row[0], row[1]) for row in found]


def sources(session: Session) -> list[str]:
    """Every source leads came from (unique index source, source_reference)."""
    return list(session.scalars(select(Lead.source).distinct().order_by(Lead.source)))
