"""What a person has been told, and what was sent to a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.notifications.models import NO_SERVER, Delivery, DeliveryState, Notice, OutboxMessage

PAGE = 50


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as stored; its words are made from ``template`` and ``facts``."""

    id: int
    template: str
    facts: Mapping[str, Any]
    link: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message to a customer, in both languages."""

    id: int
    channel: str
    recipient: str
    template: str
    subject: Mapping[str, str]
    body: Mapping[str, str]
    state: str
    created_at: datetime


def failed(session: Session) -> int:
    """How many deliveries nobody tries any more (index state, id)."""
    statement = sa.select(sa.func.count()).where(Delivery.state == DeliveryState.FAILED.value)
    return int(session.scalar(statement) or 0)


def held(session: Session) -> int:
    """How many e-mails wait for a mail server (index state, id)."""
    waiting = Delivery.state == DeliveryState.WAITING.value
    statement = sa.select(sa.func.count()).where(waiting, Delivery.reason == NO_SERVER)
    return int(session.scalar(statement) or 0)


def unread(session: Session, login: str) -> int:
    """How many notices wait to be read (index recipient, read_at)."""
    statement = sa.select(sa.func.count()).where(Notice.recipient == login, Notice.read_at.is_(None))
    return int(session.scalar(statement) or 0)


def notices(
    session: Session, login: str, *, before: int | None = None, unread_only: bool = False, limit: int = PAGE
) -> tuple[NoticeRow, ...]:
    """The newest notices of ``login`` first, older than notice ``before`` (index recipient, id)."""
    statement = _rows().where(Notice.recipient == login)
    if before is not None:
        statement = statement.where(Notice.id < before)
    if unread_only:
        statement = statement.where(Notice.read_at.is_(None))
    return tuple(NoticeRow(*row) for row in session.execute(statement.order_by(Notice.id.desc()).limit(limit)))


def notice(session: Session, login: str, notice_id: int) -> NoticeRow | None:
    """One notice of ``login``; another person's notice is unknown."""
    row = session.execute(_rows().where(Notice.recipient == login, Notice.id == notice_id)).one_or_none()
    return NoticeRow(*row) if row else None


def _rows() -> sa.Select[tuple[int, str, dict[str, Any], str, datetime, datetime | None]]:
    return sa.select(Notice.id, Notice.template, Notice.facts, Notice.link, Notice.created_at, Notice.read_at)


def outbox_of(session: Session, business_key: str) -> tuple[OutboxRow, ...]:
    """Every message to the customer about one business object, oldest first (index business_key, id)."""
    statement = sa.select(OutboxMessage).where(OutboxMessage.business_key == business_key).order_by(OutboxMessage.id)
    return tuple(
        OutboxRow(
            id=message.id,
            channel=message.channel,
            recipient=message.recipient,
            template=message.template,
            subject={"zh": message.subject_zh, "en": message.subject_en},
            body={"zh": message.body_zh, "en": message.body_en},
            state=message.state,
            created_at=message.created_at,
        )
        for message in session.scalars(statement)
    )
