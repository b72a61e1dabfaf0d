"""Tables of working calendars."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class Calendar(Base):
    """Hours of an ordinary week: seven lists of ``["09:00", "18:00"]``, Monday first."""

    __tablename__ = "calendar"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    week: Mapped[list[list[list[str]]]] = mapped_column(JsonValue)


class CalendarDay(Base):
    """A date that differs from its weekday. ``hours`` None on a working day: those of an ordinary working day.
    ``source``: official (announced), estimated (computed, not announced yet), edited (a person said so)."""

    __tablename__ = "calendar_day"

    calendar_key: Mapped[str] = mapped_column(ForeignKey("calendar.key"), primary_key=True)
    date: Mapped[date] = mapped_column(Date, primary_key=True)
    working: Mapped[bool] = mapped_column(Boolean)
    hours: Mapped[list[list[str]] | None] = mapped_column(JsonValue)
    name_zh: Mapped[str] = mapped_column(String(100), default="", server_default="")
    name_en: Mapped[str] = mapped_column(String(100), default="", server_default="")
    source: Mapped[str] = mapped_column(String(12))


class CalendarAssignment(Base):
    """Which calendar a candidate group works by; groups without a row work by the office's."""

    __tablename__ = "calendar_assignment"

    group_name: Mapped[str] = mapped_column(ForeignKey("user_group.name"), primary_key=True)
    calendar_key: Mapped[str] = mapped_column(ForeignKey("calendar.key"), index=True)


class Recomputation(Base):
    """A calendar was changed, and open deadlines were computed again: by the engine's ``batches``, made by a job.
    ``started_at`` None: the job has not looked yet which are concerned."""

    __tablename__ = "recomputation"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    calendar_key: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(100))
    groups: Mapped[list[str]] = mapped_column(JsonValue)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    batches: Mapped[list[int]] = mapped_column(JsonValue)
    total: Mapped[int] = mapped_column(default=0)


class MovedDeadline(Base):
    """One deadline that a recomputation moved. ``kind``: task or timer; a paused task has no moment."""

    __tablename__ = "moved_deadline"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    recomputation_id: Mapped[int] = mapped_column(ForeignKey("recomputation.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    instance_id: Mapped[str] = mapped_column(String(36))
    business_key: Mapped[str | None] = mapped_column(String(100))
    task_id: Mapped[str | None] = mapped_column(String(36))
    node_id: Mapped[str | None] = mapped_column(String(100))
    before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    after: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CalendarVersion(Base):
    """One row whose ``token`` changes with every change of a calendar, so that processes know their copy is old."""

    __tablename__ = "calendar_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token: Mapped[str] = mapped_column(String(32))
