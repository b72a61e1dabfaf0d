"""Opening a survey, keeping an answer, closing it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import engine
from app.customers.models import ValueClass
from app.db import search
from app.db.numbers import next_number
from app.errors import FieldErrors
from app.surveys import queries
from app.surveys.models import CallState, Survey, SurveyCall

PREFIX = "SUR"
MOST_ANSWERS, LONGEST_LIST = 200, 500
ON_LIST = 3
"""Customers on the list for each answer wanted: some do not answer."""
CALL_HOURS = 40
"""Working hours in which a customer is called."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a survey asks and whom."""

    title: str
    questions: str
    quota: int
    classes: list[str]
    region: str
    product_id: int | None


def plan(given: Mapping[str, str], classes: list[str]) -> Plan:
    """What was typed. Raises ``FieldErrors``."""
    title, questions = given.get("title", "").strip(), given.get("questions", "").strip()
    quota, product = _number(given.get("quota", "")), given.get("product_id", "")
    errors: dict[str, list[Any]] = {}
    if not 0 < len(title) <= 120:
        errors["title"] = [_l("Give a title of at most %(count)s characters.", count=120)]
    if not 0 < len(questions) <= 5000:
        errors["questions"] = [_l("Write down what to ask, in at most %(count)s characters.", count=5000)]
    if quota is None or not 0 < quota <= MOST_ANSWERS:
        errors["quota"] = [_l("Give a number from 1 to %(count)s.", count=MOST_ANSWERS)]
    if not {*classes} <= {*ValueClass} or (product and _number(product) is None):
        errors["classes"] = [_l("Choose one of the values.")]
    if errors:
        raise FieldErrors(errors)
    return Plan(title, questions, quota or 0, classes, given.get("region", "").strip(), _number(product))


def _number(text: str) -> int | None:
    return int(text) if text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 18 else None


def open_survey(session: Session, actor: str, wanted: Plan) -> Survey:
    """Draw the list by lot and start the calls. Raises ``FieldErrors`` when nobody fits."""
    found = queries.candidates(session, wanted.classes, wanted.region, wanted.product_id)
    if not found:
        raise FieldErrors({"classes": [_l("No customer fits. Choose fewer conditions.")]})
    now = engine.now(session)
    year = now.astimezone(ZoneInfo(engine.runtime(session).zone)).year
    number = next_number(session, PREFIX, year)
    random.Random(number).shuffle(found)  # anybody can draw the same list again
    drawn = found[: min(LONGEST_LIST, ON_LIST * wanted.quota)]
    facts: dict[str, Any] = {"title": wanted.title, "questions": wanted.questions, "opened_by": actor}
    survey = Survey(number=number, quota=min(wanted.quota, len(drawn)), opened_at=now, **facts)
    session.add(survey)
    session.flush()
    session.add_all(SurveyCall(number=number, customer_id=customer_id) for customer_id in drawn)
    session.flush()
    search.index(session, queries.PROCESS_KEY, number, f"{number} {wanted.title}")
    _start(session, survey)
    return survey


def _start(session: Session, survey: Survey) -> None:
    ids = list(session.scalars(select(SurveyCall.id).where(SurveyCall.number == survey.number).order_by(SurveyCall.id)))
    variables = {"survey_id": survey.number, "calls": ids, "quota": survey.quota, "answered": 0}
    command = engine.StartProcess(
        process_key=queries.PROCESS_KEY,
        business_key=survey.number,
        title=survey.title,
        variables=variables | {"call_hours": CALL_HOURS},
        actor=survey.opened_by,
    )
    survey.instance_id = engine.execute(session, command).instance_id
    session.flush()


def keep(session: Session, call: SurveyCall, actor: str, values: Mapping[str, Any]) -> int:
    """Write what came of a call; how many have answered now."""
    call.state = CallState(str(values["outcome"])).value
    grade = values.get("satisfaction")
    call.satisfaction = None if grade is None else int(grade)
    call.answers, call.remarks = str(values.get("answers") or ""), str(values.get("remarks") or "")
    call.called_at, call.called_by = engine.now(session), actor
    session.flush()
    return queries.answered(session, call.number)


def close(session: Session, number: str, at: datetime) -> None:
    """No further call is made. Doing it again changes nothing."""
    survey = session.get_one(Survey, number)
    if survey.closed_at is None:
        survey.closed_at = at
        left = (SurveyCall.number == number, SurveyCall.state == CallState.WAITING.value)
        session.execute(update(SurveyCall).where(*left).values(state=CallState.CLOSED.value))
        session.flush()


def end(session: Session, survey: Survey, actor: str) -> None:
    """End it before enough have answered; nothing happens to one that has ended."""
    if survey.closed_at is None and survey.instance_id is not None:
        command = engine.CancelInstance(instance_id=survey.instance_id, reason="survey ended", actor=actor)
        engine.execute(session, command)
