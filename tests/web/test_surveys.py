"""The chief customer officer has customers called; enough answers close the list [T3]."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

import engine
from app.bootstrap import registries
from app.inbox import service as inbox
from app.surveys.models import CallState, SurveyCall
from tests.conftest import SignIn
from tests.support.application import database_of, drain, principal_of
from tests.support.forms import submit

CCO, AGENT = "lin.wanqing", "li.na"
PLAN = {"title": "四季度回访 <b>", "questions": "升级以后好用吗？", "quota": "3", "classes": ["A", "B"]}


def _open(sign_in: SignIn, **changes: object) -> str:
    answer = submit(sign_in(CCO), "/surveys", PLAN | changes, page="/surveys/new")
    assert answer.status_code == 303
    return answer.headers["Location"].rsplit("/", 1)[1]


def _call(app: Flask, number: str, **values: object) -> None:
    """The next customer on the list."""
    person, objects = principal_of(app, AGENT), registries(app).business_objects
    with database_of(app).read() as session:
        found = engine.queries.instance_by_key(session, "survey_calls", number)
        assert found is not None
        task = engine.queries.open_tasks(session, found.id)[0]

    database_of(app).write(
        lambda session: inbox.complete_task(session, person, objects, task.id, values, source="page")
    )
    drain(database_of(app))


def test_enough_answers_close_the_list(app: Flask, sign_in: SignIn) -> None:
    number = _open(sign_in)
    agent = sign_in(AGENT)
    assert agent.get("/inbox?box=claim&q=四季度回访").text.count("/inbox/tasks/") >= 9
    task = re.findall(r"/inbox/tasks/([0-9a-f-]{36})", agent.get("/inbox?box=claim&q=四季度回访").text)[0]
    form = agent.get(f"/inbox/tasks/{task}").text
    assert "升级以后好用吗？" in form and "有限公司" in form
    _call(app, number, outcome="unreachable")
    _call(app, number, outcome="refused", remarks="太忙")
    for grade in (5, 4, 2):
        _call(app, number, outcome="answered", satisfaction=grade, answers=f"打{grade}分")
    with database_of(app).read() as session:
        states = sorted(session.scalars(select(SurveyCall.state).where(SurveyCall.number == number)))
        instance = engine.queries.instance_by_key(session, "survey_calls", number)
        assert instance is not None and instance.state == "completed"
        assert engine.queries.open_tasks(session, instance.id) == ()
    assert states.count(CallState.ANSWERED.value) == 3
    assert states.count(CallState.CLOSED.value) == len(states) - 5 and CallState.WAITING.value not in states
    page = sign_in(CCO).get(f"/surveys/{number}").text
    assert "3 of 3" in page and "3.67" in page and "66.7 %" in page and "打2分" in page and "<b>" not in page


def test_a_survey_is_ended_before_enough_have_answered(app: Flask, sign_in: SignIn) -> None:
    number = _open(sign_in, quota="2", region="北京", classes=[])
    submit(sign_in(CCO), f"/surveys/{number}/end", {}, page=f"/surveys/{number}")
    with database_of(app).read() as session:
        assert set(session.scalars(select(SurveyCall.state).where(SurveyCall.number == number))) == {"closed"}
    assert "四季度回访" not in sign_in(AGENT).get("/inbox?box=claim&q=四季度回访").text.replace(
        'value="四季度回访"', ""
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "Give a title"),
        ({"quota": "many"}, "Give a number from 1 to 200."),
        ({"questions": ""}, "Write down what to ask"),
        ({"region": "火星"}, "No customer fits."),
        ({"classes": ["Z"]}, "Choose one of the values."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    sign_in: SignIn, changes: dict[str, object], said: str
) -> None:
    answer = submit(sign_in(CCO), "/surveys", PLAN | {"questions": "保留我"} | changes, page="/surveys/new")
    assert answer.status_code == 422 and said in answer.text
    assert "questions" in changes or "保留我" in answer.text


def test_only_who_may_opens_surveys(sign_in: SignIn) -> None:
    number = _open(sign_in)
    assert sign_in(AGENT).get("/surveys").status_code == 403
    assert sign_in(AGENT).get(f"/surveys/{number}").status_code == 200, "who calls sees what was answered"
    assert sign_in("wei.ran").get(f"/surveys/{number}").status_code == 404
