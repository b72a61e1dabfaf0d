"""A help desk's real log replayed as matters: its arrivals and waiting times, worked on by simulated staff.

The first event of a case is the call, the last one the reply, those between are what departments did: the last of
them answers, those before pass the matter on. What the log leaves lying longer than a deadline allows goes to the CCO.
"""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.bootstrap import registries
from app.inbox import service as inbox
from app.matters.business import MatterObject
from app.matters.models import Matter, MatterHolding, MatterTransfer
from app.security import Principal
from engine import tables
from tests.support.application import database_of, principal_of

KINDS = ("inquiry", "technical", "order", "suggestion", "rival_news", "churn_signal", "technical")
CENTRES = tuple(f"centre_{number}" for number in range(1, 9))
DEPARTMENTS = ("logistics", "finance", "administration", "implementation", "development", "customer_department")
SOURCE = "replay"
MOST_STEPS = 20
STAFF = {"register": "li.na", "classify": "li.na", "reply_customer": "wu.xiaoyan", "verify_with_customer": "zheng.kai"}
PACE = timedelta(minutes=1)
"""What staff need for each step after the first when the log has only one moment for several."""


@dataclass(frozen=True)
class Case:
    """One case of the log: its number and when something happened."""

    id: int
    moments: tuple[datetime, ...]


def read(file: Path, cases: int | None = None) -> list[Case]:
    """The cases of the log in the order of their arrival; the first ``cases`` of them."""
    found: dict[int, list[datetime]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = datetime.strptime(row["CompleteTimestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            found[int(row["CaseID"])].append(at)
    every = sorted((Case(case, tuple(sorted(moments))) for case, moments in found.items()), key=lambda c: c.moments[0])
    return every[:cases]


@dataclass
class HelpDesk:
    """The staff and their matters."""

    app: Flask
    clock: engine.VirtualClock
    numbers: dict[int, str] = field(default_factory=dict)
    people: dict[str, Principal] = field(default_factory=dict)
    actions: int = 0

    def replay(self, cases: list[Case]) -> None:
        """Everything in the order of the log; the clock stands at its end afterwards."""
        shift = self.clock.now() - cases[0].moments[0]
        log = [(at + shift, case, place) for case in cases for place, at in enumerate(case.moments)]
        for at, case, place in sorted(log, key=lambda entry: (entry[0], entry[1].id, entry[2])):
            self._wait(max(at, self.clock.now()))
            self._happens(case, place)
            self.actions += 1

    def _wait(self, until: datetime) -> None:
        """Time passes; what falls due on the way happens at its own moment. What is due and still there waits for
        something else than time: a delivery to the outside."""
        engine.jobs.run_until_quiet(database_of(self.app))
        while (at := self._next_due()) is not None and at <= until:
            self.clock.set(at)
            engine.jobs.run_until_quiet(database_of(self.app))
        self.clock.set(until)

    def _next_due(self) -> datetime | None:
        job = tables.job
        waiting = job.c.state.in_([engine.JobState.SCHEDULED, engine.JobState.AVAILABLE, engine.JobState.RETRYABLE])
        later = select(job.c.due_at).where(waiting, job.c.due_at > self.clock.now())
        with database_of(self.app).read() as session:
            return session.scalar(later.order_by(job.c.due_at).limit(1))

    def _happens(self, case: Case, place: int) -> None:
        if place == 0:
            self._call(case)
        elif place < len(case.moments) - 1:
            self._step(case, passes_on=place < len(case.moments) - 2)
        if place == len(case.moments) - 1:
            self._finish(case)

    def _call(self, case: Case) -> None:
        kind = KINDS[case.id % len(KINDS)]
        values = {
            "channel": "email",
            "caller_name": f"Case {case.id}",
            "verbatim": f"Words of case {case.id}",
            "concern": "asks",
            "source_reference": str(case.id),
        }
        person = self._person("li.na")
        started = database_of(self.app).write(
            lambda session: MatterObject().start(session, person, values, source=SOURCE)
        )
        self.numbers[case.id] = started.business_key
        facts = {"kind": kind, "summary": f"Case {case.id}", "region": CENTRES[case.id % len(CENTRES)]}
        self._complete(case, {"outcome": "classified", **facts})

    def _step(self, case: Case, *, passes_on: bool) -> None:
        """What somebody does at a moment of the log: pass it on, or answer; the CCO decides when it lies there."""
        task = self._open(case)
        if task is None or task.node_id in ("reply_customer", "verify_with_customer"):
            return
        if task.node_id == "cco_decide":
            self._complete(case, self._decision(case))
        elif not passes_on:
            self._complete(case, {"outcome": "answered", "answer": "Answered"})
        elif task.node_id == "answer_technical":
            self._complete(case, {"outcome": "escalate", "reason": "A question for development"})
        else:
            others = [name for name in DEPARTMENTS if name not in task.candidate_groups]
            following = others[case.id % len(others)]
            self._complete(case, {"outcome": "declined", "reason": "Not ours", "next_department": following})

    def _finish(self, case: Case) -> None:
        """The last moment of a case: whoever has it brings it to its end, a minute for every step."""
        for _step in range(MOST_STEPS):
            task = self._open(case)
            if task is None:
                return
            if task.node_id == "reply_customer":
                self._complete(case, {"outcome": "replied", "channel": "phone", "reply": "Answered"})
            elif task.node_id == "verify_with_customer":
                self._complete(case, {"outcome": "unreachable"})
            else:
                self._step(case, passes_on=False)
            self._wait(self.clock.now() + PACE)
        raise AssertionError(f"case {case.id} does not end")

    def _decision(self, case: Case) -> dict[str, Any]:
        department = DEPARTMENTS[case.id % len(DEPARTMENTS)]
        return {"outcome": "route", "target": "department", "department": department, "hours": 8, "reason": "Decided"}

    def _complete(self, case: Case, values: dict[str, Any]) -> None:
        task = self._open(case)
        assert task is not None
        login = STAFF.get(task.node_id) or self._member(task.candidate_groups[0])
        person, objects = self._person(login), registries(self.app).business_objects

        def work(session: Session) -> None:
            inbox.complete_task(session, person, objects, task.id, values, source="page")

        database_of(self.app).write(work)

    def _open(self, case: Case) -> engine.TaskRow | None:
        key = self.numbers[case.id]
        with database_of(self.app).read() as session:
            row = session.execute(select(Matter.instance_id).where(Matter.number == key)).scalar_one()
            waiting = engine.queries.open_tasks(session, str(row))
            return engine.queries.task(session, waiting[0].id) if waiting else None

    def _member(self, group: str) -> str:
        with database_of(self.app).read() as session:
            return accounts.users_in_groups(session, [group])[0]

    def _person(self, login: str) -> Principal:
        if login not in self.people:
            self.people[login] = principal_of(self.app, login)
        return self.people[login]


@dataclass
class Figures:
    """What came out, for the report."""

    matters: int = 0
    hops: int = 0
    declined: int = 0
    overdue: int = 0
    decided: int = 0
    intervals: int = 0


def check(session: Session) -> Figures:
    """Every replayed matter ended answered, its intervals follow each other from receipt to close, and its hops are
    those of the engine's own log of events."""
    figures = Figures()
    held, moved = _by_number(session, MatterHolding), _by_number(session, MatterTransfer)
    for matter in session.scalars(select(Matter).where(Matter.source == SOURCE).order_by(Matter.number)):
        assert matter.state == "closed" and matter.answered_at and matter.replied_at, matter.number
        holdings, transfers = held[matter.number], moved[matter.number]
        assert holdings[0].from_at == matter.received_at and holdings[-1].to_at == matter.closed_at, matter.number
        assert all(one.to_at == two.from_at for one, two in itertools.pairwise(holdings)), matter.number
        lengths = [row.to_at - row.from_at for row in holdings if row.to_at]
        assert sum(lengths, timedelta()) == matter.closed_at - matter.received_at, matter.number
        departments = departments_of_log(session, str(matter.instance_id))
        moves = [pair for pair in itertools.pairwise(departments) if pair[0] != pair[1]]
        assert [(row.from_department, row.to_department) for row in transfers] == moves, matter.number
        assert matter.hops == len(moves), matter.number
        kinds = [row.kind for row in transfers]
        assert matter.transfers == kinds.count("declined"), matter.number
        figures.matters += 1
        figures.hops += matter.hops
        figures.declined += matter.transfers
        figures.overdue += kinds.count("overdue")
        figures.decided += kinds.count("decided")
        figures.intervals += len(holdings)
    return figures


def departments_of_log(session: Session, instance_id: str) -> list[str]:
    """The departments whose tasks came up, one after the other, as the engine's history and its tasks say."""
    offered = tables.user_task_candidate
    statement = (
        select(offered.c.task_id, offered.c.name)
        .join(tables.user_task, tables.user_task.c.id == offered.c.task_id)
        .where(tables.user_task.c.instance_id == instance_id, offered.c.kind == "group")
    )
    groups: dict[str, set[str]] = defaultdict(set)
    for task_id, name in session.execute(statement):
        groups[task_id].add(name)
    found: list[str] = []
    for event in engine.queries.history(session, instance_id):
        if event.kind == "task_created" and event.node_id != "verify_with_customer" and event.task_id in groups:
            names = groups[str(event.task_id)]
            found.append("customer_support" if "customer_support" in names else min(names))
    return found


def _by_number(session: Session, model: Any) -> dict[str, list[Any]]:
    order = (model.from_at, model.id) if model is MatterHolding else (model.id,)
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.scalars(select(model).order_by(*order)):
        found[row.number].append(row)
    return found
