"""Who is told outside of the page, and when: rows of ``delivery`` and their jobs, in the commit that caused them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.notifications import wording
from app.notifications.models import (
    Delivery,
    DeliveryState,
    MailRefusal,
    Medium,
    Notice,
    OutboxMessage,
    Pace,
    TeamChannel,
)
from app.notifications.preferences import Preferences

WORK = "notifications.deliver"
DAILY_AT = time(8)
"""When the daily e-mail is written, local time of the house."""
WITHHELD = "…"
"""What a team's channel shows instead of somebody's own words: who reads there need not be allowed to read the case."""
OWN_WORDS = ("text",)


def insert_once(
    session: Session,
    model: type[Notice] | type[OutboxMessage] | type[Delivery],
    row: Mapping[str, Any],
) -> int | None:
    """The id of the new row; None when there is one with its dedupe key already."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**row).on_conflict_do_nothing(index_elements=["dedupe_key"])
    found: int | None = session.scalar(statement.returning(model.id))
    return found


def schedule(session: Session, delivery_id: int, due_at: datetime) -> None:
    """A job of the ledger sends this delivery at ``due_at``."""
    engine.execute(
        session,
        engine.AddWork(
            topic=WORK,
            payload={"delivery_id": delivery_id},
            dedupe_key=f"delivery:{delivery_id}",
            due_at=due_at,
        ),
    )


def to_people(
    session: Session,
    people: Collection[Preferences],
    template: str,
    facts: Mapping[str, Any],
    link: str,
    dedupe_key: str,
) -> None:
    """An e-mail for everybody who wants one about this kind of notice and has an address."""
    kind = wording.notice_wording(template).kind
    for person in people:
        pace = person.wish(kind).email
        if pace is Pace.OFF or not person.email:
            continue
        row = {"medium": Medium.EMAIL.value, "login": person.login, "address": person.email}
        due_at = _due(session, pace, working_hours=person.working_hours)
        _deliver(session, row, kind, template, facts, link, f"{dedupe_key}:{person.login}:email", due_at)


def to_channels(
    session: Session, logins: Collection[str], template: str, facts: Mapping[str, Any], link: str, dedupe_key: str
) -> None:
    """One message to each channel of a team one of ``logins`` belongs to, and to each of everybody, if it is to hear
    of this kind of notice."""
    kind = wording.notice_wording(template).kind
    channels = [row for row in session.scalars(_active()) if kind in row.kinds]
    if not channels:
        return
    teams = _teams(session, logins) if any(row.department_key for row in channels) else frozenset()
    told = dict(facts) | {name: WITHHELD for name in OWN_WORDS if name in facts}
    for channel in channels:
        if channel.department_key is None or channel.department_key in teams:
            row = {"medium": Medium.CHANNEL.value, "address": "", "channel_id": channel.id}
            key = f"{dedupe_key}:channel:{channel.id}"
            _deliver(session, row, kind, template, told, link, key, engine.now(session))


def _active() -> sa.Select[TeamChannel]:
    return sa.select(TeamChannel).where(TeamChannel.active).order_by(TeamChannel.id)


def _teams(session: Session, logins: Collection[str]) -> frozenset[str]:
    """Keys of the departments of these people and of all departments above them."""
    paths = {row.path: row.key for row in accounts.departments(session)}
    keys = {key: path for path, key in paths.items()}
    own = {accounts.department_of(session, login) for login in logins}
    return frozenset(
        key for department in own if department for path, key in paths.items() if keys[department].startswith(path)
    )


def to_customer(session: Session, outbox_id: int, address: str, template: str, dedupe_key: str) -> None:
    """The letter leaves by e-mail."""
    row = {"medium": Medium.EMAIL.value, "address": address, "outbox_id": outbox_id}
    _deliver(session, row, "letter", template, {}, "", f"{dedupe_key}:letter", engine.now(session))


def refuses(session: Session, address: str) -> bool:
    """Whether the owner of ``address`` wants no advertising."""
    return session.get(MailRefusal, address.strip().lower()) is not None


def refuse(session: Session, address: str, actor: str) -> None:
    """The owner of ``address`` gets no more advertising."""
    key = address.strip().lower()
    session.merge(MailRefusal(address=key, refused_at=engine.now(session), refused_by=actor))
    session.flush()


def _deliver(
    session: Session,
    target: Mapping[str, Any],
    kind: str,
    template: str,
    facts: Mapping[str, Any],
    link: str,
    dedupe_key: str,
    due_at: datetime,
) -> None:
    row = {
        "kind": kind,
        "template": template,
        "facts": dict(facts),
        "link": link,
        "state": DeliveryState.WAITING.value,
        "due_at": due_at,
        "created_at": engine.now(session),
        "dedupe_key": dedupe_key,
        **target,
    }
    new = insert_once(session, Delivery, row)
    if new is not None:
        schedule(session, new, due_at)


def _due(session: Session, pace: Pace, *, working_hours: bool) -> datetime:
    """When an e-mail of this pace is written, not before people work if ``working_hours``."""
    runtime, at = engine.runtime(session), engine.now(session)
    if pace is Pace.HOURLY:
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    elif pace is Pace.DAILY:
        at = _next_morning(at, ZoneInfo(runtime.zone))
    if not working_hours:
        return at
    calendar = runtime.calendars(session, None)
    if calendar.is_working(at):
        return at
    return calendar.add(at, timedelta(seconds=1))


def _next_morning(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    morning = datetime.combine(local.date(), DAILY_AT, zone)
    if morning <= local:
        morning = datetime.combine(local.date() + timedelta(days=1), DAILY_AT, zone)
    return morning.astimezone(at.tzinfo)
