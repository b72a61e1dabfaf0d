"""Channels of teams: add, change, try out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors
from app.notifications import courier, house, pacing, robots, wording
from app.notifications.models import ChannelKind, TeamChannel
from app.notifications.wording import N_

GREETING = N_("Keliu says hello to this team: notices will come here.")


def all_channels(session: Session) -> list[TeamChannel]:
    """Every channel, those in use first."""
    return list(session.scalars(select(TeamChannel).order_by(TeamChannel.active.desc(), TeamChannel.id)))


def save(session: Session, actor: str, values: Mapping[str, Any], channel_id: int | None = None) -> TeamChannel:
    """The channel is stored. An empty address or secret keeps the one that is stored. Raises FieldErrors."""
    row = session.get_one(TeamChannel, channel_id) if channel_id else None
    if not values["url"] and row is None:
        raise FieldErrors({"url": [_l("Please fill this in.")]})
    if row is None:
        row = TeamChannel(secret="", created_at=engine.now(session), created_by=actor)
        session.add(row)
    kept = {"url", "secret"}
    for name, value in values.items():
        if value or name not in kept:
            setattr(row, name, value)
    if row.kind == ChannelKind.WEBHOOK and not row.secret:
        row.secret = robots.new_secret()
    session.flush()
    return row


def hint(row: TeamChannel) -> str:
    """The address without what makes it valuable: who knows the rest can write to the team."""
    return f"{urlsplit(row.url).hostname}/…{row.url[-4:]}"


def greeting(session: Session, channel_id: int) -> tuple[str, robots.Request, tuple[str, ...], str]:
    """What the test button sends; it takes a place in the minute like every message. Empty slot: there is none."""
    row = session.get_one(TeamChannel, channel_id)
    at = engine.now(session)
    place = pacing.take(pacing.lock(session, pacing.target_of(row.id)), "test", at)
    text = wording.said(GREETING, row.language)
    message = robots.Message(f"test-{row.id}-{int(at.timestamp())}", text, "test", ({"text": text, "url": ""},))
    request = robots.request(row.kind, row.url, row.secret, message, at)
    return row.kind, request, house.of(session).webhook_allow, place.slot


def greeted(session: Session, channel_id: int, slot: str, outcome: courier.Outcome) -> None:
    """What is known of the channel after the test: it is there, or not."""
    pace, at = pacing.lock(session, pacing.target_of(channel_id)), engine.now(session)
    pacing.arrived(pace, slot, at)
    if not outcome.down:
        pacing.answered(pace)
