"""Fair claims and remedies that worked: what like cases say (requirements C20, C21)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.complaints import queries

ENOUGH_CASES = 5
"""Fewer cases say nothing."""


@dataclass(frozen=True, slots=True)
class Band:
    """The 10th and 90th percentile of the compensations of ``cases`` like cases, in yuan."""

    low: Decimal
    high: Decimal
    cases: int

    def contains(self, amount: Decimal) -> bool:
        """Whether ``amount`` is within the band, ends included."""
        return self.low <= amount <= self.high


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The remedy that satisfied most in ``cases`` like cases: its mean satisfaction from 1 to 5."""

    remedy: str
    satisfaction: float
    cases: int


def percentile(ordered: list[Decimal], share: Decimal) -> Decimal:
    """The percentile of ascending values with linear interpolation between neighbours (as Excel PERCENTILE.INC)."""
    position = (len(ordered) - 1) * share
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def band(session: Session, sub_code: str, without: str) -> Band | None:
    """The usual compensation for complaints of this kind; None with fewer than five closed cases."""
    amounts = queries.compensations_of_like_cases(session, sub_code, without)
    if len(amounts) < ENOUGH_CASES:
        return None
    low, high = (percentile(amounts, Decimal(share)).quantize(Decimal("0.01")) for share in ("0.1", "0.9"))
    return Band(low, high, len(amounts))


def suggestion(session: Session, sub_code: str) -> Suggestion | None:
    """The remedy with the highest mean satisfaction among complaints of this kind; None while fewer than five closed
    cases are known. A tie goes to the remedy used more often, then by code."""
    cases = queries.satisfaction_by_remedies(session, sub_code)
    if len(cases) < ENOUGH_CASES:
        return None
    grades: dict[str, list[int]] = defaultdict(list)
    for remedies, grade in cases:
        for remedy in remedies:
            grades[remedy].append(grade)
    best = max(sorted(grades), key=lambda remedy: (sum(grades[remedy]) / len(grades[remedy]), len(grades[remedy])))
    return Suggestion(best, sum(grades[best]) / len(grades[best]), len(cases))
