"""Try it: a draft runs with the real engine on a clock of its own; the company's data are never touched."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

import engine
from app.db import Base, Database
from app.designer import service as drafts
from app.sandbox import passing, service
from app.sandbox.models import Sandbox
from tests.support.application import advance, database_of, signed_in
from tests.support.forms import csrf_token
from tests.support.processes import files_of

DESIGNER = "shi.lei"
SignIn = Callable[..., FlaskClient]


@dataclass
class Trial:
    """A designer with a draft open at "Try it"."""

    app: Flask
    client: FlaskClient
    draft: int

    @property
    def url(self) -> str:
        return f"/designer/drafts/{self.draft}/try"

    def page(self, **asked: str) -> str:
        answer = self.client.get(self.url, query_string=asked)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def post(self, path: str = "", **given: Any) -> TestResponse:
        data = {"csrf_token": csrf_token(self.client), "revision": str(self.revision), **given}
        return self.client.post(self.url + path, data=data)

    @property
    def sandbox(self) -> Sandbox | None:
        with database_of(self.app).read() as session:
            return service.found(session, DESIGNER, self.draft)

    @property
    def revision(self) -> int:
        return self.sandbox.revision if self.sandbox else 0

    def begin(self) -> str:
        assert self.post().status_code == 303
        return self.page()

    def does(self, doing: str, **given: Any) -> TestResponse:
        return self.post("/steps", do=doing, **given)

    def waits(self, **given: str) -> str:
        """Time passes until somebody has to act."""
        assert self.does("pass", until="task").status_code == 303
        return self.page(**given)

    def completes(self, place: str, who: str, **answers: Any) -> TestResponse:
        fields = {f"f-{name}": value for name, value in answers.items()}
        return self.does("complete", place=place, who=who, **fields)

    def offered(self) -> list[str]:
        """The nodes that wait for somebody or something."""
        return re.findall(r'data-waits="([^"]+)"', self.page())


def days(page: str) -> dict[str, tuple[str, list[str]]]:
    """The calendar on the page: by date what kind of day it is and what stands there."""
    found = re.findall(r'data-date="([^"]+)" data-kind="([^"]+)">(.*?)</td>', page, re.S)
    return {day: (kind, [_text(line) for line in re.findall(r"<li[^>]*>(.*?)</li>", cell, re.S)]) for day, kind, cell in found}


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def rows(database: Database) -> dict[str, int]:
    """How many rows every table of the company has."""
    tables = [*Base.metadata.sorted_tables, *engine.metadata.sorted_tables]
    with database.read() as session:
        found = {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}
    return {name: int(count or 0) for name, count in found.items()}


def trial_of(app: Flask, files: Mapping[str, bytes]) -> Trial:
    created = database_of(app).write(lambda session: drafts.create(session, DESIGNER, "", files).id)
    return Trial(app, signed_in(app, DESIGNER), created)


def test_a_lead_of_a_year_takes_seconds_stands_on_the_right_days_and_leaves_no_trace(each_app: Flask) -> None:
    trial = trial_of(each_app, files_of("lead_followup"))
    assert "Begin" in trial.page()
    before = rows(database_of(each_app))
    began = time.process_time()
    trial.begin()
    assert trial.does("start", who="li.na", **LEAD).status_code == 303
    assert trial.offered()[0] == "follow_up_general"
    assert 'data-trial-now="2026-11-23T01:00:00+00:00"' in trial.page()
    moments = []
    while "advance_purchase" not in trial.offered():
        trial.waits()
        moments.append(trial.sandbox.at.date().isoformat() if trial.sandbox else "")
    assert time.process_time() - began < 5

    # 40 working hours of nine a day from Monday, 23 November, 09:00: four days and four hours, Friday 13:00
    november = days(trial.page(month="2026-11"))
    assert november["2026-11-23"] == (
        "work",
        [
            "The process was started by Na Li",
            "Qualify the lead waits for somebody",
            "Qualify the lead was done by Na Li",
            "Follow up, general waits for somebody",
        ],
    )
    assert any("is overdue" in line for line in november["2026-11-27"][1])
    assert [november[f"2026-11-{day}"][0] for day in (28, 29)] == ["rest", "rest"]
    assert any("escalated" in line for line in november["2026-11-30"][1])  # one working day later: Monday
    # 185 days after the beginning the horizon is six months: Thursday, 27 May 2027; 40 hours end on Wednesday, 2 June
    may, june = days(trial.page(month="2027-05")), days(trial.page(month="2027-06"))
    assert any(line.startswith("Timer") for line in may["2027-05-27"][1])
    assert may["2027-05-29"][0] == may["2027-05-30"][0] == "rest"
    assert any("is overdue" in line for line in june["2027-06-02"][1])
    assert days(trial.page(month="2026-10"))["2026-10-01"][0] == "holiday"

    during = rows(database_of(each_app))
    changed = {name for name in during if during[name] != before[name]}
    assert changed == {"sandbox", "sandbox_state", "job"}  # the job that forgets old test runs
    assert trial.post("/close").status_code == 303
    after = rows(database_of(each_app))
    assert {name: count for name, count in after.items() if count != before[name]} == {"job": before["job"] + 1}


LEAD = {
    "f-company": "样例公司",
    "f-contact_name": "周工",
    "f-phone": "0532-8765 4321",
    "f-region": "青岛",
    "f-purchase_date": "2027-11-23",
    "f-outcome": "qualified",
    "f-owner": "qin.haiyan",
}
