"""The first step: is it a prospect, of which kind, who looks after it, and is it there already?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.leads import queries
from app.leads.models import Lead
from app.leads.service import following, intake, ownership, territory
from app.leads.service.steps import Step, refuse

ENOUGH_CONTACTS = 3
"""A target account of the year needs that many named contacts."""
KIND = "prospect_kind"
PLANNING = frozenset({"mrp", "mrpii", "erp"})


def qualify(session: Session, lead: Lead, step: Step) -> dict[str, Any]:
    """`qualify` is completed: qualified, a duplicate, or no prospect. Returns who has the lead for the process."""
    if step.outcome == "duplicate":
        return _duplicate(session, lead, step)
    if step.outcome == "unsuitable":
        if not step.text("reason"):
            raise refuse("reason", _l("Say why."))
        lead.close_reason = step.text("reason")
        return {}
    return _qualified(session, lead, step)


def _duplicate(session: Session, lead: Lead, step: Step) -> dict[str, Any]:
    number = step.text("duplicate_of").upper()
    if number == lead.number or queries.lead(session, number) is None:
        raise refuse("duplicate_of", _l("There is no other lead of this number."))
    lead.duplicate_of = number
    return {}


def _qualified(session: Session, lead: Lead, step: Step) -> dict[str, Any]:
    day = step.values.get("purchase_date")
    if day is None:
        raise refuse("purchase_date", _l("This field is required."))
    following.check_day(session, day)
    chosen = intake.product_code(session, step.values.get("product_id"))
    owner = step.text("owner") or None
    if owner is not None:
        ownership.require_owner(session, owner)
    intake.describe(session, lead, step.values)
    proposal = kind_of(session, step.definition_id, lead.owns, lead.wants)
    lead.kind = proposal["kind"]
    lead.product_code = chosen or proposal["product"]
    lead.initial_purchase_date = day
    lead.incomplete = lead.target_account and named_contacts(lead.contacts) < ENOUGH_CONTACTS
    lead.qualified_at = lead.last_touch_at = step.at
    lead.qualified_by = step.actor
    lead.intake = {}
    if owner is None:
        lead.department_key = lead.department_key or territory.centre_of(session, lead)
    ownership.give(session, lead, owner, actor=step.actor, reason="qualified", at=step.at)
    if lead.department_key is None:
        lead.department_key = territory.centre_of(session, lead)
    intake.reindex(session, lead)
    return ownership.variables(lead)


def kind_of(session: Session, definition_id: str, owns: Iterable[str], wants: Iterable[str]) -> dict[str, str]:
    """Kind of prospect and suggested product (table ``prospect_kind``): ``{"kind": "B", "product": "CAPP"}``."""
    has, wish = set(owns), set(wants)
    facts: dict[str, Any] = {"owned": len(has), "wants_planning": bool(wish & PLANNING)}
    facts |= {f"owns_{name}": name in has for name in ("cad", "capp", "pdm")}
    facts |= {f"wants_{name}": name in wish for name in ("capp", "bom", "pdm")}
    (answer,) = engine.queries.decide(session, definition_id, KIND, facts)
    return {"kind": str(answer["kind"]), "product": str(answer["product"])}


def named_contacts(contacts: Iterable[Mapping[str, Any]]) -> int:
    """How many different people are named."""
    return len({"".join(str(row.get("name") or "").split()).casefold() for row in contacts} - {""})


def possible_duplicates(session: Session, lead: Lead) -> str:
    """What may be the same prospect, one a line: the customer of that name and other leads, for `qualify` to read."""
    lines = []
    if lead.customer_id is not None:
        lines.append(_("Customer already: %(name)s", name=lead.company))
    found = queries.duplicates(session, company_key=lead.company_key, phone_key=lead.phone_key, without=lead.number)
    names = accounts.display_names(session, [row.owner for row in found if row.owner])
    for row in found:
        why = _("same telephone number") if row.by_phone else _("same company")
        owner = names.get(row.owner or "", _("in the pool"))
        lines.append(" · ".join(filter(None, (row.number, row.company, row.contact_name, why, owner))))
    return "\n".join(lines)
