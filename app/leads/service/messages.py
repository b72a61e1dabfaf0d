"""``lead_changed``: the prospect wrote, called, bought or gave up, whoever passes it on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app.errors import NotAllowedHere
from app.leads.models import RUNNING, FollowUp, Lead
from app.leads.service import following
from app.leads.service.ownership import CHANGED
from app.leads.service.steps import refuse
from app.security import Principal

OUTCOMES = ("changed", "won", "lost", "later", "advance", "no_change")
KNOWN = frozenset(
    {"outcome", "purchase_date", "text", "channel", "next_step", "amount", "product_id", "lost_reason", "rival"}
)


def receive(session: Session, principal: Principal, lead: Lead, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check the message and write its rows; returns the process variables to correlate with it.

    ``values``: ``outcome`` (default ``changed``: a reason to call), ``purchase_date``, ``text`` and ``channel`` (kept
    as a follow-up record), and what a deal (``amount``, ``product_id``) or a loss (``lost_reason``, ``rival``) needs.
    Raises ``NotAllowedHere``, ``FieldErrors``, or :class:`engine.MessageNotExpected` for another message.
    """
    if name != CHANGED:
        raise engine.MessageNotExpected(name=name, correlation_key=lead.number)
    if lead.state not in RUNNING:
        raise refuse("", _l("This lead is not being followed up."))
    if not following.may_follow_up(session, principal, lead):
        raise NotAllowedHere("lead.capture")
    for unknown in sorted(set(values) - KNOWN):
        raise refuse(str(unknown)[:80], _l("There is no such field."))
    outcome = str(values.get("outcome") or "changed")
    if outcome not in OUTCOMES:
        raise refuse("outcome", _l("Choose one of the values."))
    day = _date(values)
    if day is None and outcome in ("later", "advance"):
        raise refuse("purchase_date", _l("This field is required."))
    if day is not None:
        following.check_date(session, lead, day, earlier=outcome == "advance")
        lead.purchase_date = day
    following.note_result(session, lead, outcome, values)
    _keep(session, principal, lead, outcome, values)
    lead.last_touch_at = engine.now(session)
    session.flush()
    return {"outcome": outcome} | ({"purchase_date": str(day)} if day else {})


def _date(values: Mapping[str, Any]) -> date | None:
    given = values.get("purchase_date")
    if given in (None, ""):
        return None
    try:
        return given if type(given) is date else date.fromisoformat(str(given)[:10])
    except ValueError:
        raise refuse("purchase_date", _l("This is not a date.")) from None


def _keep(session: Session, principal: Principal, lead: Lead, outcome: str, values: Mapping[str, Any]) -> None:
    text = str(values.get("text") or "").strip()
    if len(text) > following.LONGEST_TEXT:
        raise refuse("text", _l("No more than %(count)s characters are possible.", count=following.LONGEST_TEXT))
    if not text and outcome not in ("won", "lost"):
        return
    channel = str(values.get("channel") or "other")
    if channel not in following.CHANNELS:
        raise refuse("channel", _l("Choose one of the values."))
    session.add(
        FollowUp(
            number=lead.number,
            at=engine.now(session),
            actor=principal.login,
            channel=channel,
            text=text,
            next_step=str(values.get("next_step") or "").strip()[:300],
            purchase_date=lead.purchase_date if values.get("purchase_date") else None,
            horizon=lead.horizon,
            outcome="" if outcome == "changed" else outcome,
        )
    )
