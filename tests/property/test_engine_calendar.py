"""Laws of working time, on random calendars in zones with and without summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendar import NO_HOURS, Hours, WorkingCalendar

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)
SPANS = st.integers(0, 400 * 60).map(lambda minutes: timedelta(minutes=minutes))
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    marks = sorted(draw(st.sets(st.integers(0, 47), max_size=6)))
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return tuple((time(a // 2, a % 2 * 30), time(b // 2, b % 2 * 30)) for a, b in pairs)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    week = [draw(st.one_of(st.just(NO_HOURS), hours())) for _ in range(6)] + [((time(9), time(18)),)]
    changed = draw(st.dictionaries(st.dates(date(2026, 1, 1), date(2027, 12, 31)), hours(), max_size=8))
    return WorkingCalendar(draw(ZONES), tuple(week), changed)  # type: ignore[arg-type]  # seven entries


@settings(max_examples=60, deadline=None)
@given(calendars(), MOMENTS, SPANS)
def test_what_is_added_has_passed(calendar: WorkingCalendar, start: datetime, span: timedelta) -> None:
    end = calendar.add(start, span)
    assert calendar.between(start, end) == span
    assert end >= start


@settings(max_examples=60, deadline=None)
@given(calendars(), MOMENTS, SPANS)
def test_add_then_subtract_returns(calendar: WorkingCalendar, start: datetime, span: timedelta) -> None:
    back = calendar.subtract(calendar.add(start, span), span)
    assert calendar.between(start, back) == timedelta(), "no working time lies between"
    if calendar.is_working(start):
        assert back == start


@settings(max_examples=50, deadline=None)
@given(calendars(), MOMENTS, SPANS, SPANS)
def test_two_steps_are_one(calendar: WorkingCalendar, start: datetime, first: timedelta, second: timedelta) -> None:
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@settings(max_examples=50, deadline=None)
@given(calendars(), MOMENTS, MOMENTS, MOMENTS)
def test_time_between_adds_up(calendar: WorkingCalendar, a: datetime, b: datetime, c: datetime) -> None:
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


@settings(max_examples=50, deadline=None)
@given(calendars(), MOMENTS, st.integers(1, 30))
def test_working_days_end_within_working_hours(calendar: WorkingCalendar, start: datetime, days: int) -> None:
    end = calendar.add_days(start, days)
    assert end > start
    assert calendar.is_working(end) or calendar.is_working(end - timedelta(seconds=1)) or _between_shifts(calendar, end)


def _between_shifts(calendar: WorkingCalendar, end: datetime) -> bool:
    """A lunch break: later than the day's first start and earlier than its last end."""
    return calendar.between(end - timedelta(hours=24), end + timedelta(hours=24)) > timedelta()
