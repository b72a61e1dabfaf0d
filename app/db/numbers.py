"""Business numbers without gaps or doubles: ``CMP-2026-000001``."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base


class NumberSequence(Base):
    """The last number given out, per prefix and year."""

    __tablename__ = "number_sequence"

    prefix: Mapped[str] = mapped_column(String(10), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)


def next_number(session: Session, prefix: str, year: int) -> str:
    """The next number of ``prefix`` in ``year``; the row stays locked until the transaction ends: no gaps."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(NumberSequence)
        .values(prefix=prefix, year=year, last=1)
        .on_conflict_do_update(index_elements=["prefix", "year"], set_={"last": NumberSequence.last + 1})
        .returning(NumberSequence.last)
    )
    return f"{prefix}-{year}-{session.scalars(statement).one():06d}"
