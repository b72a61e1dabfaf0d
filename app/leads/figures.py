"""What leads amount to: funnel, conversion, months advanced, losses. Every figure counts leads the reader may see, by
a definition the page states, and names the filter under which its leads are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal, select
from sqlalchemy.orm import Session

from app.leads import queries
from app.leads.models import Horizon, Lead, LeadHorizon, LeadState
from app.security import Principal
from app.web.periods import Moment, months_before
from app.web.periods import Period as Period

WEEKS_SHOWN = 12
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of ``leads`` qualified leads, so many were won and lost by now; the others are still running."""

    key: str
    leads: int
    won: int
    lost: int
    query: Mapping[str, Any]

    @property
    def running(self) -> int:
        """Neither won nor lost."""
        return self.leads - self.won - self.lost

    @property
    def percent(self) -> float:
        """Won of all, in percent with one decimal."""
        return percent(self.won, self.leads)


def percent(part: int, whole: int) -> float:
    """``part`` of ``whole`` in percent, rounded to one decimal; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


def qualified() -> ColumnElement[bool]:
    """Condition on ``Lead``: somebody found it to be a prospect, and nobody took that back."""
    return and_(Lead.qualified_at.is_not(None), Lead.state != LeadState.CLOSED.value)


DIMENSIONS: Mapping[str, tuple[Any, str]] = {
    "horizon": (LeadHorizon.horizon, "first_horizon"),
    "source": (Lead.source, "source"),
    "heard_from": (Lead.heard_from, "heard_from"),
    "owner": (Lead.owner, "owner"),
    "product": (Lead.product_code, "product"),
}
"""Dimension → what it groups by, and the filter of the list behind the figure."""
NONE = {"owner": "-", "heard_from": "-", "product": "-"}
"""The choice of those filters for leads without a value."""


def conversion(session: Session, principal: Principal, period: Period, by: str) -> list[Conversion]:
    """Leads qualified in ``period`` and how many of them are won by now: won ÷ qualified. ``by``: one of
    :data:`DIMENSIONS`, or "cohort" for the month of qualification. The most leads first; horizons and months in order.
    """
    if by == "cohort":
        return _cohorts(session, principal, period)
    column, name = DIMENSIONS[by]
    rows = _counted(session, principal, period, column)
    chosen = period.query("qualified") | {"reached": "qualified"}
    found = [
        Conversion(key or "", leads, won, lost, {**chosen, name: key or NONE.get(name, "")})
        for key, leads, won, lost in rows
    ]
    if by == "horizon":
        order = [horizon.value for horizon in Horizon]
        return sorted(found, key=lambda row: order.index(row.key) if row.key in order else len(order))
    return sorted(found, key=lambda row: (-row.leads, row.key))


def _counted(session: Session, principal: Principal, period: Period, group: Any) -> list[tuple[Any, int, int, int]]:
    first = and_(LeadHorizon.number == Lead.number, LeadHorizon.reason == "qualified")
    statement = select(group.label("grouped"), func.count(), _sum(Lead.state == "won"), _sum(Lead.state == "lost"))
    if group is LeadHorizon.horizon:
        statement = statement.join(LeadHorizon, first)
    statement = statement.where(period.has(Lead.qualified_at), qualified(), queries.counted(principal))
    return [(row[0], int(row[1]), int(row[2]), int(row[3])) for row in session.execute(statement.group_by("grouped"))]


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _cohorts(session: Session, principal: Principal, period: Period) -> list[Conversion]:
    months = period.cut(lambda day: months_before(day, -1))
    rows = {row[0]: row[1:] for row in _counted(session, principal, period, _slot(Lead.qualified_at, months))}
    found = []
    for index, month in enumerate(months):
        leads, won, lost = rows.get(index, (0, 0, 0))
        query = month.query("qualified") | {"reached": "qualified"}
        found.append(Conversion(month.first.isoformat()[:7], leads, won, lost, query))
    return found


def _slot(moment: Moment, pieces: Sequence[Period]) -> ColumnElement[int]:
    """The index of the piece in which ``moment`` lies; -1 before the first. Literal numbers: databases disagree about
    the type of a bound parameter they group by."""
    whens = [(moment < piece.moments()[0], literal(index - 1, Integer)) for index, piece in enumerate(pieces)]
    return case(*whens, else_=literal(len(pieces) - 1, Integer))


@dataclass(frozen=True, slots=True)
class Advanced:
    """Of ``won`` leads, ``earlier`` came before the date first expected. ``months``: sum over all of them, in whole
    calendar months."""

    key: str
    won: int
    earlier: int
    later: int
    months: int
    query: Mapping[str, Any]

    @property
    def average(self) -> float:
        """Months a won lead came earlier, on average."""
        return round(self.months / self.won, 1) if self.won else 0.0


def months_advanced(session: Session, principal: Principal, period: Period, by: str) -> list[Advanced]:
    """Leads won in ``period`` and how much earlier than first expected, ``by`` "owner" or "horizon" (the first one).
    The most months first; horizons in order."""
    column, name = DIMENSIONS[by]
    statement = select(
        column,
        func.count(),
        _sum(Lead.months_advanced > 0),
        _sum(Lead.months_advanced < 0),
        func.coalesce(func.sum(Lead.months_advanced), 0),
    )
    if by == "horizon":
        first = and_(LeadHorizon.number == Lead.number, LeadHorizon.reason == "qualified")
        statement = statement.join(LeadHorizon, first)
    statement = statement.where(period.has(Lead.won_at), Lead.state == "won", queries.counted(principal))
    found = [
        Advanced(
            key or "",
            int(won),
            int(earlier),
            int(later),
            int(months),
            period.query("won") | {name: key or NONE.get(name, "")},
        )
        for key, won, earlier, later, months in session.execute(statement.group_by(column))
    ]
    if by == "horizon":
        order = [horizon.value for horizon in Horizon]
        return sorted(found, key=lambda row: order.index(row.key))
    return sorted(found, key=lambda row: (-row.months, row.key))


@dataclass(frozen=True, slots=True)
class Count:
    """So many leads; the filter under which they are listed."""

    key: str
    leads: int
    query: Mapping[str, Any]


def funnel(session: Session, principal: Principal, period: Period) -> list[Count]:
    """Of the leads captured in ``period``: all, those qualified, those that ever reached "now", those won. Each
    stage is a part of the one before but the last: a lead may be won from farther away."""
    near = select(LeadHorizon.number).where(LeadHorizon.horizon == Horizon.NOW.value)
    statement = select(
        func.count(),
        _sum(qualified()),
        _sum(and_(qualified(), Lead.number.in_(near))),
        _sum(Lead.state == "won"),
    ).where(period.has(Lead.captured_at), queries.counted(principal))
    counts = session.execute(statement).one()
    chosen = period.query("captured")
    stages = ("captured", "qualified", "now", "won")
    return [
        Count(stage, int(count), chosen if stage == "captured" else chosen | {"reached": stage})
        for stage, count in zip(stages, counts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Inflow:
    """Leads captured in one week, by source."""

    week: Period
    by_source: Mapping[str, int]
    query: Mapping[str, Any]

    @property
    def total(self) -> int:
        """From all sources."""
        return sum(self.by_source.values())


def inflow(session: Session, principal: Principal, today: date, zone: ZoneInfo) -> list[Inflow]:
    """Leads captured in each of the last twelve weeks (Monday to Sunday), this one included, by source."""
    monday = today - timedelta(days=today.weekday())
    shown = Period(monday - WEEK * (WEEKS_SHOWN - 1), monday + timedelta(days=6), zone)
    weeks = shown.cut(lambda day: day + WEEK)
    slot = _slot(Lead.captured_at, weeks).label("week")
    statement = select(slot, Lead.source, func.count()).where(shown.has(Lead.captured_at), queries.counted(principal))
    found: list[dict[str, int]] = [{} for _week in weeks]
    for index, source, count in session.execute(statement.group_by("week", Lead.source)):
        found[index][source] = int(count)
    return [Inflow(week, counts, week.query("captured")) for week, counts in zip(weeks, found, strict=True)]


def lost_reasons(session: Session, principal: Principal, period: Period) -> list[Count]:
    """Leads lost in ``period`` by reason, the most frequent first."""
    statement = select(Lead.lost_reason, func.count()).where(
        period.has(Lead.lost_at), Lead.state == "lost", queries.counted(principal)
    )
    chosen = period.query("lost")
    found = [
        Count(reason, int(count), chosen | {"lost_reason": reason})
        for reason, count in session.execute(statement.group_by(Lead.lost_reason))
    ]
    return sorted(found, key=lambda row: (-row.leads, row.key))


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page shows of a period."""

    funnel: list[Count]
    conversion: Mapping[str, list[Conversion]]
    advanced: Mapping[str, list[Advanced]]
    inflow: list[Inflow]
    lost: list[Count]

    @property
    def sources(self) -> list[str]:
        """The sources of the inflow, the largest first."""
        totals: dict[str, int] = {}
        for week in self.inflow:
            for source, count in week.by_source.items():
                totals[source] = totals.get(source, 0) + count
        return sorted(totals, key=lambda source: (-totals[source], source))

    @property
    def busiest(self) -> int:
        """Leads of the week with the most."""
        return max((week.total for week in self.inflow), default=0)


def load(session: Session, principal: Principal, period: Period, today: date) -> Figures:
    """All figures of ``period``; the inflow ends with the week of ``today``."""
    return Figures(
        funnel=funnel(session, principal, period),
        conversion={by: conversion(session, principal, period, by) for by in (*DIMENSIONS, "cohort")},
        advanced={by: months_advanced(session, principal, period, by) for by in ("horizon", "owner")},
        inflow=inflow(session, principal, today, period.zone),
        lost=lost_reasons(session, principal, period),
    )
