"""What reaches a running matter from outside: the customer calls again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app import files
from app.errors import NotAllowedHere
from app.matters import queries
from app.matters.models import FINISHED, Matter, MatterSupplement
from app.matters.service.steps import refuse
from app.security import Principal

SUPPLEMENT = "matter_supplement"
CHANNELS = ("phone", "email", "fax", "web", "chat", "visit")
LONGEST_TEXT = 20_000


def receive(
    session: Session, principal: Principal, matter: Matter, name: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep what the customer added (``text``, ``channel``, ``files``); returns the process variables to correlate with.

    Raises ``NotAllowedHere`` for who does not serve customers, ``FieldErrors`` when it comes too late or says nothing,
    :class:`engine.MessageNotExpected` for a message matters don't know.
    """
    if name != SUPPLEMENT:
        raise engine.MessageNotExpected(name=name, correlation_key=matter.number)
    if not principal.has("matter.register"):
        raise NotAllowedHere("matter.register")
    if matter.state in FINISHED:
        raise refuse("", _l("The matter is closed."))
    text, channel = str(variables.get("text") or ""), str(variables.get("channel") or matter.channel)
    if not text.strip():
        raise refuse("text", _l("This field is required."))
    if len(text) > LONGEST_TEXT:
        raise refuse("text", _l("No more than %(count)s characters are possible.", count=LONGEST_TEXT))
    if channel not in CHANNELS:
        raise refuse("channel", _l("This is not one of the options."))
    _keep(session, principal, matter, text, channel, files.ids(variables.get("files")))
    return {}


def possible(principal: Principal, matter: Matter) -> bool:
    """Whether this person may add what the customer said in a further contact now."""
    return principal.has("matter.register") and matter.state not in FINISHED


def _keep(session: Session, principal: Principal, matter: Matter, text: str, channel: str, sent: list[int]) -> None:
    row = MatterSupplement(
        number=matter.number,
        channel=channel,
        text=text,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        files=sent,
        added_at=engine.now(session),
        added_by=principal.login,
    )
    session.add(row)
    files.attach(session, principal, {"files": sent}, process_key=queries.PROCESS_KEY, business_key=matter.number)
    session.flush()
