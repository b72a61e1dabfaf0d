"""Finish everything that waits in a database, whatever release began it: people, time, messages, workers outside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

import engine
from app.accounts.models import User
from app.bootstrap import registries
from app.complaints.models import Complaint
from app.errors import FieldErrors
from app.inbox import service as inbox
from engine.tables import process_instance, subscription
from tests.support.application import advance, database_of, drain, principal_of
from tests.support.complaints import ANALYSED, EVALUATION, PENALTY, RECORD, SOLUTION, VALID, Cases
from tests.support.matters import REGISTER
from tests.upgrade import corpus

MOVES = 400
MOMENT = timedelta(seconds=1)
WORKER = "next-worker"
LOST = {"outcome": "lost", "lost_reason": "price", "channel": "phone", "text": "太贵了"}
FILLED_IN: Mapping[str, Mapping[str, Any]] = {
    "record": RECORD,
    "judge": VALID,
    "assign_department": {"outcome": "assigned", "departments": ["development"]},
    "analyse_cause": ANALYSED,
    "contribute_analysis": {"outcome": "analysed", "finding": "一起查过了"},
    "propose_solution": SOLUTION,
    "approve_solution": {"outcome": "approved"},
    "take_containment": {"outcome": "done", "measure": "已发临时版本"},
    "perform_action": {"outcome": "done", "result": "已发布", "actual_cost": 1100},
    "pay_compensation": {"outcome": "done", "paid_amount": 1, "paid_on": "2026-11-24", "method": "transfer"},
    "decide_penalty": PENALTY,
    "return_visit": {"outcome": "satisfied", "satisfaction": 5, "remarks": "很满意"},
    "evaluate": EVALUATION,
    "thank_customer": {"outcome": "done", "manner": "call", "note": "谢谢"},
    "review_withdrawal": {"outcome": "seen", "own_will": "yes"},
    "hear_appeal": {"outcome": "upheld", "explanation": "维持"},
    "qualify": {"outcome": "unsuitable", "reason": "学生作业"},
    **dict.fromkeys(("contact_now", "advance_purchase", "follow_up_detailed", "follow_up_general"), LOST),
    "register": REGISTER,
    "classify": {"outcome": "classified", "kind": "suggestion", "summary": "建议"},
    **dict.fromkeys(("handle_matter", "answer_technical"), {"outcome": "answered", "answer": "已经办好"}),
    "cco_decide": {"outcome": "route", "target": "department", "department": "customer_department", "reason": "归这里"},
    "reply_customer": {"outcome": "replied", "channel": "phone", "reply": "已经答复"},
    "verify_with_customer": {"outcome": "unreachable"},
}
"""What a person types at a step of a complaint, a lead or a matter."""


class Finisher:
    """The people and programs of the release after."""

    def __init__(self, app: Flask, clock: engine.VirtualClock) -> None:
        self.app, self.clock, self.database = app, clock, database_of(app)
        registries(app).handlers.register(corpus.FLAKY, lambda _session, _call: {"answer": "at last"})
        with self.database.read() as session:
            logins = session.scalars(select(User.login).where(User.active).order_by(User.login)).all()
        self.people = {login: principal_of(app, login) for login in logins}

    def finish(self) -> None:
        """No instance is left that has not ended."""
        self._wake()
        for _ in range(MOVES):
            if not self.left():
                return
            moved = self._people() + self._outside() + drain(self.database)
            if not moved and not self._time() and not self._speak():
                raise AssertionError(f"nobody can move {self.left()}")
        raise AssertionError(f"no end in sight: {self.left()}")

    def left(self) -> list[tuple[str, str]]:
        """Key and business key of what has not ended."""
        row = process_instance.c
        query = select(row.definition_key, row.business_key, row.id).where(row.state.in_(["active", "suspended"]))
        with self.database.read() as session:
            return [(found.definition_key, found.business_key or found.id) for found in session.execute(query)]

    def _do(self, command: engine.Command) -> engine.Result:
        return self.database.write(lambda session: engine.execute(session, command))

    def _ids(self, *states: str) -> list[str]:
        with self.database.read() as session:
            row = process_instance.c
            return list(session.scalars(select(row.id).where(row.state.in_(states)).order_by(row.started_at, row.id)))

    def _wake(self) -> None:
        for instance_id in self._ids("suspended"):
            self._do(engine.ResumeInstance(instance_id=instance_id))
        with self.database.read() as session:
            failed = engine.queries.jobs(session, states=("failed",), limit=1000)
        for job in failed:
            self._do(engine.RetryJob(job_id=job.id))

    def _people(self) -> int:
        done = 0
        for instance_id in self._ids("active"):
            with self.database.read() as session:
                tasks = engine.queries.open_tasks(session, instance_id)
            for task in tasks[:1]:
                self._complete(task.id)
                done += 1
        return done

    def _complete(self, task_id: str) -> None:
        with self.database.read() as session:
            task = engine.queries.task(session, task_id)
        if registries(self.app).business_objects.get(task.definition_key):
            self._fill_in(task)
        else:
            variables = {"x": 6, "again": False}
            given: dict[str, Any] = {"groups": frozenset(task.candidate_groups), "override": True}
            self._do(engine.CompleteTask(task_id=task.id, actor="li.na", variables=variables, **given))

    def _fill_in(self, task: engine.TaskRow) -> None:
        """As the page does it, by somebody who may."""
        person = self.people[self._somebody(task)]
        objects = registries(self.app).business_objects

        def work(session: Session) -> None:
            inbox.complete_task(session, person, objects, task.id, payload, source="page")

        payload = dict(FILLED_IN[task.node_id])
        if task.node_id == "record":
            payload["customer"] = self._customer_of(task) or Cases(self.app, self.clock).customer()
        with self.app.test_request_context():
            try:
                self.database.write(work)
            except FieldErrors as refused:
                for name in refused.errors:  # what was written down before stays; a reason for what is unusual
                    payload = {**payload, name: "因为如此"} if payload.pop(name, None) is None else payload
                self.database.write(work)

    def _customer_of(self, task: engine.TaskRow) -> str | None:
        """Whom a matter has found out already."""
        with self.database.read() as session:
            found = session.get_one(Complaint, task.business_key).customer_id
        return None if found is None else str(found)

    def _somebody(self, task: engine.TaskRow) -> str:
        if task.assignee:
            return task.assignee
        for login, person in self.people.items():
            offered = person.groups & set(task.candidate_groups) or login in task.candidate_users
            if offered and login not in task.excluded_users:
                return login
        raise AssertionError(f"{task.node_id} is offered to nobody: {task}")

    def _outside(self) -> int:
        topics = (engine.Topic(name=corpus.EXTERNAL, lock_for=timedelta(minutes=5)),)
        fetched = self._do(engine.FetchExternalTasks(worker=WORKER, topics=topics, limit=50)).fetched
        for task in fetched:
            self._do(engine.CompleteExternalTask(job_id=task.job.id, worker=WORKER))
        return len(fetched)

    def _time(self) -> bool:
        """Time passes until something that waits for it is due, if anything does."""
        job = engine.tables.job.c
        waiting = or_(job.state.in_(["scheduled", "retryable"]), job.state == "running")
        with self.database.read() as session:
            kinds = ["timer", "service_task"]
            moment = func.coalesce(job.lease_until, job.due_at)
            found = session.scalar(select(moment).where(waiting, job.kind.in_(kinds)).order_by(moment).limit(1))
        if found is None:
            return False
        advance(self.database, self.clock, max(found - self.clock.now(), timedelta()) + MOMENT)
        return True

    def _speak(self) -> bool:
        """Whoever waits for a message or a signal hears it."""
        with self.database.read() as session:
            found = session.execute(select(subscription.c.instance_id, subscription.c.kind, subscription.c.name)).all()
        for instance_id, kind, name in found:
            speak = engine.CorrelateMessage if kind == "message" else engine.BroadcastSignal
            if instance_id in self._ids("active"):
                self._do(speak(name=name, instance_id=instance_id))
        return bool(found)
