"""Leads as tests carry them on: each step by a person of the demo company, through the code the page uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.bootstrap import registries
from app.customers.models import Product
from app.inbox import service as inbox
from app.leads import queries
from app.leads.business import LeadObject
from app.leads.models import Lead
from app.leads.service import following, ownership
from app.leads.service.steps import today
from tests.support.application import advance, database_of, drain, principal_of

AGENT = "li.na"
"""Customer support."""
SELLER = "qin.haiyan"
"""Qingdao office of centre 3."""
PROSPECT: dict[str, Any] = {
    "company": "青岛黎明机床厂",
    "contact_name": "周工",
    "phone": "0532-8765 4321",
    "region": "青岛",
}
CALLED: dict[str, Any] = {"channel": "phone", "text": "客户还在比较。"}


@dataclass
class Leads:
    """The leads of one application."""

    app: Flask
    clock: engine.VirtualClock

    def alone(self) -> Leads:
        """End every other lead, for a story of many months."""
        instance = engine.tables.process_instance.c
        running = select(instance.id).where(instance.definition_key == queries.PROCESS_KEY, instance.state == "active")

        def work(session: Session) -> None:
            for instance_id in session.scalars(running).all():
                command = engine.CancelInstance(instance_id=instance_id, reason="test", actor="kang.ning")
                engine.execute(session, command)

        database_of(self.app).write(work)
        return self

    def today(self) -> date:
        """The business day."""
        with database_of(self.app).read() as session:
            return today(session)

    def product(self, code: str) -> str:
        """The id of a product, as a form sends it."""
        with database_of(self.app).read() as session:
            return str(session.scalars(select(Product.id).where(Product.code == code)).one())

    def capture(self, login: str = AGENT, **values: Any) -> str:
        """A lead that waits to be qualified; returns its number."""
        person = principal_of(self.app, login)
        given = {**PROSPECT, **values}
        database = database_of(self.app)
        found = database.write(lambda session: LeadObject().start(session, person, given, may_wait=True))
        drain(database)
        return found.business_key

    def qualify(self, number: str, days: int, owner: str | None = SELLER, login: str = AGENT, **values: Any) -> None:
        """It is a prospect that buys in so many days."""
        given = {**PROSPECT, "outcome": "qualified", "purchase_date": str(self.today() + timedelta(days=days))}
        self.do(number, "qualify", login, **given | {"owner": owner, **values})

    def qualified(self, days: int, owner: str | None = SELLER, **values: Any) -> str:
        """A captured and qualified lead; returns its number."""
        number = self.capture(**values)
        self.qualify(number, days, owner, **values)
        return number

    def task(self, number: str, node: str) -> engine.TaskRow:
        """The open task of that step."""
        with database_of(self.app).read() as session:
            rows = engine.queries.open_tasks(session, str(session.get_one(Lead, number).instance_id))
            found = [row for row in rows if row.node_id == node]
            assert found, f"{node} does not wait, but {[row.node_id for row in rows]}"
            return engine.queries.task(session, found[0].id)

    def waiting(self, number: str) -> list[str]:
        """The steps that wait for somebody."""
        with database_of(self.app).read() as session:
            return sorted(row.node_id for row in queries.open_tasks(session, [number]).get(number, []))

    def do(self, number: str, node: str, login: str, **values: Any) -> None:
        """Complete a step as that person, and let everything happen that follows at once."""
        task, person = self.task(number, node), principal_of(self.app, login)
        objects = registries(self.app).business_objects

        def work(session: Session) -> None:
            inbox.complete_task(session, person, objects, task.id, values, source="page")

        database_of(self.app).write(work)
        drain(database_of(self.app))

    def send(self, number: str, login: str = AGENT, **values: Any) -> None:
        """Deliver ``lead_changed`` as that person."""
        person = principal_of(self.app, login)

        def work(session: Session) -> None:
            variables = LeadObject().message(session, person, "lead_changed", number, values)
            ownership.tell_process(session, session.get_one(Lead, number), variables, actor=login)

        database_of(self.app).write(work)
        drain(database_of(self.app))

    def note(self, number: str, login: str = SELLER, **values: Any) -> None:
        """A follow-up record between tasks."""
        person, contact = principal_of(self.app, login), following.Contact(**{**CALLED, **values})
        database_of(self.app).write(lambda session: following.add_record(session, person, number, contact))
        drain(database_of(self.app))

    def claim(self, number: str, login: str) -> None:
        """Take it out of the pool."""
        person = principal_of(self.app, login)
        database_of(self.app).write(lambda session: ownership.claim(session, person, number))
        drain(database_of(self.app))

    def give_back(self, number: str, login: str, reason: str = "没有时间") -> None:
        """Give it back to the pool."""
        person = principal_of(self.app, login)
        database_of(self.app).write(lambda session: ownership.give_back(session, person, number, reason))
        drain(database_of(self.app))

    def reassign(self, number: str, login: str, owner: str, reason: str = "换人跟进") -> None:
        """A supervisor gives it to somebody else."""
        person = principal_of(self.app, login)
        database_of(self.app).write(lambda session: ownership.reassign(session, person, number, owner, reason))
        drain(database_of(self.app))

    def pass_time(self, **delta: float) -> None:
        """Time passes; what falls due happens."""
        advance(database_of(self.app), self.clock, timedelta(**delta))

    def row(self, number: str) -> Lead:
        """The lead as stored."""
        with database_of(self.app).read() as session:
            return session.get_one(Lead, number)

    def horizons(self, number: str) -> list[str]:
        """Every horizon it entered, in order."""
        with database_of(self.app).read() as session:
            return [row.horizon for row in queries.horizons(session, number)]

    def had_by(self, number: str) -> list[tuple[str | None, str]]:
        """Who had it and why, in order; checks that there is no gap and no overlap."""
        with database_of(self.app).read() as session:
            rows = queries.owners(session, number)
        for earlier, later in zip(rows, rows[1:], strict=False):
            assert earlier.to_at == later.from_at
        return [(row.owner, row.reason) for row in rows]
