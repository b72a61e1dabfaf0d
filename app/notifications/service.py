"""Telling people, each thing exactly once: every notice and letter carries a dedupe key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

import engine
from app.notifications import wording
from app.notifications.models import Channel, Notice, OutboxMessage, OutboxState

_LINK_LENGTH = 500


def notify(
    session: Session,
    recipients: str | Iterable[str],
    template: str,
    facts: Mapping[str, Any],
    *,
    link: str = "",
    dedupe_key: str,
) -> int:
    """Leave an in-page notice for each login in ``recipients``; returns how many are new.

    ``facts`` are JSON values for the template; ``link`` is a path of this site. The same ``dedupe_key`` tells the
    same person only once, however often this runs. Raises ``KeyError`` for a template nobody added.
    """
    if not wording.knows_notice(template):
        raise KeyError(f"no notice template {template!r}")
    logins = [recipients] if isinstance(recipients, str) else list(recipients)
    rows = [
        {
            "recipient": login,
            "template": template,
            "facts": dict(facts),
            "link": link[:_LINK_LENGTH],
            "created_at": engine.now(session),
            "dedupe_key": f"{dedupe_key}:{login}",
        }
        for login in dict.fromkeys(logins)
    ]
    return sum(_insert_once(session, Notice, row) for row in rows)


def send_to_customer(
    session: Session,
    *,
    to: str | None,
    template: str,
    facts: Mapping[str, Any],
    business_key: str,
    dedupe_key: str,
) -> bool:
    """Put a letter for a customer into the outbox, in both languages; False when it was there already.

    ``to`` is the customer's e-mail address or telephone number; without one the letter is kept ``in_page``,
    shown with the business object for an employee to pass on. Raises ``KeyError`` for an unknown template.
    """
    zh, en = (wording.render_letter(template, facts, language) for language in ("zh", "en"))
    row = {
        "channel": Channel.CUSTOMER if to else Channel.IN_PAGE,
        "recipient": (to or "")[:320],
        "business_key": business_key,
        "template": template,
        "subject_zh": zh.subject[:300],
        "subject_en": en.subject[:300],
        "body_zh": zh.body,
        "body_en": en.body,
        "state": OutboxState.WAITING,
        "dedupe_key": dedupe_key,
        "created_at": engine.now(session),
    }
    return _insert_once(session, OutboxMessage, row)


def mark_read(session: Session, login: str, notice_id: int | None = None) -> int:
    """Mark one notice of ``login`` as read, or all of them; returns how many were unread."""
    statement = sa.update(Notice).where(Notice.recipient == login, Notice.read_at.is_(None))
    if notice_id is not None:
        statement = statement.where(Notice.id == notice_id)
    result = session.execute(statement.values(read_at=engine.now(session)))
    return int(getattr(result, "rowcount", 0))


def _insert_once(session: Session, model: type[Notice] | type[OutboxMessage], row: Mapping[str, Any]) -> bool:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**row).on_conflict_do_nothing(index_elements=["dedupe_key"])
    return session.scalar(statement.returning(model.id)) is not None
