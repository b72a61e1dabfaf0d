"""What every step has in common: the call, refusals, moves of the lead's state, and calendar arithmetic."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors
from app.leads.models import MOVES, Lead, LeadState
from app.security import Principal


@dataclass(frozen=True, slots=True)
class Step:
    """A filled-in form of one task: who, when, which values (Python values by field name). ``task_id`` is None when the
    task is completed in the commit that starts the process."""

    definition_id: str
    node_id: str
    task_id: str | None
    principal: Principal
    values: Mapping[str, Any]
    at: datetime

    @property
    def actor(self) -> str:
        """Login of who completes the task."""
        return self.principal.login

    @property
    def outcome(self) -> str:
        """The value of the field ``outcome``."""
        return str(self.values.get("outcome") or "")

    def text(self, name: str) -> str:
        """A text field without surrounding spaces; empty when not given."""
        return str(self.values.get(name) or "").strip()


def refuse(field: str, message: Any) -> FieldErrors:
    """A refusal at one field, to be raised."""
    return FieldErrors({field: [message]})


def move(lead: Lead, state: LeadState) -> None:
    """Change the state along :data:`MOVES`; staying is always allowed. Raises ValueError for a forbidden move."""
    current = LeadState(lead.state)
    if state != current and state not in MOVES[current]:
        raise ValueError(f"lead {lead.number}: {current} → {state}")
    lead.state = state.value


def today(session: Session, at: datetime | None = None) -> date:
    """The day of ``at`` (default: now) in the business time zone."""
    return (at or engine.now(session)).astimezone(ZoneInfo(engine.runtime(session).zone)).date()


def money(value: Any) -> Decimal | None:
    """An amount, or None when not given."""
    return None if value in (None, "") else Decimal(str(value))


def months_between(earlier: date, later: date) -> int:
    """Whole calendar months from ``earlier`` to ``later``: the most that can be added to ``earlier`` without passing
    ``later``, where a month is added as people do it (31 January and a month is the last of February). Negative when
    ``later`` comes first, so that ``months_between(a, b) == -months_between(b, a)``."""
    if later < earlier:
        return -months_between(later, earlier)
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    last = monthrange(later.year, later.month)[1]
    return months if min(earlier.day, last) <= later.day else months - 1
