"""Following a lead up: what a task or a record between tasks says, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.errors import NotAllowedHere
from app.leads import queries
from app.leads.models import RUNNING, FollowUp, Lead, LeadState
from app.leads.service import intake, ownership
from app.leads.service.steps import Step, money, refuse, today
from app.security import Principal
from engine import tables

FURTHEST = timedelta(days=3650)
"""Nobody plans a purchase more than ten years ahead."""
CHANNELS = ("phone", "email", "visit", "web", "fax", "other")
LOST_REASONS = ("price", "rival", "function", "no_budget", "cancelled", "no_contact", "other")
LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What was said how, for a record between tasks. ``purchase_date``: the new expected date, if it changed."""

    channel: str
    text: str
    next_step: str | None = None
    next_at: datetime | None = None
    purchase_date: date | None = None


def complete(session: Session, lead: Lead, step: Step) -> dict[str, Any]:
    """A task of a horizon is completed: the contact is kept, and what came of it. A lead of the pool is then the one's
    who worked on it, within the quota."""
    changed: dict[str, Any] = {}
    if lead.state == LeadState.POOL.value:
        if step.outcome not in ("won", "lost"):
            ownership.require_quota(session, step.principal)
        ownership.give(session, lead, step.actor, actor=step.actor, reason="worked", at=step.at)
        changed = ownership.variables(lead)
    day = step.values.get("purchase_date") if step.outcome in ("later", "advance") else None
    _keep(session, lead, step, day)
    if day is not None:
        check_date(session, lead, day, earlier=step.outcome == "advance")
        lead.purchase_date = day
    note_result(session, lead, step.outcome, step.values)
    lead.last_touch_at = step.at
    return changed


def _keep(session: Session, lead: Lead, step: Step, day: date | None) -> None:
    session.add(
        FollowUp(
            number=lead.number,
            at=step.at,
            actor=step.actor,
            channel=step.text("channel"),
            text=step.text("text"),
            next_step=step.text("next_step"),
            purchase_date=day,
            horizon=lead.horizon,
            outcome=step.outcome,
            task_id=step.task_id,
            node_id=step.node_id,
        )
    )
    session.flush()


def note_result(session: Session, lead: Lead, outcome: str, values: Mapping[str, Any]) -> None:
    """Keep what a deal or a loss needs; the process ends the lead. Raises ``FieldErrors``."""
    if outcome == "won":
        amount = money(values.get("amount"))
        if amount is None or amount < 0:
            raise refuse("amount", _l("This field is required."))
        lead.deal_amount = amount
        lead.deal_product_code = intake.product_code(session, values.get("product_id")) or lead.product_code
    elif outcome == "lost":
        reason = str(values.get("lost_reason") or "")
        if reason not in LOST_REASONS:
            raise refuse("lost_reason", _l("Choose one of the values."))
        lead.lost_reason = reason
        lead.rival = str(values.get("rival") or "").strip()[:100]


def check_date(session: Session, lead: Lead, day: date, *, earlier: bool = False) -> None:
    """Raise ``FieldErrors`` unless ``day`` can be the next expected date: :func:`check_day`, and before the one known
    so far when the purchase is brought forward."""
    check_day(session, day)
    if earlier and lead.purchase_date is not None and day >= lead.purchase_date:
        raise refuse("purchase_date", _l("This is not earlier than the date expected so far."))


def check_day(session: Session, day: date) -> None:
    """Raise ``FieldErrors`` unless somebody may buy on ``day``: not past, and not in more than ten years."""
    now = today(session)
    if day < now:
        raise refuse("purchase_date", _l("This day is past."))
    if day > now + FURTHEST:
        raise refuse("purchase_date", _l("This day is too far away."))


def add_record(session: Session, principal: Principal, number: str, contact: Contact) -> FollowUp:
    """A contact between tasks is kept and touches the lead: it does not go to the pool for a while. A sleeping lead is
    woken by ``lead_changed``; an open task stays with who has it, unless the date changed.

    Raises ``NotVisible``, ``NotAllowedHere``, ``FieldErrors``.
    """
    lead = ownership.locked(session, principal, number)
    if not may_follow_up(session, principal, lead):
        raise NotAllowedHere("lead.claim")
    _check_contact(session, lead, contact)
    at = engine.now(session)
    row = FollowUp(
        number=number,
        at=at,
        actor=principal.login,
        channel=contact.channel,
        text=contact.text.strip(),
        next_step=(contact.next_step or "").strip(),
        next_at=contact.next_at,
        purchase_date=contact.purchase_date,
        horizon=lead.horizon,
    )
    session.add(row)
    lead.last_touch_at = at
    moved = contact.purchase_date is not None and contact.purchase_date != lead.purchase_date
    if moved:
        lead.purchase_date = contact.purchase_date
    session.flush()
    _pass_on(session, lead, principal, moved=moved)
    return row


def may_follow_up(session: Session, principal: Principal, lead: Lead) -> bool:
    """Whether this person may say what the prospect said: owner, supervisors, call centre, who could claim it."""
    if lead.state not in RUNNING:
        return False
    if lead.owner == principal.login or principal.has("lead.capture") or principal.has("lead.view_all"):
        return True
    if lead.state == LeadState.POOL.value and principal.has("lead.claim"):
        return lead.department_key in principal.groups
    return ownership.may_reassign(session, principal, lead)


def _check_contact(session: Session, lead: Lead, contact: Contact) -> None:
    if lead.state not in RUNNING:
        raise refuse("", _l("This lead is not being followed up."))
    if contact.channel not in CHANNELS:
        raise refuse("channel", _l("Choose one of the values."))
    if not contact.text.strip():
        raise refuse("text", _l("This field is required."))
    if len(contact.text.strip()) > LONGEST_TEXT:
        raise refuse("text", _l("No more than %(count)s characters are possible.", count=LONGEST_TEXT))
    if len((contact.next_step or "").strip()) > 300:
        raise refuse("next_step", _l("No more than %(count)s characters are possible.", count=300))
    if contact.purchase_date is not None:
        check_date(session, lead, contact.purchase_date)


def _pass_on(session: Session, lead: Lead, principal: Principal, *, moved: bool) -> None:
    """A new date replans the lead. Without one, an open task stays and only the day of the last touch is noted."""
    if moved:
        changed = {"outcome": "later", "purchase_date": str(lead.purchase_date)}
    elif _has_open_task(session, lead):
        variables = {"touched_on": str(today(session))}
        command = engine.SetVariables(instance_id=str(lead.instance_id), variables=variables, actor=principal.login)
        engine.execute(session, command)
        return
    else:
        changed = {"outcome": "no_change"}
    ownership.tell_process(session, lead, changed, actor=principal.login)


def _has_open_task(session: Session, lead: Lead) -> bool:
    task = tables.user_task
    open_ones = select(task.c.id).where(task.c.instance_id == lead.instance_id, task.c.state.in_(engine.OPEN_TASKS))
    return session.scalar(open_ones.limit(1)) is not None


def history(session: Session, lead: Lead) -> str:
    """Where the last contact stopped, for the form of the next task."""
    last = queries.last_follow_up(session, lead.number)
    if last is None:
        return lead.note
    lines = (f"{today(session, last.at)} · {last.text}", f"→ {last.next_step}" if last.next_step else "")
    return "\n".join(filter(None, lines))
