"""Imports and the mappings kept for reuse."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class RunState(StrEnum):
    """Where an import stands."""

    PREPARED = "prepared"  # uploaded; the mapping is being looked at
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


MOVES = {
    RunState.PREPARED: frozenset({RunState.RUNNING, RunState.CANCELLED}),
    RunState.RUNNING: frozenset({RunState.COMPLETED, RunState.CANCELLED}),
    RunState.COMPLETED: frozenset[RunState](),
    RunState.CANCELLED: frozenset[RunState](),
}
"""Which state may follow which."""


class ImportMapping(Base):
    """A mapping somebody saved; found again by the header of a file."""

    __tablename__ = "import_mapping"
    __table_args__ = (Index("ix_import_mapping_target_header_key", "target", "header_key"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    target: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    header_key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the folded header."""
    document: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(100))


class ImportRun(Base):
    """One file on its way in. ``done`` rows are taken over or handed back; a restart goes on behind them."""

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_created_by_id", "created_by", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    target: Mapped[str] = mapped_column(String(60))
    filename: Mapped[str] = mapped_column(String(200))
    header: Mapped[list[str]] = mapped_column(JsonValue)
    state: Mapped[str] = mapped_column(String(12), default=RunState.PREPARED.value)
    language: Mapped[str] = mapped_column(String(5))
    """Of the person: the reasons of refused rows are worded in it."""
    document: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    """The mapping as it is used; empty fields while nobody has chosen one."""
    total: Mapped[int] = mapped_column()
    done: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    existing: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(100))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RowState(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    CREATED = "created"
    EXISTING = "existing"
    FAILED = "failed"  # handed back with its reasons


class ImportRow(Base):
    """One row of the file as it came, and what became of it."""

    __tablename__ = "import_row"
    __table_args__ = (Index("ix_import_row_run_id_state_row_number", "run_id", "state", "row_number"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[list[str]] = mapped_column(JsonValue)
    state: Mapped[str] = mapped_column(String(12), default=RowState.WAITING.value)
    reference: Mapped[str | None] = mapped_column(String(60))
    """Of the record that was made, or that was there already."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why the row was refused, in the person's language."""
