"""What the inbox keeps itself: who has looked at a task."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import UtcDateTime


class TaskSeen(Base):
    """A person opened the page of a task for the first time. Goes with the task."""

    __tablename__ = "task_seen"

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
