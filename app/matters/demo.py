"""The demo company's matters: taken in and carried on by its people through the same code as everybody's.

What happens to each is told in ``demo/matters.json``. Loading twice adds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.customers import demo as customers_demo
from app.customers import queries as customer_queries
from app.customers import service as customers
from app.customers.models import Product
from app.matters import queries
from app.matters.business import MatterObject
from app.security import Principal

SOURCE = "demo"
MOST_ROUNDS = 20
BY_ITSELF = (engine.JobKind.SERVICE_TASK, engine.JobKind.CALL)


def load(session: Session) -> None:
    """Twenty matters at different steps. Needs the processes deployed."""
    for story in json.loads((resources.files("demo") / "matters.json").read_text("utf-8")):
        if queries.by_reference(session, SOURCE, story["reference"]) is None:
            _tell(session, story)


def _tell(session: Session, story: Mapping[str, Any]) -> None:
    values = {**_caller(session, story), **story["register"], "source_reference": story["reference"]}
    values["received_at"] = engine.now(session) - timedelta(hours=story["received_hours_ago"])
    started = MatterObject().start(session, _person(session, story["by"]), values, source=SOURCE)
    for happening in story["then"]:
        if "task" in happening:
            _complete(session, started.instance_id, happening)
        elif "message" in happening:
            _send(session, started.business_key, happening)
        else:
            _run(session, started.instance_id, (engine.JobKind.TIMER,))  # brought forward, as an operator may do
        _run(session, started.instance_id, BY_ITSELF)


def _caller(session: Session, story: Mapping[str, Any]) -> dict[str, str]:
    """Who calls: the customer's main contact, about a product."""
    customer = customers.by_name(session, story["customer"] or "")
    found: dict[str, Any] = {"product_id": session.scalar(select(Product.id).where(Product.code == story["product"]))}
    if customer is not None:
        contact = customer_queries.contact(session, customers_demo.main_contact(session, customer.id))
        found["customer_id"] = customer.id
        if contact is not None:
            found |= {"contact_id": contact.id, "caller_name": contact.name, "caller_phone": contact.phone}
    return {name: str(value) for name, value in found.items() if value is not None}


def _person(session: Session, login: str) -> Principal:
    found = accounts.principal(session, login)
    if found is None:
        raise LookupError(f"nobody is called {login}")
    return found


def _complete(session: Session, instance_id: str, happening: Mapping[str, Any]) -> None:
    """Complete the task of that step as that person."""
    person, found = _person(session, happening["by"]), MatterObject()
    waiting = next(row for row in engine.queries.open_tasks(session, instance_id) if row.node_id == happening["task"])
    task = engine.queries.task(session, waiting.id)
    document = formkit.load(session, task.definition_id, task.form_key or "")
    context = found.context(session, task, person)
    bound = formkit.bind(
        document, happening["values"], overrides=context.overrides, groups=person.groups, facts=context.facts
    )
    variables = {**bound.variables, **found.complete(session, task, person, bound)}
    command = engine.CompleteTask(task_id=task.id, variables=variables, groups=person.groups, actor=person.login)
    engine.execute(session, command)


def _send(session: Session, number: str, happening: Mapping[str, Any]) -> None:
    person, name = _person(session, happening["by"]), happening["message"]
    given = {"text": happening["text"], "channel": happening["channel"]}
    variables = MatterObject().message(session, person, name, number, given)
    command = engine.CorrelateMessage(name=name, correlation_key=number, variables=variables, actor=person.login)
    engine.execute(session, command)


def _run(session: Session, instance_id: str, kinds: tuple[engine.JobKind, ...]) -> None:
    """Jobs would run after the commit; here the story goes on in the same one."""
    for _round in range(MOST_ROUNDS):
        waiting = engine.queries.jobs(session, instance_id=instance_id, kinds=kinds)
        if not waiting:
            return
        engine.execute(session, engine.RunJob(job_id=waiting[0].id, actor="system"))
