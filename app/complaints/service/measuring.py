"""What the course of a complaint amounts to: steps, hand-offs, people, waits, and at its end how long it took."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from app.complaints.models import (
    Complaint,
    ComplaintMeasure,
    ComplaintPause,
    ComplaintState,
    ComplaintStep,
    ComplaintSupplement,
    ComplaintVisit,
)

FROM_CUSTOMER = ("information", "supplement", "contested")
"""What comes in later because the customer contacted us again."""


def measure(session: Session, complaint: Complaint) -> None:
    """The measure says what the complaint's rows say now. Nothing changes after closing."""
    row = session.get(ComplaintMeasure, complaint.number)
    if row is None:
        row = ComplaintMeasure(number=complaint.number)
        session.add(row)
    if row.closed_at is None:
        row.received_at = complaint.received_at
        _course(session, row)


def close(session: Session, complaint: Complaint) -> None:
    """The complaint was closed: what it took and how content the customer is stays as it is now."""
    measure(session, complaint)
    row = session.get_one(ComplaintMeasure, complaint.number)
    if row.closed_at is not None or complaint.closed_at is None:
        return
    row.minutes, row.working_minutes = _minutes(session, complaint.received_at, complaint.closed_at)
    row.state, row.complaint_class = complaint.state, complaint.complaint_class
    statement = select(ComplaintVisit.outcome, ComplaintVisit.satisfaction).where(
        ComplaintVisit.number == complaint.number
    )
    visits = session.execute(statement.order_by(ComplaintVisit.id)).all()
    row.visits, row.satisfaction = len(visits), visits[-1].satisfaction if visits else None
    contacts = 1 + _contacts(session, complaint.number)
    satisfied = bool(visits) and visits[-1].outcome == "satisfied"
    closed = complaint.state == ComplaintState.CLOSED
    row.first_time = closed and satisfied and complaint.round == 1 and contacts == 1
    row.closed_at = complaint.closed_at


def _course(session: Session, row: ComplaintMeasure) -> None:
    session.flush()
    statement = select(ComplaintStep.actor, ComplaintStep.department_key, ComplaintStep.created_at, ComplaintStep.at)
    steps = session.execute(statement.where(ComplaintStep.number == row.number).order_by(ComplaintStep.id)).all()
    departments = [step.department_key for step in steps if step.department_key]
    pauses = select(func.count()).where(ComplaintPause.number == row.number)
    row.steps, row.people = len(steps), len({step.actor for step in steps})
    row.hand_offs = sum(before != after for before, after in zip(departments, departments[1:], strict=False))
    row.waits = int(session.scalar(pauses) or 0)
    if steps:
        calendar = engine.runtime(session).calendars(session, None)
        row.waits += sum(calendar.between(step.created_at, step.at) > calendar.day_length for step in steps)


def _minutes(session: Session, received_at: datetime, closed_at: datetime) -> tuple[int, int]:
    """Elapsed and working minutes, whole ones."""
    worked = engine.runtime(session).calendars(session, None).between(received_at, closed_at)
    return int((closed_at - received_at).total_seconds() // 60), int(worked.total_seconds() // 60)


def _contacts(session: Session, number: str) -> int:
    statement = select(func.count()).where(
        ComplaintSupplement.number == number, ComplaintSupplement.kind.in_(FROM_CUSTOMER)
    )
    return int(session.scalar(statement) or 0)
