"""What a won lead costs by the way its customer heard of us, the cheapest first [L9]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.leads import figures
from app.leads.models import SourceCost
from app.security import Principal

FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Source:
    """Leads qualified in a period that heard of us this way, how many are won by now, and what the way cost in the
    months that begin in the period (yuan; None: nobody wrote it down)."""

    key: str
    leads: int
    won: int
    cost: Decimal | None
    query: Mapping[str, Any]

    @property
    def percent(self) -> float:
        """Won ÷ qualified, in percent with one decimal."""
        return figures.percent(self.won, self.leads)

    @property
    def per_lead(self) -> Decimal | None:
        """Cost ÷ leads; None without either."""
        return _each(self.cost, self.leads)

    @property
    def per_win(self) -> Decimal | None:
        """Cost ÷ won; None without either."""
        return _each(self.cost, self.won)


def _each(cost: Decimal | None, count: int) -> Decimal | None:
    return (cost / count).quantize(FEN, ROUND_HALF_UP) if cost is not None and count else None


def sources(session: Session, principal: Principal, period: figures.Period) -> list[Source]:
    """By cost of a win, the lowest first; ways without a win or without a cost come last, the most won first."""
    statement = select(SourceCost.heard_from, func.sum(SourceCost.amount)).where(
        SourceCost.month >= period.first, SourceCost.month <= period.last
    )
    costs: dict[str, Decimal] = {row[0]: row[1] for row in session.execute(statement.group_by(SourceCost.heard_from))}
    rows = {row.key: row for row in figures.conversion(session, principal, period, "heard_from")}
    chosen = period.query("qualified") | {"reached": "qualified"}
    found = [
        Source(
            key,
            rows[key].leads if key in rows else 0,
            rows[key].won if key in rows else 0,
            costs.get(key),
            rows[key].query if key in rows else chosen | {"heard_from": key},
        )
        for key in {*costs, *rows}
    ]
    return sorted(found, key=lambda row: (row.per_win is None, row.per_win or 0, -row.won, -row.leads, row.key))


def entered(session: Session, period: figures.Period) -> list[SourceCost]:
    """What was written down for the months that begin in the period, the latest first."""
    statement = select(SourceCost).where(SourceCost.month >= period.first, SourceCost.month <= period.last)
    return list(session.scalars(statement.order_by(SourceCost.month.desc(), SourceCost.heard_from)))
