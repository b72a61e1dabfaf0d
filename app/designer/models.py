"""Drafts: the files of one deployment while a designer works on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, UtcDateTime


class Draft(Base):
    """What a designer works on. The owner changes it; whoever may deploy can look at it and take a copy."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_owner_updated_at", "owner", "updated_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    process_key: Mapped[str] = mapped_column(String(100))  # of the first process drawn in it; empty while there is none
    title: Mapped[str] = mapped_column(String(200))
    base_definition_id: Mapped[str | None] = mapped_column(String(100))  # the version it was opened from
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DraftFile(Base):
    """One file of a draft, under the name it is deployed by. ``revision`` goes up by one with every save."""

    __tablename__ = "draft_file"

    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(String(100))
