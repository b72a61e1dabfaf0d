"""Checking a login and password: the brake, the hash, and a short memory for clients that send them every time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from app.db import Database
from app.security import lockout, passwords

REMEMBERED_FOR = timedelta(minutes=5)
REMEMBERED_AT_MOST = 1000

_user = table("user_account", column("login"), column("password_hash"), column("active"))


@dataclass(frozen=True, slots=True)
class Answer:
    """``login`` is the account when the password was right; ``locked`` when nobody looked at it."""

    login: str | None = None
    locked: bool = False


def normalised(login: str) -> str:
    """A login as it is stored, whatever case and blanks somebody typed; nothing a database would refuse."""
    return "".join(character for character in login if character.isprintable()).strip().lower()[:100]


def stored_hash(session: Session, login: str) -> str | None:
    """The password hash of an active account, else None."""
    found = select(_user.c.password_hash).where(_user.c.login == login, _user.c.active)
    return session.execute(found).scalar()


def check(database: Database, login: str, password: str, address: str, clock: Callable[[], datetime]) -> Answer:
    """Whether the password is right. Opens its own short transactions: the hash takes 0.1 s, and nobody else may wait
    for the database meanwhile. Known and unknown logins take the same steps."""
    login = normalised(login)
    attempt = database.write(lambda session: lockout.begin_attempt(session, login, address, clock()))
    if attempt is None:
        return Answer(locked=True)
    with database.read() as session:
        expected = stored_hash(session, login)
    if not passwords.verify(expected, password):
        return Answer()
    database.write(lambda session: lockout.succeed(session, attempt))
    return Answer(login=login)


class RememberedCredentials:
    """Basic credentials found right a moment ago, as keyed hashes in this process only. The password hash is part of
    what is hashed: a changed password is forgotten at once, in every process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._until: dict[bytes, datetime] = {}
        self._lock = threading.Lock()

    def knows(self, login: str, password: str, password_hash: str, now: datetime) -> bool:
        """Whether exactly this was remembered less than five minutes ago."""
        until = self._until.get(self._digest(login, password, password_hash))
        return until is not None and now < until

    def remember(self, login: str, password: str, password_hash: str, now: datetime) -> None:
        """Remember that this was right."""
        with self._lock:
            if len(self._until) >= REMEMBERED_AT_MOST:
                self._until = {key: until for key, until in self._until.items() if until > now}
            if len(self._until) < REMEMBERED_AT_MOST:
                self._until[self._digest(login, password, password_hash)] = now + REMEMBERED_FOR

    def _digest(self, login: str, password: str, password_hash: str) -> bytes:
        parts = "\0".join((login, password, password_hash)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, parts, hashlib.sha256).digest()
