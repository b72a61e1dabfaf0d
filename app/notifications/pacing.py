"""How much one target is given: at most so many messages in any minute, and peace while it does not answer.

The row of a target is locked by whoever takes a place, so the limit holds for the workers of all machines together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.notifications.models import DeliveryPace
from app.notifications.outbound import SECONDS

MINUTE = timedelta(minutes=1)
PER_MINUTE = 20
"""What WeCom and DingTalk let a robot say in a minute; who says more is locked out."""
LATEST = timedelta(seconds=SECONDS + 2)
"""A message that was taken in hand arrives by then or never."""
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=30)
MAIL = "mail"


def target_of(channel_id: int | None) -> str:
    """The name of a target: a channel, or the mail server."""
    return MAIL if channel_id is None else f"channel:{channel_id}"


def lock(session: Session, target: str) -> DeliveryPace:
    """The row of ``target``, which nobody else changes until this transaction ends."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(DeliveryPace).values(target=target, taken={}).on_conflict_do_nothing())
    return session.get_one(DeliveryPace, target, with_for_update=True, populate_existing=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the minute: ``slot`` gives it back; ``left`` are still free. Without a slot there is none before
    ``free_at``."""

    slot: str
    left: int
    free_at: datetime


def take(pace: DeliveryPace, name: str, at: datetime) -> Place:
    """Take a place at ``at``, if there is one. It counts from the moment the message can have arrived at the latest,
    until :func:`arrived` says better."""
    taken = {slot: moment for slot, moment in _moments(pace.taken).items() if moment + MINUTE > at}
    if pace.target == MAIL:
        return Place("mail", PER_MINUTE, at)
    if len(taken) >= PER_MINUTE:
        return Place("", 0, min(taken.values()) + MINUTE)
    slot = f"{name}@{at.isoformat()}"
    taken[slot] = at + LATEST
    pace.taken = {key: moment.isoformat() for key, moment in taken.items()}
    return Place(slot, PER_MINUTE - len(taken), at)


def arrived(pace: DeliveryPace, slot: str, at: datetime) -> None:
    """The message of ``slot`` arrived no later than ``at``."""
    if slot in pace.taken:
        pace.taken = pace.taken | {slot: at.isoformat()}


def _moments(taken: Mapping[str, str]) -> dict[str, datetime]:
    return {slot: datetime.fromisoformat(moment) for slot, moment in taken.items()}


def is_resting(pace: DeliveryPace, at: datetime) -> bool:
    """Whether the target did not answer lately and is left in peace."""
    return pace.resting_until is not None and pace.resting_until > at


def answered(pace: DeliveryPace) -> None:
    """The target is there."""
    pace.failures, pace.resting_until = 0, None


def silent(pace: DeliveryPace, at: datetime, wait: timedelta | None = None) -> None:
    """The target did not answer: peace for half a minute, twice as long each time, half an hour at most; or for as long
    as it asked for."""
    pace.failures += 1
    rest = wait or min(FIRST_REST * 2 ** min(pace.failures - 1, 10), LONGEST_REST)
    pace.resting_until = at + rest
