"""Tables of absences: who is away, who stands in for which processes, and who left what to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime

ALL = ""
"""The process key that stands for every process without a deputy of its own."""


class Absence(Base):
    """Somebody is away from ``from_at`` until before ``to_at``. ``give_back``: afterwards the person gets back what the
    deputy has not begun. ``cancelled_at``: it was called off, or ended early, then."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_login_to_at", "login", "to_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    login: Mapped[str] = mapped_column(String(60))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    give_back: Mapped[bool] = mapped_column(Boolean)
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[str | None] = mapped_column(String(60))


class AbsenceDeputy(Base):
    """Who stands in for one process, or (:data:`ALL`) for those without a row of their own."""

    __tablename__ = "absence_deputy"

    absence_id: Mapped[int] = mapped_column(ForeignKey("absence.id"), primary_key=True)
    process_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    deputy: Mapped[str] = mapped_column(String(60), index=True)


class HandedOver(Base):
    """Somebody left. ``successors``: by kind, to whom; ``counts``: how many of it. New tasks meant for the person go to
    the successor of ``tasks`` from then on."""

    __tablename__ = "handed_over"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    leaver: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(60))
    successors: Mapped[dict[str, str]] = mapped_column(JsonValue)
    counts: Mapped[dict[str, Any]] = mapped_column(JsonValue)
