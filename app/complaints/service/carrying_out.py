"""Step 7: actions, payment and the penalty of the directly responsible person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.complaints import queries
from app.complaints.models import Complaint, ComplaintAction, ComplaintAppeal, ComplaintPenalty
from app.complaints.service.steps import Step, refuse
from app.errors import NotVisible


def action_of_task(session: Session, complaint: Complaint, variables: Mapping[str, Any]) -> ComplaintAction:
    """The action a task of the multi-instance is about: the loop item ``action`` among its variables."""
    item = variables.get("action") or {}
    action = queries.action(session, int(item["action_id"])) if item.get("action_id") else None
    if action is None or action.number != complaint.number:
        raise NotVisible
    return action


def perform_action(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """The action is done, with its result and what it cost."""
    action = action_of_task(session, complaint, step.variables)
    action.state = "done"
    action.result = step.text("result")
    action.actual_cost = step.money("actual_cost")
    action.done_at = step.at
    action.done_by = step.actor
    return {}


def pay_compensation(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """The compensation is paid: never more than was approved."""
    paid = step.money("paid_amount")
    if paid is None or paid < 0:
        raise refuse("paid_amount", _l("This field is required."))
    if paid > (complaint.approved_compensation or 0):
        message = _l(
            "No more than the approved %(amount)s yuan can be paid.", amount=complaint.approved_compensation or 0
        )
        raise refuse("paid_amount", message)
    complaint.paid_amount = paid
    return {}


def decide_penalty(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """Penalty, no penalty, or fault of the process: each is a decision, each is confidential."""
    employee = step.text("employee") or None
    if step.outcome == "penalty":
        if employee is None:
            raise refuse("employee", _l("This field is required."))
        if accounts.user(session, employee) is None:
            raise refuse("employee", _l("There is no such employee."))
    penalised = step.outcome == "penalty"
    session.add(
        ComplaintPenalty(
            number=complaint.number,
            round=complaint.round,
            outcome=step.outcome,
            employee=employee if penalised else None,
            kind=step.text("penalty_kind") if penalised else "",
            amount=step.money("penalty_amount") if penalised else None,
            basis=step.text("basis"),
            decided_at=step.at,
            decided_by=step.actor,
        )
    )
    session.flush()
    return {"penalty_decided": True}


def open_appeal(session: Session, number: str) -> ComplaintAppeal | None:
    """The appeal that waits to be heard."""
    statement = select(ComplaintAppeal).where(ComplaintAppeal.number == number, ComplaintAppeal.heard_at.is_(None))
    return session.scalar(statement.order_by(ComplaintAppeal.id).limit(1))


def hear_appeal(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """The penalty stands or is changed. The decision itself stays as it was; the appeal says what holds now."""
    appeal = open_appeal(session, complaint.number)
    if appeal is None:
        raise NotVisible
    changed = step.outcome == "changed"
    appeal.outcome = step.outcome
    appeal.explanation = step.text("explanation")
    appeal.new_kind = step.text("penalty_kind") if changed else ""
    appeal.new_amount = step.money("penalty_amount") if changed else None
    appeal.heard_by = step.actor
    appeal.heard_at = step.at
    session.flush()
    return {}
