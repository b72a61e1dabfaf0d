"""Mean, median and 90th percentile of a column, exactly, without reading every value: first how many values lie in each
bucket, then the values of the few buckets in which the wanted ranks fall. The same on every database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

ALL = ""
"""The key of all values together."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of ``count`` values. Between two values in the middle the median is their mean; the 90th percentile is the
    smallest value that nine tenths do not exceed."""

    count: int
    mean: float
    median: float
    ninetieth: float


def spreads(session: Session, narrowed: Any, kind: Any, column: Any, width: int) -> dict[str, Spread]:
    """The spread of a column of whole numbers for every value of ``kind`` and for all.

    ``narrowed``: puts the conditions on a select; ``width``: of a bucket.
    """
    bucket = (column // width).label("bucket")
    statement: Select[Any] = select(kind.label("kind"), bucket, func.count(), func.sum(column))
    rows = session.execute(narrowed(statement).group_by("kind", "bucket")).all()
    counts, sums = _together((key, place, count) for key, place, count, _sum in rows), dict[str, int]()
    for key, _bucket, _count, total in rows:
        for one in (key, ALL):
            sums[one] = sums.get(one, 0) + int(total)
    places = {key: [_nth(sorted(own.items()), rank) for rank in _ranks(own)] for key, own in counts.items()}
    wanted = sorted({place for found in places.values() for place, _rank in found})
    inside = _inside(session, narrowed, kind, column, width, wanted)
    return {key: _spread(counts[key], sums[key], inside[key], found, width) for key, found in places.items()}


def _together(rows: Iterable[tuple[str, int, int]]) -> dict[str, dict[int, int]]:
    """Key → value → how often, and the same for all keys."""
    found: dict[str, dict[int, int]] = {}
    for key, value, count in rows:
        for one in (key, ALL):
            own = found.setdefault(one, {})
            own[value] = own.get(value, 0) + int(count)
    return found


def _ranks(counts: Mapping[int, int]) -> tuple[int, int, int]:
    """The two in the middle and the one that nine tenths do not exceed, counted from 0."""
    total = sum(counts.values())
    return (total - 1) // 2, total // 2, -(-9 * total // 10) - 1


def _nth(ordered: Sequence[tuple[int, int]], rank: int) -> tuple[int, int]:
    """The value at ``rank``, and which of its like it is."""
    for value, count in ordered:
        if rank < count:
            return value, rank
        rank -= count
    raise IndexError(rank)


def _inside(
    session: Session, narrowed: Any, kind: Any, column: Any, width: int, wanted: Sequence[int]
) -> dict[str, dict[int, int]]:
    statement: Select[Any] = select(kind.label("kind"), column.label("value"), func.count())
    chosen = narrowed(statement).where((column // width).in_(wanted)).group_by("kind", "value")
    return _together((key, value, count) for key, value, count in session.execute(chosen))


def _spread(
    counts: Mapping[int, int], total: int, inside: Mapping[int, int], places: Sequence[tuple[int, int]], width: int
) -> Spread:
    lower, upper, ninetieth = (
        _nth(sorted((value, count) for value, count in inside.items() if value // width == place), rank)[0]
        for place, rank in places
    )
    count = sum(counts.values())
    return Spread(count, round(total / count, 1), (lower + upper) / 2, float(ninetieth))
