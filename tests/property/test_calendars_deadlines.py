"""Laws of deadlines, on random calendars in zones with and without summer time: none falls into rest, and pauses move
them by the working time between."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendar import WorkingCalendar
from engine.commands.deadlines import shifted
from engine.rows import PauseRow
from tests.property.test_engine_calendar import MOMENTS, SPANS, calendars

INSTANT = timedelta(microseconds=1)
HOURS = st.integers(0, 200).map(lambda hours: timedelta(hours=hours))


def paused(start: datetime, end: datetime | None) -> PauseRow:
    return PauseRow(
        id=1, task_id="t", from_at=start, until_at=None, ended_at=end, reason="r", paused_by="a", ended_by="a"
    )


@settings(max_examples=60, deadline=None)
@given(calendars(), MOMENTS, SPANS.filter(bool))
def test_no_deadline_falls_into_rest(calendar: WorkingCalendar, start: datetime, span: timedelta) -> None:
    assert calendar.is_working(calendar.add(start, span) - INSTANT)


@settings(max_examples=60, deadline=None)
@given(calendars(), MOMENTS, SPANS.filter(bool), HOURS, HOURS)
def test_a_pause_moves_the_deadline_by_the_working_time_paused(
    calendar: WorkingCalendar, start: datetime, span: timedelta, before: timedelta, long: timedelta
) -> None:
    due, begin = calendar.add(start, span), start + before
    pause = paused(begin, begin + long)
    moved = shifted(calendar, due, [pause])
    assert moved is not None
    if begin >= due:
        assert moved == due
        return
    running = calendar.between(start, begin) + calendar.between(begin + long, moved)
    assert running == span, "the time allowed is exactly the time in which the clock ran"
    assert calendar.between(due, moved) == calendar.between(begin, begin + long) or moved == begin + long
    assert shifted(calendar, due, [paused(begin, None)]) is None, "nobody knows while it stands still"


@settings(max_examples=40, deadline=None)
@given(calendars(), MOMENTS, SPANS)
def test_the_days_of_an_explanation_add_up(calendar: WorkingCalendar, start: datetime, span: timedelta) -> None:
    end = calendar.add(start, span)
    days = calendar.worked_by_day(start, end)
    assert sum((worked for _day, worked in days), timedelta()) == span
    assert [day for day, _worked in days] == sorted({day for day, _worked in days})
    assert all(not worked or calendar.hours_of(day) for day, worked in days)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
def test_the_hours_of_a_day_are_those_of_its_own_clock(zone: str) -> None:
    day = ((time(9), time(18)),)
    office = WorkingCalendar(zone, (day, day, day, day, day, (), ()))
    here = ZoneInfo(zone)
    friday = datetime(2026, 3, 27, 17, tzinfo=here)  # Berlin changes its clock on Sunday, New York did on the 8th
    assert office.add(friday, timedelta(hours=2)) == datetime(2026, 3, 30, 10, tzinfo=here)
    assert office.add_days(friday, 1).astimezone(here).time() == time(17)
    monday = datetime(2026, 3, 9, 9, tzinfo=here)
    assert office.worked_by_day(monday, monday + timedelta(hours=9)) == ((date(2026, 3, 9), timedelta(hours=9)),)
    assert office.add(monday.astimezone(UTC), timedelta(hours=9)) == datetime(2026, 3, 9, 18, tzinfo=here)
