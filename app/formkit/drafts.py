"""Drafts of forms, kept on the server while somebody types. Only fields the person may fill in are stored.

A draft belongs to a sheet: one opened form. A task is its own sheet. A page that begins something new draws a sheet of
its own whenever it is opened, and takes up the last one that was not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

import engine
from app.formkit.models import FormDraft

TASK = "task"
KEPT_FOR = timedelta(days=30)
"""How long the draft of a page is kept; that of a task goes with the task."""
LONGEST_SUBJECT = 200
SHEET_FIELD = "_sheet"


class SheetSent(Exception):
    """The form was sent already: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed and when it was saved. ``subject``: whom it is about, as far as that is known."""

    payload: Mapping[str, Any]
    saved_at: datetime
    sheet: str
    subject: str = ""

    def over(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """What the form shows: the draft before what is ``known``; but who was chosen since is not forgotten."""
        return {**known, **self.payload} if self.subject else {**self.payload, **known}


def draft_of(session: Session, task_id: str, login: str) -> Draft | None:
    """The draft of one person for one task."""
    found = session.get(FormDraft, (task_id, login, TASK))
    return _draft(found) if found else None


def latest(session: Session, login: str, form: str, subject: str = "") -> Draft | None:
    """The newest draft of a person for a page. With ``subject`` only one about it, or about nobody yet."""
    since = engine.now(session) - KEPT_FOR
    statement = sa.select(FormDraft).where(FormDraft.login == login, FormDraft.form == form, FormDraft.saved_at > since)
    if subject:
        statement = statement.where(FormDraft.subject.in_([_storable(subject)[:LONGEST_SUBJECT], ""]))
    statement = statement.where(FormDraft.sent.is_(False)).order_by(FormDraft.saved_at.desc(), FormDraft.sheet).limit(1)
    found = session.scalars(statement).first()
    return _draft(found) if found else None


def save(
    session: Session, sheet: str, login: str, payload: Mapping[str, Any], *, form: str = TASK, subject: str = ""
) -> Draft:
    """Keep ``payload`` in place of the former draft. The caller has left only fields the person may fill in. Raises
    :class:`SheetSent`."""
    subject = _storable(subject)[:LONGEST_SUBJECT]
    draft = Draft(_storable(dict(payload)), engine.now(session), sheet, subject)
    if not _put(session, login, form, draft, sent=False):
        raise SheetSent
    return draft


def sent(session: Session, sheet: str, login: str, form: str) -> None:
    """The sheet was sent: nothing of it is kept, nor will be. Without a sheet nothing happens. Forgets what this person
    left lying too long."""
    now = engine.now(session)
    if sheet:
        _put(session, login, form, Draft({}, now, sheet), sent=True)
    old = sa.and_(FormDraft.login == login, FormDraft.form != TASK, FormDraft.saved_at <= now - KEPT_FOR)
    session.execute(sa.delete(FormDraft).where(old))


def discard(session: Session, sheet: str, login: str | None = None, *, form: str = TASK) -> None:
    """Forget the draft of one person, or of everybody when the task is over."""
    statement = sa.delete(FormDraft).where(FormDraft.sheet == sheet, FormDraft.form == form)
    session.execute(statement if login is None else statement.where(FormDraft.login == login))


def sheet_in(form: Mapping[str, str]) -> str:
    """The sheet that a posted page names; empty when it names none."""
    try:
        return str(UUID(form.get(SHEET_FIELD, "")))
    except ValueError:
        return ""


def new_sheet() -> str:
    """A name for a page that is opened."""
    return str(uuid4())


def _storable(value: Any) -> Any:
    """The same without the one character that no database keeps."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {str(name): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value


def _draft(row: FormDraft) -> Draft:
    return Draft(row.payload, row.saved_at, row.sheet, row.subject)


def _put(session: Session, login: str, form: str, draft: Draft, *, sent: bool) -> bool:
    """Whether it was kept: what was sent stays sent."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"subject": draft.subject, "payload": draft.payload, "sent": sent, "saved_at": draft.saved_at}
    statement = insert(FormDraft).values(sheet=draft.sheet, login=login, form=form, **row)
    keys, unsent = ["sheet", "login", "form"], FormDraft.sent.is_(False)
    kept = statement.on_conflict_do_update(index_elements=keys, set_=row, where=unsent).returning(FormDraft.sheet)
    return session.execute(kept).first() is not None
