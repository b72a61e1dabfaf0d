"""Durations, moments and repetitions as people mean them: months clamp, days keep the hour, zones are the company's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.iso8601 import TimeRefused, moment_of, parse_cycle, parse_duration, parse_moment

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-01-31T09:00", "P1M", "2026-02-28T09:00"),
        ("2025-11-30T09:00", "P3M", "2026-02-28T09:00"),
        ("2026-08-31T09:00", "P6M", "2027-02-28T09:00"),
        ("2026-03-31T09:00", "P1M", "2026-04-30T09:00"),
        ("2024-02-29T09:00", "P1Y", "2025-02-28T09:00"),
        ("2024-02-29T09:00", "P4Y", "2028-02-29T09:00"),
        ("2026-03-28T09:00", "P1D", "2026-03-29T09:00"),
        ("2026-03-28T09:00", "PT24H", "2026-03-29T10:00"),
        ("2026-10-24T09:00", "P1D", "2026-10-25T09:00"),
        ("2026-10-24T09:00", "PT24H", "2026-10-25T08:00"),
        ("2026-03-02T09:00", "P1W", "2026-03-09T09:00"),
        ("2026-03-02T09:00", "P0.5D", "2026-03-02T21:00"),
        ("2026-03-02T09:00", "P1Y2M3DT4H5M6S", "2027-05-05T13:05:06"),
        ("2026-03-02T09:00", "PT1.5H", "2026-03-02T10:30"),
    ],
)
def test_calendar_arithmetic_in_a_zone_with_summer_time(start: str, duration: str, expected: str) -> None:
    assert parse_duration(duration).after(local(start, BERLIN), BERLIN) == local(expected, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "", "P", "PT", "3D", "P3", "-P1D", "P-1D", "P1.5M", "P1DT", "three days", "PT1X", "P1M1Y", "P99999Y",
        "P9999999D", "P1D2H",
    ],
)  # fmt: skip
def test_durations_that_are_none(text: str) -> None:
    with pytest.raises(TimeRefused):
        parse_duration(text)


def test_a_moment_without_offset_is_meant_in_the_business_zone() -> None:
    assert parse_moment("2026-07-01T09:00", BERLIN) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert parse_moment("2026-01-01T09:00", BERLIN) == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert parse_moment("2026-01-01T09:00:00Z", SHANGHAI) == datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert parse_moment("2026-01-01", SHANGHAI) == datetime(2025, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01", "2026-02-30T09:00", "2026", "09:00", "2026-01-01T25:00"]
)
def test_moments_that_are_none(text: str) -> None:
    with pytest.raises(TimeRefused):
        parse_moment(text, SHANGHAI)


def test_what_an_expression_may_give() -> None:
    now = datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert moment_of("PT1H", now, SHANGHAI) == now + timedelta(hours=1)
    assert moment_of(timedelta(days=1), now, SHANGHAI) == now + timedelta(days=1)
    assert moment_of(date(2026, 3, 3), now, SHANGHAI) == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert moment_of(datetime(2026, 3, 3, 9), now, SHANGHAI) == datetime(2026, 3, 3, 1, tzinfo=UTC)
    for value in (3, None, True, [], "soon"):
        with pytest.raises(TimeRefused):
            moment_of(value, now, SHANGHAI)


def test_a_repetition_counts_from_its_anchor() -> None:
    anchor = local("2026-01-31T09:00", SHANGHAI)
    cycle = parse_cycle("R3/P1M", SHANGHAI)
    assert cycle.count == 3
    assert [cycle.due(anchor, n, SHANGHAI).astimezone(SHANGHAI).strftime("%m-%d %H") for n in range(3)] == [
        "02-28 09",
        "03-31 09",
        "04-30 09",
    ]
    started = parse_cycle("R/2026-05-01T08:00/P1D", SHANGHAI)
    assert started.count is None
    assert started.due(anchor, 0, SHANGHAI) == local("2026-05-01T08:00", SHANGHAI)
    assert started.due(anchor, 2, SHANGHAI) == local("2026-05-03T08:00", SHANGHAI)


@pytest.mark.parametrize("text", ["", "R3", "R/PT0S", "RX/PT1H", "R3/1/2/3", "0 0 9 * * ?", "R3/PT1H/2026-01-01"])
def test_repetitions_that_are_none(text: str) -> None:
    with pytest.raises(TimeRefused):
        parse_cycle(text, SHANGHAI)
