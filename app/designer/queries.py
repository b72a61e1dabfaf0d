"""Drafts and their files, as pages and editors read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.designer.models import Draft, DraftFile
from app.designer.names import Kind, kind_of
from app.errors import NotVisible


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of a draft without its content."""

    name: str
    revision: int
    updated_at: datetime
    updated_by: str

    @property
    def kind(self) -> Kind:
        """What it is."""
        return kind_of(self.name)


def draft(session: Session, draft_id: int) -> Draft:
    """One draft. Raises NotVisible when there is none."""
    found = session.get(Draft, draft_id) if 0 <= draft_id < 2**63 else None
    if found is None:
        raise NotVisible()
    return found


def file(session: Session, draft_id: int, name: str) -> DraftFile:
    """One file of a draft. Raises NotVisible when there is none."""
    found = session.get(DraftFile, (draft_id, name)) if len(name) <= 200 else None
    if found is None:
        raise NotVisible()
    return found


def files(session: Session, draft_id: int) -> tuple[FileRow, ...]:
    """The files of a draft by name, processes first (the primary key of draft_file)."""
    found = select(DraftFile.name, DraftFile.revision, DraftFile.updated_at, DraftFile.updated_by)
    rows = [FileRow(*row) for row in session.execute(found.where(DraftFile.draft_id == draft_id))]
    return tuple(sorted(rows, key=lambda row: (list(Kind).index(row.kind), row.name)))


def contents(session: Session, draft_id: int) -> dict[str, bytes]:
    """All files of a draft as :class:`engine.Deploy` takes them."""
    found = select(DraftFile.name, DraftFile.content).where(DraftFile.draft_id == draft_id).order_by(DraftFile.name)
    return {row.name: bytes(row.content) for row in session.execute(found)}


def drafts_of(session: Session, owner: str) -> tuple[Draft, ...]:
    """The drafts of a designer, the one worked on last first (ix_draft_owner_updated_at)."""
    found = select(Draft).where(Draft.owner == owner).order_by(Draft.updated_at.desc(), Draft.id.desc())
    return tuple(session.scalars(found))


def drafts_of_others(session: Session, owner: str, limit: int = 50) -> tuple[Draft, ...]:
    """What colleagues work on, the latest first."""
    found = select(Draft).where(Draft.owner != owner).order_by(Draft.updated_at.desc(), Draft.id.desc())
    return tuple(session.scalars(found.limit(limit)))
