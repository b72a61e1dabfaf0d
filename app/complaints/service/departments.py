"""Who answered for the case at every minute of its life, without gaps.

Exactly one interval of role ``intake`` or ``responsible`` is open at any time until the archive closes it; contributing
departments run beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.complaints.models import Complaint, ComplaintDepartment, DepartmentRole

INTAKE_DEPARTMENT = "customer_support"
"""The candidate group of `record`: the case is theirs until a department answers for it."""
ASSIGNING_DEPARTMENT = "customer_department"
"""The candidate group of `assign_department`: a refused case is theirs until the next department answers for it."""

_HOLDING = (DepartmentRole.INTAKE.value, DepartmentRole.RESPONSIBLE.value)


def begin(session: Session, complaint: Complaint, person: str) -> None:
    """The call centre takes the case in."""
    _open(session, complaint.number, INTAKE_DEPARTMENT, DepartmentRole.INTAKE, person, "", complaint.registered_at)


def assign(
    session: Session,
    complaint: Complaint,
    responsible: str,
    contributing: Iterable[str],
    *,
    person: str,
    reason: str,
    at: datetime,
) -> None:
    """From ``at`` on ``responsible`` answers for the case and ``contributing`` help."""
    hand_over(session, complaint, responsible, DepartmentRole.RESPONSIBLE, person=person, reason=reason, at=at)
    _end(session, complaint.number, (DepartmentRole.CONTRIBUTING.value,), at)
    for department in contributing:
        _open(session, complaint.number, department, DepartmentRole.CONTRIBUTING, person, reason, at)
    complaint.responsible_department = responsible


def take_back(session: Session, complaint: Complaint, *, person: str, reason: str, at: datetime) -> None:
    """The department refused: the customer department answers for the case until it is assigned again."""
    hand_over(session, complaint, ASSIGNING_DEPARTMENT, DepartmentRole.INTAKE, person=person, reason=reason, at=at)
    _end(session, complaint.number, (DepartmentRole.CONTRIBUTING.value,), at)
    complaint.responsible_department = None


def hand_over(
    session: Session,
    complaint: Complaint,
    department: str,
    role: DepartmentRole,
    *,
    person: str,
    reason: str,
    at: datetime,
) -> None:
    """End the interval of whoever answers now and begin the next at the same moment."""
    _end(session, complaint.number, _HOLDING, at)
    _open(session, complaint.number, department, role, person, reason, at)


def close(session: Session, complaint: Complaint, at: datetime) -> None:
    """The case ends: so do all intervals."""
    _end(session, complaint.number, tuple(DepartmentRole), at)


def _end(session: Session, number: str, roles: Iterable[str], at: datetime) -> None:
    statement = select(ComplaintDepartment).where(
        ComplaintDepartment.number == number,
        ComplaintDepartment.to_at.is_(None),
        ComplaintDepartment.role.in_([str(role) for role in roles]),
    )
    for interval in session.scalars(statement):
        interval.to_at = at
    session.flush()


def _open(
    session: Session, number: str, department: str, role: DepartmentRole, person: str, reason: str, at: datetime
) -> None:
    session.add(
        ComplaintDepartment(
            number=number, department_key=department, role=role.value, person=person, reason=reason, from_at=at
        )
    )
    session.flush()
