"""What came in: complaints per day by class, department and cause, the vital few causes, silent centres, big customers
who complain. Every figure counts complaints the reader may see, by a definition the page states, and names the filter
under which its complaints are listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, Integer, and_, column, func, select, values
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.complaints import queries
from app.complaints.models import Complaint
from app.customers.models import Customer, CustomerOrder
from app.security import Principal
from app.web.periods import Period
from engine import UtcDateTime

NONE = "-"
"""The choice of a filter for complaints without a value."""
COLUMNS_SHOWN = 6
OTHERS = ""
VITAL = 80.0
"""The vital few are the causes that together make so many percent [C31]."""
PEERS_HEARD = 5
"""A centre is silent when it had no complaint while the others had that many on average [C29]."""
OFTEN = 2
TOP_SHARE = 10
"""Top customers are the tenth part of all customers that ordered most [C33]."""
MOST_LISTED = 50

DIMENSIONS: Mapping[str, tuple[Any, str]] = {
    "class": (Complaint.complaint_class, "class"),
    "department": (Complaint.responsible_department, "department"),
    "cause": (Complaint.cause_code, "cause"),
}
"""Dimension → what it groups by, and the filter of the list behind the figure."""


@dataclass(frozen=True, slots=True)
class Cell:
    """So many complaints, and where they are listed."""

    count: int
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Daily:
    """Complaints received in each piece of a period, by the largest ``keys`` of a dimension; the rest is together."""

    keys: tuple[str, ...]
    rows: tuple[tuple[Period, tuple[Cell, ...], int, Cell], ...]
    """Piece, a cell for each key, how many others, all together."""
    others: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a Pareto chart."""

    key: str
    cell: Cell
    percent: float
    cumulative: float
    vital: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """Complaints of the customers of one marketing centre."""

    centre: str
    complaints: Cell
    silent: bool


@dataclass(frozen=True, slots=True)
class Big:
    """A top customer that complained more than once in a year."""

    customer_id: int
    name: str
    complaints: Cell
    orders: Decimal
    rank: int


@dataclass(frozen=True, slots=True)
class Received:
    """Everything about what came in."""

    total: Cell
    customers: int
    totals: Mapping[str, tuple[Cell, ...]]
    daily: Daily
    causes: tuple[Bar, ...]
    unanalysed: Cell
    heard: tuple[Heard, ...]
    big: tuple[Big, ...]
    year: Period

    @property
    def per_hundred(self) -> float:
        """Complaints per 100 customers [C18]."""
        return round(100 * self.total.count / self.customers, 1) if self.customers else 0.0


def load(session: Session, principal: Principal, period: Period, by: str) -> Received:
    """What came in during ``period``; the daily table ``by`` one of :data:`DIMENSIONS`."""
    totals = _totals(session, principal, period)
    counts = {cell.query["cause"]: cell.count for cell in totals["cause"]}
    unanalysed = counts.pop(NONE, 0)
    year = last_year(period.last, period)
    return Received(
        total=Cell(sum(cell.count for cell in totals["class"]), period.query("received")),
        customers=int(session.scalar(select(func.count()).select_from(Customer)) or 0),
        totals=totals,
        daily=_daily(session, principal, period, by, [cell.query[DIMENSIONS[by][1]] for cell in totals[by]]),
        causes=pareto(counts, period),
        unanalysed=Cell(unanalysed, period.query("received") | {"cause": NONE}),
        heard=_heard(session, principal, period) if principal.sees_all("complaint.view_all") else (),
        big=big_complainers(session, principal, year),
        year=year,
    )


def last_year(last: date, period: Period) -> Period:
    """The year that ends with the day ``last``."""
    return Period(last - timedelta(days=364), last, period.zone)


def _totals(session: Session, principal: Principal, period: Period) -> dict[str, tuple[Cell, ...]]:
    """Complaints of the period by each dimension, the most first, from one walk (index-only on ix_complaint_figures for
    who sees all)."""
    columns = [expression for expression, _name in DIMENSIONS.values()]
    statement = select(*columns, func.count()).where(period.has(Complaint.received_at), queries.counted(principal))
    rows, chosen, found = session.execute(statement.group_by(*columns)).all(), period.query("received"), {}
    for place, (dimension, (_expression, name)) in enumerate(DIMENSIONS.items()):
        counts: dict[str, int] = {}
        for row in rows:
            counts[row[place] or NONE] = counts.get(row[place] or NONE, 0) + int(row[-1])
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        found[dimension] = tuple(Cell(count, chosen | {name: key}) for key, count in ordered)
    return found


def _pieces(pieces: Sequence[Period]) -> CTE:
    columns = (column("piece", Integer), column("begins", UtcDateTime), column("ends", UtcDateTime))
    rows = [(index, *piece.moments()) for index, piece in enumerate(pieces)]
    return values(*columns, name="pieces").data(rows).cte()


def _daily(session: Session, principal: Principal, period: Period, by: str, largest: Sequence[str]) -> Daily:
    """A range of ix_complaint_figures for every piece."""
    expression, name = DIMENSIONS[by]
    pieces = period.pieces()
    cut = _pieces(pieces)
    statement = (
        select(cut.c.piece, expression, func.count())
        .select_from(cut)
        .join(Complaint, and_(Complaint.received_at >= cut.c.begins, Complaint.received_at < cut.c.ends))
        .where(queries.counted(principal))
        .group_by(cut.c.piece, expression)
    )
    found: dict[int, dict[str, int]] = {}
    for piece, key, count in session.execute(statement):
        found.setdefault(piece, {})[key or NONE] = int(count)
    keys = tuple(largest[:COLUMNS_SHOWN])
    rows = []
    for index, piece in enumerate(pieces):
        counts, chosen = found.get(index, {}), piece.query("received")
        cells = tuple(Cell(counts.get(key, 0), chosen | {name: key}) for key in keys)
        total = sum(counts.values())
        rows.append((piece, cells, total - sum(cell.count for cell in cells), Cell(total, chosen)))
    return Daily(keys, tuple(rows), len(largest) > COLUMNS_SHOWN)


def pareto(counts: Mapping[str, int], period: Period) -> tuple[Bar, ...]:
    """Causes by frequency with their share and cumulative share in percent. Vital are the most frequent ones that
    together make :data:`VITAL` percent, and not one more."""
    total, before, bars = sum(counts.values()), 0, []
    for key, count in sorted(counts.items(), key=lambda row: (-row[1], row[0])):
        vital = 100 * before < VITAL * total
        before += count
        cell = Cell(count, period.query("received") | {"cause": key})
        bars.append(Bar(key, cell, round(100 * count / total, 1), round(100 * before / total, 1), vital))
    return tuple(bars)


def centres(session: Session) -> dict[str, list[str]]:
    """Marketing centre → the departments it is made of, itself included."""
    rows = accounts.departments(session)
    return {
        centre.key: [row.key for row in rows if row.path.startswith(centre.path)]
        for centre in rows
        if centre.kind == "centre"
    }


def _heard(session: Session, principal: Principal, period: Period) -> tuple[Heard, ...]:
    statement = (
        select(Customer.department_key, func.count())
        .join(Complaint, Complaint.customer_id == Customer.id)
        .where(period.has(Complaint.received_at), queries.counted(principal))  # ix_complaint_figures
        .group_by(Customer.department_key)
    )
    by_department = {key: int(count) for key, count in session.execute(statement)}
    counts = {centre: sum(by_department.get(key, 0) for key in inside) for centre, inside in centres(session).items()}
    chosen = period.query("received")
    return tuple(Heard(key, Cell(own, chosen | {"centre": key}), is_silent(key, counts)) for key, own in counts.items())


def is_silent(centre: str, counts: Mapping[str, int]) -> bool:
    """No complaint while the other centres had :data:`PEERS_HEARD` or more on average."""
    others = [count for key, count in counts.items() if key != centre]
    return counts[centre] == 0 and bool(others) and sum(others) / len(others) >= PEERS_HEARD


def big_complainers(session: Session, principal: Principal, year: Period) -> tuple[Big, ...]:
    """Customers with two complaints or more in ``year`` that are among those who ordered most in it, the biggest
    first."""
    top = _top_customers(session, year)
    counted = func.count()
    statement = (
        select(Complaint.customer_id, counted)
        .where(year.has(Complaint.received_at), Complaint.customer_id.in_(list(top)), queries.counted(principal))
        .group_by(Complaint.customer_id)
        .having(counted >= OFTEN)
    )
    counts = {key: int(count) for key, count in session.execute(statement) if key is not None}
    called = select(Customer.id, Customer.name).where(Customer.id.in_(list(counts)))
    names = {row.id: row.name for row in session.execute(called)}
    found = [
        Big(key, names[key], Cell(counts[key], year.query("received") | {"customer_id": key}), amount, rank)
        for rank, (key, amount) in enumerate(top.items(), start=1)
        if key in counts
    ]
    return tuple(found[:MOST_LISTED])


def _top_customers(session: Session, year: Period) -> dict[int, Decimal]:
    """The tenth part of the customers with orders in the year, by their sum, the largest first."""
    amount = func.coalesce(func.sum(CustomerOrder.amount), 0)
    statement = (
        select(CustomerOrder.customer_id, amount)
        .where(CustomerOrder.ordered_on >= year.first, CustomerOrder.ordered_on <= year.last)
        .group_by(CustomerOrder.customer_id)
        .order_by(amount.desc(), CustomerOrder.customer_id)
    )
    rows = [(customer_id, total or Decimal()) for customer_id, total in session.execute(statement)]
    return dict(rows[: math.ceil(len(rows) * TOP_SHARE / 100)])
