"""China's public holidays and adjusted rest days, from the maintained package ``holidays``.

The State Council announces a year's adjusted days (调休) in the autumn before. For years the package does not
know yet it computes the statutory days only; those years are called estimated.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date

WORKING_ZH, WORKING_EN = "调休上班", "Working day instead of a rest day"


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date that differs from its weekday, or a named holiday on a weekend."""

    date: date
    working: bool
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Year:
    """The special days of a year in order, and whether its adjusted days were announced."""

    days: tuple[SpecialDay, ...]
    official: bool


@functools.cache
def days_of(year: int) -> Year:
    """The special days of ``year``."""
    import holidays  # takes long to load: for who needs it, not at every start

    chinese = holidays.country_holidays("CN", years=year, language="zh_CN")
    english = holidays.country_holidays("CN", years=year, language="en_US")
    made_up = [day for day in chinese.weekend_workdays if day.year == year]
    rest = [SpecialDay(day, False, name, english.get(day, name)) for day, name in chinese.items() if day.year == year]
    work = [SpecialDay(day, True, WORKING_ZH, WORKING_EN) for day in made_up]
    return Year(tuple(sorted(rest + work, key=lambda special: special.date)), official=bool(made_up))
