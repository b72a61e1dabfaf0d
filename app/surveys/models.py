"""A survey and its calls."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, UtcDateTime


class CallState(StrEnum):
    """What became of a call."""

    WAITING = "waiting"
    ANSWERED = "answered"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CLOSED = "closed"  # enough others had answered, or the survey was ended


class Survey(Base):
    """``number`` is the business key of its process instance."""

    __tablename__ = "survey"
    __table_args__ = (Index("ix_survey_opened_at_number", "opened_at", "number"),)

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    questions: Mapped[str] = mapped_column(Text)
    quota: Mapped[int] = mapped_column()
    """So many answers end it."""
    instance_id: Mapped[str | None] = mapped_column(String(36))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by: Mapped[str] = mapped_column(String(100))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SurveyCall(Base):
    """One customer on the list of a survey."""

    __tablename__ = "survey_call"
    __table_args__ = (UniqueConstraint("number", "customer_id"), Index("ix_survey_call_customer_id", "customer_id"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("survey.number"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    state: Mapped[str] = mapped_column(String(12), default=CallState.WAITING.value)
    satisfaction: Mapped[int | None] = mapped_column()
    """1 (very dissatisfied) to 5 (very satisfied)."""
    answers: Mapped[str] = mapped_column(Text, default="")
    remarks: Mapped[str] = mapped_column(Text, default="")
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    called_by: Mapped[str | None] = mapped_column(String(100))
