"""What the matters amount to: by kind and route, hops and transfers, overdue, how true the records are, silent centres.

Every figure counts matters that the reader may see, by a definition the page states, and names the filter of the list
under which its matters stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.matters import lists, queries
from app.matters.models import FINISHED, Matter, MatterState
from app.matters.service import intake
from app.security import Principal
from app.web.periods import Period

STEPS = (0, 1, 2, 3, 5)
"""The distribution says how many matters have at least as many hops or transfers."""
PEERS_HEARD = 5
"""A centre is silent when nothing came in from its region while the others heard that many on average [C29]."""


@dataclass(frozen=True, slots=True)
class Cell:
    """So many matters, and where they are listed."""

    count: int
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """Matters that went one way: how many, and how often they moved and were declined on average."""

    key: str
    count: int
    hops: float
    transfers: float
    most: int
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Late:
    """Open matters of a department, and those of them whose task is past its deadline now."""

    department: str
    open: Cell
    late: Cell


@dataclass(frozen=True, slots=True)
class Truth:
    """Facts that customers were asked about: so many, so many right. ``key``: a login or a department key."""

    key: str
    asked: int
    right: int
    query: Mapping[str, Any] | None = None

    @property
    def percent(self) -> float:
        """Right of all, in percent with one decimal."""
        return round(100 * self.right / self.asked, 1)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came in from the region of a centre."""

    centre: str
    matters: Cell
    silent: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """The whole page."""

    total: Cell
    kinds: tuple[str, ...]
    routes: tuple[Route, ...]
    matrix: Mapping[tuple[str, str], Cell]
    hops: tuple[Cell, ...]
    transfers: tuple[Cell, ...]
    mean_hops: float
    mean_transfers: float
    late: tuple[Late, ...]
    owners: tuple[Truth, ...]
    centres: tuple[Truth, ...]
    heard: tuple[Heard, ...]


def _rows(period: Period, **others: Any) -> dict[str, Any]:
    """The parameters of the list for these days."""
    return period.query("received") | others


def load(session: Session, principal: Principal, period: Period) -> Figures:
    """Everything about the matters of the period that this person may see."""
    which = and_(period.has(Matter.received_at), queries.sees(principal))
    went = _went(session, which)
    matrix = _matrix(went, period)
    owners = _owners(session, which, period)
    return Figures(
        total=Cell(sum(one.count for one in went), _rows(period)),
        kinds=tuple(sorted({kind for kind, _route in matrix})),
        routes=_routes(went, period),
        matrix=matrix,
        hops=_at_least(went, period, "hops"),
        transfers=_at_least(went, period, "transfers"),
        mean_hops=_mean(went, "hops"),
        mean_transfers=_mean(went, "transfers"),
        late=_late(session, queries.sees(principal)),
        owners=owners,
        centres=_by_department(session, owners),
        heard=_heard(session, which, period) if principal.sees_all("matter.view_all") else (),
    )


@dataclass(frozen=True, slots=True)
class _Went:
    """So many matters of one kind went one way, with so many hops and transfers each."""

    kind: str
    route: str
    hops: int
    transfers: int
    count: int


def _went(session: Session, which: ColumnElement[bool]) -> list[_Went]:
    """One walk over the matters: whether the reader may see one is asked once."""
    found = select(Matter.kind, lists.route().label("route"), Matter.hops, Matter.transfers).where(which).subquery()
    rows = session.execute(select(*found.c, func.count()).group_by(*found.c))
    return [_Went(kind or lists.UNCLASSIFIED, *rest) for kind, *rest in rows]


def _mean(went: Sequence[_Went], name: str) -> float:
    total = sum(one.count for one in went)
    return round(sum(getattr(one, name) * one.count for one in went) / total, 2) if total else 0.0


def _routes(went: Sequence[_Went], period: Period) -> tuple[Route, ...]:
    by_route: dict[str, list[_Went]] = {}
    for one in went:
        by_route.setdefault(one.route, []).append(one)
    found = [
        Route(
            key=key,
            count=sum(one.count for one in own),
            hops=_mean(own, "hops"),
            transfers=_mean(own, "transfers"),
            most=max(one.transfers for one in own),
            query=_rows(period, route=key),
        )
        for key, own in by_route.items()
    ]
    return tuple(sorted(found, key=lambda row: (-row.count, row.key)))


def _matrix(went: Sequence[_Went], period: Period) -> dict[tuple[str, str], Cell]:
    counts: dict[tuple[str, str], int] = {}
    for one in went:
        counts[one.kind, one.route] = counts.get((one.kind, one.route), 0) + one.count
    return {
        (kind, route): Cell(count, _rows(period, kind=kind, route=route)) for (kind, route), count in counts.items()
    }


def _at_least(went: Sequence[_Went], period: Period, name: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            sum(one.count for one in went if getattr(one, name) >= step),
            _rows(period, **({name: step} if step else {})),
        )
        for step in STEPS
    )


def _late(session: Session, sees: ColumnElement[bool]) -> tuple[Late, ...]:
    late = func.sum(case((lists.overdue(session), 1), else_=0))
    unfinished = Matter.state.not_in([state.value for state in FINISHED])
    statement = select(Matter.department, func.count(), late).where(sees, unfinished).group_by(Matter.department)
    rows = sorted(session.execute(statement), key=lambda row: (-row[2], -row[1], row[0]))
    states = [state.value for state in MatterState if state not in FINISHED]
    return tuple(
        Late(
            department,
            Cell(count, {"department": department, "state": states}),
            Cell(int(overdue or 0), {"department": department, "overdue": "1"}),
        )
        for department, count, overdue in rows
    )


def _owners(session: Session, which: ColumnElement[bool], period: Period) -> tuple[Truth, ...]:
    return tuple(
        Truth(found.owner, found.asked, found.right, _rows(period, checked=found.owner))
        for found in queries.quality(session, which)
    )


def _by_department(session: Session, owners: Sequence[Truth]) -> tuple[Truth, ...]:
    """The same by the marketing centre of who wrote the fact down; by the department for people outside of centres."""
    sums: dict[str, tuple[int, int]] = {}
    for owner in owners:
        department = accounts.department_of(session, owner.key)
        key = intake.centre_of(session, department) or department or ""
        asked, right = sums.get(key, (0, 0))
        sums[key] = (asked + owner.asked, right + owner.right)
    return tuple(Truth(key, asked, right) for key, (asked, right) in sorted(sums.items()))


def _heard(session: Session, which: ColumnElement[bool], period: Period) -> tuple[Heard, ...]:
    keys = [row.key for row in accounts.departments(session) if row.kind == "centre"]
    statement = select(Matter.region, func.count()).where(which, Matter.region.in_(keys)).group_by(Matter.region)
    counts = {row[0]: row[1] for row in session.execute(statement)}
    heard = []
    for key in keys:
        own = counts.get(key, 0)
        others = [counts.get(other, 0) for other in keys if other != key]
        silent = own == 0 and bool(others) and sum(others) / len(others) >= PEERS_HEARD
        heard.append(Heard(key, Cell(own, _rows(period, region=key)), silent))
    return tuple(heard)
