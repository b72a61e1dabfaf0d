"""What each step's form starts with."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.business_objects import FormContext
from app.leads import queries
from app.leads.models import Lead, LeadMaterial, MaterialKind
from app.leads.service import following, qualifying
from app.leads.service.steps import today
from engine import TaskRow

MATERIAL_TASKS = {"follow_up_detailed": MaterialKind.DETAILED, "follow_up_general": MaterialKind.GENERAL}


def context(session: Session, lead: Lead, task: TaskRow) -> FormContext:
    """Prefill and limits of the form of ``task``."""
    values = _qualify(session, lead) if task.node_id == "qualify" else _follow_up(session, lead, task)
    # what the form starts with is what its conditions and its read-only fields are checked against
    return FormContext(values, {}, values)


def _qualify(session: Session, lead: Lead) -> dict[str, Any]:
    known = {name: value for name, value in lead.intake.items() if name != "outcome"}
    return {**known, "possible_duplicates": qualifying.possible_duplicates(session, lead)}


def _follow_up(session: Session, lead: Lead, task: TaskRow) -> dict[str, Any]:
    product = queries.product_by_code(session, lead.product_code)
    values: dict[str, Any] = {
        "history": following.history(session, lead),
        "purchase_date": lead.purchase_date,
        "amount": lead.amount,
        "product_id": str(product.id) if product else None,
    }
    kind = MATERIAL_TASKS.get(task.node_id)
    if kind is not None:
        sent = [row for row in queries.materials(session, lead.number) if row.kind == kind]
        values["material"] = " · ".join(_said(session, row) for row in sent[-1:])
    return values


def _said(session: Session, row: LeadMaterial) -> str:
    to = f"→ {row.recipient}" if row.recipient else ""
    return " ".join(filter(None, (str(today(session, row.at)), row.product_code, to)))
