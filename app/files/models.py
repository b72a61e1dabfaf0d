"""Uploaded files, content and all: one backup holds everything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.db import Base
from engine import BigKey, UtcDateTime


class StoredFile(Base):
    """One uploaded file. It belongs to its uploader until a form attaches it to a business object, then to that."""

    __tablename__ = "stored_file"
    __table_args__ = (
        Index("ix_stored_file_process_key_business_key", "process_key", "business_key"),
        Index("ix_stored_file_business_key_uploaded_at", "business_key", "uploaded_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    uploaded_by: Mapped[str] = mapped_column(String(100))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    process_key: Mapped[str | None] = mapped_column(String(100))
    business_key: Mapped[str | None] = mapped_column(String(100))
