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
from app.complaints.models import Complaint, ComplaintMeasure, ComplaintState
from app.security import Principal
from app.web.periods import Period

GRADES = (5, 4, 3, 2, 1)
UNREACHABLE, NOT_ASKED = "unreachable", "not_asked"
STEPS = (5, 10, 15, 20, 25, 30, 40, 50, 100)
LIMIT = 25
"""A complaint with more steps raises the alarm, unless the reader chooses another limit [C35]."""
LONGEST_LISTED = 20


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
    """Minutes from receipt to closing of the complaints of one class ("" for all): mean, median, 90th percentile."""

    key: str
    cell: Cell
    working: tuple[float, float, float]
    elapsed: tuple[float, float, float]


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
    """Only complaints this person may see; who sees all is spared the join."""
    if principal.has("complaint.view_all"):
        return statement
    return statement.join(Complaint, Complaint.number == ComplaintMeasure.number).where(queries.sees(principal))


MEASURES = ("steps", "hand_offs", "people", "waits")


def _groups(session: Session, principal: Principal, period: Period) -> Sequence[Any]:
    """One walk over the measures of the period: a row for each answer."""
    asked = case((ComplaintMeasure.visits > 0, 1), else_=0).label("asked")
    columns = [getattr(ComplaintMeasure, name) for name in MEASURES]
    sums = [func.sum(one).label(one.key) for one in columns] + [
        func.max(one).label(f"most_{one.key}") for one in columns
    ]
    long = [func.sum(case((ComplaintMeasure.steps >= count, 1), else_=0)).label(f"from_{count}") for count in STEPS]
    keys = (ComplaintMeasure.satisfaction, asked, ComplaintMeasure.first_time)
    statement = select(*keys, func.count().label("complaints"), *sums, *long).where(closed_in(period))
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
    """How often each number of minutes occurs tells mean and percentiles exactly (index-only)."""
    working = _histograms(session, principal, period, ComplaintMeasure.working_minutes)
    elapsed = _histograms(session, principal, period, ComplaintMeasure.minutes)
    chosen = period.query("closed") | {"state": "closed"}
    return tuple(
        Times(
            key,
            Cell(sum(counts.values()), chosen | ({"class": key} if key else {})),
            spread(counts),
            spread(elapsed[key]),
        )
        for key, counts in sorted(working.items())
        if counts
    )


def _histograms(session: Session, principal: Principal, period: Period, column: Any) -> dict[str, dict[int, int]]:
    kind = func.coalesce(ComplaintMeasure.complaint_class, "-")
    statement = select(kind, column, func.count()).where(closed_in(period), column.is_not(None))
    together: dict[int, int] = {}
    found = {"": together}
    for key, minutes, count in session.execute(_seen(statement, principal).group_by(kind, column)):
        found.setdefault(key, {})[minutes] = count
        together[minutes] = together.get(minutes, 0) + count
    return found


def spread(counts: Mapping[int, int]) -> tuple[float, float, float]:
    """Mean, median and 90th percentile of values that occur so often; of none, zero. Between two values in the middle
    the median is their mean; the 90th percentile is the smallest value that nine tenths do not exceed."""
    total = sum(counts.values())
    if not total:
        return 0.0, 0.0, 0.0
    mean = sum(value * count for value, count in counts.items()) / total
    ordered = sorted(counts.items())
    middle = (_nth(ordered, (total - 1) // 2) + _nth(ordered, total // 2)) / 2
    return round(mean, 1), middle, float(_nth(ordered, -(-9 * total // 10) - 1))


def _nth(ordered: Sequence[tuple[int, int]], index: int) -> int:
    passed = 0
    for value, count in ordered:
        passed += count
        if index < passed:
            return value
    raise IndexError(index)


def _lengths(session: Session, principal: Principal, period: Period, limit: int, found: Sequence[Any]) -> Lengths:
    closed = sum(row.complaints for row in found)
    chosen = period.query("closed") | {"state": "closed"}
    over, longest = _over(session, principal, period, limit)
    return Lengths(
        closed=closed,
        means={name: _mean(sum(getattr(row, name) for row in found), closed) for name in MEASURES},
        most={name: max((getattr(row, f"most_{name}") for row in found), default=0) for name in MEASURES},
        at_least=tuple(
            (count, Cell(sum(getattr(row, f"from_{count}") for row in found), chosen | {"steps": count}))
            for count in STEPS
        ),
        limit=limit,
        over=over,
        longest=longest,
    )


def _over(
    session: Session, principal: Principal, period: Period, limit: int
) -> tuple[Cell, tuple[ComplaintMeasure, ...]]:
    """Few complaints are so long: ix_complaint_measure_steps_number."""
    which = and_(ComplaintMeasure.steps > limit, period.has(Complaint.received_at), queries.sees(principal))
    joined = and_(Complaint.number == ComplaintMeasure.number, which)
    count = session.scalar(select(func.count()).select_from(ComplaintMeasure).join(Complaint, joined)) or 0
    statement = select(ComplaintMeasure).join(Complaint, joined)
    statement = statement.order_by(ComplaintMeasure.steps.desc(), ComplaintMeasure.number).limit(LONGEST_LISTED)
    cell = Cell(int(count), period.query("received") | {"steps": str(limit + 1)})
    return cell, tuple(session.scalars(statement))


def _mean(total: int, count: int) -> float:
    return round(total / count, 1) if count else 0.0


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
