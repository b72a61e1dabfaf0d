"""Working time: when people work, and arithmetic with the hours they work.

A calendar is a value: hours of each weekday in one time zone, and dates that differ (public holidays have no hours,
adjusted rest days have the hours of a working day). All arithmetic is done on real elapsed time, so a day on which
the clock changes has the hours it really has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

Hours = tuple[tuple[time, time], ...]
"""Working hours of one day: intervals in order, without overlap. An end of 00:00 means midnight at the day's end."""

NO_HOURS: Hours = ()
SEARCH_DAYS = 3660
"""How far the next working moment is looked for before the calendar is called empty."""


class NoWorkingTime(ValueError):
    """The calendar has no working time within ten years of the moment asked for."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Hours per weekday (Monday first) in ``zone``, and ``days`` whose hours differ from their weekday's."""

    zone: str
    week: tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
    days: Mapping[date, Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        for hours in (*self.week, *self.days.values()):
            _check_hours(hours)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def day_length(self) -> timedelta:
        """The longest weekday's working time: what people mean by "one working day" as a duration."""
        return max((_length(hours) for hours in self.week), default=timedelta())

    def hours_of(self, day: date) -> Hours:
        """The working hours of one date, local time."""
        return self.days.get(day, self.week[day.weekday()])

    def is_working(self, at: datetime) -> bool:
        """Whether somebody works at that moment (the end of an interval is not worked)."""
        moment = at.astimezone(UTC)
        return any(start <= moment < end for start, end in self._intervals(self._local_date(moment)))

    def add(self, at: datetime, delta: timedelta) -> datetime:
        """The earliest moment by which ``delta`` of working time has passed since ``at``. UTC."""
        if delta < timedelta():
            return self.subtract(at, -delta)
        moment = at.astimezone(UTC)
        if not delta:
            return moment
        left = delta
        for start, end in self._forward(moment):
            begin = max(start, moment)
            if end <= begin:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
        raise NoWorkingTime(f"no working time after {moment.isoformat()}")

    def subtract(self, at: datetime, delta: timedelta) -> datetime:
        """The latest moment since which ``delta`` of working time has passed until ``at``. UTC."""
        if delta < timedelta():
            return self.add(at, -delta)
        moment = at.astimezone(UTC)
        if not delta:
            return moment
        left = delta
        for start, end in self._backward(moment):
            finish = min(end, moment)
            if finish <= start:
                continue
            if finish - start >= left:
                return finish - left
            left -= finish - start
        raise NoWorkingTime(f"no working time before {moment.isoformat()}")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; negative when ``end`` is before ``start``."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        if last < first:
            return -self.between(last, first)
        return sum((worked for _day, worked in self.worked_by_day(first, last)), timedelta())

    def worked_by_day(self, start: datetime, end: datetime) -> tuple[tuple[date, timedelta], ...]:
        """For every local date from ``start`` to ``end`` the working time of that day between the two moments."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        found, day, final = [], self._local_date(first), self._local_date(last)
        while day <= final:
            worked = timedelta()
            for begin, finish in self._intervals(day):
                worked += max(min(finish, last) - max(begin, first), timedelta())
            found.append((day, worked))
            day += timedelta(days=1)
        return tuple(found)

    def add_days(self, at: datetime, days: int) -> datetime:
        """The same time of day, ``days`` working days later (earlier when negative), kept within that day's hours."""
        moment = at.astimezone(UTC)
        if days == 0:
            return moment
        local = moment.astimezone(self._zone)
        day, left, step = local.date(), abs(days), timedelta(days=1 if days > 0 else -1)
        for _ in range(SEARCH_DAYS + 10 * abs(days)):
            day += step
            if self.hours_of(day):
                left -= 1
                if left == 0:
                    return self._within(day, local.time())
        raise NoWorkingTime(f"no working day near {moment.isoformat()}")

    def _within(self, day: date, at: time) -> datetime:
        """The moment of that wall-clock time, moved into the day's first start and last end."""
        intervals = list(self._intervals(day))
        moment = datetime.combine(day, at, self._zone).astimezone(UTC)
        return min(max(moment, intervals[0][0]), intervals[-1][1])

    def _local_date(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _intervals(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        for start, end in self.hours_of(day):
            end_day = day + timedelta(days=1) if end == time(0) else day
            begin = datetime.combine(day, start, self._zone).astimezone(UTC)
            finish = datetime.combine(end_day, end, self._zone).astimezone(UTC)
            if begin < finish:
                yield begin, finish

    def _forward(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, empty = self._local_date(moment), 0
        while empty < SEARCH_DAYS:
            found = list(self._intervals(day))
            empty = 0 if found else empty + 1
            yield from found
            day += timedelta(days=1)

    def _backward(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, empty = self._local_date(moment), 0
        while empty < SEARCH_DAYS:
            found = list(self._intervals(day))
            empty = 0 if found else empty + 1
            yield from reversed(found)
            day -= timedelta(days=1)


def _check_hours(hours: Hours) -> None:
    previous = time(0)
    for position, (start, end) in enumerate(hours):
        if end != time(0) and end <= start:
            raise ValueError(f"working hours end before they start: {start}-{end}")
        if start < previous or (previous == time(0) and position > 0):
            raise ValueError("working hours overlap or are not in order")
        previous = end


def _length(hours: Hours) -> timedelta:
    return sum((_span(start, end) for start, end in hours), timedelta())


def _span(start: time, end: time) -> timedelta:
    day = date(2001, 1, 1)
    finish = datetime.combine(day + timedelta(days=1) if end == time(0) else day, end)
    return finish - datetime.combine(day, start)
