"""The control room of a company with a hundred thousand instances: milliseconds of server time per page, at the median
and at the 95th of 100, and how the database reads for each page (``--plans FILE``).

The rows are written directly, as the engine and the slices leave them: three processes, four completed tasks and an
open one, timers, deadlines, search variables, incidents with twenty causes, eight events of history for each instance.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.orm import Session

import engine
from app.complaints.models import Complaint
from app.db import search
from app.db.search import SearchEntry
from app.leads.models import Lead
from app.matters.models import Matter
from benchmarks import plans
from benchmarks.company import company
from benchmarks.population import settle
from benchmarks.scale import Scale
from engine.tables import history_event, incident, instance_variable, job, process_instance, user_task
from engine.tables import user_task_candidate as candidate
from tests.support.application import database_of, signed_in

NAME = "control_room"
PEOPLE = {"operator": "kang.ning", "director": "lin.wanqing", "supervisor": "jia.wentao"}
"""Who repairs and sees everything, who directs customer work, who supervises a department."""
BATCH = 2_000
CAUSES = 20
YEAR = 365
SHARES = {"complaint": 0.6, "lead_followup": 0.25, "cco_routing": 0.15}
STEPS = {
    "complaint": ("record", "judge", "assign_department", "analyse_cause", "propose_solution"),
    "lead_followup": ("qualify", "follow_up_general", "follow_up_detailed", "advance_purchase", "contact_now"),
    "cco_routing": ("register", "classify", "handle_matter", "cco_decide", "reply_customer"),
}
"""Four are done, the last one is open while the instance runs."""
GROUPS = (
    "customer_support",
    "development",
    "finance",
    "logistics",
    "centre_1",
    "centre_2",
    "cco",
    "customer_department",
)
Tables = dict[Any, list[dict[str, Any]]]


def control_room(backend: str, scale: Scale) -> dict[str, float]:
    """Every page for each of the three people."""
    figures: dict[str, float] = {}
    with company(backend, engine.VirtualClock(engine.SystemClock().now())) as app:
        made = _Made(app)
        made.fill(scale.instances)
        settle(database_of(app))
        slowest = 0.0
        for who, login in PEOPLE.items():
            client = signed_in(app, login)
            for name, path in made.pages().items():
                with plans.watching(database_of(app), f"{backend} {who} {path}"):
                    status = client.get(path).status_code
                if status in (403, 404):  # not for this person
                    continue
                assert status == 200, (path, status)
                taken = _times(client, path, scale.page_views)
                figures[f"{backend}.{NAME}.{who}.{name}_ms"] = median(taken)
                slowest = max(slowest, quantiles(taken, n=20)[-1])
        figures[f"{backend}.{NAME}.instances"] = scale.instances
        figures[f"{backend}.{NAME}.slowest_page_p95_ms"] = slowest
    return figures


def _times(client: FlaskClient, path: str, views: int) -> list[float]:
    taken = []
    for _ in range(max(views, 2)):
        before = perf_counter()
        answer = client.get(path)
        taken.append((perf_counter() - before) * 1_000)
        assert answer.status_code == 200, (path, answer.status)
    return taken


class _Made:
    """The instances, and the addresses that lead to them."""

    def __init__(self, app: Flask) -> None:
        self._database = database_of(app)
        self._chance = random.Random(20261122)
        with self._database.read() as session:
            self._at = engine.now(session)
            self._versions = {key: engine.queries.latest_definition(session, key).id for key in SHARES}
            (self._real,) = engine.queries.instances(session, process_key="complaint", limit=1)
        self._cause = ""

    def fill(self, count: int) -> None:
        """Write them."""
        for first in range(0, count, BATCH):
            tables: Tables = {}
            for number in range(first, min(first + BATCH, count)):
                for table, rows in self._instance(number).items():
                    tables.setdefault(table, []).extend(rows)
            self._database.write(_writing(tables))

    def pages(self) -> Mapping[str, str]:
        """Name → address."""
        list_of, version = "/monitor/instances", self._versions["complaint"]
        return {
            "processes": "/monitor",
            "instances": list_of,
            "instances_found": f"{list_of}?q=宏远机械4711",
            "instances_common_word": f"{list_of}?q=宏远",
            "instances_at_step": f"{list_of}?process=complaint&activity=propose_solution",
            "instances_with_incident": f"{list_of}?incident=1",
            "instances_overdue": f"{list_of}?overdue=1",
            "instances_sorted": f"{list_of}?sort=started_at",
            "instances_completed": f"{list_of}?state=completed",
            "instances_by_variable": f"{list_of}?process=complaint&v.severity=critical",
            "instance": f"{list_of}/{self._real.id}",
            "process": f"/monitor/processes/{version}",
            "process_all_versions": "/monitor/processes/key/complaint",
            "people": "/monitor/tasks/people",
            "tasks": "/monitor/tasks",
            "tasks_completed": "/monitor/tasks/completed",
            "levels": "/monitor/tasks/levels",
            "incidents": "/monitor/incidents",
            "incidents_of_cause": f"/monitor/incidents/{self._cause}",
            "timers": "/monitor/timers",
            "timers_year": "/monitor/timers?days=365",
            "repairs": "/monitor/repairs",
            "event_log": "/monitor/event-log",
            "figures": "/monitor/figures",
            "figures_complaints": "/complaints/figures",
            "figures_leads": "/leads/figures",
            "figures_matters": "/matters/figures",
        }

    def _instance(self, number: int) -> Tables:
        chance = self._chance
        (process,) = chance.choices(list(SHARES), list(SHARES.values()))
        state = chance.choices(("active", "completed", "suspended"), (40, 59, 1))[0]
        begun = self._at - timedelta(minutes=chance.randrange(YEAR * 24 * 60))
        case = _Case(number, process, self._versions[process], begun, state)
        tables: Tables = {process_instance: [case.row()], **_business(case, chance)}
        tasks = [case.task(step, order) for order, step in enumerate(STEPS[process])]
        if state == "completed":
            tasks = [{**task, "state": "completed"} for task in tasks[:4]]
        group = chance.choice(GROUPS)
        tables[user_task] = tasks
        if state != "completed":
            tables[candidate] = [{"task_id": tasks[-1]["id"], "kind": "group", "name": group}]
            tables[job] = case.jobs(self._at + timedelta(minutes=chance.randrange(YEAR * 24 * 60)))
            if chance.random() < 0.05:
                tables[incident] = [self._incident(case, chance.randrange(CAUSES))]
        tables[history_event] = case.history()
        tables[instance_variable] = [case.variable("severity", chance.choice(("minor", "normal", "critical")))]
        return tables

    def _incident(self, case: _Case, number: int) -> dict[str, Any]:
        self._cause = f"{number:032x}"
        return {
            "instance_id": case.id,
            "node_id": STEPS[case.process][-1],
            "kind": "job_failed",
            "message": f"the other system answered {500 + number}",
            "state": "open",
            "created_at": case.begun,
            "cause": self._cause,
        }


@dataclass(frozen=True, slots=True)
class _Case:
    number: int
    process: str
    definition_id: str
    begun: datetime
    state: str

    @property
    def id(self) -> str:
        return str(uuid.UUID(int=self.number << 8))

    @property
    def key(self) -> str:
        prefix = {"complaint": "CMP", "lead_followup": "LEAD", "cco_routing": "CUS"}[self.process]
        return f"{prefix}-2099-{self.number:06}"

    @property
    def ended(self) -> datetime | None:
        return self.begun + timedelta(hours=30) if self.state == "completed" else None

    @property
    def words(self) -> str:
        return f"{self.key} 宏远机械{self.number} 包装破损"

    def _same(self) -> dict[str, Any]:
        return {"definition_id": self.definition_id, "definition_key": self.process, "business_key": self.key}

    def row(self) -> dict[str, Any]:
        facts = {"id": self.id, "title": self.words, "state": self.state, "version": 3, "codec": 1, "variables": {}}
        when = {"started_at": self.begun, "updated_at": self.begun, "ended_at": self.ended}
        return self._same() | facts | when | {"started_by": "zhao.lei"}

    def task(self, step: str, order: int) -> dict[str, Any]:
        created = self.begun + timedelta(hours=6 * order)
        done = order < 4
        return self._same() | {
            "id": str(uuid.UUID(int=(self.number << 8) + order + 1)),
            "instance_id": self.id,
            "node_id": step,
            "name": step,
            "form_key": f"{self.process}/{step}",
            "state": "completed" if done else "created",
            "priority": 50,
            "created_at": created,
            "due_at": created + timedelta(days=3),
            "risk_at": created + timedelta(days=2),
            "service_minutes": 480,
            "ended_at": created + timedelta(hours=5) if done else None,
            "ended_by": "zhao.lei" if done else None,
            "assignee": "zhao.lei" if done else None,
            "worked_minutes": 30 + self.number % 400 if done else None,
            "local_variables": {},
        }

    def jobs(self, due: datetime) -> list[dict[str, Any]]:
        kinds = (("timer", due), ("deadline", self.begun + timedelta(days=3)))
        same = {"instance_id": self.id, "state": "scheduled", "payload": {}, "created_at": self.begun}
        return [same | {"kind": kind, "node_id": STEPS[self.process][-1], "due_at": at} for kind, at in kinds]

    def history(self) -> list[dict[str, Any]]:
        steps = STEPS[self.process][:4]
        return [
            {
                "instance_id": self.id,
                "at": self.begun + timedelta(hours=order),
                "kind": kind,
                "node_id": step,
                "task_id": None,
                "actor": "zhao.lei",
                "changes": {},
            }
            for order, step in enumerate(steps)
            for kind in ("task_created", "task_completed")
        ]

    def variable(self, name: str, value: str) -> dict[str, Any]:
        return {"instance_id": self.id, "name": name, "text": value, "number": None}


def _business(case: _Case, chance: random.Random) -> Tables:
    words = {"kind": case.process, "ref": case.key, "tokens": " ".join(dict.fromkeys(search.tokens_of(case.words)))}
    same = {"number": case.key, "instance_id": case.id}
    if case.process == "lead_followup":
        facts: dict[str, Any] = {"captured_at": case.begun, "captured_by": "li.na", "company": f"宏远机械{case.number}"}
        facts |= {"state": "won" if case.ended else "open", "owner": "qin.haiyan", "horizon": "one_year"}
        return {Lead: [same | facts], SearchEntry: [words]}
    taken = {"received_at": case.begun, "registered_at": case.begun, "registered_by": "zhao.lei"}
    if case.process == "cco_routing":
        facts = {"state": "closed" if case.ended else "working", "department": chance.choice(GROUPS), "kind": "inquiry"}
        return {Matter: [same | taken | facts], SearchEntry: [words]}
    facts = {"state": "closed" if case.ended else "open", "closed_at": case.ended, "severity": "normal"}
    facts |= {"complaint_class": "quality", "responsible_department": chance.choice(GROUPS), "satisfaction": None}
    return {Complaint: [same | taken | facts], SearchEntry: [words]}


def _writing(tables: Tables) -> Callable[[Session], None]:
    def write(session: Session) -> None:
        for table, rows in tables.items():
            session.execute(insert(table), rows)

    return write
