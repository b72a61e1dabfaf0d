"""Try it: a draft runs with the real engine on a clock of its own; the company's data are never touched."""

from __future__ import annotations

import io
import json
import re
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
from app.sandbox import passing, service, world
from app.sandbox.models import Sandbox
from tests.support.application import advance, database_of, signed_in
from tests.support.forms import csrf_token
from tests.support.processes import files_of
from tests.support.soon import ends_soon
from tests.support.workflows import document, user

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
    return {
        day: (kind, [_text(line) for line in re.findall(r"<li[^>]*>(.*?)</li>", cell, re.S)])
        for day, kind, cell in found
    }


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
    with ends_soon():
        trial.begin()
        assert trial.does("start", who="li.na", **LEAD).status_code == 303
        assert trial.offered()[0] == "follow_up_general"
        assert 'data-trial-now="2026-11-23T01:00:00+00:00"' in trial.page()
        while "advance_purchase" not in trial.offered():
            trial.waits()
        assert 'data-trial-now="2027-08-24T16:00:00+00:00"' in trial.page()  # 275 days later: 25 August in Shanghai

    # 40 working hours of nine a day from Monday, 23 November, 09:00: four days and four hours, Friday 13:00
    november = days(trial.page(month="2026-11"))
    assert november["2026-11-23"] == (
        "work",
        [
            "The process was started by Na Li",
            "Qualify the lead waits for somebody",
            "Qualify the lead was done by Na Li",
            "Follow up the general material waits for somebody",
            "Letter to 0532-8765 4321: Away from the drawing board: an introduction to CAD",
            "Notice to Haiyan Qin: Material for 样例公司: LEAD-2026-000001",
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


def label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


FORM = {
    "key": "order/ask",
    "title": label("询问", "Ask"),
    "fields": [
        {"name": "text", "type": "text", "label": label("<script>alert(1)</script>", "<script>alert(2)</script>")},
        {"name": "outcome", "type": "choice", "label": label("结果", "Outcome"), "required": True, "variable": True,
         "options": [{"value": "buy", "label": label("买", "Buys")}, {"value": "no", "label": label("否", "No")}]},
        {"name": "amount", "type": "money", "label": label("金额", "Amount"), "required": True, "variable": True,
         "max": 1000, "visible_if": "outcome == 'buy'"},
        {"name": "customer", "type": "reference", "label": label("客户", "Customer"),
         "options_url": "/api/v1/references/customer"},
        {"name": "papers", "type": "file", "label": label("文件", "Papers")},
    ],
}  # fmt: skip
ORDER = """
    <startEvent id="s"/> <userTask id="ask" name="&lt;script&gt;alert(3)&lt;/script&gt;" camunda:formKey="order/ask"
      camunda:candidateGroups="customer_support"/>
    <serviceTask id="ship" name="Ship" camunda:type="external" camunda:topic="freight"/>
    <boundaryEvent id="lost" attachedToRef="ship"><errorEventDefinition errorRef="bad_"/></boundaryEvent>
    <eventBasedGateway id="w"/>
    <intermediateCatchEvent id="heard" name="Heard"><messageEventDefinition messageRef="hello_"/>
      </intermediateCatchEvent>
    <intermediateCatchEvent id="later" name="Later"><timerEventDefinition><timeDuration>P10D</timeDuration>
      </timerEventDefinition></intermediateCatchEvent>
    <userTask id="thank" name="Thank" camunda:candidateGroups="nobody_is_in_it"/> <endEvent id="e"/>
    s > ask > ship > w
    w > heard > thank > e
    w > later > thank
    lost > e
"""


@pytest.fixture
def order(app: Flask) -> Iterator[Trial]:
    """A process nobody wrote code for, begun."""
    trial = trial_of(app, {"order.bpmn": document(ORDER, "order"), "order/ask.json": json.dumps(FORM).encode()})
    trial.begin()
    trial.does("start", who="li.na", **{"f-values-0-name": "region", "f-values-0-value": "北"})
    yield trial


def test_a_new_process_is_answered_by_hand_step_by_step_and_taken_back(order: Trial) -> None:
    assert order.offered() == ["ask"]
    asked = order.page(do="complete", place="order/ask/0", who="li.na")
    assert "Na Li (li.na)" in asked and "Papers" in asked and "Amount" not in asked
    refused = order.completes("order/ask/0", "li.na", text="kept", outcome="buy")
    assert refused.status_code == 422
    assert "This field is required." in refused.text and 'value="kept"' in refused.text and "Amount" in refused.text
    assert (
        "The largest possible value is 1000"
        in order.completes("order/ask/0", "li.na", outcome="buy", amount="2000").text
    )
    assert order.completes("order/ask/0", "li.na", outcome="buy", amount="20", papers=["pdf"]).status_code == 303
    assert order.offered() == ["ship"]
    assert "outcome" in order.page() and '"buy"' in order.page()
    order.does(
        "answer",
        place="order/ship/0",
        name="freight",
        who="li.na",
        **{"f-values-0-name": "track", "f-values-0-value": "7"},
    )
    assert order.offered() == ["heard"]
    assert order.post("/undo").status_code == 303
    assert order.offered() == ["ship"]
    order.does("answer", place="order/ship/0", name="freight", who="li.na", error_code="BAD")
    assert order.offered() == [] and "The process has ended" in order.page()
    order.post("/undo")
    order.does("answer", place="order/ship/0", name="freight", who="li.na")
    order.does("pass", until="due")  # ten days later, the timer
    assert order.sandbox and order.sandbox.at - order.sandbox.begins_at == timedelta(days=10)
    assert order.offered() == ["thank"]
    assert "Somebody of nobody_is_in_it" in order.page(do="complete", place="order/thank/0")
    order.completes("order/thank/0", "group:nobody_is_in_it")
    assert "The process has ended" in order.page()
    order.post("/undo")
    order.post("/undo")
    order.does("message", place="order/heard/0", name="hello", who="li.na")
    assert order.offered() == ["thank"]
    assert "Nothing more happens by itself" in order.waits()


def test_names_of_a_draft_stay_text_and_references_find_nobody_of_the_company(order: Trial) -> None:
    page = order.client.get(order.url, query_string={"do": "complete", "place": "order/ask/0", "who": "li.na"}).text
    assert "<script>alert" not in page and "&lt;script&gt;alert(2)" in page and "&lt;script&gt;alert(3)" in page
    found = order.client.get(order.url + "/references/customer?who=li.na").text
    assert "样例甲机床厂" in found and "北京京重机床有限公司" not in found
    fields = order.post("/fields", do="complete", place="order/ask/0", who="li.na", **{"f-outcome": "buy"}).text
    assert 'name="f-amount"' in fields
    for path in ("diagram.bpmn", "state.json", "names.json"):
        instance = re.findall(r"diagram\.bpmn\?instance=([\w-]+)", order.page())[0]
        assert order.client.get(f"{order.url}/{path}?instance={instance}").status_code == 200
        assert order.client.get(f"{order.url}/{path}?instance=x").status_code == 404


def test_the_steps_of_one_test_run_are_done_again_in_another_draft(order: Trial) -> None:
    order.completes("order/ask/0", "li.na", outcome="buy", amount="20")
    order.does("answer", place="order/ship/0", name="freight", who="li.na")
    scenario = order.client.get(order.url + "/scenario.json").data
    assert [step["do"] for step in json.loads(scenario)["steps"]] == ["start", "complete", "answer"]

    def replayed(trial: Trial, content: bytes) -> str:
        trial.post("/scenario", scenario=(io.BytesIO(content), "scenario.json"))
        return trial.page()

    again = trial_of(order.app, {"order.bpmn": document(ORDER, "order"), "order/ask.json": json.dumps(FORM).encode()})
    assert "3 steps were done again." in replayed(again, scenario)
    assert again.offered() == ["heard"]
    changed = document(ORDER.replace('"customer_support"', '"finance"'), "order")
    other = trial_of(order.app, {"order.bpmn": changed, "order/ask.json": json.dumps(FORM).encode()})
    assert "1 of 3 steps were done again; then:" in replayed(other, scenario)  # Na Li is not in finance
    assert other.offered() == ["ask"]
    for bad in (b"", b"[" * 9_999, b"{}", b'{"format": "keliu-scenario-1", "steps": [{"do": "dance"}]}'):
        assert "not a scenario that was downloaded here" in replayed(again, bad)
    assert again.offered() == ["heard"]


ENDLESS = """
    <startEvent id="s"/> <exclusiveGateway id="x"/> <endEvent id="e"/>
    <intermediateCatchEvent id="tick"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>
      </intermediateCatchEvent>
    s > x
    x > tick if ${true}
    x > e if ${false}
    tick > x
"""


def test_a_draft_that_never_ends_stops_at_the_limits_and_hurts_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "MOST_JOBS", 30)
    trial = trial_of(app, {"endless.bpmn": document(ENDLESS, "endless")})
    trial.begin()
    assert trial.does("start", who="li.na").status_code == 303
    assert trial.does("pass", until="year").status_code == 303
    assert "Stopped here" in trial.page()
    assert trial.sandbox and timedelta(seconds=20) < trial.sandbox.at - trial.sandbox.begins_at < timedelta(seconds=40)
    for nonsense in ("", "yesterday", "2020-01-01", "9999-12-31", "x" * 5_000):
        assert trial.does("pass", until="moment", moment=nonsense).status_code == 303
        assert trial.does("pass", until=nonsense).status_code == 303
    old = trial.revision
    trial.does("pass", until="due")
    trial.post("/steps", do="pass", until="due", revision=str(old))
    assert "in another window" in trial.page()
    monkeypatch.setattr(world, "MOST_PAGES", 1)  # not one page more than it has
    trial.does("pass", until="year")
    trial.does("pass", until="year")
    assert "database or disk is full" in trial.page()  # an incident of the test run, as in the company it would be
    assert trial_of(app, files_of("complaint")).post().status_code == 422


BROKEN = """
    <startEvent id="s"/> <userTask id="t" camunda:assignee="${no(}"/> <endEvent id="e"/>
    s > t > e
"""


def test_a_draft_with_errors_says_them_and_a_complaint_is_tried_with_its_own_checks(app: Flask) -> None:
    broken = trial_of(app, {"order.bpmn": document(BROKEN, "order")})
    answer = broken.post()
    assert answer.status_code == 422 and "order.bpmn" in answer.text
    files = files_of("complaint")
    trial = trial_of(app, dict(files))
    trial.begin()
    assert "Complaint" in trial.page(do="start")
    assert trial.does("start", who="li.na", **{"f-verbatim": "机床漏油"}).status_code == 303
    assert trial.offered()[0] == "record"
    refused = trial.completes("complaint/record/0", "li.na", verbatim="机床漏油", customer_id="1")
    assert refused.status_code == 422 and "This field is required." in refused.text
    assert "样例甲机床厂" in refused.text
    trial.does("pass", until="week")
    assert "overdue" in trial.page()
    stranger = signed_in(app, "li.na")
    assert stranger.get(trial.url).status_code == 403
    assert signed_in(app, "lin.wanqing").get(trial.url + "/state.json").status_code == 404  # her own, and she has none


def test_a_version_that_is_called_by_its_tag_is_there_as_well(app: Flask) -> None:
    for name, tag in (("older", "1.2"), ("newer", "")):
        file = document(f'<startEvent id="s"/>{user(name)}\ns > {name}', "called")
        file = file.replace(b"<process ", f'<process camunda:versionTag="{tag}" '.encode())
        command = engine.Deploy(name="tests", files={"called.bpmn": file}, actor=DESIGNER)
        database_of(app).write(lambda session, command=command: engine.execute(session, command))
    named = 'calledElement="called" camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="1.2"'
    caller = document(f'<startEvent id="s"/><callActivity id="c" {named}/>\ns > c', "caller")
    trial = trial_of(app, {"caller.bpmn": caller})
    trial.begin()
    trial.does("start", who="li.na")
    assert "older" in trial.offered()


def test_what_nobody_comes_back_to_is_forgotten(app: Flask, clock: engine.VirtualClock) -> None:
    files = {"endless.bpmn": document(ENDLESS, "endless")}
    made = [trial_of(app, files) for _number in range(service.MOST + 1)]
    for trial in made:
        trial.post()
        clock.advance(timedelta(minutes=1))
    assert [trial.sandbox is None for trial in made] == [True, False, False, False, False]
    advance(database_of(app), clock, timedelta(days=6))
    assert made[1].sandbox is not None
    advance(database_of(app), clock, timedelta(days=3))
    assert [trial.sandbox for trial in made] == [None] * 5
