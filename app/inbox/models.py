"""What the inbox keeps itself: drafts of forms somebody is filling in, and who has looked at a task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import JsonValue, UtcDateTime


class TaskDraft(Base):
    """What a person typed into a task's form and has not sent yet. Goes with the task."""

    __tablename__ = "task_draft"
    __table_args__ = (Index("ix_task_draft_login_saved_at", "login", "saved_at"),)

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TaskSeen(Base):
    """A person opened the page of a task for the first time. Goes with the task."""

    __tablename__ = "task_seen"

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
