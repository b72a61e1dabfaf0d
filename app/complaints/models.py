"""The complaint and everything recorded about it.

What must never change is guarded where nobody gets past: :mod:`app.complaints.immutability` puts triggers on both
databases. The states of a complaint and the moves between them are the table :data:`MOVES`.
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


class ComplaintState(StrEnum):
    """Where a complaint stands for the people who look after it."""

    RECORDING = "recording"  # waits at `record`: something required is missing
    OPEN = "open"
    PAUSED = "paused"  # the clock stands still until the customer answers
    NOT_VALID = "not_valid"  # answered; the customer may contest once
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[ComplaintState, frozenset[ComplaintState]] = {
    ComplaintState.RECORDING: frozenset({ComplaintState.OPEN, ComplaintState.CLOSED, ComplaintState.WITHDRAWN}),
    ComplaintState.OPEN: frozenset(
        {ComplaintState.PAUSED, ComplaintState.NOT_VALID, ComplaintState.CLOSED, ComplaintState.WITHDRAWN}
    ),
    ComplaintState.PAUSED: frozenset({ComplaintState.OPEN, ComplaintState.CLOSED, ComplaintState.WITHDRAWN}),
    ComplaintState.NOT_VALID: frozenset({ComplaintState.OPEN, ComplaintState.CLOSED, ComplaintState.WITHDRAWN}),
    ComplaintState.CLOSED: frozenset(),
    ComplaintState.WITHDRAWN: frozenset(),
}
"""Which state may follow which."""

FINISHED = (ComplaintState.CLOSED, ComplaintState.WITHDRAWN)


class DepartmentRole(StrEnum):
    """Why a department is in the case. Intake and responsible together cover every minute of its life."""

    INTAKE = "intake"
    RESPONSIBLE = "responsible"
    CONTRIBUTING = "contributing"


class Complaint(Base):
    """One complaint. ``number`` is the business key of its process instance."""

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("source", "customer_reference"),
        Index("ix_complaint_received_at_number", "received_at", "number"),
        Index(
            "ix_complaint_figures",
            *("received_at", "complaint_class", "responsible_department", "cause_code", "customer_id"),
        ),
        Index("ix_complaint_state_number", "state", "number"),
        Index("ix_complaint_customer_id_number", "customer_id", "number"),
        Index("ix_complaint_sub_code_number", "sub_code", "number"),
        Index("ix_complaint_responsible_department_number", "responsible_department", "number"),
    )

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(String(36))
    source: Mapped[str] = mapped_column(String(80), default="form")
    customer_reference: Mapped[str | None] = mapped_column(String(120))
    policy_version: Mapped[str] = mapped_column(String(20), default="")

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("customer_order.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    carrier: Mapped[str] = mapped_column(String(100), default="")
    waybill: Mapped[str] = mapped_column(String(60), default="")
    employee: Mapped[str] = mapped_column(String(100), default="")
    """The employee a service complaint names, as the customer said it."""

    complaint_class: Mapped[str | None] = mapped_column(String(20))
    sub_code: Mapped[str | None] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10), default="normal")
    value_class: Mapped[str] = mapped_column(String(1), default="C")
    channel: Mapped[str] = mapped_column(String(20), default="phone")
    verbatim: Mapped[str | None] = mapped_column(Text)
    """The customer's own words. Written once; a trigger refuses every later change."""
    verbatim_sha256: Mapped[str | None] = mapped_column(String(64))
    summary: Mapped[str] = mapped_column(Text, default="")
    remedy_wanted: Mapped[str] = mapped_column(Text, default="")
    amount_claimed: Mapped[Decimal | None] = mapped_column(Money)
    intake: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What was given when the complaint came in incomplete: the prefill of `record`."""

    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_by: Mapped[str] = mapped_column(String(100))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    state: Mapped[str] = mapped_column(String(12), default=ComplaintState.RECORDING.value)
    round: Mapped[int] = mapped_column(default=1)
    refusals: Mapped[int] = mapped_column(default=0)
    verdict: Mapped[str] = mapped_column(String(20), default="")
    verdict_reason: Mapped[str] = mapped_column(Text, default="")
    verdict_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proposed_department: Mapped[str | None] = mapped_column(String(60))
    responsible_department: Mapped[str | None] = mapped_column(String(60))
    """Who handles the case. ``cause_department`` is who caused it: two ledgers."""
    cause_department: Mapped[str | None] = mapped_column(String(60))
    cause_code: Mapped[str | None] = mapped_column(String(40))
    responsible_person: Mapped[str | None] = mapped_column(String(100))
    no_person_reason: Mapped[str] = mapped_column(Text, default="")
    proposer: Mapped[str | None] = mapped_column(String(100))
    remedies: Mapped[list[str]] = mapped_column(JsonValue, default=list)
    compensation: Mapped[Decimal | None] = mapped_column(Money)
    approved_compensation: Mapped[Decimal | None] = mapped_column(Money)
    paid_amount: Mapped[Decimal | None] = mapped_column(Money)
    total_cost: Mapped[Decimal | None] = mapped_column(Money)
    solution: Mapped[str] = mapped_column(Text, default="")
    prevention: Mapped[str] = mapped_column(Text, default="")
    instruction: Mapped[str] = mapped_column(Text, default="")
    """What the approver last asked for when returning the solution."""
    satisfaction: Mapped[int | None] = mapped_column()
    visit_attempts: Mapped[int] = mapped_column(default=0)
    result: Mapped[str] = mapped_column(String(20), default="")
    result_text: Mapped[str] = mapped_column(Text, default="")
    lessons: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ComplaintMeasure(Base):
    """What the course of a complaint amounts to, so that figures need not read the course again: kept up to date with
    every step, fixed when the complaint is closed. What follows ``closed_at`` is known from then on."""

    __tablename__ = "complaint_measure"
    __table_args__ = (
        Index(
            "ix_complaint_measure_closed",
            *("state", "closed_at", "complaint_class", "working_minutes", "minutes", "number"),
            *("satisfaction", "visits", "first_time", "steps", "hand_offs", "people", "waits"),
        ),
        Index("ix_complaint_measure_steps", "steps", "received_at", "number"),
    )

    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    steps: Mapped[int] = mapped_column(default=0)
    """Completed tasks."""
    hand_offs: Mapped[int] = mapped_column(default=0)
    """How often the next step was done in another department."""
    people: Mapped[int] = mapped_column(default=0)
    waits: Mapped[int] = mapped_column(default=0)
    """Steps that lay for more than a working day, and times that the clock stood still."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str | None] = mapped_column(String(12))
    """Closed or withdrawn."""
    complaint_class: Mapped[str | None] = mapped_column(String(20))
    minutes: Mapped[int | None] = mapped_column()
    """From receipt to closing."""
    working_minutes: Mapped[int | None] = mapped_column()
    """The same in working time of the office."""
    visits: Mapped[int] = mapped_column(default=0)
    """Calls to ask whether the customer is content."""
    satisfaction: Mapped[int | None] = mapped_column()
    first_time: Mapped[bool] = mapped_column(default=False)
    """The customer was satisfied by the first solution and had to contact us once only."""


class ComplaintDepartment(Base):
    """A department was in the case from ``from_at`` until ``to_at`` (open: still is)."""

    __tablename__ = "complaint_department"
    __table_args__ = (
        Index("ix_complaint_department_department_key_number", "department_key", "number"),
        Index("ix_complaint_department_number_from_at", "number", "from_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"))
    department_key: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(12))
    person: Mapped[str | None] = mapped_column(String(100))
    """Who put the department in charge."""
    reason: Mapped[str] = mapped_column(Text, default="")
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ComplaintStep(Base):
    """One completed user task as it was filled in. Never changed."""

    __tablename__ = "complaint_step"
    __table_args__ = (Index("ix_complaint_step_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"))
    task_id: Mapped[str] = mapped_column(String(36), unique=True)
    node_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    definition_id: Mapped[str] = mapped_column(String(100))
    form_key: Mapped[str] = mapped_column(String(200))
    round: Mapped[int] = mapped_column()
    actor: Mapped[str] = mapped_column(String(100))
    department_key: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the task came up."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(40), default="")
    values: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    confidential: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Values of the form's confidential fields, kept apart from the rest."""


class ComplaintAction(Base):
    """One action of the solution, with its owner."""

    __tablename__ = "complaint_action"
    __table_args__ = (Index("ix_complaint_action_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"))
    round: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(20), default="corrective")
    description: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(100))
    due_on: Mapped[date | None] = mapped_column(Date)
    cost: Mapped[Decimal | None] = mapped_column(Money)
    state: Mapped[str] = mapped_column(String(12), default="proposed")  # proposed, replaced, done
    result: Mapped[str] = mapped_column(Text, default="")
    actual_cost: Mapped[Decimal | None] = mapped_column(Money)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(String(100))


class ComplaintPenalty(Base):
    """The decision about the directly responsible person. Confidential; never changed, an appeal adds to it."""

    __tablename__ = "complaint_penalty"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"), index=True)
    round: Mapped[int] = mapped_column()
    outcome: Mapped[str] = mapped_column(String(20))
    employee: Mapped[str | None] = mapped_column(String(100), index=True)
    kind: Mapped[str] = mapped_column(String(40), default="")
    amount: Mapped[Decimal | None] = mapped_column(Money)
    basis: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(100))


class ComplaintAppeal(Base):
    """The penalised employee's one appeal. Confidential."""

    __tablename__ = "complaint_appeal"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"), index=True)
    penalty_id: Mapped[int] = mapped_column(ForeignKey("complaint_penalty.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    appealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    appealed_by: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(20), default="")
    explanation: Mapped[str] = mapped_column(Text, default="")
    new_kind: Mapped[str] = mapped_column(String(40), default="")
    new_amount: Mapped[Decimal | None] = mapped_column(Money)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_by: Mapped[str | None] = mapped_column(String(100))


class ComplaintVisit(Base):
    """One call to ask whether the customer is content."""

    __tablename__ = "complaint_visit"
    __table_args__ = (Index("ix_complaint_visit_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"))
    round: Mapped[int] = mapped_column()
    attempt: Mapped[int] = mapped_column()
    outcome: Mapped[str] = mapped_column(String(20))
    satisfaction: Mapped[int | None] = mapped_column()
    remarks: Mapped[str] = mapped_column(Text, default="")
    visited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    visited_by: Mapped[str] = mapped_column(String(100))


class ComplaintSupplement(Base):
    """Something that came in after the complaint was recorded: information, a contest, a withdrawal."""

    __tablename__ = "complaint_supplement"
    __table_args__ = (Index("ix_complaint_supplement_number_id", "number", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"))
    kind: Mapped[str] = mapped_column(String(20))  # information, supplement, contested, …
    text: Mapped[str] = mapped_column(Text)
    files: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(100))


class ComplaintPause(Base):
    """The clock stood still from ``from_at`` until ``to_at``, for a reason."""

    __tablename__ = "complaint_pause"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("complaint.number"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(String(20), default="")  # information, time


class CauseCode(Base):
    """A node of the tree of causes; only leaves are chosen."""

    __tablename__ = "cause_code"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("cause_code.code"))
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class Remedy(Base):
    """Something the company may offer."""

    __tablename__ = "remedy"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
