"""Steps 2 and 3: is the complaint valid, and who answers for it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.complaints.models import Complaint, ComplaintPause, ComplaintState
from app.complaints.service import departments
from app.complaints.service.steps import Step, move, refuse


def judge(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """Valid, not valid (with reason and reply), or more information needed (the clock stops)."""
    end_pause(session, complaint, step.at, "time")
    left: dict[str, Any] = {}
    match step.outcome:
        case "valid":
            move(complaint, ComplaintState.OPEN)
        case "not_valid":
            _require(step, "reason", "reply")
            move(complaint, ComplaintState.NOT_VALID)
        case "more_information":
            _require(step, "information_wanted")
            move(complaint, ComplaintState.PAUSED)
            wanted = step.text("information_wanted")
            session.add(ComplaintPause(number=complaint.number, reason=wanted, from_at=step.at))
            left = {"judge_hours": remaining_hours(session, step)}
        case _:
            raise refuse("outcome", _l("Choose one of the outcomes."))
    complaint.verdict = step.outcome
    complaint.verdict_reason = step.text("reason")
    complaint.verdict_at = step.at
    return left


def remaining_hours(session: Session, step: Step) -> float:
    """Working hours of the service level that are left when the clock stops: with them the judgement goes on later."""
    calendar = engine.runtime(session).calendars(session, step.task.calendar)
    used = calendar.between(step.task.created_at, step.at).total_seconds() / 60
    return round(max((step.task.service_minutes or 0) - used, 0) / 60, 4)


def end_pause(session: Session, complaint: Complaint, at: Any, ended_by: str) -> None:
    """The clock runs again from ``at``; nothing happens when it was running."""
    statement = select(ComplaintPause).where(ComplaintPause.number == complaint.number, ComplaintPause.to_at.is_(None))
    for pause in session.scalars(statement):
        pause.to_at = at
        pause.ended_by = ended_by
    if complaint.state == ComplaintState.PAUSED:
        move(complaint, ComplaintState.OPEN)
    session.flush()


def assign_department(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """The first department answers for the case, the others contribute; another than proposed needs a reason."""
    chosen = list(dict.fromkeys(step.values.get("departments") or []))
    if not chosen:
        raise refuse("departments", _l("Choose at least one department."))
    proposed = complaint.proposed_department
    reason = step.text("override_reason")
    if proposed and chosen[0] != proposed and not reason:
        raise refuse("override_reason", _l("Give the reason for choosing another department than the proposed one."))
    departments.assign(session, complaint, chosen[0], chosen[1:], person=step.actor, reason=reason, at=step.at)
    return {"departments": chosen}


def _require(step: Step, *names: str) -> None:
    missing = [name for name in names if not step.text(name)]
    if missing:
        raise refuse(missing[0], _l("This field is required."))
