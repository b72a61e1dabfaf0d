"""What is kept of a test run between two requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class Sandbox(Base):
    """One test run of one designer. ``steps``: what was done so far, as :class:`app.sandbox.steps.Step` writes it;
    ``at``: the moment its own clock shows; ``revision`` goes up with everything done."""

    __tablename__ = "sandbox"
    __table_args__ = (
        Index("uq_sandbox_owner_draft_id", "owner", "draft_id", unique=True),
        Index("ix_sandbox_updated_at", "updated_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    draft_id: Mapped[int] = mapped_column(BigKey)
    process_key: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))  # of the files it runs, to tell when the draft was changed since
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JsonValue)
    revision: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SandboxState(Base):
    """The database of a test run, compressed, after so many of its steps. The latest ones are kept to go back to."""

    __tablename__ = "sandbox_state"

    sandbox_id: Mapped[int] = mapped_column(ForeignKey("sandbox.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[bytes] = mapped_column(LargeBinary)
