"""What the service tasks of the lead process do. Each may run more than once for the same call."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

import engine
from app import notifications
from app.accounts import queries as accounts
from app.leads import letters, queries
from app.leads.models import Lead, LeadHorizon, LeadState, MaterialKind
from app.leads.service import closing, materials, ownership, territory
from engine import ServiceCall

HIGHEST = "cco"
"""The group that hears when nobody supervises."""
Handler = Callable[[Session, ServiceCall], Mapping[str, Any] | None]


def topics(base_url: str) -> Mapping[str, Handler]:
    """Every topic of processes/lead_followup.bpmn. ``base_url``: what links in letters begin with."""
    return {
        "lead.note_horizon": note_horizon,
        "lead.return_to_pool": return_to_pool,
        "lead.warn_manager": warn_manager,
        "lead.send_detailed_material": partial(_send_material, MaterialKind.DETAILED, base_url),
        "lead.send_general_material": partial(_send_material, MaterialKind.GENERAL, base_url),
        "lead.win": win,
        "lead.lose": lose,
        "lead.close": close,
    }


def note_horizon(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Keep which horizon the lead is in; entering it again while it is in it adds nothing."""
    lead = _lead(session, call)
    horizon, day = str(call.variables["horizon"]), date.fromisoformat(str(call.variables["purchase_date"]))
    current = queries.current_horizon(session, lead.number)
    lead.purchase_date = day
    if current is not None and current.horizon == horizon:
        return None
    if current is not None:
        current.left_at = call.at
    session.add(
        LeadHorizon(
            number=lead.number,
            horizon=horizon,
            entered_at=call.at,
            reason=_reason(current, day),
            days_to_purchase=int(call.variables["days_to_purchase"]),
            purchase_date=day,
        )
    )
    lead.horizon = horizon
    session.flush()
    return None


def _reason(previous: LeadHorizon | None, day: date) -> str:
    if previous is None:
        return "qualified"
    return "boundary" if previous.purchase_date == day else "changed"


def return_to_pool(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Nobody was in touch for too long: the lead goes to the pool of its centre, its owner is told."""
    lead = _lead(session, call)
    if lead.state == LeadState.OPEN.value:
        owner = lead.owner
        lead.department_key = lead.department_key or territory.centre_of(session, lead)
        ownership.give(session, lead, None, actor="system", reason="untouched", at=call.at)
        if owner is not None:
            _tell(session, [owner], letters.POOLED, lead, f"lead.pooled:{call.task_id}")
    return ownership.variables(lead)


def warn_manager(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """The task is there for the hours of lead_timing.dmn: unless somebody opened it, the manager hears of it, once."""
    lead = _lead(session, call)
    task_id = queries.open_task_at(session, call.instance_id, "contact_now")
    if task_id is None:
        return None
    holder = engine.queries.task(session, task_id).assignee  # the owner, or who stands in
    if queries.seen_by(session, task_id, holder or lead.owner):
        return None
    _tell(session, _managers(session, lead), letters.UNREAD, lead, f"lead.unread:{task_id}")
    return None


def _managers(session: Session, lead: Lead) -> list[str]:
    supervisor = accounts.supervisor_of(session, lead.owner) if lead.owner else None
    if supervisor is not None:
        return [supervisor]
    leads = accounts.users_in_groups(session, [f"{lead.department_key}_lead"])
    return list(leads or accounts.users_in_groups(session, [HIGHEST]))


def _send_material(kind: MaterialKind, base_url: str, session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Send the pack of this horizon once, and tell the salesperson that it is there to talk about."""
    lead = _lead(session, call)
    token = secrets.token_urlsafe(24)
    sent = materials.send(session, lead, kind, at=call.at, base_url=base_url, token=token)
    if sent is not None and lead.owner is not None:
        _tell(session, [lead.owner], letters.MATERIAL, lead, f"lead.material:{sent.horizon_id}")
    return None


def win(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """A deal."""
    closing.win(session, _lead(session, call), call.at)
    return None


def lose(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """A loss."""
    closing.lose(session, _lead(session, call), call.at)
    return None


def close(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """No prospect."""
    closing.close(session, _lead(session, call), call.at)
    return None


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: a lead that another process opened learns its instance; cancelling a process closes its lead."""
    if event.process_key != queries.PROCESS_KEY or event.business_key is None:
        return
    if isinstance(event, engine.InstanceStarted):
        lead = session.get(Lead, event.business_key)
        if lead is not None and lead.instance_id is None:
            lead.instance_id = event.instance_id
            session.flush()
    elif isinstance(event, engine.InstanceEnded) and event.state == engine.InstanceState.CANCELLED:
        lead = session.get(Lead, event.business_key)
        if lead is not None:
            closing.cancel(session, lead, event.at, actor=event.actor, reason=event.reason or "")


def _lead(session: Session, call: ServiceCall) -> Lead:
    lead = session.get(Lead, call.business_key, with_for_update=True)
    if lead is None:
        raise LookupError(f"no lead {call.business_key}")
    return lead


def _tell(session: Session, people: list[str], template: str, lead: Lead, key: str) -> None:
    owner = accounts.display_names(session, [lead.owner]).get(lead.owner, "") if lead.owner else ""
    facts = {"business_key": lead.number, "company": lead.company, "owner": owner or str(lead.department_key or "")}
    notifications.notify(session, people, template, facts, link=f"/leads/{lead.number}", dedupe_key=key)
