"""Forms somebody is filling in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from engine import JsonValue, UtcDateTime


class FormDraft(Base):
    """What a person typed into one sheet of a form and has not sent yet. Of a sheet that was sent the row stays for a
    while without its content: a draft that was under way meanwhile must not come back."""

    __tablename__ = "form_draft"
    __table_args__ = (Index("ix_form_draft_login_form_saved_at", "login", "form", "saved_at"),)

    sheet: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    form: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    sent: Mapped[bool]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
