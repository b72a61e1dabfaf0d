"""The lead and everything recorded about it: who had it, which horizon it was in, what was said, what was sent.

States and the moves between them are the table :data:`MOVES`. History is only ever added to: an interval is closed,
never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.models import Money
from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class LeadState(StrEnum):
    """Where a lead stands for the people who sell."""

    NEW = "new"  # waits at `qualify`
    OPEN = "open"  # somebody owns it
    POOL = "pool"  # in the pool of its centre, for anybody there to claim
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # no prospect: a duplicate or unsuitable


MOVES: Mapping[LeadState, frozenset[LeadState]] = {
    LeadState.NEW: frozenset({LeadState.OPEN, LeadState.POOL, LeadState.CLOSED}),
    LeadState.OPEN: frozenset({LeadState.POOL, LeadState.WON, LeadState.LOST, LeadState.CLOSED}),
    LeadState.POOL: frozenset({LeadState.OPEN, LeadState.WON, LeadState.LOST, LeadState.CLOSED}),
    LeadState.WON: frozenset(),
    LeadState.LOST: frozenset(),
    LeadState.CLOSED: frozenset(),
}
"""Which state may follow which."""

RUNNING = (LeadState.OPEN, LeadState.POOL)
"""A qualified lead that is being followed up."""
UNFINISHED = (LeadState.NEW, *RUNNING)


class Horizon(StrEnum):
    """How near the purchase is. Which days belong to which horizon is a matter of lead_timing.dmn."""

    NOW = "now"
    THREE_MONTHS = "three_months"
    SIX_MONTHS = "six_months"
    ONE_YEAR = "one_year"
    LATER = "later"


class MaterialKind(StrEnum):
    """What a customer is sent while the purchase is still far away."""

    DETAILED = "detailed"
    GENERAL = "general"


class Occasion(StrEnum):
    """What the system itself takes as a reason to speak to a customer again. The rules are in lead_timing.dmn."""

    NEXT_PRODUCT = "next_product"
    WIN_BACK = "win_back"
    VISIT = "visit"
    WALLET_SHARE = "wallet_share"


class Lead(Base):
    """One prospect with one wish. ``number`` is the business key of its process instance."""

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("source", "source_reference"),
        Index("ix_lead_owner_state_number", "owner", "state", "number"),
        Index("ix_lead_department_key_state_number", "department_key", "state", "number"),
        Index("ix_lead_state_horizon_number", "state", "horizon", "number"),
        Index("ix_lead_captured_at_number", "captured_at", "number"),
        Index("ix_lead_company_key", "company_key"),
        Index("ix_lead_phone_key", "phone_key"),
        Index("ix_lead_customer_id_number", "customer_id", "number"),
        Index("ix_lead_lost_at", "lost_at"),
        Index("ix_lead_won_at", "won_at"),
        Index(
            "ix_lead_figures",
            *("qualified_at", "state", "owner", "department_key", "captured_by", "number"),
            *("source", "heard_from", "product_code"),
        ),
    )

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(String(36))
    source: Mapped[str] = mapped_column(String(80), default="form")
    """How it came into the system: form, rest, message, import, complaint, matter, won (next product), demo."""
    source_reference: Mapped[str | None] = mapped_column(String(120))
    """The other side's own number; together with ``source`` it comes in once."""
    heard_from: Mapped[str] = mapped_column(String(20), default="")
    """How the customer heard of us, for the analysis of sources."""

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    company: Mapped[str] = mapped_column(String(200), default="")
    company_key: Mapped[str] = mapped_column(String(200), default="")
    """The company's name folded like a customer's: width, letter case, spaces and brackets make no second lead."""
    contact_name: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    phone_key: Mapped[str] = mapped_column(String(40), default="")
    """The digits of the telephone number."""
    email: Mapped[str] = mapped_column(String(200), default="")
    region: Mapped[str] = mapped_column(String(60), default="")
    industry: Mapped[str] = mapped_column(String(100), default="")
    kind: Mapped[str] = mapped_column(String(1), default="")
    """A, B or C: what the company has decides what it is offered (prospect_kind.dmn). Empty until qualified."""
    owns: Mapped[list[str]] = mapped_column(JsonValue, default=list)
    wants: Mapped[list[str]] = mapped_column(JsonValue, default=list)
    contacts: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    """Named contacts: list of ``{name, position, phone, email}``."""
    target_account: Mapped[bool] = mapped_column(default=False)
    incomplete: Mapped[bool] = mapped_column(default=False)
    """A target account of the year without three named contacts."""
    product_code: Mapped[str | None] = mapped_column(String(40))
    amount: Mapped[Decimal | None] = mapped_column(Money)
    note: Mapped[str] = mapped_column(Text, default="")
    intake: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What was given when the lead came in: the prefill of `qualify`."""

    purchase_date: Mapped[date | None] = mapped_column(Date)
    initial_purchase_date: Mapped[date | None] = mapped_column(Date)
    """The date expected when the lead was qualified; what the purchase was brought forward is measured against it."""
    horizon: Mapped[str | None] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(8), default=LeadState.NEW.value)
    owner: Mapped[str | None] = mapped_column(String(100))
    department_key: Mapped[str | None] = mapped_column(String(60))
    """The marketing centre: its group has the tasks while the lead is in the pool."""
    captured_at: Mapped[datetime] = mapped_column(UtcDateTime)
    captured_by: Mapped[str] = mapped_column(String(100))
    qualified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    qualified_by: Mapped[str | None] = mapped_column(String(100))
    last_touch_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    won_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the lead ended, however it ended."""
    closed_by: Mapped[str | None] = mapped_column(String(100))
    deal_amount: Mapped[Decimal | None] = mapped_column(Money)
    deal_product_code: Mapped[str | None] = mapped_column(String(40))
    months_advanced: Mapped[int | None] = mapped_column()
    """Whole calendar months between the day of the deal and the date first expected; negative when it came later."""
    lost_reason: Mapped[str] = mapped_column(String(20), default="")
    rival: Mapped[str] = mapped_column(String(100), default="")
    close_reason: Mapped[str] = mapped_column(Text, default="")
    duplicate_of: Mapped[str | None] = mapped_column(String(20))
    next_of: Mapped[str | None] = mapped_column(ForeignKey("lead.number"))
    """The won lead after which this one offers the next product."""


class LeadOwner(Base):
    """Who had the lead from ``from_at`` until ``to_at`` (open: still has). No ``owner``: the pool of the centre."""

    __tablename__ = "lead_owner"
    __table_args__ = (
        Index("ix_lead_owner_number_from_at", "number", "from_at"),
        Index("ix_lead_owner_owner_number", "owner", "number"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("lead.number"))
    owner: Mapped[str | None] = mapped_column(String(100))
    department_key: Mapped[str | None] = mapped_column(String(60))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(20))
    """qualified, untouched, returned, claimed, worked, reassigned, handed_over."""
    remark: Mapped[str] = mapped_column(Text, default="")


class LeadHorizon(Base):
    """The lead was in ``horizon`` from ``entered_at`` until ``left_at`` (open: still is)."""

    __tablename__ = "lead_horizon"
    __table_args__ = (
        Index("ix_lead_horizon_number_entered_at", "number", "entered_at"),
        Index("ix_lead_horizon_number_reason", "number", "reason", "horizon"),
        Index("ix_lead_horizon_horizon_entered_at", "horizon", "entered_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("lead.number"))
    horizon: Mapped[str] = mapped_column(String(12))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(12))
    """qualified, boundary (time passed) or changed (another purchase date)."""
    days_to_purchase: Mapped[int] = mapped_column()
    purchase_date: Mapped[date] = mapped_column(Date)


class FollowUp(Base):
    """One contact with the prospect (跟进记录). Never changed."""

    __tablename__ = "follow_up"
    __table_args__ = (
        Index("ix_follow_up_number_id", "number", "id"),
        Index("ix_follow_up_actor_at", "actor", "at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("lead.number"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(100))
    channel: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    next_step: Mapped[str] = mapped_column(String(300), default="")
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purchase_date: Mapped[date | None] = mapped_column(Date)
    """The new expected date, when the contact changed it."""
    horizon: Mapped[str | None] = mapped_column(String(12))
    """The horizon at the time of the contact."""
    outcome: Mapped[str] = mapped_column(String(12), default="")
    """won, lost, later, advance, no_change; empty for a record between tasks."""
    task_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    node_id: Mapped[str | None] = mapped_column(String(100))


class LeadMaterial(Base):
    """A pack of material that was sent, once for each time the lead entered a horizon."""

    __tablename__ = "lead_material"
    __table_args__ = (Index("ix_lead_material_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("lead.number"))
    horizon_id: Mapped[int] = mapped_column(ForeignKey("lead_horizon.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    product_code: Mapped[str | None] = mapped_column(String(40))
    """The product the pack is about; None for the pack about everything."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    recipient: Mapped[str] = mapped_column(String(320), default="")
    """The address it was sent to; empty when the salesperson passes it on."""
    outbox_id: Mapped[int | None] = mapped_column(BigKey)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    """What the customer's link ends with: nobody guesses it."""
    opens: Mapped[int] = mapped_column(default=0)
    first_opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LeadOccasion(Base):
    """Why the system captured this lead by itself: the rule, and the numbers it looked at."""

    __tablename__ = "lead_occasion"

    number: Mapped[str] = mapped_column(ForeignKey("lead.number"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonValue)


class SourceCost(Base):
    """What a way by which customers hear of us cost in one calendar month."""

    __tablename__ = "source_cost"

    heard_from: Mapped[str] = mapped_column(String(20), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day."""
    amount: Mapped[Decimal] = mapped_column(Money)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(100))
