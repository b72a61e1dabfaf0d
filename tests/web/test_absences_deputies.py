"""Who is away holds nothing up: tasks go to who stands in, and everything to successors when somebody leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

import engine
from app.absences import handover, queries, service
from app.absences.models import ALL
from app.accounts import queries as accounts
from app.accounts.models import AccountLog
from app.bootstrap import registries
from app.db import Database
from app.errors import FieldErrors
from app.formkit import drafts
from app.notifications.models import Notice
from engine import VirtualClock
from engine.tables import audit_log, user_task
from tests.support import application
from tests.support.complaints import Cases
from tests.support.forms import submit

SHANGHAI = ZoneInfo("Asia/Shanghai")
ENGINEER = "bai.lu"
PROCESS = "complaint"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def cases(each_app: Flask, clock: VirtualClock) -> Cases:
    return Cases(each_app, clock)


@pytest.fixture
def people(each_app: Flask, database: Database) -> Sequence[str]:
    """Three who report to the same supervisor as the engineer who carries the action out, that engineer first."""
    with database.read() as session:
        above = accounts.supervisor_of(session, ENGINEER)
        assert above is not None
        others = [one for one in accounts.reports_of(session, above) if one != ENGINEER]
        return [ENGINEER, *others[:3], above]


def away(cases: Cases, login: str, deputy: str, from_: str, to: str, **more: Any) -> int:
    """The person enters the absence."""
    values = {
        "login": login,
        "from_at": at(from_),
        "to_at": at(to),
        "reason": "年假",
        "give_back": True,
        "deputies": {ALL: deputy},
    } | more
    person = application.principal_of(cases.app, login)
    return application.database_of(cases.app).write(lambda s: service.enter(s, person, values))


def action(database: Database, number: str) -> engine.TaskRow:
    with database.read() as session:
        mine = (user_task.c.business_key == number, user_task.c.node_id == "perform_action")
        task_id = session.scalars(select(user_task.c.id).where(*mine)).one()
        return engine.queries.task(session, task_id)


def test_a_new_task_goes_to_the_deputy_and_everybody_can_see_for_whom(
    cases: Cases, database: Database, people: Sequence[str]
) -> None:
    person, deputy = people[0], people[1]
    away(cases, person, deputy, "2026-11-23T08:00", "2026-11-30T09:00")
    number = cases.to_implementation()
    task = action(database, number)
    assert (task.assignee, task.on_behalf_of) == (deputy, person)
    with database.read() as session:
        told = select(Notice.recipient).where(Notice.template == "absence.task")
        assert session.scalars(told).all() == [deputy]
        created = [row for row in engine.queries.history(session, task.instance_id) if row.task_id == task.id]
        assert created[0].changes == {"assignee": deputy, "on_behalf_of": person}
    cases.do(number, "perform_action", deputy, outcome="done", result="已发布", actual_cost=1100)
    with database.read() as session:
        kinds = {row.kind: row.changes for row in engine.queries.history(session, task.instance_id)}
        assert kinds["task_completed_for"]["on_behalf_of"] == person
        audited = select(audit_log.c.facts).where(audit_log.c.subject == task.id)
        assert [facts["on_behalf_of"] for facts in session.scalars(audited)] == [person, person]
        names = accounts.display_names(session, [person, deputy], "en")
    page = application.signed_in(cases.app, "sun.lihua").get(f"/complaints/{number}").text
    assert f"{names[deputy]} for {names[person]}" in page


def test_open_tasks_go_at_the_beginning_and_come_back_unless_begun(
    cases: Cases, database: Database, people: Sequence[str]
) -> None:
    person, deputy = people[0], people[1]
    first, second = cases.to_implementation(), cases.to_implementation()
    away(cases, person, deputy, "2026-11-24T09:00", "2026-11-26T09:00")
    assert action(database, first).assignee == person
    cases.pass_time(timedelta(days=1, minutes=1))
    assert {action(database, one).assignee for one in (first, second)} == {deputy}
    begun = action(database, second).id
    database.write(lambda s: drafts.save(s, begun, deputy, {"result": "fast fertig"}))
    cases.pass_time(timedelta(days=2))
    assert (action(database, first).assignee, action(database, first).on_behalf_of) == (person, None)
    assert (action(database, second).assignee, action(database, second).on_behalf_of) == (deputy, person)


def test_an_absence_for_some_processes_leaves_the_others_alone(
    cases: Cases, database: Database, people: Sequence[str]
) -> None:
    person, deputy = people[0], people[1]
    deputies = {"lead_followup": deputy}
    away(cases, person, deputy, "2026-11-23T08:00", "2026-11-30T09:00", deputies=deputies)
    assert action(database, cases.to_implementation()).assignee == person
    with database.read() as session:
        assert queries.stand_in(session, "lead_followup", person, ()) == deputy
        assert queries.stand_in(session, "cco_routing", person, ()) is None


def test_deputies_of_deputies_three_steps_then_the_supervisor(
    cases: Cases, database: Database, people: Sequence[str]
) -> None:
    one, two, three, four, boss = people
    week = ("2026-11-23T08:00", "2026-11-30T09:00")

    def who(*excluded: str) -> queries.Choice | None:
        with database.read() as session:
            return queries.choose(session, PROCESS, one, excluded, cases.clock.now())

    away(cases, one, two, *week)
    assert who() == queries.Choice(two, "deputy", (one,))
    assert who(two) == queries.Choice(boss, "supervisor", (one,))
    away(cases, two, three, *week)
    assert who() == queries.Choice(three, "deputy", (one, two))
    away(cases, three, one, *week)  # a circle
    assert who() == queries.Choice(boss, "supervisor", (one, two, three))
    higher = who(boss)
    assert higher is not None and higher.login is not None and higher.login not in {boss, one, two, three}
    page = application.signed_in(cases.app, one).get("/absences").text
    with database.read() as session:
        assert accounts.display_names(session, [boss], "en")[boss] in page
    assert 'data-choice="supervisor"' in page


def test_whoever_took_part_before_does_not_get_it_as_a_deputy(
    cases: Cases, database: Database, people: Sequence[str]
) -> None:
    person, deputy, boss = people[0], people[1], people[4]
    away(cases, person, deputy, "2026-11-24T09:00", "2026-11-26T09:00")
    number = cases.to_implementation()
    task = action(database, number)
    command = engine.ChangeCandidates(task_id=task.id, added=(("excluded", deputy),), actor="system")
    database.write(lambda s: engine.execute(s, command))
    cases.pass_time(timedelta(days=1, minutes=1))
    assert action(database, number).assignee == boss


def test_one_enters_an_absence_and_ends_it_early(cases: Cases, database: Database, people: Sequence[str]) -> None:
    person, deputy = people[0], people[1]
    number = cases.to_implementation()
    browser = application.signed_in(cases.app, person)
    typed = {"from": "2026-11-23T09:00", "to": "2026-11-22T09:00", "deputy": person, "reason": "Leave"}
    refused = submit(browser, "/absences", typed)
    assert refused.status_code == 422
    assert "The end must lie after the beginning" in refused.text and "Nobody stands in for themselves" in refused.text
    assert 'value="2026-11-23T09:00"' in refused.text
    typed |= {"to": "2026-11-27T18:00", "deputy": deputy, "give_back": "1"}
    assert submit(browser, "/absences", typed).status_code == 303
    application.drain(database)
    assert action(database, number).assignee == deputy
    assert 'data-state="current"' in browser.get("/absences").text
    assert "Leave" in application.signed_in(cases.app, deputy).get("/absences").text
    with database.read() as session:
        (row,) = queries.absences_of(session, [person])
    stranger = application.signed_in(cases.app, deputy)
    assert submit(stranger, f"/absences/{row.id}/end").status_code == 404
    assert submit(stranger, "/absences", typed | {"login": person}).status_code == 403
    supervisor = application.signed_in(cases.app, people[4])
    assert submit(supervisor, f"/absences/{row.id}/end").status_code == 303
    application.drain(database)
    assert action(database, number).assignee == person


def left_with(session: Session, login: str) -> int:
    mine = or_(user_task.c.assignee == login, user_task.c.owner == login, user_task.c.on_behalf_of == login)
    rows = select(func.count()).select_from(user_task).where(mine, user_task.c.state.in_(engine.OPEN_TASKS))
    return int(session.scalar(rows) or 0)


def test_whoever_leaves_leaves_nothing_behind(cases: Cases, database: Database, people: Sequence[str]) -> None:
    leaver, successor, other = people[0], people[1], people[2]
    number, asleep = cases.to_implementation(), cases.to_implementation()
    sleeping = action(database, asleep).instance_id
    database.write(lambda s: engine.execute(s, engine.SuspendInstance(instance_id=sleeping, actor="fang.chen")))
    away(cases, other, leaver, "2026-11-25T09:00", "2026-11-26T09:00")
    admin = application.signed_in(cases.app, "fang.chen")
    page = admin.get(f"/absences/handover?leaver={leaver}").text
    assert all(f'data-kind="{kind}"' in page for kind in ("tasks", "leads", "complaint_actions"))
    assert submit(admin, "/absences/handover", {"leaver": leaver}).status_code == 422
    answer = submit(admin, "/absences/handover", {"leaver": leaver, "successor": successor})
    assert answer.status_code == 303
    found = registries(cases.app).handovers
    with database.read() as session:
        assert left_with(session, leaver) == 0
        assert {one.key: one.count for one in handover.kinds(session, found, leaver) if one.count} == {}
        assert [row.login for row in queries.standing_in(session, successor)] == [other]
        person = accounts.user(session, leaver)
        assert person is not None and not person.active
        actions = set(session.scalars(select(AccountLog.action).where(AccountLog.subject == leaver)))
        assert {"user.deactivated", "user.handed_over"} <= actions
    assert action(database, number).assignee == action(database, asleep).assignee == successor
    third = cases.to_approval()
    cases.do(third, "approve_solution", "jia.wentao", outcome="approved")
    assert action(database, third).assignee == successor  # the plan still names who left


def test_a_successor_must_still_be_here(cases: Cases, database: Database, people: Sequence[str]) -> None:
    found = registries(cases.app).handovers
    with pytest.raises(FieldErrors), database.read() as session:
        handover.leave(session, "fang.chen", found, people[0], {"tasks": people[0]})
    with pytest.raises(FieldErrors), database.read() as session:
        handover.leave(session, people[0], found, people[0], {"tasks": people[1]})
