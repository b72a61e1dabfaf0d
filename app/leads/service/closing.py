"""How a lead ends: a deal makes a customer and the next lead, a loss keeps its reason, no prospect is closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.customers import service as customers
from app.customers.models import Customer, Product
from app.leads import queries
from app.leads.models import UNFINISHED, Lead, LeadState
from app.leads.service import intake, ownership
from app.leads.service.steps import months_between, move, today

SOURCE = "won"
"""The source of a lead that offers the next product."""
OWNS = ("cad", "capp", "bom", "pdm", "oa")
"""Our own products as the form `qualify` names them."""


def win(session: Session, lead: Lead, at: datetime) -> None:
    """The deal: months advanced, a customer, and a lead for the next product. Doing it again changes nothing."""
    if lead.state == LeadState.WON.value:
        return
    _end(session, lead, LeadState.WON, at)
    lead.won_at = at
    if lead.initial_purchase_date is not None:
        lead.months_advanced = months_between(today(session, at), lead.initial_purchase_date)
    lead.deal_product_code = lead.deal_product_code or lead.product_code
    customer = _customer(session, lead)
    lead.customer_id = customer.id
    session.flush()
    _next_lead(session, lead)


def lose(session: Session, lead: Lead, at: datetime) -> None:
    """The loss. Doing it again changes nothing."""
    if lead.state != LeadState.LOST.value:
        _end(session, lead, LeadState.LOST, at)
        lead.lost_at = at


def close(session: Session, lead: Lead, at: datetime) -> None:
    """No prospect. Doing it again changes nothing."""
    if lead.state != LeadState.CLOSED.value:
        _end(session, lead, LeadState.CLOSED, at)


def cancel(session: Session, lead: Lead, at: datetime, *, actor: str, reason: str) -> None:
    """An operator ended the process: the lead is closed with who did it and why, never lost."""
    if lead.state in UNFINISHED:
        lead.close_reason = f"{actor}: {reason}" if reason else actor
        close(session, lead, at)


def _end(session: Session, lead: Lead, state: LeadState, at: datetime) -> None:
    move(lead, state)
    lead.closed_at = at
    last = queries.last_follow_up(session, lead.number)
    lead.closed_by = last.actor if last else lead.qualified_by
    horizon = queries.current_horizon(session, lead.number)
    if horizon is not None:
        horizon.left_at = at
    ownership.end(session, lead.number, at)


def _customer(session: Session, lead: Lead) -> Customer:
    """The customer of that name, added when unknown, with everybody the lead names as contacts."""
    actor = lead.owner or lead.captured_by
    name = lead.company or lead.contact_name
    customer = customers.by_name(session, name)
    if customer is None:
        department = accounts.department_of(session, lead.owner) if lead.owner else lead.department_key
        facts = {"name": name, "region": lead.region, "industry": lead.industry, "department_key": department}
        customer = customers.create(session, actor, facts | {"phone": lead.phone}, source="lead")
    people = [{"name": lead.contact_name, "phone": lead.phone, "email": lead.email}, *lead.contacts]
    for person in people:
        if str(person.get("name") or "").strip():
            customers.find_or_create_contact(session, customer, person)
    return customer


def _next_lead(session: Session, lead: Lead) -> None:
    """Offer what customers of this product usually buy next (CAD → CAPP → PDM), unless it is on its way already."""
    sold = queries.product_by_code(session, lead.deal_product_code)
    following = queries.product_by_code(session, sold.next_code) if sold else None
    if following is None or not following.active or queries.next_of(session, lead.number):
        return
    if queries.running_for_customer(session, lead.customer_id, following.code):
        return
    offer(session, lead, following)


def offer(session: Session, won: Lead, product: Product) -> Lead:
    """A lead for ``product`` that waits to be qualified, with everything known of the customer."""
    owns = sorted({*won.owns, str(won.deal_product_code or "").lower()} & {*OWNS, *won.owns})
    values: dict[str, Any] = {
        name: getattr(won, name) for name in ("company", "contact_name", "phone", "email", "region")
    }
    values |= {"owns": owns, "contacts": won.contacts, "target_account": won.target_account}
    values |= {"product_id": str(product.id), "owner": won.owner, "next_of": won.number}
    values["department"] = won.department_key  # its centre goes on with the customer
    lead = intake.create(session, won.owner or won.captured_by, source=SOURCE)
    intake.keep_given(session, lead, values)
    begin(session, lead, actor="system")
    return lead


def begin(session: Session, lead: Lead, *, actor: str) -> str:
    """Start the process of a captured lead; it waits at `qualify`. Returns the instance's id."""
    command = engine.StartProcess(
        process_key=queries.PROCESS_KEY,
        business_key=lead.number,
        title=intake.title(lead),
        variables=start_variables(lead),
        actor=actor,
    )
    result = engine.execute(session, command)
    lead.instance_id = result.instance_id
    session.flush()
    return str(result.instance_id)


def start_variables(lead: Lead) -> dict[str, Any]:
    """What the process knows before the lead is qualified."""
    return {"lead_id": lead.number, "owner": "", "sales_group": lead.department_key or "", "in_pool": False}
