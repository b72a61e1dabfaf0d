"""Sessions and tokens in the database. What is handed out is random; what is stored is its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.security.models import ApiToken, UserSession

TOUCH_EVERY = timedelta(minutes=1)
"""``last_seen_at`` and ``last_used_at`` are not written more often than this."""

ROTATION_GRACE = timedelta(seconds=30)
"""How long the old id still works after a rotation, for requests that were under way."""

TOKEN_PREFIX = "keliu_"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lives: without a request, and in any case."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


def digest(secret: str) -> str:
    """The stored form of a random secret. Plain SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(
    session: Session, login: str, *, now: datetime, lifetimes: Lifetimes, address: str, user_agent: str
) -> str:
    """A new session of ``login``; returns the secret for the cookie, which is not stored anywhere."""
    secret = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            id=digest(secret),
            login=login,
            created_at=now,
            last_seen_at=now,
            expires_at=now + lifetimes.absolute,
            address=address[:64],
            user_agent=user_agent[:300],
        )
    )
    session.flush()
    return secret


def find_session(session: Session, secret: str, *, now: datetime, idle: timedelta) -> UserSession | None:
    """The living session of a cookie, or None."""
    row = session.get(UserSession, digest(secret))
    if row is None or row.ended_at is not None or row.expires_at <= now or row.last_seen_at + idle <= now:
        return None
    return row


def open_sessions(session: Session, login: str, *, now: datetime, idle: timedelta) -> Sequence[UserSession]:
    """The living sessions of ``login``, the latest used first."""
    return session.scalars(
        select(UserSession)
        .where(
            UserSession.login == login,
            UserSession.ended_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at > now - idle,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id)
    ).all()


def touch(session: Session, session_id: str, now: datetime) -> None:
    """The person did something now."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now))


def rotate(session: Session, session_id: str, *, now: datetime, user_agent: str) -> str | None:
    """A new id for a session, with the same end. The old one works a moment longer for requests under way.
    None when another request of the same browser was faster."""
    old = session.get(UserSession, session_id, with_for_update=True)
    if old is None or not old.rotate or old.ended_at is not None:
        return None
    lifetimes = Lifetimes(absolute=old.expires_at - now)
    secret = open_session(session, old.login, now=now, lifetimes=lifetimes, address=old.address, user_agent=user_agent)
    old.rotate = False
    old.expires_at = min(old.expires_at, now + ROTATION_GRACE)
    return secret


def demand_rotation(session: Session, login: str) -> None:
    """The rights of ``login`` changed: every session of this person gets a new id with its next page."""
    session.execute(
        update(UserSession).where(UserSession.login == login, UserSession.ended_at.is_(None)).values(rotate=True)
    )


def end_session(session: Session, login: str, session_id: str, now: datetime) -> bool:
    """End one session of ``login``. False when there is no such living session."""
    ended = session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.login == login, UserSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(UserSession.id)
    )
    return ended.first() is not None


def end_all(session: Session, login: str, now: datetime, *, but: str | None = None) -> int:
    """End every session of ``login`` except ``but`` (an id); returns how many ended."""
    ended = session.execute(
        update(UserSession)
        .where(UserSession.login == login, UserSession.ended_at.is_(None), UserSession.id != (but or ""))
        .values(ended_at=now)
        .returning(UserSession.id)
    )
    return len(ended.all())


def create_token(session: Session, login: str, name: str, *, now: datetime, expires_at: datetime | None) -> str:
    """A bearer token for ``login``; returned once, only its hash is kept."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            login=login,
            name=name,
            token_hash=digest(secret),
            hint=secret[:10],
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return secret


def find_token(session: Session, secret: str, *, now: datetime) -> ApiToken | None:
    """The valid token row of a bearer secret, or None."""
    return session.scalars(
        select(ApiToken).where(
            ApiToken.token_hash == digest(secret),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
        )
    ).one_or_none()


def use_token(session: Session, token_id: int, now: datetime) -> None:
    """The token was used now."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def tokens_of(session: Session, login: str) -> Sequence[ApiToken]:
    """The tokens of ``login`` that are not revoked, newest first; expired ones too: people see why they fail."""
    return session.scalars(
        select(ApiToken).where(ApiToken.login == login, ApiToken.revoked_at.is_(None)).order_by(ApiToken.id.desc())
    ).all()


def revoke_token(session: Session, login: str, token_id: int, now: datetime) -> str | None:
    """Revoke a token of ``login``; returns its name, None when there is no such token."""
    return session.execute(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.login == login, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.name)
    ).scalar()


def revoke_all_tokens(session: Session, login: str, now: datetime) -> None:
    """Revoke every token of ``login``."""
    session.execute(
        update(ApiToken).where(ApiToken.login == login, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )
