"""The demo company: its tree, its people, its groups, and what each place lets people see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

import engine
from app.accounts import demo, queries
from app.accounts.models import Department, Group, GroupMember, User, UserRole
from app.bootstrap import registries
from app.db import Database
from app.errors import NotAllowedHere
from app.security import policy, scope
from tests.support import application, errands, leads

GROUPS = (
    "customer_support",
    "technical_support",
    "customer_department",
    "cco",
    "development",
    "implementation",
    "logistics",
    "finance",
    "human_resources",
    "administration",
    "key_accounts",
    *(f"centre_{n}" for n in range(1, 9)),
)
OFFICES = 23
ALL = frozenset({"complaint.view_all", "lead.view_all", "matter.view_all"})


def read(app: Flask, question: Callable[..., Any], *facts: Any) -> Any:
    with application.database_of(app).read() as session:
        return question(session, *facts)


def keys(app: Flask, found: Select[tuple[Any]]) -> set[Any]:
    with application.database_of(app).read() as session:
        return set(session.scalars(found))


def test_the_tree_is_that_of_the_company(app: Flask) -> None:
    tree = {row.key: row for row in read(app, queries.departments)}
    parent = {key: next((p.key for p in tree.values() if p.id == row.parent_id), None) for key, row in tree.items()}
    assert Counter(row.kind for row in tree.values())["centre"] == 8
    assert Counter(row.kind for row in tree.values())["office"] == OFFICES
    assert all((parent[key] or "").startswith("centre_") for key, row in tree.items() if row.kind == "office")
    assert [parent[key] for key in ("cco", "customer_department", "call_centre", "customer_support")] == [
        "company",
        "cco",
        "customer_department",
        "call_centre",
    ]
    for key in ("implementation", "development", "logistics", "finance", "human_resources", "administration"):
        assert parent[key] == "operations"


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_can_work_and_has_a_supervisor_who_did_not_propose(app: Flask, group: str) -> None:
    assert len(read(app, queries.users_in_group, group)) >= 2
    assert len(read(app, queries.users_in_group, f"{group}_lead")) >= 2
    assert read(app, queries.group, group).department_key == group


def test_everybody_has_a_name_a_place_and_a_supervisor(app: Flask) -> None:
    for person in read(app, queries.users):
        assert person.name and person.name_en and person.department_key and person.position_zh and person.position_en
        assert person.supervisor_login or person.login == "chen.yongxing"


def test_loading_the_company_twice_changes_nothing(database: Database) -> None:
    def counts(session: Session) -> list[int]:
        return [
            session.scalar(select(func.count()).select_from(m)) or 0 for m in (Department, User, Group, GroupMember)
        ]

    with database.read() as session:
        before = counts(session)
    database.write(demo.load)
    with database.read() as session:
        assert counts(session) == before


def test_the_printed_list_has_everybody_and_one_administrator(app: Flask) -> None:
    people = read(app, demo.people)
    assert len(people) == len(read(app, queries.users))
    assert [person["login"] for person in people if person["admin"]] == ["fang.chen"]
    assert all(person["password"] == demo.PASSWORD for person in people)
    assert {
        "login": "li.na",
        "password": demo.PASSWORD,
        "name": "李娜",
        "groups": ["customer_support"],
        "admin": False,
    } in (people)


def test_a_centre_sees_itself_and_its_offices_and_no_other_centre(app: Flask) -> None:
    director = application.principal_of(app, "xu.wenqiang")
    seen = keys(app, scope.departments_in_subtree(director))
    assert seen == {"centre_4", "office_hangzhou", "office_ningbo", "office_wenzhou"}
    office = application.principal_of(app, "shi.jiaqi")
    assert keys(app, scope.departments_in_subtree(office)) == {"office_hangzhou"}


def test_the_administrator_has_no_task(app: Flask) -> None:
    assert keys(app, scope.own_tasks(application.principal_of(app, "fang.chen"))) == set()


def test_who_supervises_the_whole_company_sees_every_case(app: Flask, clock: engine.VirtualClock) -> None:
    errands.deploy(app)
    (errand,) = errands.start(app, 1)  # nobody's task, of no department
    leads.Leads(app, clock).capture()
    manager, centre = (application.principal_of(app, login) for login in ("chen.yongxing", "xu.wenqiang"))
    assert manager.supervises_all and not centre.supervises_all
    assert not any(manager.has(f"{kind}.view_all") for kind in ("complaint", "lead", "matter"))
    for one in registries(app).business_objects:
        assert keys(app, one.visible_keys(manager)) == keys(app, one.visible_keys(replace(manager, permissions=ALL)))
    assert application.signed_in(app, "chen.yongxing").get(f"/monitor/instances/{errand}").status_code == 200
    assert application.signed_in(app, "xu.wenqiang").get(f"/monitor/instances/{errand}").status_code == 404


def test_who_only_works_in_the_company_itself_supervises_nobody(app: Flask) -> None:
    taken = delete(UserRole).where(UserRole.login == "chen.yongxing", UserRole.role_name == "supervisor")
    assert application.principal_of(app, "chen.yongxing").supervises_all
    application.database_of(app).write(lambda session: session.execute(taken))
    assert not application.principal_of(app, "chen.yongxing").supervises_all


def test_a_department_beside_the_company_is_not_its_managers(app: Flask) -> None:
    path = application.principal_of(app, "chen.yongxing").department_path
    assert read(app, scope.supervises_all, path)
    assert not read(app, scope.supervises_all, application.principal_of(app, "xu.wenqiang").department_path)
    assert not read(app, scope.supervises_all, "")
    beside = Department(key="subsidiary", name_zh="子公司", name_en="Subsidiary", kind="department", path="/9999/")
    application.database_of(app).write(lambda session: session.add(beside))
    assert not read(app, scope.supervises_all, path)
    assert not application.principal_of(app, "chen.yongxing").supervises_all


def test_the_customer_department_sees_its_call_centre(app: Flask) -> None:
    seen = keys(app, scope.departments_in_subtree(application.principal_of(app, "he.jing")))
    assert seen == {"customer_department", "call_centre", "customer_support", "technical_support"}
    people = keys(app, scope.people_in_subtree(application.principal_of(app, "he.jing")))
    assert {"li.na", "cao.yang"} <= people and "lin.wanqing" not in people
    groups = keys(app, scope.groups_in_subtree(application.principal_of(app, "he.jing")))
    assert {"customer_support", "technical_support_lead"} <= groups and "finance" not in groups


@pytest.mark.parametrize(
    ("login", "permission", "subject", "allowed"),
    [
        ("li.na", "complaint.register", None, True),
        ("bai.lu", "complaint.register", None, False),
        ("ren.fang", "penalty.view", None, True),
        ("lin.wanqing", "penalty.view", None, True),
        ("he.jing", "penalty.view", None, False),
        ("shi.lei", "process.deploy", None, True),
        ("kang.ning", "process.deploy", None, False),
        ("kang.ning", "job.execute", None, True),
        ("kang.ning", "instance.cancel", None, True),
        ("fang.chen", "account.manage", None, True),
        ("fang.chen", "task.work", None, False),
        ("chen.yongxing", "account.manage", None, False),
        ("xu.wenqiang", "case.view_subtree", "office_ningbo", True),
        ("xu.wenqiang", "case.view_subtree", "centre_5", False),
        ("xu.wenqiang", "case.view_subtree", ["centre_5", "centre_4"], True),
        ("xu.wenqiang", "task.reassign", "no-such-task", False),
        ("li.na", "task.work", "no-such-task", False),
    ],
)
def test_what_people_may_do(app: Flask, login: str, permission: str, subject: Any, allowed: bool) -> None:
    principal = application.principal_of(app, login)
    assert read(app, policy.may, principal, permission, subject) is allowed


def task_of(app: Flask, number: str, node_id: str, assignee: str | None = None) -> str:
    """The open task of a complaint of the demo company."""
    task = engine.tables.user_task
    found = select(task.c.id).where(task.c.business_key == number, task.c.node_id == node_id, task.c.ended_at.is_(None))
    if assignee:
        found = found.where(task.c.assignee == assignee)
    with application.database_of(app).read() as session:
        return session.scalars(found).one()


@pytest.mark.parametrize(
    ("login", "permission", "allowed"),
    [
        ("shi.jiaqi", "task.work", True),  # of the centre that analyses it
        ("qi.jiahui", "task.work", False),  # of another centre
        ("lin.wanqing", "task.work", False),  # sees it, but it is offered to the centre
        ("fang.chen", "task.work", False),
        ("xu.wenqiang", "task.reassign", True),
        ("yan.guodong", "task.reassign", False),
        ("lin.wanqing", "task.reassign", True),
        ("chen.yongxing", "task.reassign", True),  # everything is below the chief executive
        ("shi.jiaqi", "task.reassign", False),
    ],
)
def test_what_people_may_do_with_a_task_of_the_shanghai_centre(
    app: Flask, login: str, permission: str, allowed: bool
) -> None:
    task = task_of(app, "CMP-2026-000003", "analyse_cause")
    assert read(app, policy.may, application.principal_of(app, login), permission, task) is allowed


def test_an_assigned_task_belongs_to_its_assignee_alone(app: Flask) -> None:
    task = task_of(app, "CMP-2026-000006", "perform_action", "dong.qiang")
    for login, allowed in (("dong.qiang", True), ("tian.tian", False)):
        assert read(app, policy.may, application.principal_of(app, login), "task.work", task) is allowed
    director = application.principal_of(app, "jiang.haibo")
    assert read(app, policy.may, director, "task.reassign", task) is True
    with pytest.raises(NotAllowedHere) as refused:
        read(app, policy.require, application.principal_of(app, "tian.tian"), "task.work", task)
    assert refused.value.permission == "task.work"


def test_a_task_is_not_offered_to_people_it_excludes(app: Flask) -> None:
    task = task_of(app, "CMP-2026-000005", "approve_solution")
    manager = application.principal_of(app, "jia.wentao")
    assert task in keys(app, scope.offered_tasks(manager))
    proposer = replace(manager, login="zou.kaiwen")  # even if the proposer led the group
    assert task not in keys(app, scope.offered_tasks(proposer))


def test_what_somebody_worked_on_stays_visible(app: Flask) -> None:
    seen = keys(app, scope.business_keys_of_own_tasks(application.principal_of(app, "song.yaqin"), "complaint"))
    assert "CMP-2026-000003" in seen  # assigned the departments
    assert keys(app, scope.business_keys_of_own_tasks(application.principal_of(app, "song.yaqin"), "lead")) == set()


def test_an_unknown_permission_is_a_mistake_not_a_refusal(app: Flask) -> None:
    with pytest.raises(KeyError):
        read(app, policy.may, application.principal_of(app, "li.na"), "complaint.regsiter")


def test_names_of_people_follow_the_language(app: Flask) -> None:
    assert read(app, queries.display_names, ["li.na", "system"], "zh") == {"li.na": "李娜", "system": "system"}
    assert read(app, queries.display_names, ["li.na", None], "en") == {"li.na": "Na Li"}
    assert read(app, queries.supervisor_of, "li.na") == "sun.lihua"
