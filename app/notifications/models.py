"""What people are told: notices in the page, messages to customers, and what leaves the house by mail or robot."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, false, true
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


class Medium(StrEnum):
    """How a delivery leaves the house."""

    EMAIL = "email"
    CHANNEL = "channel"  # a robot or webhook of a team


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"  # a worker has it in hand, or had when it was killed
    DELIVERED = "delivered"
    MERGED = "merged"  # its words are part of another delivery
    FAILED = "failed"  # nobody tries any more: somebody has to look
    DROPPED = "dropped"  # somebody decided that it is not sent


DELIVERY_MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: frozenset(
        {DeliveryState.SENDING, DeliveryState.MERGED, DeliveryState.FAILED, DeliveryState.DROPPED}
    ),
    DeliveryState.SENDING: frozenset({DeliveryState.DELIVERED, DeliveryState.WAITING, DeliveryState.FAILED}),
    DeliveryState.FAILED: frozenset({DeliveryState.WAITING, DeliveryState.DROPPED}),
}
"""Which state may follow which; what is not named is an end."""


NO_SERVER = "no_mail_server"
"""The reason of an e-mail that waits for somebody to configure a mail server."""


class ChannelKind(StrEnum):
    """What listens at a team's address."""

    WEBHOOK = "webhook"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


class Pace(StrEnum):
    """How soon a person wants an e-mail about something."""

    OFF = "off"
    NOW = "now"
    HOURLY = "hourly"
    DAILY = "daily"


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
    language: Mapped[str | None] = mapped_column(String(5))
    file_ids: Mapped[list[int]] = mapped_column(JsonValue, default=list, server_default="[]")
    advertising: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class TeamChannel(Base):
    """A robot or webhook that tells a team what its people are told. ``department_key`` None: everybody's."""

    __tablename__ = "team_channel"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(12))
    url: Mapped[str] = mapped_column(String(1000))
    secret: Mapped[str] = mapped_column(String(200))
    department_key: Mapped[str | None] = mapped_column(String(60))
    kinds: Mapped[list[str]] = mapped_column(JsonValue)
    language: Mapped[str] = mapped_column(String(5))
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(100))


class Delivery(Base):
    """One message on its way out, written in the commit that caused it; a job of the ledger sends it.

    An employee's words are made when it is sent, from ``template`` and ``facts``; a customer's are in the outbox.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("uq_delivery_dedupe_key", "dedupe_key", unique=True),
        Index("ix_delivery_state_id", "state", "id"),
        Index("ix_delivery_login_state_due_at", "login", "state", "due_at"),
        Index("ix_delivery_channel_id_state_id", "channel_id", "state", "id"),
        Index("ix_delivery_merged_into", "merged_into"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    medium: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(20))
    login: Mapped[str | None] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(320))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("team_channel.id"))
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    template: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    link: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(40), default="", server_default="")
    detail: Mapped[str] = mapped_column(Text, default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[int | None] = mapped_column(BigKey)
    dedupe_key: Mapped[str] = mapped_column(String(250))


class DeliveryPace(Base):
    """How much one target was given within the last minute, and until when it is left in peace. Whoever sends locks
    the row, so that the limit holds for all workers together."""

    __tablename__ = "delivery_pace"

    target: Mapped[str] = mapped_column(String(60), primary_key=True)
    taken: Mapped[dict[str, str]] = mapped_column(JsonValue)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    resting_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NoticeSetting(Base):
    """Where a person gets e-mail, and whether only while people work."""

    __tablename__ = "notice_setting"

    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    email: Mapped[str] = mapped_column(String(320), default="", server_default="")
    working_hours: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class NoticePreference(Base):
    """What a person wants to hear of one kind of notice. Without a row the defaults hold."""

    __tablename__ = "notice_preference"

    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    page: Mapped[bool] = mapped_column(Boolean)
    email: Mapped[str] = mapped_column(String(12))


class MailRefusal(Base):
    """An address that wants no advertising (D16). Answers to what its owner asked are sent all the same."""

    __tablename__ = "mail_refusal"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refused_by: Mapped[str] = mapped_column(String(100))
