"""Sending a delivery: taken in hand in one transaction, sent in none, written down in a third.

Whatever happens in between, the delivery is sent again with the same key: at least once, and who keeps the keys has it
exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.notifications import addressing, house, mail, outbound, pacing, parcels, robots
from app.notifications.models import (
    DELIVERY_MOVES,
    NO_SERVER,
    Delivery,
    DeliveryPace,
    DeliveryState,
    Medium,
    OutboxMessage,
    OutboxState,
    TeamChannel,
)
from app.notifications.outbound import TargetRefused, TargetUnreachable

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
ATTEMPTS = len(BACKOFF) + 1
GIVE_UP = timedelta(days=1)
"""After so long with a target that never answers nobody tries any more."""
TOGETHER = 50
"""Notices in one message."""
RELEASE = "notifications.release"
RELEASE_EVERY = timedelta(minutes=5)
RELEASED_AT_ONCE = 500
RESENT_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: delivered, again, failed; held, later (at ``due_at``) or nothing, if it was not sent.
    ``reason`` is a code, ``detail`` what the other side said. ``down``: the target takes nothing from anybody at the
    moment, for ``wait`` seconds if it said so."""

    result: str
    reason: str = ""
    detail: str = ""
    down: bool = False
    wait: int | None = None
    due_at: str = ""
    slot: str = ""


NOTHING = Outcome("nothing")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent, and the place in the minute that was taken for it."""

    send: Callable[[], Outcome]
    slot: str


def carry(database: engine.UnitOfWork, call: engine.WorkCall) -> Mapping[str, Any]:
    """Outside half: send the delivery, if it is its turn."""
    delivery_id = int(call.payload["delivery_id"])
    taken = database.write(lambda session: take(session, delivery_id))
    if isinstance(taken, Outcome):
        return asdict(taken)
    return asdict(taken.send()) | {"slot": taken.slot}


def take(session: Session, delivery_id: int) -> Parcel | Outcome:
    """Take a delivery in hand, or say why it is not sent now."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        return NOTHING
    pace = pacing.lock(session, pacing.target_of(found.channel_id))
    row = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    at = engine.now(session)
    if row.state not in (DeliveryState.WAITING, DeliveryState.SENDING) or row.due_at > at or _useless(session, row):
        return NOTHING
    if row.medium == Medium.EMAIL and not house.of(session).smtp_url:
        return Outcome("held", NO_SERVER)
    if pacing.is_resting(pace, at):
        if at - row.created_at > GIVE_UP and pace.failures >= ATTEMPTS:
            return Outcome("failed", "unreachable")
        return Outcome("later", "resting", due_at=str(pace.resting_until))
    place = pacing.take(pace, f"{row.id}.{row.attempts}", at)
    if not place.slot:
        return Outcome("later", "too_many", due_at=str(place.free_at))
    return _pack(session, row, place)


def _useless(session: Session, row: Delivery) -> bool:
    """Nobody is there any more to read it."""
    if row.login is not None:
        person = accounts.user(session, row.login)
        gone = person is None or not person.active
    else:
        channel = session.get(TeamChannel, row.channel_id) if row.channel_id else None
        gone = row.channel_id is not None and (channel is None or not channel.active)
    if gone:
        row.state, row.reason = DeliveryState.DROPPED.value, "gone"
    return gone


def _pack(session: Session, row: Delivery, place: pacing.Place) -> Parcel:
    _move(row, DeliveryState.SENDING)
    at_limit = row.channel_id is not None and place.left == 0
    if row.attempts == 0 and (row.login is not None or at_limit):
        _take_along(session, row)
    along = list(session.scalars(sa.select(Delivery).where(Delivery.merged_into == row.id).order_by(Delivery.id)))
    session.flush()
    return Parcel(_sending(session, row, along), place.slot)


def _take_along(session: Session, row: Delivery) -> None:
    """What waits for the same reader, and was never sent, becomes part of this message."""
    same = Delivery.login == row.login if row.channel_id is None else Delivery.channel_id == row.channel_id
    waiting = sa.select(Delivery).where(
        same,
        Delivery.medium == row.medium,
        Delivery.state == DeliveryState.WAITING.value,
        Delivery.attempts == 0,
        Delivery.due_at <= engine.now(session),
        Delivery.id != row.id,
    )
    for other in session.scalars(waiting.order_by(Delivery.id).limit(TOGETHER - 1).with_for_update()):
        _move(other, DeliveryState.MERGED)
        other.merged_into, other.reason = row.id, ""


def _sending(session: Session, row: Delivery, along: Sequence[Delivery]) -> Callable[[], Outcome]:
    here = house.of(session)
    if row.channel_id is not None:
        channel = session.get_one(TeamChannel, row.channel_id)
        request, kind = parcels.robot_request(session, channel, row, along), channel.kind
        return lambda: post(kind, request, here.webhook_allow)
    letter = session.get_one(OutboxMessage, row.outbox_id) if row.outbox_id else None
    message = parcels.letter_mail(session, row, letter) if letter else parcels.notice_mail(session, row, along)
    return lambda: mail_out(here.smtp_url, message)


def post(kind: str, request: robots.Request, allow: tuple[str, ...]) -> Outcome:
    """Send to a channel and read the answer."""
    try:
        answer = outbound.post(request.url, request.body, request.headers, allow)
    except TargetRefused as error:
        return Outcome("failed", error.reason, str(error))
    except TargetUnreachable as error:
        return Outcome("again", "unreachable", str(error), down=True)
    verdict = robots.verdict(kind, answer)
    detail = f"{answer.status} {answer.text[:500]}".strip()
    if verdict.taken:
        return Outcome("delivered", "", detail)
    return Outcome("again" if verdict.again else "failed", verdict.reason, detail, verdict.again, answer.retry_after)


def mail_out(smtp_url: str, message: EmailMessage) -> Outcome:
    """Hand an e-mail over."""
    try:
        mail.send(smtp_url, message)
    except mail.ServerAway as error:
        return Outcome("again", "unreachable", str(error), down=True)
    except mail.MailRefused as error:
        return Outcome("again" if error.again else "failed", "refused", str(error))
    return Outcome("delivered")


def write_down(session: Session, call: engine.WorkCall) -> None:
    """Inside half: what became of the delivery."""
    delivery_id, outcome = int(call.payload["delivery_id"]), call.outcome
    if outcome is None:  # run by hand, without the outside half
        addressing.schedule(session, delivery_id, call.at)
        return
    found = session.get(Delivery, delivery_id)
    if found is None or outcome["result"] == "nothing":
        return
    pace = pacing.lock(session, pacing.target_of(found.channel_id))
    row = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row.state in (DeliveryState.WAITING, DeliveryState.SENDING):
        _conclude(session, row, pace, Outcome(**outcome))
    session.flush()


def _conclude(session: Session, row: Delivery, pace: DeliveryPace, outcome: Outcome) -> None:
    row.reason, row.detail = outcome.reason, outcome.detail.replace("\0", "")[:1_000]
    if outcome.result == "later":
        _again(session, row, datetime.fromisoformat(outcome.due_at))
    elif outcome.result == "held":
        _move(row, DeliveryState.WAITING)
        _release_in(session, RELEASE_EVERY)
    elif outcome.slot:
        _sent(session, row, pace, outcome)
    else:
        fail(session, row)


def _sent(session: Session, row: Delivery, pace: DeliveryPace, outcome: Outcome) -> None:
    at, wait = engine.now(session), timedelta(seconds=outcome.wait or 0)
    pacing.arrived(pace, outcome.slot, at)
    row.attempts += 1
    if outcome.down:
        pacing.silent(pace, at, wait or None)
    else:
        pacing.answered(pace)
    if outcome.result == "delivered":
        _move(row, DeliveryState.DELIVERED)
        row.delivered_at = at
        _tell_outbox(session, row, OutboxState.DELIVERED)
    elif outcome.result == "again" and row.attempts < ATTEMPTS:
        _again(session, row, at + max(BACKOFF[row.attempts - 1], wait))
    else:
        fail(session, row)


def _again(session: Session, row: Delivery, due_at: datetime) -> None:
    _move(row, DeliveryState.WAITING)
    row.due_at = due_at
    addressing.schedule(session, row.id, due_at)


def fail(session: Session, row: Delivery) -> None:
    """Nobody tries any more until somebody says so."""
    _move(row, DeliveryState.FAILED)
    _tell_outbox(session, row, OutboxState.FAILED)


def resend(session: Session, delivery_id: int) -> bool:
    """Try a delivery that had failed again, from the beginning; False when it has not failed."""
    row = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != DeliveryState.FAILED:
        return False
    _move(row, DeliveryState.WAITING)
    row.attempts, row.reason, row.due_at = 0, "", engine.now(session)
    _tell_outbox(session, row, OutboxState.WAITING)
    addressing.schedule(session, row.id, row.due_at)
    session.flush()
    return True


def resend_all(session: Session) -> int:
    """Try everything that had failed again, at most a thousand at once; returns how many."""
    failed = sa.select(Delivery.id).where(Delivery.state == DeliveryState.FAILED.value)
    found = session.scalars(failed.order_by(Delivery.id).limit(RESENT_AT_ONCE)).all()
    return sum(resend(session, delivery_id) for delivery_id in found)


def drop(session: Session, delivery_id: int) -> bool:
    """It is not sent any more; False when it has not failed."""
    row = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != DeliveryState.FAILED:
        return False
    _move(row, DeliveryState.DROPPED)
    session.flush()
    return True


def _tell_outbox(session: Session, row: Delivery, state: OutboxState) -> None:
    letter = session.get(OutboxMessage, row.outbox_id) if row.outbox_id else None
    if letter is not None:
        letter.state = state.value
        letter.delivered_at = row.delivered_at


def _release_in(session: Session, pause: timedelta) -> None:
    due_at = engine.now(session) + pause
    engine.execute(session, engine.AddWork(topic=RELEASE, dedupe_key=RELEASE, due_at=due_at))


def release(session: Session, call: engine.WorkCall) -> None:
    """Send what waited for a mail server, if there is one by now."""
    held = sa.select(Delivery).where(Delivery.state == DeliveryState.WAITING.value, Delivery.reason == NO_SERVER)
    rows = session.scalars(held.order_by(Delivery.id).limit(RELEASED_AT_ONCE).with_for_update()).all()
    there = bool(house.of(session).smtp_url)
    for row in rows if there else ():
        row.reason = ""
        addressing.schedule(session, row.id, call.at)
    if rows:
        _release_in(session, timedelta() if there else RELEASE_EVERY)


def _move(row: Delivery, to: DeliveryState) -> None:
    """Take one of the moves there are; a delivery that a killed worker had in hand is taken in hand once more."""
    here = DeliveryState(row.state)
    if to is not here and to not in DELIVERY_MOVES.get(here, frozenset()):
        raise ValueError(f"a delivery that is {here} does not become {to}")
    row.state = to.value
