"""Working calendars: what the engine computes with, and the pages on which people correct them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import AccountLog
from app.calendars import queries
from app.calendars.hours import BadHours, parse
from app.db import Database
from engine import VirtualClock, WorkingCalendar
from tests.support import application
from tests.support.forms import submit

SignIn = Callable[..., FlaskClient]
SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE, CALL_CENTRE = "finance", "customer_support"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def calendar_of(app: Flask, group: str | None) -> WorkingCalendar:
    with application.database_of(app).read() as session:
        return queries.working_calendar(session, group)


@pytest.fixture
def editor(sign_in: SignIn) -> FlaskClient:
    return sign_in("ren.fang")


SERVICE = {
    "2026-02-13T07:59:59": False,
    "2026-02-13T08:00:00": True,
    "2026-02-13T19:59:59": True,
    "2026-02-13T20:00:00": False,
    "2026-02-14T10:00:00": True,  # a Saturday worked for the Spring Festival
    "2026-02-15T10:00:00": False,
    "2026-02-16T10:00:00": False,
    "2026-02-24T10:00:00": True,
    "2026-02-28T10:00:00": True,
    "2026-01-04T10:00:00": True,
    "2026-05-09T10:00:00": True,
    "2026-09-20T10:00:00": True,
    "2026-10-10T10:00:00": True,
    "2026-10-08T10:00:00": True,
    "2026-10-07T10:00:00": False,
}


def test_the_call_centre_serves_twelve_hours_on_chinas_working_days(database: Database) -> None:
    with database.read() as session:
        calendar = queries.working_calendar(session, CALL_CENTRE)
    assert {moment: calendar.is_working(at(moment)) for moment in SERVICE} == SERVICE


def test_the_office_works_nine_to_six_for_everybody_without_other_calendar(app: Flask) -> None:
    for group in (OFFICE, None, "nobody_knows"):
        calendar = calendar_of(app, group)
        assert [calendar.is_working(at(f"2026-02-14T{clock}")) for clock in ("08:59", "09:00", "17:59", "18:00")] == [
            False,
            True,
            True,
            False,
        ]
        assert calendar.between(at("2026-11-20T17:00"), at("2026-11-23T10:00")) == timedelta(hours=2)


def test_a_company_that_loaded_nothing_still_has_chinese_holidays(app: Flask) -> None:
    calendar = calendar_of(app, OFFICE)
    assert not calendar.is_working(at("2030-10-01T10:00"))  # not loaded, computed


@pytest.mark.empty_database
def test_an_empty_database_gives_office_hours(app: Flask) -> None:
    calendar = calendar_of(app, "finance")
    assert calendar.is_working(at("2026-02-14T10:00"))
    assert not calendar.is_working(at("2026-02-16T10:00"))


def test_an_edited_day_is_in_force_with_the_next_question(app: Flask, editor: FlaskClient) -> None:
    assert not calendar_of(app, CALL_CENTRE).is_working(at("2026-12-05T10:00"))
    fields = {"kind": "working", "hours": "09:00-12:00", "name_zh": "盘点", "name_en": "Stock-taking"}
    answer = submit(editor, "/calendars/call_centre/days/2026-12-05", fields)
    assert (answer.status_code, answer.location) == (303, "/calendars/recomputations/1")
    calendar = calendar_of(app, CALL_CENTRE)
    assert calendar.is_working(at("2026-12-05T10:00"))
    assert not calendar.is_working(at("2026-12-05T13:00"))
    assert not calendar_of(app, OFFICE).is_working(at("2026-12-05T10:00"))
    assert "Stock-taking" in editor.get("/calendars/call_centre?year=2026").text
    assert submit(editor, "/calendars/call_centre/days/2026-12-05", {"kind": "ordinary"}).status_code == 303
    assert not calendar_of(app, CALL_CENTRE).is_working(at("2026-12-05T10:00"))


def test_a_holiday_taken_away_comes_back_when_it_is_ordinary_again(app: Flask, editor: FlaskClient) -> None:
    submit(editor, "/calendars/office/days/2026-10-01", {"kind": "working", "hours": ""})
    assert calendar_of(app, OFFICE).hours_of(date(2026, 10, 1)) == calendar_of(app, OFFICE).hours_of(date(2026, 9, 30))
    submit(editor, "/calendars/office/days/2026-10-01", {"kind": "ordinary"})
    assert not calendar_of(app, OFFICE).is_working(at("2026-10-01T10:00"))


def test_loading_the_holidays_again_keeps_what_people_edited(app: Flask, editor: FlaskClient) -> None:
    submit(editor, "/calendars/office/days/2026-12-31", {"kind": "rest", "name_zh": "公司日", "name_en": "Company day"})
    assert submit(editor, "/calendars/office/years/2026/reload").status_code == 303
    assert not calendar_of(app, OFFICE).is_working(at("2026-12-31T10:00"))
    assert not calendar_of(app, OFFICE).is_working(at("2026-10-01T10:00"))


def test_a_year_that_is_not_announced_says_so(editor: FlaskClient, sign_in: SignIn) -> None:
    assert "estimated" not in editor.get("/calendars/office?year=2026").text
    assert "estimated" in editor.get("/calendars/office?year=2027").text
    assert "预估" in sign_in("ren.fang", language="zh").get("/calendars/office?year=2027").text


def test_hours_and_groups_of_a_calendar_are_changed(app: Flask, editor: FlaskClient) -> None:
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:30-12:00，13:30-17:30") | {"sat": "", "sun": ""}
    answer = submit(editor, "/calendars/call_centre/week", {**week, "groups": ["finance", "no_such_group"]})
    assert answer.status_code == 303
    assert calendar_of(app, "finance").day_length == timedelta(hours=7.5)
    assert calendar_of(app, CALL_CENTRE).day_length == timedelta(hours=9)  # back to the office's
    assert calendar_of(app, "finance").is_working(at("2026-02-14T13:30"))  # adjusted days follow the new hours


@pytest.mark.parametrize(
    "bad", ["9", "09:00", "18:00-09:00", "09:00-12:00, 11:00-13:00", "25:00-26:00", "09:60-10:00", "a-b"]
)
def test_unreadable_hours_are_named_and_kept(editor: FlaskClient, bad: str) -> None:
    answer = submit(editor, "/calendars/call_centre/week", {"mon": bad, "tue": "09:00-18:00"})
    assert answer.status_code == 422
    assert "Write hours like" in answer.text
    assert f'value="{bad}"' in answer.text
    answer = submit(editor, "/calendars/call_centre/days/2026-12-05", {"kind": "working", "hours": bad})
    assert (answer.status_code, f'value="{bad}"' in answer.text) == (422, True)


def test_hours_are_read_the_way_people_write_them() -> None:
    assert parse("9:00–12:00；13：30至24:00") == [["09:00", "12:00"], ["13:30", "24:00"]]
    assert parse(" ") == []
    with pytest.raises(BadHours):
        parse("12:00-09:00")


def test_a_calendar_without_any_hours_is_refused(editor: FlaskClient) -> None:
    assert submit(editor, "/calendars/office/week", {}).status_code == 422


def test_a_new_calendar_starts_with_office_hours(app: Flask, editor: FlaskClient) -> None:
    fields = {"key": "night", "name_zh": "夜班", "name_en": "Night"}
    assert submit(editor, "/calendars", fields).location == "/calendars/night/week"
    assert submit(editor, "/calendars", fields).status_code == 422
    assert submit(editor, "/calendars", fields | {"key": "Bad key"}).status_code == 422
    assert submit(editor, "/calendars/night/week", {"mon": "00:00-24:00", "groups": ["logistics"]}).status_code == 303
    assert calendar_of(app, "logistics").is_working(at("2026-11-23T23:59"))


@pytest.mark.parametrize(
    "path", ["/calendars/none", "/calendars/office/days/2026-02-30", "/calendars/office/days/0001-01-01"]
)
def test_what_is_not_there_is_not_found(editor: FlaskClient, path: str) -> None:
    assert editor.get(path).status_code == 404


@pytest.mark.parametrize("year", ["abc", "99999999", "-1", "２０２６", "0000"])
def test_strange_years_show_a_year(editor: FlaskClient, year: str) -> None:
    assert editor.get(f"/calendars/office?year={year}").status_code == 200


def test_only_people_with_the_permission_edit_calendars(sign_in: SignIn) -> None:
    assert sign_in("li.na").get("/calendars").status_code == 403
    assert submit(sign_in("li.na"), "/calendars/office/days/2026-12-05", {"kind": "rest"}).status_code == 403


def test_a_change_is_written_down(app: Flask, editor: FlaskClient, clock: VirtualClock) -> None:
    submit(editor, "/calendars/office/days/2026-12-31", {"kind": "rest"})
    with application.database_of(app).read() as session:
        (entry,) = session.query(AccountLog).filter(AccountLog.action == "calendar.day")
    assert (entry.actor, entry.subject, entry.facts["date"], entry.at) == (
        "ren.fang",
        "office",
        "2026-12-31",
        clock.now(),
    )


def test_the_year_is_shown_in_both_languages(editor: FlaskClient, sign_in: SignIn) -> None:
    english = editor.get("/calendars/call_centre?year=2026").text
    chinese = sign_in("ren.fang", language="zh").get("/calendars/call_centre?year=2026").text
    assert (
        "February" in english
        and "Spring Festival" in english
        and "Saturday, 14 February" in english.replace("Saturday, February 14", "Saturday, 14 February")
    )
    assert "二月" in chinese and "春节" in chinese and "班" in chinese
