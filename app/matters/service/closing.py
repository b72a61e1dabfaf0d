"""The reply, the close, and the call back to some customers that shows how true the record was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import notifications
from app.customers import queries as customers
from app.errors import NotAllowedHere
from app.matters import letters, queries
from app.matters.models import FINISHED, Matter, MatterFact, MatterState, MatterVerification
from app.matters.service import holding, steps
from app.matters.service.steps import Step

WRITTEN = ("email", "web")
"""Channels on which the reply itself goes out as a letter; on the others somebody says it, and it is noted."""


def reply_customer(session: Session, matter: Matter, step: Step) -> dict[str, Any]:
    """The customer has the answer: by letter, or said and noted."""
    matter.reply, matter.reply_channel = step.text("reply"), step.text("channel")
    matter.replied_at, matter.replied_by = step.at, step.actor
    if matter.answered_at is None:  # a purchase interest: its lead goes its own way
        matter.answered_at, matter.answered_by = step.at, step.actor
    matter.next_step = step.text("next_step")
    matter.state = MatterState.ANSWERED.value
    if matter.reply_channel in WRITTEN:
        contact = customers.contact(session, matter.contact_id)
        notifications.send_to_customer(
            session,
            to=(contact.email or None) if contact else None,
            template=letters.REPLY,
            facts={
                "number": matter.number,
                "contact": contact.name if contact else matter.caller_name,
                "reply": matter.reply,
            },
            business_key=matter.number,
            dedupe_key=f"{letters.REPLY}:{matter.number}:{step.task.id}",
            language=contact.language if contact else None,
        )
    return {}


def close(session: Session, matter: Matter, at: datetime) -> None:
    """The matter is over; doing it again changes nothing."""
    if matter.state in FINISHED:
        return
    if matter.answered_at is None:  # the complaint it became answered the customer
        matter.answered_at = at
    matter.state, matter.closed_at = MatterState.CLOSED.value, at
    holding.end(session, matter, at)


def cancel(session: Session, matter: Matter, at: datetime) -> None:
    """The process was cancelled by hand: nobody has the matter any more."""
    if matter.state in FINISHED:
        return
    matter.state, matter.closed_at = MatterState.CANCELLED.value, at
    holding.end(session, matter, at)


def is_drawn(number: str, percent: float) -> bool:
    """Whether a matter is among the ``percent`` of a hundred that are checked: the same answer for a number always."""
    place = int.from_bytes(hashlib.sha256(number.encode()).digest()[:4], "big") % 10_000
    return place < round(percent * 100)


def verify_with_customer(session: Session, matter: Matter, step: Step) -> dict[str, Any]:
    """What the customer said about the facts we had written down. Nobody checks what they wrote themselves."""
    if step.actor in steps.handlers_of(session, matter):
        raise NotAllowedHere("verify_own_record")
    verified = step.outcome == "verified"
    row = MatterVerification(
        number=matter.number,
        task_id=step.task.id,
        outcome=step.outcome,
        satisfied=bool(step.values.get("satisfied")) if verified else None,
        remarks=step.text("remarks"),
        verified_at=step.at,
        verified_by=step.actor,
    )
    session.add(row)
    session.flush()
    if verified:
        owner = recorded_by(session, matter)
        session.add_all(_fact(row, owner, found) for found in step.rows("facts"))
    return {}


def recorded_by(session: Session, matter: Matter) -> str:
    """Who wrote the customer's words and data down."""
    done = [step.actor for step in queries.steps(session, matter.number) if step.node_id == "register"]
    return done[-1] if done else matter.registered_by


def _fact(row: MatterVerification, owner: str, found: Mapping[str, Any]) -> MatterFact:
    return MatterFact(
        verification_id=row.id,
        owner=owner,
        fact=str(found.get("fact") or ""),
        recorded=str(found.get("recorded") or ""),
        correct=bool(found.get("correct")),
        actual=str(found.get("actual") or ""),
        at=row.verified_at,
    )
