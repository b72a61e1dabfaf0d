"""The demo company's complaints: registered and carried on by its people through the same code as everybody's.

What happens to each is told in ``demo/complaints.json``. Loading twice adds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.complaints import queries
from app.complaints.business import ComplaintObject
from app.complaints.service import catalogue
from app.customers import demo as customers_demo
from app.customers import service as customers
from app.customers.models import Product
from app.security import Principal

SOURCE = "demo"
MOST_ROUNDS = 20
HAPPENS_BY_ITSELF = (engine.JobKind.SERVICE_TASK, engine.JobKind.TIMER)


def load(session: Session) -> None:
    """The catalogue of causes and remedies, and ten complaints at different steps. Needs the process deployed."""
    catalogue.load(session)
    for story in json.loads((resources.files("demo") / "complaints.json").read_text("utf-8")):
        if queries.by_reference(session, SOURCE, story["reference"]) is None:
            _tell(session, story)


def _tell(session: Session, story: Mapping[str, Any]) -> None:
    values = {**story["record"], "customer_reference": story["reference"], **_references(session, story)}
    values["received_at"] = engine.now(session) - timedelta(days=story["received_days_ago"], minutes=10)
    started = ComplaintObject().start(session, _person(session, story["by"]), values, source=SOURCE, may_wait=True)
    _run_services(session, started.instance_id)
    for happening in story["then"]:
        if "task" in happening:
            _complete(session, started.instance_id, happening)
            _run_services(session, started.instance_id)
        elif "message" in happening:
            _send(session, started.business_key, happening)
        else:
            _let_time_pass(session, started.instance_id)


def _references(session: Session, story: Mapping[str, Any]) -> dict[str, str]:
    customer = customers.by_name(session, story["customer"])
    if customer is None:
        return {}
    contact = customers_demo.main_contact(session, customer.id)
    product = session.scalar(select(Product.id).where(Product.code == (story["product"] or "")))
    found = {"customer": customer.id, "contact": contact, "product": product}
    return {name: str(value) for name, value in found.items() if value is not None}


def _person(session: Session, login: str) -> Principal:
    found = accounts.principal(session, login)
    if found is None:
        raise LookupError(f"nobody is called {login}")
    return found


def _complete(session: Session, instance_id: str, happening: Mapping[str, Any]) -> None:
    """Complete the task of that step which this person may do."""
    person = _person(session, happening["by"])
    task = next(
        row
        for row in engine.queries.open_tasks(session, instance_id)
        if row.node_id == happening["task"] and row.assignee in (None, person.login)
    )
    task = engine.queries.task(session, task.id)
    found, document = ComplaintObject(), formkit.load(session, task.definition_id, task.form_key or "")
    context = found.context(session, task, person)
    bound = formkit.bind(
        document,
        _dated(session, happening["values"]),
        overrides=context.overrides,
        groups=person.groups,
        facts=context.facts,
    )
    variables = {**bound.variables, **found.complete(session, task, person, bound)}
    command = engine.CompleteTask(task_id=task.id, variables=variables, groups=person.groups, actor=person.login)
    engine.execute(session, command)


def _dated(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Days are told relative to the day of loading."""
    today = _today(session)
    found = {name: value for name, value in values.items() if name != "paid_today"}
    if "paid_today" in values:
        found["paid_on"] = today.date().isoformat()
    if "actions" in values:
        found["actions"] = [
            {
                **{name: value for name, value in action.items() if name != "due_in_days"},
                "due_on": (today + timedelta(days=action["due_in_days"])).date().isoformat(),
            }
            for action in values["actions"]
        ]
    return found


def _today(session: Session) -> datetime:
    return engine.now(session).astimezone(ZoneInfo(engine.runtime(session).zone))


def _send(session: Session, number: str, happening: Mapping[str, Any]) -> None:
    person, name = _person(session, happening["by"]), happening["message"]
    variables = ComplaintObject().message(session, person, name, number, {"text": happening["text"]})
    command = engine.CorrelateMessage(name=name, correlation_key=number, variables=variables, actor=person.login)
    engine.execute(session, command)


def _run_services(session: Session, instance_id: str) -> None:
    """Service tasks would run after the commit; here the story goes on in the same one."""
    _run(session, instance_id, (engine.JobKind.SERVICE_TASK,))


def _let_time_pass(session: Session, instance_id: str) -> None:
    """Timers are brought forward, as an operator may do."""
    _run(session, instance_id, HAPPENS_BY_ITSELF)


def _run(session: Session, instance_id: str, kinds: tuple[engine.JobKind, ...]) -> None:
    for _round in range(MOST_ROUNDS):
        waiting = engine.queries.jobs(session, instance_id=instance_id, kinds=kinds)
        if not waiting:
            return
        engine.execute(session, engine.RunJob(job_id=waiting[0].id, actor="system"))
