"""Passwords: argon2id, 64 MiB a hash, so at most two at a time per process."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Busy

MINIMUM = 10
MAXIMUM = 200
"""Longest password: hashing time does not depend on it, reading a megabyte of password would."""

_CONCURRENT = BoundedSemaphore(2)
_PATIENCE = 10.0  # seconds a login waits for its turn before it is told to come back

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash of ``password`` with a salt of its own. Takes about 0.1 s and 64 MiB."""
    with _turn():
        return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether ``password`` belongs to ``password_hash``. Unknown users (None) take as long and are never right."""
    with _turn():
        stranger = _nobody()  # always, so that the first stranger after a start does not take longer
        try:
            right = _hasher.verify(password_hash or stranger, password[:MAXIMUM])
        except (VerificationError, InvalidHashError):
            return False
    return right and password_hash is not None and len(password) <= MAXIMUM


def weakness(password: str, login: str) -> str | None:
    """Why a new password is refused: ``short``, ``long``, ``login`` or ``simple``; None when it is good enough."""
    if len(password) < MINIMUM:
        return "short"
    if len(password) > MAXIMUM:
        return "long"
    if login.lower() in password.lower():
        return "login"
    return "simple" if len(set(password)) < 5 else None


def generated() -> str:
    """A password to hand to a person once: 16 characters that are not mistaken for each other."""
    alphabet = "abcdefghjkmnpqrstuvwxyzACDEFHJKLMNPQRTUVWXY34679"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


@functools.cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


@contextmanager
def _turn() -> Iterator[None]:
    if not _CONCURRENT.acquire(timeout=_PATIENCE):
        raise Busy
    try:
        yield
    finally:
        _CONCURRENT.release()
