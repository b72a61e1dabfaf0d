"""The brake on guessing passwords, counted in the database so that all processes share it.

A try is written down before the password is looked at and marked afterwards when it was right: tries that run at the
same time all count. Unknown logins count like known ones, so the answer tells nothing about them.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.orm import Session

from app.security.models import LoginAttempt

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 50
"""Failed tries per window. Many colleagues share an office's address, so it gets more than an account."""

KEEP = timedelta(days=1)


def begin_attempt(session: Session, login: str, address: str, now: datetime) -> int | None:
    """Write the try down; returns its id, or None when this account or address has used up its tries.
    Refused tries are not written down: who only waits gets in again."""
    login, address = login.lower()[:100], address[:64]
    _one_at_a_time(session, login, address)
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - KEEP))
    since = now - WINDOW
    if _failed(session, LoginAttempt.login == login, since) >= PER_ACCOUNT:
        return None
    if _failed(session, LoginAttempt.address == address, since) >= PER_ADDRESS:
        return None
    attempt = LoginAttempt(login=login, address=address, at=now, succeeded=False)
    session.add(attempt)
    session.flush()
    return attempt.id


def succeed(session: Session, attempt_id: int) -> None:
    """The try was right: it does not count against anybody."""
    session.execute(update(LoginAttempt).where(LoginAttempt.id == attempt_id).values(succeeded=True))


def forgive(session: Session, login: str) -> None:
    """Forget the failed tries of ``login``, when an administrator gave a new password."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.login == login.lower()))


def _failed(session: Session, whose: ColumnElement[bool], since: datetime) -> int:
    counted = select(func.count()).where(whose, LoginAttempt.at > since, LoginAttempt.succeeded.is_(False))
    return session.scalar(counted) or 0


def _one_at_a_time(session: Session, login: str, address: str) -> None:
    """SQLite has one writer anyway; on PostgreSQL two tries of one account or address wait for each other.
    Locks are taken in the order of their numbers, so that two tries never wait in a circle."""
    if session.get_bind().dialect.name == "postgresql":
        for number in sorted({zlib.crc32(f"login:{login}".encode()), zlib.crc32(f"address:{address}".encode())}):
            session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
