"""Complaints as tests carry them on: each step by a person of the demo company, through the code the page uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.bootstrap import registries
from app.complaints import queries
from app.complaints.business import ComplaintObject
from app.complaints.models import Complaint
from app.customers.models import Customer
from app.inbox import service as inbox
from tests.support.application import advance, database_of, principal_of

WORDS = "软件一打开就死机，\n图纸全丢了！"
RECORD: dict[str, Any] = {
    "channel": "phone",
    "complaint_class": "quality",
    "sub_code": "quality_malfunction",
    "severity": "normal",
    "verbatim": WORDS,
    "summary": "打开大图死机",
}
VALID: dict[str, Any] = {"outcome": "valid"}
ANALYSED: dict[str, Any] = {
    "outcome": "analysed",
    "cause_code": "software",
    "cause_department": "development",
    "five_whys": [{"why": "为什么死机？", "because": "内存没有释放。"}],
    "responsibility": "person",
    "responsible_person": "xiong.wei",
}
ACTION: dict[str, Any] = {
    "description": "发布补丁",
    "kind": "corrective",
    "owner": "bai.lu",
    "due_on": "2026-11-27",
    "cost": 1200,
}
SOLUTION: dict[str, Any] = {
    "remedies": ["repair"],
    "solution": "修复并发布补丁",
    "actions": [ACTION],
    "compensation": 800,
    "prevention": "增加大图测试",
}
PENALTY: dict[str, Any] = {
    "outcome": "penalty",
    "employee": "xiong.wei",
    "penalty_kind": "fine",
    "penalty_amount": 500,
    "basis": "绝密的处罚依据",
}
EVALUATION: dict[str, Any] = {
    "result": "resolved",
    "result_text": "已修复",
    "lessons": "要测大图",
    "prevention": "增加大图测试",
}


@dataclass
class Cases:
    """The complaints of one application."""

    app: Flask
    clock: engine.VirtualClock

    def customer(self, name: str = "北京京重机床有限公司") -> str:
        """The id of a customer of the demo company."""
        with database_of(self.app).read() as session:
            return str(session.scalars(select(Customer.id).where(Customer.name == name)).one())

    def register(self, login: str = "li.na", **values: Any) -> str:
        """A complaint with step 1 done; returns its number."""
        given = {**RECORD, "customer": self.customer(), **values}
        person = principal_of(self.app, login)
        found = database_of(self.app).write(lambda session: ComplaintObject().start(session, person, given))
        return found.business_key

    def task(self, number: str, node: str, holder: str | None = None) -> engine.TaskRow:
        """The open task of that step (of ``holder``, when several are open)."""
        with database_of(self.app).read() as session:
            complaint = session.get_one(Complaint, number)
            rows = engine.queries.open_tasks(session, str(complaint.instance_id))
            found = [row for row in rows if row.node_id == node and holder in (None, row.assignee)]
            assert found, f"{node} does not wait, but {[row.node_id for row in rows]}"
            return engine.queries.task(session, found[0].id)

    def waiting(self, number: str) -> list[str]:
        """The steps that wait for somebody."""
        with database_of(self.app).read() as session:
            return sorted(row.node_id for row in queries.open_tasks(session, [number]).get(number, []))

    def do(self, number: str, node: str, login: str, holder: str | None = None, **values: Any) -> None:
        """Complete a step as that person."""
        task, person = self.task(number, node, holder), principal_of(self.app, login)
        objects = registries(self.app).business_objects

        def work(session: Session) -> None:
            inbox.complete_task(session, person, objects, task.id, values, source="page")

        database_of(self.app).write(work)

    def send(self, number: str, name: str, login: str, text: str = "") -> None:
        """Deliver a message to the case as that person."""
        person = principal_of(self.app, login)

        def work(session: Session) -> None:
            variables = ComplaintObject().message(session, person, name, number, {"text": text})
            command = engine.CorrelateMessage(name=name, correlation_key=number, variables=variables, actor=login)
            engine.execute(session, command)

        database_of(self.app).write(work)

    def pass_time(self, delta: timedelta) -> None:
        """Time passes; what falls due happens."""
        advance(database_of(self.app), self.clock, delta)

    def row(self, number: str) -> Complaint:
        """The complaint as stored."""
        with database_of(self.app).read() as session:
            return session.get_one(Complaint, number)

    def to_assignment(self, **values: Any) -> str:
        """A valid complaint that waits for a department."""
        number = self.register(**values)
        self.do(number, "judge", "sun.lihua", **VALID)
        return number

    def to_cause(self, *departments: str, **values: Any) -> str:
        """A complaint with a responsible department."""
        number = self.to_assignment(**values)
        chosen = list(departments) or ["development"]
        reason: dict[str, Any] = {"override_reason": "由该部门负责"} if chosen[0] != "development" else {}
        self.do(number, "assign_department", "song.yaqin", outcome="assigned", departments=chosen, **reason)
        return number

    def to_solution(self, **values: Any) -> str:
        """A complaint whose cause is known."""
        number = self.to_cause(**values)
        self.do(number, "analyse_cause", "zou.kaiwen", **ANALYSED)
        return number

    def to_approval(self, **values: Any) -> str:
        """A complaint with a proposed solution."""
        number = self.to_solution(**values)
        self.do(number, "propose_solution", "zou.kaiwen", **SOLUTION)
        return number

    def to_implementation(self, **values: Any) -> str:
        """A complaint with an approved solution."""
        number = self.to_approval(**values)
        self.do(number, "approve_solution", "jia.wentao", outcome="approved")
        return number

    def to_visit(self, **values: Any) -> str:
        """A complaint whose solution is carried out, on the day of the return visit."""
        number = self.to_implementation(**values)
        self.do(number, "perform_action", "bai.lu", outcome="done", result="已发布", actual_cost=1100)
        paid: dict[str, Any] = {"paid_amount": 800, "paid_on": "2026-11-24", "method": "transfer"}
        self.do(number, "pay_compensation", "su.ting", outcome="done", **paid)
        self.do(number, "decide_penalty", "lu.siyuan", **PENALTY)
        self.pass_time(timedelta(days=7))
        return number

    def to_archive(self, **values: Any) -> str:
        """A closed complaint."""
        number = self.to_visit(**values)
        self.do(number, "return_visit", "wu.xiaoyan", outcome="satisfied", satisfaction=5, remarks="很满意")
        self.do(number, "evaluate", "xie.wenbo", **EVALUATION)
        return number
