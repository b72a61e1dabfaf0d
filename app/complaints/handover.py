"""What somebody who leaves hands over: actions of solutions that are still to be carried out."""

from __future__ import annotations

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.complaints.models import Complaint, ComplaintAction

PROPOSED = "proposed"


def count(session: Session, leaver: str) -> int:
    """Actions of running complaints that ``leaver`` is to carry out."""
    return int(session.scalar(select(func.count()).select_from(_open_of(leaver).subquery())) or 0)


def move(session: Session, leaver: str, successor: str, actor: str) -> int:
    """The successor is to carry them out; written down with the account."""
    ids = list(session.scalars(_open_of(leaver)))
    session.execute(update(ComplaintAction).where(ComplaintAction.id.in_(ids)).values(owner=successor))
    if ids:
        accounts.record(session, actor, "complaint.actions_handed_over", leaver, successor=successor, actions=ids)
    return len(ids)


def _open_of(leaver: str) -> Select[int]:
    running = (ComplaintAction.owner == leaver, ComplaintAction.state == PROPOSED, Complaint.archived_at.is_(None))
    found = select(ComplaintAction.id).join(Complaint, Complaint.number == ComplaintAction.number)
    return found.where(*running).order_by(ComplaintAction.id)
