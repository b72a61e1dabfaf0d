"""The return visit, step 8 and the archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.complaints.models import Complaint, ComplaintState, ComplaintVisit
from app.complaints.service import departments, judging, measuring
from app.complaints.service.steps import Step, handlers_of, move, refuse
from app.errors import NotAllowedHere

VISIT_ATTEMPTS = 3


def return_visit(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """The customer was asked, or could not be reached. Who handled the case never asks."""
    if step.actor in handlers_of(session, complaint.number):
        raise NotAllowedHere("visit_own_case")
    attempt = 1 + _attempts(session, complaint)
    satisfaction = None
    if step.outcome != "unreachable":
        satisfaction = int(step.values.get("satisfaction") or 0)
        if not 1 <= satisfaction <= 5:
            raise refuse("satisfaction", _l("This field is required."))
    session.add(
        ComplaintVisit(
            number=complaint.number,
            round=complaint.round,
            attempt=attempt,
            outcome=step.outcome,
            satisfaction=satisfaction,
            remarks=step.text("reason") or step.text("remarks"),
            visited_at=step.at,
            visited_by=step.actor,
        )
    )
    complaint.visit_attempts = attempt
    complaint.satisfaction = satisfaction
    if step.outcome == "dissatisfied":
        complaint.round += 1
    return {}


def _attempts(session: Session, complaint: Complaint) -> int:
    statement = select(func.count()).where(
        ComplaintVisit.number == complaint.number, ComplaintVisit.round == complaint.round
    )
    return int(session.scalar(statement) or 0)


def evaluate(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """The summary of the case. Nothing closes without a satisfaction or three attempts to learn it."""
    if complaint.satisfaction is None and complaint.visit_attempts < VISIT_ATTEMPTS:
        raise refuse("", _l("The customer has not been asked yet."))
    complaint.result = step.text("result")
    complaint.result_text = step.text("result_text")
    complaint.lessons = step.text("lessons")
    complaint.prevention = step.text("prevention") or complaint.prevention
    return {}


def archive(session: Session, complaint: Complaint, at: datetime) -> None:
    """Write the last of the record and seal it. Doing it again changes nothing."""
    if complaint.archived_at is not None:
        return
    judging.end_pause(session, complaint, at, "closed")
    departments.close(session, complaint, at)
    if complaint.state == ComplaintState.NOT_VALID and not complaint.result:
        complaint.result = ComplaintState.NOT_VALID.value
    if complaint.state != ComplaintState.WITHDRAWN:
        move(complaint, ComplaintState.CLOSED)
    complaint.closed_at = complaint.closed_at or at
    # children are written before the seal: the triggers refuse them afterwards
    measuring.close(session, complaint)
    session.flush()
    complaint.archived_at = at
    session.flush()


CANCELLED = "cancelled"


def cancel(session: Session, complaint: Complaint, at: datetime, *, actor: str, reason: str) -> None:
    """An operator ended the process: the complaint is closed and archived with who did it and why, never lost."""
    if complaint.archived_at is not None:
        return
    complaint.result = CANCELLED
    complaint.result_text = f"{actor}: {reason}" if reason else actor
    archive(session, complaint, at)


def keep_as_recorded(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """A step whose record is all there is to write (thanks, a withdrawal seen)."""
    return {}
