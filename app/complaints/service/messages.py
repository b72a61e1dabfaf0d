"""What reaches a running complaint from outside: who may say it, when, and what is written before it is delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import files
from app.complaints import queries
from app.complaints.models import (
    FINISHED,
    Complaint,
    ComplaintAppeal,
    ComplaintPenalty,
    ComplaintState,
    ComplaintSupplement,
)
from app.complaints.service.judging import end_pause
from app.complaints.service.steps import move, refuse
from app.errors import NotAllowedHere
from app.security import Principal

CONTEST_DAYS = 15
APPEAL_WORKING_DAYS = 5
LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Message:
    """A message on its way: who says what when."""

    principal: Principal
    text: str
    files: list[int]
    at: datetime


def text_of(variables: Mapping[str, Any]) -> str:
    """The words of a message: ``text``, ``reason`` or ``information``, else the first text among the variables."""
    for name in ("text", "reason", "information"):
        if isinstance(variables.get(name), str) and variables[name].strip():
            return str(variables[name]).strip()
    return next((value.strip() for value in variables.values() if isinstance(value, str) and value.strip()), "")


def receive(
    session: Session, principal: Principal, complaint: Complaint, name: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Check message ``name`` and write its rows; returns the process variables to correlate with it.

    Raises ``NotAllowedHere`` for a person who may not send it, ``FieldErrors`` when it comes too late or says nothing,
    :class:`engine.MessageNotExpected` for a message complaints don't know.
    """
    accept = _MESSAGES.get(name)
    if accept is None:
        raise engine.MessageNotExpected(name=name, correlation_key=complaint.number)
    sent = files.ids(variables.get("files"))
    message = Message(principal, text_of(variables), sent, engine.now(session))
    if len(message.text) > LONGEST_TEXT:
        raise refuse("text", _l("No more than %(count)s characters are possible.", count=LONGEST_TEXT))
    result = accept(session, complaint, message)
    owner = {"process_key": queries.PROCESS_KEY, "business_key": complaint.number}
    files.attach(session, principal, {"files": sent}, **owner)
    session.flush()
    return result


def possible(session: Session, principal: Principal, complaint: Complaint, waiting: frozenset[str]) -> list[str]:
    """The messages this person may send now, in the order of the page. ``waiting``: what the process listens to."""
    offered = []
    for name, allowed in _CHECKS.items():
        if name in waiting and allowed(session, complaint, principal, engine.now(session)):
            offered.append(name)
    return offered


def _serves_customers(principal: Principal) -> bool:
    """The call centre and the CCO speak for the customer; a centre alone never does."""
    return principal.has("complaint.register") or principal.has("complaint.view_all")


def _require(allowed: bool) -> None:
    if not allowed:
        raise NotAllowedHere("complaint.register")


def _keep(session: Session, complaint: Complaint, kind: str, message: Message) -> None:
    session.add(
        ComplaintSupplement(
            number=complaint.number,
            kind=kind,
            text=message.text,
            files=message.files,
            added_at=message.at,
            added_by=message.principal.login,
        )
    )


def _information(session: Session, complaint: Complaint, message: Message) -> dict[str, Any]:
    _require(_serves_customers(message.principal))
    if complaint.state != ComplaintState.PAUSED:
        raise refuse("", _l("Nobody waits for information about this complaint."))
    _keep(session, complaint, "information", message)
    end_pause(session, complaint, message.at, "information")
    return {}


def _contested(session: Session, complaint: Complaint, message: Message) -> dict[str, Any]:
    _require(_serves_customers(message.principal))
    if not may_contest(complaint, message.at):
        raise refuse("", _l("Only a complaint judged not valid can be contested, once, within 15 days."))
    _keep(session, complaint, "contested", message)
    complaint.contested_at = message.at
    move(complaint, ComplaintState.OPEN)
    return {"contested": True}


def may_contest(complaint: Complaint, at: datetime) -> bool:
    """Judged not valid, not contested before, and no more than fifteen days ago."""
    return (
        complaint.state == ComplaintState.NOT_VALID
        and complaint.contested_at is None
        and complaint.verdict_at is not None
        and at <= complaint.verdict_at + timedelta(days=CONTEST_DAYS)
    )


def _supplement(session: Session, complaint: Complaint, message: Message) -> dict[str, Any]:
    _require(_serves_customers(message.principal))
    if complaint.state in FINISHED:
        raise refuse("", _l("The complaint is closed."))
    _keep(session, complaint, "supplement", message)
    return {}


def _withdrawn(session: Session, complaint: Complaint, message: Message) -> dict[str, Any]:
    _require(_serves_customers(message.principal))
    if complaint.state in FINISHED:
        raise refuse("", _l("The complaint is closed."))
    if not message.text:
        raise refuse("reason", _l("Say why the customer withdraws the complaint."))
    _keep(session, complaint, "withdrawn", message)
    end_pause(session, complaint, message.at, "withdrawn")
    move(complaint, ComplaintState.WITHDRAWN)
    complaint.result = ComplaintState.WITHDRAWN.value
    complaint.result_text = message.text
    complaint.closed_at = message.at
    return {}


def _containment(session: Session, complaint: Complaint, message: Message) -> dict[str, Any]:
    if not message.principal.has("task.work"):
        raise NotAllowedHere("task.work")
    if complaint.state in FINISHED:
        raise refuse("", _l("The complaint is closed."))
    _keep(session, complaint, "containment", message)
    return {}


def _appealed(session: Session, complaint: Complaint, message: Message) -> dict[str, Any]:
    penalty = appealable(session, complaint, message.at)
    _require(_may_appeal(message.principal, penalty))
    if message.files:  # everybody who sees the case could read them, and an appeal is confidential
        raise refuse("files", _l("An appeal takes no files. Hand them to human resources."))
    if penalty is None:
        raise refuse("", _l("A penalty can be appealed once, within five working days of the decision."))
    session.add(
        ComplaintAppeal(
            number=complaint.number,
            penalty_id=penalty.id,
            reason=message.text,
            appealed_at=message.at,
            appealed_by=message.principal.login,
        )
    )
    return {}


def appealable(session: Session, complaint: Complaint, at: datetime) -> ComplaintPenalty | None:
    """The penalty that can still be appealed at ``at``, if there is one."""
    heard = select(ComplaintAppeal.penalty_id)
    statement = select(ComplaintPenalty).where(
        ComplaintPenalty.number == complaint.number,
        ComplaintPenalty.outcome == "penalty",
        ComplaintPenalty.id.not_in(heard),
    )
    penalty = session.scalar(statement.order_by(ComplaintPenalty.id.desc()).limit(1))
    if penalty is None:
        return None
    office = engine.runtime(session).calendars(session, None)
    return penalty if at <= office.add_days(penalty.decided_at, APPEAL_WORKING_DAYS) else None


def _may_appeal(principal: Principal, penalty: ComplaintPenalty | None) -> bool:
    return queries.sees_penalties(principal) or (penalty is not None and penalty.employee == principal.login)


_MESSAGES: Mapping[str, Callable[[Session, Complaint, Message], dict[str, Any]]] = {
    "complaint_information": _information,
    "complaint_contested": _contested,
    "complaint_supplement": _supplement,
    "complaint_withdrawn": _withdrawn,
    "complaint_containment": _containment,
    "penalty_appealed": _appealed,
}

_Check = Callable[[Session, Complaint, Principal, datetime], bool]
_CHECKS: Mapping[str, _Check] = {
    "complaint_information": lambda s, c, p, at: _serves_customers(p) and c.state == ComplaintState.PAUSED,
    "complaint_contested": lambda s, c, p, at: _serves_customers(p) and may_contest(c, at),
    "complaint_supplement": lambda s, c, p, at: _serves_customers(p) and c.state not in FINISHED,
    "complaint_containment": lambda s, c, p, at: c.state not in FINISHED,
    "penalty_appealed": lambda s, c, p, at: (penalty := appealable(s, c, at)) is not None and _may_appeal(p, penalty),
    "complaint_withdrawn": lambda s, c, p, at: _serves_customers(p) and c.state not in FINISHED,
}
