"""A company whose mail server and robots are real ones of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

import engine
from app import create_app
from app.notifications import preferences, service
from app.notifications.models import Delivery, Pace, TeamChannel
from app.notifications.preferences import Wish
from tests.support.application import Databases, database_of, drain, settings_for
from tests.support.receivers import TAKEN, HttpReceiver, Mailbox
from tests.support.thrift import share_statements


@dataclass
class House:
    """An application with a mail server and a robot beside it."""

    app: Flask
    clock: Any
    mail: Mailbox
    robot: HttpReceiver
    url: str = ""

    def write(self, work: Callable[[Any], Any]) -> Any:
        """One commit."""
        return database_of(self.app).write(work)

    def tell(self, people: str | list[str], number: str, template: str = "deadline.overdue", **facts: Any) -> None:
        """A notice about task 判定 of case ``number``."""
        told = {"task": "判定", "business_key": number, **facts}
        self.write(lambda s: service.notify(s, people, template, told, link=f"/x/{number}", dedupe_key=number))

    def letter(self, to: str | None, number: str, **more: Any) -> bool:
        """A letter to a customer."""
        facts = {"number": number, "contact": more.pop("contact", "王先生"), "received": "2026-11-23 09:00"}
        return bool(
            self.write(
                lambda s: service.send_to_customer(
                    s,
                    to=to,
                    template="complaint.acknowledgement",
                    facts=facts,
                    business_key=number,
                    dedupe_key=f"letter:{number}",
                    **more,
                )
            )
        )

    def channel(self, kind: str = "webhook", **given: Any) -> int:
        """A team's robot that hears of what is overdue."""
        values = {
            "name": "群", "kind": kind, "url": self.robot.url, "secret": "", "kinds": ["overdue"], "language": "zh",
            "created_at": self.clock.now(), "created_by": "root", **given,
        }  # fmt: skip

        def add(session: Any) -> int:
            session.add(channel := TeamChannel(**values))
            session.flush()
            return int(channel.id)

        return int(self.write(add))

    def wish(self, login: str, email: str = "", *, working_hours: bool = False, **paces: Pace) -> None:
        """What a person wants."""
        wishes = {kind: Wish(True, paces.get(kind, Pace.OFF)) for kind in preferences.DEFAULTS}
        self.write(lambda s: preferences.save(s, login, email=email, working_hours=working_hours, wishes=wishes))

    def send(self, after: timedelta = timedelta()) -> int:
        """What workers do ``after`` a while."""
        self.clock.set(self.clock.now() + after)
        done = 0
        database = database_of(self.app)
        drain(database)
        while engine.jobs.run_due_outside(database):
            done += 1
            assert done < 1000
        drain(database)
        return done

    def states(self) -> list[tuple[str, str]]:
        """State and reason of every delivery, in order."""
        return [(row.state, row.reason) for row in self.rows(Delivery)]

    def rows(self, model: Any) -> list[Any]:
        """All of them, in order."""
        with database_of(self.app).read() as session:
            return list(session.scalars(sa.select(model).order_by(model.id)))


@contextmanager
def opened(
    databases: Databases,
    backend: str,
    clock: Any,
    mailbox: Mailbox,
    robot: HttpReceiver,
    **settings: Any,
) -> Iterator[House]:
    """A house on a database of its own."""
    mailbox.mails.clear()
    mailbox.answer = lambda message: None
    robot.posts.clear()
    robot.answer = lambda post: TAKEN
    url = databases.fresh(backend, company=True)
    given = {
        "smtp_url": mailbox.url, "mail_from": "Keliu <crm@keliu.example>", "webhook_allow": ("127.0.0.1",), **settings
    }  # fmt: skip
    app = create_app(settings_for(url, databases.home, **given), clock=clock)
    share_statements(database_of(app))
    found = House(app, clock, mailbox, robot, url)
    for table in ("delivery", "job"):  # the demo company's own letters and deadlines
        found.write(lambda s, table=table: s.execute(sa.text(f"DELETE FROM {table}")))
    try:
        yield found
    finally:
        database_of(app).dispose()
        databases.drop(url)
