"""Mean, median and 90th percentile of a column, exactly, without reading every value: first how many values lie in each
bucket, then the values of the few buckets in which the wanted ranks fall. The same on every database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
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


def spreads(session: Session, narrowed: Any, kind: Any, *measures: tuple[Any, int]) -> list[dict[str, Spread]]:
    """For each of ``measures``, a column of whole numbers and the width of its buckets: its spread for every value of
    ``kind`` and for all. Two walks, however many columns.

    ``narrowed``: puts the conditions on a select.
    """
    buckets = [(column // width).label(f"bucket_{place}") for place, (column, width) in enumerate(measures)]
    statement: Select[Any] = select(kind.label("kind"), *buckets, func.count())
    statement = statement.add_columns(*(func.sum(column) for column, _width in measures))
    rows = session.execute(narrowed(statement).group_by("kind", *buckets)).all()
    first = [_Buckets.of(rows, place, len(measures)) for place in range(len(measures))]
    wanted = [bucket.in_(one.wanted) for bucket, one in zip(buckets, first, strict=True)]
    values = [column.label(f"value_{place}") for place, (column, _width) in enumerate(measures)]
    inside = narrowed(select(kind.label("kind"), *values, func.count())).where(or_(*wanted))
    found = session.execute(inside.group_by("kind", *values)).all()
    exact = [_together((row[0], row[1 + place], row[-1]) for row in found) for place in range(len(measures))]
    return [
        {key: one.spread(key, known[key], width) for key in one.counts}
        for one, known, (_column, width) in zip(first, exact, measures, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Buckets:
    """How many values of one column lie in each bucket, and in which buckets the wanted ranks fall."""

    counts: Mapping[str, Mapping[int, int]]
    sums: Mapping[str, int]
    places: Mapping[str, Sequence[tuple[int, int]]]

    @classmethod
    def of(cls, rows: Sequence[Any], place: int, columns: int) -> _Buckets:
        """From rows of kind, a bucket for each column, count, a sum for each column."""
        counts, sums = _together((row[0], row[1 + place], row[1 + columns]) for row in rows), dict[str, int]()
        for row in rows:
            for one in (row[0], ALL):
                sums[one] = sums.get(one, 0) + int(row[2 + columns + place])
        places = {key: [_nth(sorted(own.items()), rank) for rank in _ranks(own)] for key, own in counts.items()}
        return cls(counts, sums, places)

    @property
    def wanted(self) -> list[int]:
        """The buckets whose values must be known."""
        return sorted({bucket for found in self.places.values() for bucket, _rank in found})

    def spread(self, key: str, inside: Mapping[int, int], width: int) -> Spread:
        """Of one kind, from the values ``inside`` the wanted buckets."""
        lower, upper, ninetieth = (
            _nth(sorted((value, count) for value, count in inside.items() if value // width == bucket), rank)[0]
            for bucket, rank in self.places[key]
        )
        count = sum(self.counts[key].values())
        return Spread(count, round(self.sums[key] / count, 1), (lower + upper) / 2, float(ninetieth))


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
