"""Telling people, each thing exactly once: every notice and letter carries a dedupe key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import engine
from app.notifications import addressing, preferences, wording
from app.notifications.addressing import insert_once
from app.notifications.mail import is_address
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
    """Leave an in-page notice for each login in ``recipients``; returns how many are new. Who wants it by e-mail, and
    the channels of their teams, have it from the workers after the commit.

    ``facts`` are JSON values for the template; ``link`` is a path of this site. The same ``dedupe_key`` tells the
    same person only once, however often this runs. Raises ``KeyError`` for a template nobody added.
    """
    if not wording.knows_notice(template):
        raise KeyError(f"no notice template {template!r}")
    logins = list(dict.fromkeys([recipients] if isinstance(recipients, str) else recipients))
    people = preferences.of(session, logins)
    kind, at, link = wording.notice_wording(template).kind, engine.now(session), link[:_LINK_LENGTH]
    new = []
    for login in logins:
        row = {
            "recipient": login,
            "template": template,
            "facts": dict(facts),
            "link": link,
            "created_at": at,
            "read_at": None if people[login].wish(kind).page else at,
            "dedupe_key": f"{dedupe_key}:{login}",
        }
        if insert_once(session, Notice, row) is not None:
            new.append(login)
    if new:
        addressing.to_people(session, [people[login] for login in new], template, facts, link, dedupe_key)
        addressing.to_channels(session, new, template, facts, link, dedupe_key)
    return len(new)


def send_to_customer(
    session: Session,
    *,
    to: str | None,
    template: str,
    facts: Mapping[str, Any],
    business_key: str,
    dedupe_key: str,
    language: str | None = None,
    file_ids: Iterable[int] = (),
    advertising: bool = False,
) -> bool:
    """Put a letter for a customer into the outbox; False when it was there already, or is ``advertising`` for somebody
    who refused it.

    ``to`` is the customer's e-mail address, where it is sent in ``language`` (both, if unknown) with the stored files
    ``file_ids``. A telephone number or nothing: the letter is kept ``in_page``, shown with the business object for an
    employee to pass on. Raises ``KeyError`` for an unknown template.
    """
    by_mail = bool(to) and is_address(to or "")
    if advertising and by_mail and addressing.refuses(session, to or ""):
        return False
    zh, en = (wording.render_letter(template, facts, language) for language in ("zh", "en"))
    row = {
        "channel": Channel.CUSTOMER if by_mail else Channel.IN_PAGE,
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
        "language": language,
        "file_ids": list(file_ids),
        "advertising": advertising,
    }
    new = insert_once(session, OutboxMessage, row)
    if new is not None and by_mail:
        addressing.to_customer(session, new, to or "", template, dedupe_key)
    return new is not None


def mark_read(session: Session, login: str, notice_id: int | None = None) -> int:
    """Mark one notice of ``login`` as read, or all of them; returns how many were unread."""
    statement = sa.update(Notice).where(Notice.recipient == login, Notice.read_at.is_(None))
    if notice_id is not None:
        statement = statement.where(Notice.id == notice_id)
    result = session.execute(statement.values(read_at=engine.now(session)))
    return int(getattr(result, "rowcount", 0))
