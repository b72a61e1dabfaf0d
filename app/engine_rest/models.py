"""Filters: queries for tasks that somebody keeps under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, JsonValue, UtcDateTime


class TaskFilter(Base):
    """A query in Camunda's names, of one person. It finds what its owner may see at the moment it is asked."""

    __tablename__ = "task_filter"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(100), index=True)
    query: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    properties: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
