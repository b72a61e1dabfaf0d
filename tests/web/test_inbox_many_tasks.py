"""Who was offered few tasks has lists read another way than who was offered many. Nobody may see a difference."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

import engine
from app.bootstrap import registries
from app.complaints import queries as complaints
from app.complaints.models import Complaint
from app.inbox import queries as inbox
from app.security import Principal, policy, scope
from app.visibility import sees_instance, sees_listed, sees_task
from engine.tables import process_instance, user_task
from tests.support.application import database_of, principal_of
from tests.support.complaints import Cases

PEOPLE = ("li.na", "sun.lihua", "song.yaqin", "zou.kaiwen", "xiong.wei", "wei.ran")


def seen(app: Flask, session: Session, principal: Principal) -> dict[str, list[str]]:
    """Everything a person finds in lists."""
    objects = registries(app).business_objects
    boxes = (inbox.Box.TODO, inbox.Box.CLAIM, inbox.Box.DONE)
    found = {box.value: inbox.tasks(session, principal, objects, inbox.Asked(box)).rows for box in boxes}
    lists = {name: [row.id for row in rows] for name, rows in found.items()}
    numbers = select(Complaint.number).order_by(Complaint.number)
    lists["complaints"] = list(session.scalars(numbers.where(complaints.sees(principal))))
    lists["visible"] = list(session.scalars(numbers.where(Complaint.number.in_(complaints.visible(principal)))))
    tasks = select(user_task.c.id).where(sees_task(principal, objects)).order_by(user_task.c.id)
    lists["instances"] = instances(session, sees_listed(session, principal, objects))
    for one in objects:
        keys, known = one.visible_keys(principal), one.visible_keys(principal, one_by_one=True)
        assert set(session.scalars(keys)) == set(session.scalars(known))
    for way in (True, False):
        assert instances(session, sees_instance(principal, objects, one_by_one=way)) == lists["instances"]
    return {**lists, "tasks": list(session.scalars(tasks))}


def instances(session: Session, condition: ColumnElement[bool]) -> list[str]:
    """Ids of those that fit."""
    return list(session.scalars(select(process_instance.c.id).where(condition).order_by(process_instance.c.id)))


def test_few_offers_and_many_show_the_same(each_app: Flask, clock: engine.VirtualClock) -> None:
    cases = Cases(each_app, clock)
    for number in (cases.register(), cases.to_assignment(), cases.to_cause(), cases.to_solution()):
        assert cases.waiting(number)
    offered: set[str] = set()

    with database_of(each_app).read() as session:
        for login in PEOPLE:
            person = principal_of(each_app, login)
            assert person.few_offers
            few, many = (seen(each_app, session, replace(person, few_offers=way)) for way in (True, False))
            assert few == many
            assert few["complaints"] == few["visible"]
            offered.update(few["claim"])
            supervised = set(session.scalars(scope.tasks_in_subtree(person)))
            given = {task for task in few["tasks"] if policy.may(session, person, "task.reassign", task)}
            assert given == (supervised & set(few["tasks"]) if person.has("task.reassign") else set())

    assert len(offered) > 1


def test_a_person_with_many_offers_is_known_by_counting_no_further(app: Flask, clock: engine.VirtualClock) -> None:
    Cases(app, clock).register()
    with database_of(app).read() as session:
        groups = principal_of(app, "sun.lihua").groups
        assert scope.few_offers(session, "sun.lihua", groups)
        assert not scope.few_offers(session, "sun.lihua", groups, few=0)
        assert scope.few_offers(session, "nobody", (), few=0)


def test_every_box_is_read_by_its_index(app: Flask) -> None:
    few = principal_of(app, "li.na")
    started = select(process_instance.c.id).where(process_instance.c.started_by == "li.na")
    asked = {
        "ix_user_task_candidate_name_kind_task_id": _ids(inbox.in_box(few, inbox.Box.CLAIM)),
        "ix_user_task_ended_by_state_ended_at": _ids(inbox.in_box(few, inbox.Box.DONE)),
        "ix_user_task_assignee_state_due_at": _ids(inbox.in_box(few, inbox.Box.TODO)),
        "ix_process_instance_started_by_started_at": started.order_by(process_instance.c.started_at.desc()),
    }

    with database_of(app).read() as session:
        for index, statement in asked.items():
            plan = _plan(session, statement)
            assert index in plan and "SCAN" not in plan, plan


def _ids(condition: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(user_task.c.id).where(condition)


def _plan(session: Session, statement: Select[tuple[str]]) -> str:
    text = str(statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    rows = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + text)
    return "\n".join(str(row[3]) for row in rows)
