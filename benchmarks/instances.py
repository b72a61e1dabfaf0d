"""A company with many instances, written directly as the engine and the slices leave them.

Three processes; four completed tasks and an open one, what each of them was offered to, timers, deadlines, search
variables, incidents with twenty causes, eight events of history; complaints with their department and measures, leads
with their horizons, matters with who had them.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import engine
from app.complaints.models import CauseCode, Complaint, ComplaintDepartment, ComplaintMeasure
from app.customers.models import Customer
from app.db import search
from app.db.search import SearchEntry
from app.leads.models import Lead, LeadHorizon
from app.matters.models import Matter, MatterHolding
from engine.tables import history_event, incident, instance_variable, job, process_instance, user_task
from engine.tables import user_task_candidate as candidate
from tests.support.application import database_of

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
PEOPLE = {
    "customer_support": ("li.na", "wu.xiaoyan", "zheng.kai"),
    "development": ("zou.kaiwen", "xiong.wei", "bai.lu"),
    "finance": ("fu.xiaodong", "su.ting"),
    "logistics": ("tian.tian", "dong.qiang"),
    "centre_1": ("sun.zhipeng", "li.xiaofeng", "zhou.min"),
    "centre_2": ("chen.haoran", "feng.xuemei"),
    "cco": ("zhou.qihang",),
    "customer_department": ("song.yaqin", "xie.wenbo"),
}
"""Groups, which are departments too, and some of their people."""
CENTRES = ("centre_1", "centre_2")
SELLERS = ("sun.zhipeng", "li.xiaofeng", "zhou.min", "chen.haoran", "feng.xuemei", "qin.haiyan")
Tables = dict[Any, list[dict[str, Any]]]


class Filled:
    """The instances, and what leads to them."""

    def __init__(self, app: Flask) -> None:
        self._database = database_of(app)
        self._chance = random.Random(20261122)
        with self._database.read() as session:
            self._at = engine.now(session)
            self.versions = {key: engine.queries.latest_definition(session, key).id for key in SHARES}
            (self.real,) = engine.queries.instances(session, process_key="complaint", limit=1)
            self._customers = list(session.scalars(select(Customer.id)))
            self._causes = list(session.scalars(select(CauseCode.code)))
        self.cause = f"{0:032x}"

    def fill(self, count: int) -> None:
        """Write ``count`` of them."""
        for first in range(0, count, BATCH):
            tables: Tables = {}
            for number in range(first, min(first + BATCH, count)):
                for table, rows in self._instance(number).items():
                    tables.setdefault(table, []).extend(rows)
            self._database.write(_writing(tables))

    def _instance(self, number: int) -> Tables:
        chance = self._chance
        (process,) = chance.choices(list(SHARES), list(SHARES.values()))
        state = chance.choices(("active", "completed", "suspended"), (40, 59, 1))[0]
        begun = self._at - timedelta(minutes=chance.randrange(YEAR * 24 * 60))
        case = Case(number, process, self.versions[process], begun, state)
        tables: Tables = {process_instance: [case.row()], **self._business(case)}
        groups = [chance.choice(list(PEOPLE)) for _step in STEPS[process]]
        tables[user_task] = [
            case.task(step, order, chance.choice(PEOPLE[groups[order]]), waits=chance.random() < 0.5)
            for order, step in enumerate(STEPS[process])
            if order < 4 or case.ended is None
        ]
        tables[candidate] = [
            {"task_id": task["id"], "kind": "group", "name": group}
            for task, group in zip(tables[user_task], groups, strict=False)
        ]
        tables[job] = case.jobs(self._at + timedelta(minutes=chance.randrange(YEAR * 24 * 60)))
        if case.ended is None and chance.random() < 0.05:
            tables[incident] = [self._incident(case, chance.randrange(CAUSES))]
        tables[history_event] = case.history([task["ended_by"] for task in tables[user_task]])
        tables[instance_variable] = [case.variable(*pair) for pair in self._variables(case).items()]
        return tables

    def _incident(self, case: Case, number: int) -> dict[str, Any]:
        return {
            "instance_id": case.id,
            "definition_id": case.definition_id,
            "node_id": STEPS[case.process][-1],
            "kind": "service_task",
            "message": f"the other system answered {500 + number}",
            "state": "open",
            "created_at": case.begun,
            "cause": f"{number:032x}",
        }

    def _variables(self, case: Case) -> dict[str, Any]:
        chance = self._chance
        if case.process == "complaint":
            severity, amount = chance.choice(("minor", "normal", "critical")), float(chance.randrange(100_000))
            return {"severity": severity, "value_class": chance.choice("ABC"), "amount": amount}
        if case.process == "lead_followup":
            return {"horizon": chance.choice(("one_year", "six_months", "now")), "owner": chance.choice(SELLERS)}
        return {"kind": chance.choice(("inquiry", "complaint")), "department": chance.choice(list(PEOPLE))}

    def _business(self, case: Case) -> Tables:
        tokens = " ".join(dict.fromkeys(search.tokens_of(case.words)))
        words = {SearchEntry: [{"kind": case.process, "ref": case.key, "tokens": tokens}]}
        write = {"complaint": self._complaint, "lead_followup": self._lead, "cco_routing": self._matter}
        return words | write[case.process](case)

    def _complaint(self, case: Case) -> Tables:
        chance, key = self._chance, _key(case)
        of, kind = chance.choice(list(PEOPLE)), chance.choice(("quality", "delivery", "service"))
        taken = {"received_at": case.begun, "registered_at": case.begun, "registered_by": "li.na"}
        facts: dict[str, Any] = {"state": "closed" if case.ended else "open", "closed_at": case.ended}
        facts |= {"severity": "normal", "complaint_class": kind, "responsible_department": of, "instance_id": case.id}
        facts |= {"customer_id": chance.choice(self._customers), "cause_code": chance.choice([*self._causes, None])}
        roles = (("customer_support", "involved"), (of, "responsible"))
        held = [
            key | {"department_key": department, "role": role, "from_at": case.begun, "to_at": case.ended}
            for department, role in roles
        ]
        minutes = chance.randrange(60, 40_000)
        measured = key | {"received_at": case.begun, "steps": chance.randrange(4, 40), "closed_at": case.ended}
        measured |= {"hand_offs": chance.randrange(6), "people": chance.randrange(2, 8), "waits": chance.randrange(4)}
        closed = {"state": "closed", "complaint_class": kind, "minutes": minutes, "working_minutes": minutes // 4}
        closed |= {"visits": 1, "satisfaction": chance.randrange(1, 6), "first_time": chance.random() < 0.7}
        still = dict.fromkeys(("state", "complaint_class", "minutes", "working_minutes", "satisfaction"))
        still |= {"visits": 0, "first_time": False}
        measures = [measured | (closed if case.ended else still)]
        return {Complaint: [key | taken | facts], ComplaintDepartment: held, ComplaintMeasure: measures}

    def _lead(self, case: Case) -> Tables:
        chance, key = self._chance, _key(case)
        won = bool(case.ended) and chance.random() < 0.4
        state = "open" if case.ended is None else "won" if won else "lost"
        bought = (case.begun + timedelta(days=400)).date()
        facts: dict[str, Any] = {"captured_at": case.begun, "captured_by": "li.na", "company": f"宏远机械{case.number}"}
        facts |= {"state": state, "owner": chance.choice(SELLERS), "department_key": chance.choice(CENTRES)}
        facts |= {"heard_from": chance.choice(("fair", "web", "referral")), "qualified_at": case.begun}
        facts |= {"source": chance.choice(("form", "rest", "import")), "horizon": "one_year"}
        facts |= {"initial_purchase_date": bought, "purchase_date": bought, "instance_id": case.id}
        facts |= {"won_at": case.ended if won else None, "months_advanced": chance.randrange(-2, 8) if won else None}
        facts |= {"lost_at": case.ended if state == "lost" else None, "closed_at": case.ended}
        facts |= {"lost_reason": chance.choice(("price", "rival", "silent")) if state == "lost" else ""}
        spans = [("one_year", "qualified", 0), *([("now", "changed", 20)] if chance.random() < 0.4 else [])]
        horizons = [
            key
            | {"horizon": horizon, "reason": reason, "entered_at": case.begun + timedelta(hours=later)}
            | {"left_at": None, "days_to_purchase": 400, "purchase_date": bought}
            for horizon, reason, later in spans
        ]
        return {Lead: [key | facts], LeadHorizon: horizons}

    def _matter(self, case: Case) -> Tables:
        chance, key = self._chance, _key(case)
        of = chance.choice(list(PEOPLE))
        taken = {"received_at": case.begun, "registered_at": case.begun, "registered_by": "li.na"}
        facts: dict[str, Any] = {
            "state": "closed" if case.ended else "open",
            "department": of,
            "closed_at": case.ended,
        }
        facts |= {"kind": chance.choice(("inquiry", "praise", "advice")), "instance_id": case.id}
        facts |= {"hops": chance.randrange(1, 5), "transfers": chance.randrange(3), "classified_at": case.begun}
        held = [
            key | {"department_key": department, "person": chance.choice(PEOPLE[department]), "from_at": case.begun}
            for department in ("customer_support", of)
        ]
        return {Matter: [key | taken | facts], MatterHolding: held}


def _key(case: Case) -> dict[str, Any]:
    return {"number": case.key}


@dataclass(frozen=True, slots=True)
class Case:
    """One instance."""

    number: int
    process: str
    definition_id: str
    begun: datetime
    state: str

    @property
    def id(self) -> str:
        """Of the instance; those of its tasks follow it."""
        return str(uuid.UUID(int=self.number << 8))

    @property
    def key(self) -> str:
        """The business key."""
        prefix = {"complaint": "CMP", "lead_followup": "LEAD", "cco_routing": "CUS"}[self.process]
        return f"{prefix}-2099-{self.number:06}"

    @property
    def ended(self) -> datetime | None:
        """When, if it has."""
        return self.begun + timedelta(hours=30) if self.state == "completed" else None

    @property
    def words(self) -> str:
        """What it is about; two of the words are the same in every case."""
        return f"{self.key} 宏远机械{self.number} 包装破损"

    def _same(self) -> dict[str, Any]:
        return {"definition_id": self.definition_id, "definition_key": self.process, "business_key": self.key}

    def row(self) -> dict[str, Any]:
        """The instance itself."""
        facts = {"id": self.id, "title": self.words, "state": self.state, "version": 3, "codec": 1, "variables": {}}
        when = {"started_at": self.begun, "updated_at": self.begun, "ended_at": self.ended}
        return self._same() | facts | when | {"started_by": "li.na"}

    def task(self, step: str, order: int, person: str, *, waits: bool) -> dict[str, Any]:
        """Its task number ``order``: the first four are done by ``person``, who has the last unless it ``waits``."""
        created = self.begun + timedelta(hours=6 * order)
        done = order < 4
        return self._same() | {
            "id": str(uuid.UUID(int=(self.number << 8) + order + 1)),
            "instance_id": self.id,
            "node_id": step,
            "name": step,
            "form_key": f"{self.process}/{step}",
            "state": "completed" if done else "created" if waits else "claimed",
            "priority": 50,
            "created_at": created,
            "due_at": created + timedelta(days=3),
            "risk_at": created + timedelta(days=2),
            "service_minutes": 480,
            "ended_at": created + timedelta(hours=5) if done else None,
            "ended_by": person if done else None,
            "assignee": person if done or not waits else None,
            "worked_minutes": 30 + self.number % 400 if done else None,
            "local_variables": {},
        }

    def jobs(self, due: datetime) -> list[dict[str, Any]]:
        """A timer that fires at ``due`` and a deadline while it runs; a timer that fired once it has ended."""
        same = {"instance_id": self.id, "payload": {}, "created_at": self.begun, "node_id": STEPS[self.process][-1]}
        if self.ended:
            return [same | {"kind": "timer", "due_at": self.ended, "state": "completed", "ended_at": self.ended}]
        kinds = (("timer", due), ("deadline", self.begun + timedelta(days=3)))
        return [same | {"kind": kind, "due_at": at, "state": "scheduled", "ended_at": None} for kind, at in kinds]

    def history(self, actors: list[str]) -> list[dict[str, Any]]:
        """Two events for each task that is done."""
        return [
            {
                "instance_id": self.id,
                "at": self.begun + timedelta(hours=order),
                "kind": kind,
                "node_id": step,
                "task_id": None,
                "actor": actor,
                "changes": {},
            }
            for order, (step, actor) in enumerate(zip(STEPS[self.process][:4], actors, strict=False))
            for kind in ("task_created", "task_completed")
        ]

    def variable(self, name: str, value: Any) -> dict[str, Any]:
        """What it is found by."""
        number = value if isinstance(value, float) else None
        return {"instance_id": self.id, "name": name, "text": str(value), "number": number}


def _writing(tables: Tables) -> Callable[[Session], None]:
    def write(session: Session) -> None:
        for table, rows in tables.items():
            session.execute(insert(table), rows)

    return write
