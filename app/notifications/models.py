"""What people are told: notices in the page, and messages to customers waiting in the outbox."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class Channel(StrEnum):
    """How a message of the outbox reaches the customer."""

    CUSTOMER = "customer"  # to the customer's address
    IN_PAGE = "in_page"  # no address known: shown with the business object, an employee passes it on


class OutboxState(StrEnum):
    """Where a message of the outbox stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Notice(Base):
    """One sentence for one employee. Words are made when it is read, in the reader's language, from ``template``
    and ``facts``."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("uq_notice_dedupe_key", "dedupe_key", unique=True),
        Index("ix_notice_recipient_read_at", "recipient", "read_at"),
        Index("ix_notice_recipient_id", "recipient", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    recipient: Mapped[str] = mapped_column(String(100))
    template: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    link: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dedupe_key: Mapped[str] = mapped_column(String(250))


class OutboxMessage(Base):
    """A message to a customer, in both languages, written in the commit that caused it."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("uq_outbox_message_dedupe_key", "dedupe_key", unique=True),
        Index("ix_outbox_message_state_id", "state", "id"),
        Index("ix_outbox_message_business_key_id", "business_key", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    channel: Mapped[str] = mapped_column(String(12))
    recipient: Mapped[str] = mapped_column(String(320))
    business_key: Mapped[str] = mapped_column(String(100))
    template: Mapped[str] = mapped_column(String(60))
    subject_zh: Mapped[str] = mapped_column(String(300))
    subject_en: Mapped[str] = mapped_column(String(300))
    body_zh: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    dedupe_key: Mapped[str] = mapped_column(String(250))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
