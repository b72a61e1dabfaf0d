"""Matters as tests carry them on: each step by a person of the demo company, through the code the page uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.bootstrap import registries
from app.business_objects import BusinessObject
from app.customers.models import Contact, Customer, Product
from app.inbox import service as inbox
from app.matters import queries
from app.matters.business import MatterObject
from app.matters.models import Matter, MatterHolding, MatterTransfer
from tests.support.application import advance, database_of, drain, principal_of

WORDS = "你们上次说的升级包，\n到底什么时候能给？"
REGISTER: dict[str, Any] = {"channel": "phone", "caller_name": "陈佳宁", "verbatim": WORDS, "concern": "asks"}
OF_THE_CALL = (*REGISTER, "customer_id", "contact_id", "caller_phone", "caller_company", "received_at")
REGION = {"inquiry": "centre_1", "purchase_interest": "centre_1", "churn_signal": "centre_1"}


@dataclass
class Matters:
    """The matters of one application."""

    app: Flask
    clock: engine.VirtualClock

    def customer(self, name: str = "北京京重机床有限公司") -> str:
        """The id of a customer of the demo company."""
        with database_of(self.app).read() as session:
            return str(session.scalars(select(Customer.id).where(Customer.name == name)).one())

    def contact(self, name: str = "陈佳宁") -> str:
        """The id of a contact of the demo company."""
        with database_of(self.app).read() as session:
            return str(session.scalars(select(Contact.id).where(Contact.name == name)).first())

    def product(self, code: str) -> str:
        """The id of a product of the demo company."""
        with database_of(self.app).read() as session:
            return str(session.scalars(select(Product.id).where(Product.code == code)).one())

    def register(self, login: str = "li.na", *, may_wait: bool = False, **values: Any) -> str:
        """A matter with its first step done; returns its number."""
        given = {name: value for name, value in {**REGISTER, **values}.items() if value is not None}
        person = principal_of(self.app, login)

        def work(session: Session) -> str:
            return MatterObject().start(session, person, given, may_wait=may_wait).business_key

        return database_of(self.app).write(work)

    def classified(self, kind: str, login: str = "li.na", **facts: Any) -> str:
        """A matter that the rules have routed; ``facts`` belong to both forms."""
        first = {name: facts.pop(name) for name in tuple(facts) if name in OF_THE_CALL}
        number = self.register(login, **first)
        given = {"outcome": "classified", "kind": kind, "summary": f"{kind}?", "region": REGION.get(kind), **facts}
        self.do(number, "classify", login, **given)
        self.settle()
        return number

    def member(self, group: str) -> str:
        """Somebody of that group."""
        with database_of(self.app).read() as session:
            return accounts.users_in_groups(session, [group])[0]

    def task(self, number: str, node: str | None = None) -> engine.TaskRow:
        """The open task of the matter."""
        with database_of(self.app).read() as session:
            matter = session.get_one(Matter, number)
            rows = engine.queries.open_tasks(session, str(matter.instance_id))
            found = [row for row in rows if node in (None, row.node_id)]
            assert found, f"{node} does not wait, but {[row.node_id for row in rows]}"
            return engine.queries.task(session, found[0].id)

    def at(self, number: str) -> tuple[str, tuple[str, ...]]:
        """The step that waits and whom it is offered to."""
        task = self.task(number)
        return task.node_id, task.candidate_groups

    def waiting(self, number: str) -> list[str]:
        """The steps that wait for somebody."""
        with database_of(self.app).read() as session:
            return sorted(row.node_id for row in queries.open_tasks(session, [number]).get(number, []))

    def form(self, number: str, login: str) -> Any:
        """What the form of the open task starts with."""
        task, person = self.task(number), principal_of(self.app, login)
        with self.app.test_request_context(headers={"Accept-Language": "en"}), database_of(self.app).read() as session:
            return MatterObject().context(session, task, person)

    def claim(self, number: str, login: str) -> None:
        """Somebody takes the open task."""
        task, person = self.task(number), principal_of(self.app, login)
        objects = registries(self.app).business_objects
        database_of(self.app).write(lambda session: inbox.claim(session, person, objects, task.id))

    def do(self, number: str, node: str, login: str, **values: Any) -> None:
        """Complete a step as that person."""
        task, person = self.task(number, node), principal_of(self.app, login)
        objects = registries(self.app).business_objects

        def work(session: Session) -> None:
            inbox.complete_task(session, person, objects, task.id, values, source="page")

        database_of(self.app).write(work)
        self.settle()

    def send(self, number: str, login: str, text: str, **more: Any) -> None:
        """The customer calls again about this matter; that person notes it."""
        person = principal_of(self.app, login)

        def work(session: Session) -> None:
            variables = MatterObject().message(session, person, "matter_supplement", number, {"text": text, **more})
            command = engine.CorrelateMessage(
                name="matter_supplement", correlation_key=number, variables=variables, actor=login
            )
            engine.execute(session, command)

        database_of(self.app).write(work)
        self.settle()

    def settle(self) -> None:
        """What runs by itself has run."""
        drain(database_of(self.app))

    def pass_time(self, delta: timedelta) -> None:
        """Time passes; what falls due happens."""
        advance(database_of(self.app), self.clock, delta)

    def row(self, number: str) -> Matter:
        """The matter as stored."""
        with database_of(self.app).read() as session:
            return session.get_one(Matter, number)

    def holdings(self, number: str) -> list[MatterHolding]:
        """Who had it when."""
        with database_of(self.app).read() as session:
            return queries.holdings(session, number)

    def transfers(self, number: str) -> list[MatterTransfer]:
        """Every move from one department to another."""
        with database_of(self.app).read() as session:
            return queries.transfers(session, number)

    def way(self, number: str) -> list[tuple[str, str, str]]:
        """The moves in short: from, why, to."""
        return [(row.from_department, row.kind, row.to_department) for row in self.transfers(number)]

    def other(self, process_key: str) -> BusinessObject:
        """The business object of another process."""
        found = registries(self.app).business_objects.get(process_key)
        assert found is not None
        return found

    def check_partition(self, number: str) -> None:
        """The intervals follow each other from receipt to close (open: till now), and every change of department was a
        hop."""
        matter, held = self.row(number), self.holdings(number)
        assert held[0].from_at == matter.received_at
        for before, after in zip(held, held[1:], strict=False):
            assert before.to_at == after.from_at, f"{number}: {before.to_at} … {after.from_at}"
        assert held[-1].to_at == matter.closed_at
        assert matter.closed_at or (matter.department, matter.handler) == (held[-1].department_key, held[-1].person)
        moves = [
            (before.department_key, after.department_key)
            for before, after in zip(held, held[1:], strict=False)
            if before.department_key != after.department_key
        ]
        transfers = self.transfers(number)
        assert [(row.from_department, row.to_department) for row in transfers] == moves
        assert matter.hops == len(moves)
        assert matter.transfers == sum(row.kind == "declined" for row in transfers)
