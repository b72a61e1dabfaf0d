"""A customer matter and everything recorded about it.

What must never change is guarded where nobody gets past: :mod:`app.matters.immutability` puts triggers on both
databases.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.models import Money
from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class MatterState(StrEnum):
    """Where a matter stands for the people who look after it."""

    OPEN = "open"  # the call centre, a department or the CCO has it
    WAITING = "waiting"  # a complaint of its own has it
    ANSWERED = "answered"  # there is an answer; the customer is yet to hear it
    CLOSED = "closed"
    CANCELLED = "cancelled"


FINISHED = (MatterState.CLOSED, MatterState.CANCELLED)


class TransferKind(StrEnum):
    """Why a matter moved from one department to the next."""

    ROUTED = "routed"  # by the rules
    DECLINED = "declined"  # refused with a reason: the only kind that counts as a transfer
    ESCALATED = "escalated"
    OVERDUE = "overdue"
    DECIDED = "decided"  # by the CCO
    COMPLAINT = "complaint"  # within the complaint it became
    ANSWERED = "answered"  # back to the call centre, which tells the customer


class Matter(Base):
    """One matter of a customer. ``number`` is the business key of its process instance."""

    __tablename__ = "matter"
    __table_args__ = (
        UniqueConstraint("source", "source_reference"),
        Index("ix_matter_received_at_number", "received_at", "number"),
        Index("ix_matter_state_number", "state", "number"),
        Index("ix_matter_customer_id_number", "customer_id", "number"),
        Index("ix_matter_caller_phone_number", "caller_phone", "number"),
        Index("ix_matter_department_number", "department", "number"),
        Index("ix_matter_complaint_number", "complaint_number"),
    )

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(String(36))
    source: Mapped[str] = mapped_column(String(80), default="form")
    source_reference: Mapped[str | None] = mapped_column(String(120))

    channel: Mapped[str] = mapped_column(String(20), default="phone")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    caller_name: Mapped[str] = mapped_column(String(100), default="")
    caller_phone: Mapped[str] = mapped_column(String(40), default="")
    caller_company: Mapped[str] = mapped_column(String(200), default="")
    verbatim: Mapped[str | None] = mapped_column(Text)
    """The customer's own words. Written once; a trigger refuses every later change."""
    verbatim_sha256: Mapped[str | None] = mapped_column(String(64))
    intake: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What was given when the matter came in incomplete: the prefill of `register`."""

    concern: Mapped[str] = mapped_column(String(20), default="")
    proposed_kind: Mapped[str] = mapped_column(String(30), default="")
    kind: Mapped[str] = mapped_column(String(30), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    product_code: Mapped[str] = mapped_column(String(40), default="")
    region: Mapped[str] = mapped_column(String(60), default="")
    """The marketing centre it belongs to, as a department key; empty while nobody knows."""
    amount: Mapped[Decimal | None] = mapped_column(Money)
    value_class: Mapped[str] = mapped_column(String(1), default="C")
    data_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the customer confirmed the data we have of them, in this matter."""

    state: Mapped[str] = mapped_column(String(12), default=MatterState.OPEN.value)
    department: Mapped[str] = mapped_column(String(60), default="")
    """Who has it now; the same as the open interval of the responsibility timeline."""
    handler: Mapped[str | None] = mapped_column(String(100))
    hops: Mapped[int] = mapped_column(default=0)
    """How often it moved from one department to another, for whatever reason."""
    transfers: Mapped[int] = mapped_column(default=0)
    """How often a department declined it."""

    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str] = mapped_column(String(100))
    classified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")
    """What the department answered, for the call centre to tell the customer."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(100))
    reply: Mapped[str] = mapped_column(Text, default="")
    reply_channel: Mapped[str] = mapped_column(String(20), default="")
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_by: Mapped[str | None] = mapped_column(String(100))
    next_step: Mapped[str] = mapped_column(Text, default="")
    """Where the next contact goes on."""
    complaint_number: Mapped[str | None] = mapped_column(String(20))
    lead_number: Mapped[str | None] = mapped_column(String(20))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MatterHolding(Base):
    """A department, and a person once somebody took it, had the matter from ``from_at`` until ``to_at`` (open: still
    does). The intervals of a matter follow each other without gap or overlap from its receipt to its close."""

    __tablename__ = "matter_holding"
    __table_args__ = (
        Index("ix_matter_holding_number_id", "number", "id"),
        Index("ix_matter_holding_department_key_number", "department_key", "number"),
        Index("ix_matter_holding_person_number", "person", "number"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("matter.number"))
    department_key: Mapped[str] = mapped_column(String(60))
    person: Mapped[str | None] = mapped_column(String(100))
    node_id: Mapped[str] = mapped_column(String(100), default="")
    task_id: Mapped[str | None] = mapped_column(String(36))
    """The task they had, the last one when there were several."""
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MatterTransfer(Base):
    """The matter moved from one department to another. Never changed."""

    __tablename__ = "matter_transfer"
    __table_args__ = (Index("ix_matter_transfer_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("matter.number"))
    kind: Mapped[str] = mapped_column(String(12))
    from_department: Mapped[str] = mapped_column(String(60))
    to_department: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MatterCopy(Base):
    """A department is told of the matter and has nothing to do (抄送): one row for each person told."""

    __tablename__ = "matter_copy"
    __table_args__ = (
        UniqueConstraint("number", "department_key", "login"),
        Index("ix_matter_copy_login_read_at", "login", "read_at"),
        Index("ix_matter_copy_department_key_number", "department_key", "number"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("matter.number"))
    department_key: Mapped[str] = mapped_column(String(60))
    login: Mapped[str] = mapped_column(String(100))
    copied_by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MatterStep(Base):
    """One completed user task as it was filled in. Never changed."""

    __tablename__ = "matter_step"
    __table_args__ = (Index("ix_matter_step_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("matter.number"))
    task_id: Mapped[str] = mapped_column(String(36), unique=True)
    node_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    definition_id: Mapped[str] = mapped_column(String(100))
    form_key: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(100))
    department_key: Mapped[str] = mapped_column(String(60))
    """The department that had the matter."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the task came up."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(40), default="")
    values: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)


class MatterSupplement(Base):
    """What the customer said in a later contact about the same matter. Never changed."""

    __tablename__ = "matter_supplement"
    __table_args__ = (Index("ix_matter_supplement_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("matter.number"))
    channel: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(100))


class MatterVerification(Base):
    """One call back to a customer whose matter was drawn. Never changed."""

    __tablename__ = "matter_verification"
    __table_args__ = (Index("ix_matter_verification_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("matter.number"))
    task_id: Mapped[str] = mapped_column(String(36), unique=True)
    outcome: Mapped[str] = mapped_column(String(20))  # verified, unreachable
    satisfied: Mapped[bool | None] = mapped_column()
    remarks: Mapped[str] = mapped_column(Text, default="")
    verified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_by: Mapped[str] = mapped_column(String(100))


class MatterFact(Base):
    """One recorded fact that the customer was asked about: right or wrong. Never changed."""

    __tablename__ = "matter_fact"
    __table_args__ = (
        Index("ix_matter_fact_verification_id", "verification_id"),
        Index("ix_matter_fact_owner_at", "owner", "at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    verification_id: Mapped[int] = mapped_column(ForeignKey("matter_verification.id"))
    owner: Mapped[str] = mapped_column(String(100))
    """Who wrote the fact down."""
    fact: Mapped[str] = mapped_column(Text)
    recorded: Mapped[str] = mapped_column(Text, default="")
    correct: Mapped[bool] = mapped_column()
    actual: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
