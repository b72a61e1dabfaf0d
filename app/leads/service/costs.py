"""What the ways by which customers hear of us cost, month by month [L9]."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors
from app.leads.models import SourceCost

MOST = Decimal(10**10)


def keep(session: Session, actor: str, given: Mapping[str, str], known: Mapping[str, str]) -> SourceCost:
    """Write the cost of one way in one month; a later entry for the same month takes its place. ``known``: the ways
    there are. Raises ``FieldErrors``."""
    heard_from, month, amount = (
        given.get("heard_from", ""),
        _month(given.get("month", "")),
        _amount(given.get("amount")),
    )
    errors = {
        "heard_from": [] if heard_from in known else [_l("Choose one of the values.")],
        "month": [] if month else [_l("Give a month like 2026-11.")],
        "amount": [] if amount is not None else [_l("Give an amount from 0 to 10,000,000,000.")],
    }
    if month is None or amount is None or any(errors.values()):
        raise FieldErrors({name: messages for name, messages in errors.items() if messages})
    row = session.get(SourceCost, (heard_from, month)) or SourceCost(heard_from=heard_from, month=month)
    row.amount, row.changed_at, row.changed_by = amount, engine.now(session), actor
    session.add(row)
    session.flush()
    return row


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text.strip()[:7]}-01")
    except ValueError:
        return None


def _amount(text: str | None) -> Decimal | None:
    try:
        amount = Decimal(str(text or "").replace(",", "").replace("，", "").strip()).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return amount if 0 <= amount <= MOST else None
