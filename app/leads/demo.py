"""The demo company's leads: captured and carried on by its people through the same code as everybody's.

What happens to each is told in ``demo/leads.json``. Loading twice adds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.leads import queries
from app.leads.business import LeadObject
from app.leads.models import Lead
from app.leads.service import following, ownership
from app.leads.service.steps import today
from app.security import Principal

SOURCE = "demo"
MOST_ROUNDS = 20


def load(session: Session) -> None:
    """Two dozen leads in every horizon, in pools, won and lost. Needs the process deployed."""
    for story in json.loads((resources.files("demo") / "leads.json").read_text("utf-8")):
        if queries.by_reference(session, SOURCE, story["reference"]) is None:
            _tell(session, story)


def _tell(session: Session, story: Mapping[str, Any]) -> None:
    values = {**story["values"], "source_reference": story["reference"]} | _product(session, story["product"])
    if story["buys_in_days"] is not None:
        values |= {"outcome": "qualified", "purchase_date": _day(session, story["buys_in_days"])}
        values |= {"owner": story["owner"]} if story["owner"] else {}
    person = _person(session, story["by"])
    started = LeadObject().start(session, person, values, source=SOURCE, may_wait=True)
    lead = session.get_one(Lead, started.business_key)
    _run_services(session, lead)
    for happening in story["then"]:
        _happen(session, lead, happening)
        _run_services(session, lead)


def _happen(session: Session, lead: Lead, happening: Mapping[str, Any]) -> None:
    person = _person(session, happening["by"])
    if "task" in happening:
        _complete(session, lead, person, happening)
    elif "note" in happening:
        following.add_record(session, person, lead.number, following.Contact(**happening["note"]))
    elif "give_back" in happening:
        ownership.give_back(session, person, lead.number, happening["give_back"])
    else:
        ownership.claim(session, person, lead.number)


def _complete(session: Session, lead: Lead, person: Principal, happening: Mapping[str, Any]) -> None:
    """Complete the task of that step."""
    waiting = engine.queries.open_tasks(session, str(lead.instance_id))
    task = engine.queries.task(session, next(row.id for row in waiting if row.node_id == happening["task"]))
    found, document = LeadObject(), formkit.load(session, task.definition_id, task.form_key or "")
    context = found.context(session, task, person)
    values = {**happening["values"], **_product(session, happening.get("sold"))}
    bound = formkit.bind(document, values, overrides=context.overrides, groups=person.groups, facts=context.facts)
    variables = {**bound.variables, **found.complete(session, task, person, bound)}
    command = engine.CompleteTask(task_id=task.id, variables=variables, groups=person.groups, actor=person.login)
    engine.execute(session, command)


def _product(session: Session, code: str | None) -> dict[str, str]:
    product = queries.product_by_code(session, code)
    return {"product_id": str(product.id)} if product else {}


def _day(session: Session, days: int) -> str:
    """Days are told relative to the day of loading."""
    return str(today(session) + timedelta(days=days))


def _person(session: Session, login: str) -> Principal:
    found = accounts.principal(session, login)
    if found is None:
        raise LookupError(f"nobody is called {login}")
    return found


def _run_services(session: Session, lead: Lead) -> None:
    """Service tasks would run after the commit; here the story goes on in the same one."""
    for _round in range(MOST_ROUNDS):
        kinds = (engine.JobKind.SERVICE_TASK,)
        waiting = engine.queries.jobs(session, instance_id=str(lead.instance_id), kinds=kinds)
        if not waiting:
            return
        engine.execute(session, engine.RunJob(job_id=waiting[0].id, actor="system"))
