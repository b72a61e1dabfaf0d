"""Working time as the company counts it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from engine.calendar import NO_HOURS, Hours, NoWorkingTime, WorkingCalendar
from engine.clock import SystemClock, VirtualClock

DAY: Hours = ((time(9), time(18)),)
LUNCH: Hours = ((time(9), time(12)), (time(13), time(18)))
WEEK = (DAY, DAY, DAY, DAY, DAY, NO_HOURS, NO_HOURS)
OFFICE = WorkingCalendar("Asia/Shanghai", WEEK)
ALWAYS: Hours = ((time(0), time(0)),)

# 2026: New Year 1-3 January, 4 January (a Sunday) is worked; Spring Festival 15-23 February,
# 14 and 28 February (Saturdays) are worked.
HOLIDAYS = {date(2026, 1, day): NO_HOURS for day in (1, 2, 3)} | {date(2026, 2, day): NO_HOURS for day in range(15, 24)}
WORKED = {date(2026, 1, 4): DAY, date(2026, 2, 14): DAY, date(2026, 2, 28): DAY}
CHINA_2026 = WorkingCalendar("Asia/Shanghai", WEEK, HOLIDAYS | WORKED)


def at(text: str, zone: str = "+08:00") -> datetime:
    return datetime.fromisoformat(text + zone)


def test_friday_evening_to_monday_morning_is_two_hours() -> None:
    assert OFFICE.between(at("2026-03-06T17:00"), at("2026-03-09T10:00")) == timedelta(hours=2)
    assert OFFICE.add(at("2026-03-06T17:00"), timedelta(hours=2)) == at("2026-03-09T10:00")
    assert OFFICE.subtract(at("2026-03-09T10:00"), timedelta(hours=2)) == at("2026-03-06T17:00")


def test_a_deadline_falls_on_the_end_of_the_day_not_on_the_next_morning() -> None:
    assert OFFICE.add(at("2026-03-06T16:00"), timedelta(hours=2)) == at("2026-03-06T18:00")


def test_time_outside_working_hours_does_not_count() -> None:
    assert OFFICE.add(at("2026-03-07T11:00"), timedelta(hours=1)) == at("2026-03-09T10:00")
    assert OFFICE.between(at("2026-03-07T00:00"), at("2026-03-08T23:59")) == timedelta()


def test_lunch_is_no_working_time() -> None:
    calendar = WorkingCalendar("Asia/Shanghai", (LUNCH,) * 5 + (NO_HOURS, NO_HOURS))  # type: ignore[arg-type]  # seven
    assert calendar.add(at("2026-03-02T11:30"), timedelta(hours=1)) == at("2026-03-02T13:30")
    assert calendar.day_length == timedelta(hours=8)


def test_adjusted_rest_days_of_2026() -> None:
    assert CHINA_2026.between(at("2026-02-14T00:00"), at("2026-02-24T00:00")) == timedelta(hours=9)
    assert CHINA_2026.add_days(at("2026-02-13T10:00"), 1) == at("2026-02-14T10:00")
    assert CHINA_2026.add_days(at("2026-02-14T10:00"), 1) == at("2026-02-24T10:00")
    assert CHINA_2026.add(at("2025-12-31T17:00"), timedelta(hours=2)) == at("2026-01-04T10:00")
    assert CHINA_2026.is_working(at("2026-02-28T09:00"))
    assert not CHINA_2026.is_working(at("2026-02-16T09:00"))


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-06T17:00", 1, "2026-03-09T17:00"),
        ("2026-03-06T17:00", 5, "2026-03-13T17:00"),
        ("2026-03-07T10:00", 1, "2026-03-09T10:00"),
        ("2026-03-09T10:00", -1, "2026-03-06T10:00"),
        ("2026-03-06T22:00", 1, "2026-03-09T18:00"),
        ("2026-03-06T05:00", 1, "2026-03-09T09:00"),
        ("2026-03-06T22:00", 0, "2026-03-06T22:00"),
    ],
)
def test_working_days_keep_the_time_of_day(start: str, days: int, expected: str) -> None:
    assert OFFICE.add_days(at(start), days) == at(expected)


def test_a_call_centre_works_every_day() -> None:
    centre = WorkingCalendar("Asia/Shanghai", (((time(8), time(20)),),) * 7)
    assert centre.between(at("2026-03-06T19:00"), at("2026-03-08T09:00")) == timedelta(hours=14)


def test_night_shifts_end_at_midnight() -> None:
    calendar = WorkingCalendar("Asia/Shanghai", (((time(20), time(0)),),) * 7)
    assert calendar.add(at("2026-03-02T22:00"), timedelta(hours=3)) == at("2026-03-03T21:00")
    assert calendar.day_length == timedelta(hours=4)


def test_the_day_the_clock_changes_has_the_hours_it_has() -> None:
    berlin = WorkingCalendar("Europe/Berlin", (ALWAYS,) * 7)
    assert berlin.between(at("2026-03-29T00:00", "+01:00"), at("2026-03-30T00:00", "+02:00")) == timedelta(hours=23)
    assert berlin.between(at("2026-10-25T00:00", "+02:00"), at("2026-10-26T00:00", "+01:00")) == timedelta(hours=25)
    office = WorkingCalendar("Europe/Berlin", WEEK)
    assert office.add(at("2026-03-27T17:00", "+01:00"), timedelta(hours=2)) == at("2026-03-30T10:00", "+02:00")


def test_a_calendar_without_hours_says_so() -> None:
    empty = WorkingCalendar("Asia/Shanghai", (NO_HOURS,) * 7)
    with pytest.raises(NoWorkingTime):
        empty.add(at("2026-03-02T09:00"), timedelta(hours=1))
    with pytest.raises(NoWorkingTime):
        empty.subtract(at("2026-03-02T09:00"), timedelta(hours=1))
    with pytest.raises(NoWorkingTime):
        empty.add_days(at("2026-03-02T09:00"), 1)


@pytest.mark.parametrize(
    "hours",
    [((time(12), time(9)),), ((time(9), time(12)), (time(11), time(18))), ((time(9), time(0)), (time(10), time(11)))],
)
def test_hours_in_disorder_are_refused(hours: Hours) -> None:
    with pytest.raises(ValueError):
        WorkingCalendar("Asia/Shanghai", (hours, *WEEK[1:]))


def test_a_virtual_clock_stands_still_until_moved() -> None:
    clock = VirtualClock(at("2026-03-02T09:00"))
    assert clock.now() == clock.now() == at("2026-03-02T09:00")
    assert clock.now().tzinfo is UTC
    assert clock.advance(timedelta(days=400)) == at("2027-04-06T09:00")
    assert clock.set(at("2026-01-01T00:00")) == clock.now()
    with pytest.raises(ValueError):
        clock.set(datetime(2026, 1, 1))


def test_the_system_clock_is_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta()
