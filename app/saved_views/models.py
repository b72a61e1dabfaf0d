"""Views of lists that people keep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import BigKey, UtcDateTime

LONGEST_TITLE = 100
LONGEST_QUERY = 2000


class SavedView(Base):
    """What a list shows under an address: ``query`` is the part behind the question mark. The owner changes it."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_page_owner", "page", "owner"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    owner: Mapped[str] = mapped_column(String(60))
    page: Mapped[str] = mapped_column(String(60))  # endpoint of the list
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    shared: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
