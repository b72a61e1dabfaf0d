"""What it took to close complaints: right the first time, how content customers are, how long, through how many hands.

Counted from what was measured when each was closed (:mod:`app.complaints.service.measuring`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from app.complaints import queries
from app.complaints.figures import Cell
from app.complaints.models import ComplaintMeasure, ComplaintState
from app.complaints.spreads import Spread, spreads
from app.security import Principal
from app.web.periods import Period

GRADES = (5, 4, 3, 2, 1)
UNREACHABLE, NOT_ASKED = "unreachable", "not_asked"
STEPS = (5, 10, 15, 20, 25, 30, 40, 50, 100)
LIMIT = 25
"""A complaint with more steps raises the alarm, unless the reader chooses another limit [C35]."""
LONGEST_LISTED = 20
HOUR = 60


@dataclass(frozen=True, slots=True)
class FirstTime:
    """Of ``closed`` complaints so many were right the first time."""

    closed: Cell
    right: Cell

    @property
    def percent(self) -> float:
        """Right of all, in percent with one decimal."""
        return _percent(self.right.count, self.closed.count)


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """How the customers of closed complaints answered when they were asked."""

    grades: tuple[tuple[int, Cell, float], ...]
    """Grade, complaints, their share of all answers in percent."""
    answered: int
    unreachable: Cell
    not_asked: Cell
    mean: float | None


@dataclass(frozen=True, slots=True)
class Times:
    """Minutes from receipt to closing of the complaints of one class ("" for all)."""

    key: str
    cell: Cell
    working: Spread
    elapsed: Spread


@dataclass(frozen=True, slots=True)
class Lengths:
    """What closed complaints went through, on average, and the longest that are there."""

    closed: int
    means: Mapping[str, float]
    most: Mapping[str, int]
    at_least: tuple[tuple[int, Cell], ...]
    limit: int
    over: Cell
    """Complaints received in the period, open or closed, that are over the limit."""
    longest: tuple[ComplaintMeasure, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """Everything about closed complaints."""

    first_time: FirstTime
    satisfaction: Satisfaction
    times: tuple[Times, ...]
    lengths: Lengths


def load(session: Session, principal: Principal, period: Period, limit: int) -> Closed:
    """What the complaints closed in ``period`` took; ``limit``: more steps than that raise the alarm."""
    found = _groups(session, principal, period)
    return Closed(
        first_time=_first_time(found, period),
        satisfaction=_satisfaction(found, period),
        times=_times(session, principal, period),
        lengths=_lengths(session, principal, period, limit, found),
    )


def closed_in(period: Period) -> ColumnElement[bool]:
    """Condition on ``ComplaintMeasure``: closed, and not withdrawn, in the period (ix_complaint_measure_closed)."""
    return and_(ComplaintMeasure.state == ComplaintState.CLOSED.value, period.has(ComplaintMeasure.closed_at))


def _seen(statement: Select[*tuple[Any, ...]], principal: Principal) -> Select[*tuple[Any, ...]]:
    """Only complaints this person may see, whose numbers are read once; who sees all is spared that. No index fits a
    computed column: SQLite goes along the days."""
    if principal.sees_all("complaint.view_all"):
        return statement
    return statement.where((ComplaintMeasure.number + "").in_(queries.counted_numbers(principal)))


MEASURES = ("steps", "hand_offs", "people", "waits")


def _groups(session: Session, principal: Principal, period: Period) -> Sequence[Any]:
    """One walk over the measures of the period: a row for each answer and number of steps."""
    asked = case((ComplaintMeasure.visits > 0, 1), else_=0).label("asked")
    keys = (ComplaintMeasure.satisfaction, asked, ComplaintMeasure.first_time, ComplaintMeasure.steps)
    others = [getattr(ComplaintMeasure, name) for name in MEASURES[1:]]
    sums = [func.sum(one).label(f"sum_{one.key}") for one in others]
    most = [func.max(one).label(f"most_{one.key}") for one in others]
    statement = select(*keys, func.count().label("complaints"), *sums, *most).where(closed_in(period))
    return session.execute(_seen(statement, principal).group_by(*keys)).all()


def _first_time(found: Sequence[Any], period: Period) -> FirstTime:
    chosen = period.query("closed") | {"state": "closed"}
    right = sum(row.complaints for row in found if row.first_time)
    closed = sum(row.complaints for row in found)
    return FirstTime(Cell(closed, chosen), Cell(right, chosen | {"first_time": "1"}))


def _satisfaction(found: Sequence[Any], period: Period) -> Satisfaction:
    chosen = period.query("closed") | {"state": "closed"}

    def cell(grade: str, which: Any) -> Cell:
        return Cell(sum(row.complaints for row in found if which(row)), chosen | {"answer": grade})

    grades = {grade: cell(str(grade), lambda row, own=grade: row.satisfaction == own) for grade in GRADES}
    answered = sum(one.count for one in grades.values())
    total = sum(grade * one.count for grade, one in grades.items())
    return Satisfaction(
        grades=tuple((grade, one, _percent(one.count, answered)) for grade, one in grades.items()),
        answered=answered,
        unreachable=cell(UNREACHABLE, lambda row: row.satisfaction is None and row.asked),
        not_asked=cell(NOT_ASKED, lambda row: row.satisfaction is None and not row.asked),
        mean=round(total / answered, 2) if answered else None,
    )


def _times(session: Session, principal: Principal, period: Period) -> tuple[Times, ...]:
    def narrowed(statement: Any) -> Any:
        return _seen(statement.where(closed_in(period)), principal)

    kind = func.coalesce(ComplaintMeasure.complaint_class, "-")
    measures = ((ComplaintMeasure.working_minutes, HOUR), (ComplaintMeasure.minutes, 4 * HOUR))
    working, elapsed = spreads(session, narrowed, kind, *measures)
    chosen = period.query("closed") | {"state": "closed"}
    return tuple(
        Times(key, Cell(own.count, chosen | ({"class": key} if key else {})), own, elapsed[key])
        for key, own in sorted(working.items())
    )


def _lengths(session: Session, principal: Principal, period: Period, limit: int, found: Sequence[Any]) -> Lengths:
    closed = sum(row.complaints for row in found)
    chosen = period.query("closed") | {"state": "closed"}
    over, longest = _over(session, principal, period, limit)
    means = {name: _mean(sum(getattr(row, f"sum_{name}") for row in found), closed) for name in MEASURES[1:]}
    most = {name: max((getattr(row, f"most_{name}") for row in found), default=0) for name in MEASURES[1:]}
    return Lengths(
        closed=closed,
        means={"steps": _mean(sum(row.steps * row.complaints for row in found), closed)} | means,
        most={"steps": max((row.steps for row in found), default=0)} | most,
        at_least=tuple(
            (count, Cell(sum(row.complaints for row in found if row.steps >= count), chosen | {"steps": count}))
            for count in STEPS
        ),
        limit=limit,
        over=over,
        longest=longest,
    )


def _over(
    session: Session, principal: Principal, period: Period, limit: int
) -> tuple[Cell, tuple[ComplaintMeasure, ...]]:
    which = and_(ComplaintMeasure.steps > limit, period.has(ComplaintMeasure.received_at))  # ix_complaint_measure_steps
    counted = select(func.count()).select_from(ComplaintMeasure).where(which)
    count = session.scalar(_seen(counted, principal)) or 0
    statement = _seen(select(ComplaintMeasure).where(which), principal)
    statement = statement.order_by(ComplaintMeasure.steps.desc(), ComplaintMeasure.number).limit(LONGEST_LISTED)
    cell = Cell(int(count), period.query("received") | {"steps": str(limit + 1)})
    return cell, tuple(session.scalars(statement))


def _mean(total: int, count: int) -> float:
    return round(total / count, 1) if count else 0.0


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
