"""Steps 4 to 6: the cause, the solution and its approval; and containment meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.complaints.models import CauseCode, Complaint, ComplaintAction
from app.complaints.service import departments, fairness
from app.complaints.service.steps import Step, refuse
from app.errors import NotAllowedHere

REFUSALS_ALLOWED = 3
"""The third refusal goes to the CCO, whose decision binds."""
NOTHING = Decimal(0)
END_OF_DAY = time(18)


def analyse_cause(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """Cause code and responsible person, or a refusal with its reason."""
    if step.outcome == "refused":
        return _refuse_case(session, complaint, step)
    code = step.text("cause_code")
    if not code or not _is_known_cause(session, code):
        raise refuse("cause_code", _l("Choose a cause from the list."))
    person, reason = step.text("responsible_person"), step.text("no_person_reason")
    if not person and not reason:
        raise refuse("responsible_person", _l("Name the person directly responsible, or give the reason for none."))
    if person and accounts.user(session, person) is None:
        raise refuse("responsible_person", _l("There is no such employee."))
    complaint.cause_code = code
    complaint.cause_department = step.text("cause_department") or complaint.responsible_department
    complaint.responsible_person = person or None
    complaint.no_person_reason = "" if person else reason
    return {}


def _refuse_case(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    if complaint.refusals >= REFUSALS_ALLOWED:
        raise refuse("outcome", _l("The chief customer officer has decided; the case cannot be refused again."))
    reason = step.text("refusal_reason")
    if not reason:
        raise refuse("refusal_reason", _l("This field is required."))
    complaint.refusals += 1
    departments.take_back(session, complaint, person=step.actor, reason=reason, at=step.at)
    return {}


def _is_known_cause(session: Session, code: str) -> bool:
    """A leaf of the tree; while no tree is kept, the options of the form alone decide."""
    children = select(CauseCode.code).where(CauseCode.parent_code == code).exists()
    leaf = select(CauseCode.code).where(CauseCode.code == code, CauseCode.active, ~children)
    if session.scalar(leaf) is not None:
        return True
    return session.scalar(select(CauseCode.code).limit(1)) is None


def contribute_analysis(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """What a contributing department found; the record of the step is all."""
    return {}


def propose_solution(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """Remedies, actions and compensation. Earlier proposals of this round are replaced."""
    rows = step.rows("actions")
    if not rows:
        raise refuse("actions", _l("At least one action is needed."))
    compensation = step.money("compensation") or NOTHING
    _check_fairness(session, complaint, step, compensation)
    _replace_actions(session, complaint)
    actions = [_action(session, complaint, index, row) for index, row in enumerate(rows)]
    session.add_all(actions)
    session.flush()
    complaint.proposer = step.actor
    complaint.remedies = list(step.values.get("remedies") or [])
    complaint.compensation = compensation
    complaint.total_cost = sum((action.cost or NOTHING for action in actions), NOTHING)
    complaint.solution = step.text("solution")
    complaint.prevention = step.text("prevention")
    return {
        "proposer": step.actor,
        "proposer_groups": sorted(step.principal.groups),
        "compensation": float(compensation),
        "actions": [
            {"action_id": action.id, "owner": action.owner, "due": _due(session, action.due_on)} for action in actions
        ],
    }


def _due(session: Session, day: date | None) -> str | None:
    """The end of the office day as an ISO moment: what the task of the action shows as its due time."""
    if day is None:
        return None
    return datetime.combine(day, END_OF_DAY, ZoneInfo(engine.runtime(session).zone)).isoformat()


def _check_fairness(session: Session, complaint: Complaint, step: Step, compensation: Decimal) -> None:
    usual = fairness.band(session, complaint.sub_code or "", complaint.number)
    if usual is not None and not usual.contains(compensation) and not step.text("deviation_reason"):
        message = _l(
            "Like cases got between %(low)s and %(high)s yuan. Give the reason for another amount.",
            low=usual.low,
            high=usual.high,
        )
        raise refuse("deviation_reason", message)


def _replace_actions(session: Session, complaint: Complaint) -> None:
    statement = select(ComplaintAction).where(
        ComplaintAction.number == complaint.number, ComplaintAction.state == "proposed"
    )
    for action in session.scalars(statement):
        action.state = "replaced"


def _action(session: Session, complaint: Complaint, index: int, row: Mapping[str, Any]) -> ComplaintAction:
    owner = str(row.get("owner") or "").strip()
    if accounts.user(session, owner) is None:
        raise refuse(f"actions.{index}.owner", _l("There is no such employee."))
    cost = row.get("cost")
    return ComplaintAction(
        number=complaint.number,
        round=complaint.round,
        kind=str(row.get("kind") or "corrective"),
        description=str(row.get("description") or "").strip(),
        owner=owner,
        due_on=row.get("due_on"),
        cost=Decimal(str(cost)) if cost not in (None, "") else None,
    )


def approve_solution(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """Approve, return with an instruction, or raise. Nobody approves the own proposal."""
    if step.actor == complaint.proposer:
        raise NotAllowedHere("approve_own_solution")
    instruction = step.text("instruction")
    if step.outcome != "approved" and not instruction:
        raise refuse("instruction", _l("Say what must change."))
    complaint.instruction = instruction
    if step.outcome == "approved":
        complaint.approved_compensation = complaint.compensation
    return {}


def take_containment(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """What was done at once to keep the damage small; reviewed at the approval."""
    return {}
