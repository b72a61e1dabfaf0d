"""Deadlines and hand-overs are told to those concerned, each thing once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

import engine
from app.notifications.models import Notice, OutboxMessage
from app.notifications.service import notify, send_to_customer
from tests.support import purchase
from tests.support.application import advance, database_of, drain

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def world(each_app: Flask) -> Flask:
    """The demo company with the purchase process deployed, on both databases."""
    purchase.deploy(each_app)
    return each_app


def told(app: Flask, task_id: str) -> dict[str, list[str]]:
    """Template → who was told about this task, in order."""
    found: dict[str, list[str]] = {}
    for (notice,) in purchase.rows(app, Notice):
        if notice.link.endswith(task_id):
            found.setdefault(notice.template, []).append(notice.recipient)
    return {template: sorted(people) for template, people in found.items()}


def test_the_ladder_of_an_unclaimed_task(world: Flask, clock: engine.VirtualClock) -> None:
    """80 % → candidates, 100 % → the group's leads, one working day later → the CCO; each exactly once."""
    task = purchase.task_of(world, purchase.start(world))
    database = database_of(world)
    with database.read() as session:
        from app.accounts import queries

        support = list(queries.users_in_groups(session, ["customer_support"]))
        leads = list(queries.users_in_groups(session, ["customer_support_lead"]))
        cco = list(queries.users_in_groups(session, ["cco"]))
    assert task.due_at is not None and told(world, task.id) == {}
    advance(database, clock, task.due_at - clock.now() - timedelta(minutes=1))
    assert told(world, task.id) == {"deadline.reminder": support}
    advance(database, clock, timedelta(minutes=2))
    assert told(world, task.id) == {"deadline.reminder": support, "deadline.overdue": leads}
    advance(database, clock, timedelta(days=10))
    drain(database)
    everything = told(world, task.id)
    assert everything == {"deadline.reminder": support, "deadline.overdue": leads, "deadline.escalation": cco}
    assert max(Counter(notice.dedupe_key for (notice,) in purchase.rows(world, Notice)).values()) == 1


def test_a_claimed_task_reminds_its_assignee_only_and_a_completed_one_nobody(
    world: Flask, clock: engine.VirtualClock
) -> None:
    database = database_of(world)
    held, done = (purchase.task_of(world, purchase.start(world)) for _ in range(2))
    groups = frozenset({"customer_support"})
    for command in (
        engine.ClaimTask(task_id=held.id, actor="li.na", groups=groups),
        engine.CompleteTask(task_id=done.id, actor="li.na", groups=groups, variables={"requester": "li.na"}),
    ):
        database.write(lambda session, command=command: engine.execute(session, command))
    advance(database, clock, timedelta(hours=14))
    assert told(world, held.id)["deadline.reminder"] == ["li.na"]
    assert told(world, done.id) == {}


def test_who_loses_a_task_hears_of_it_unless_it_was_their_own_doing(world: Flask) -> None:
    database = database_of(world)
    first, second = purchase.requested(world, "li.na"), purchase.requested(world, "li.na")
    groups = frozenset({"customer_support"})
    for task in (first, second):
        command = engine.ClaimTask(task_id=task.id, actor="wu.xiaoyan", groups=groups)
        database.write(lambda session, command=command: engine.execute(session, command))
    for task, actor in ((first, "lin.wanqing"), (second, "wu.xiaoyan")):
        command = engine.CancelInstance(instance_id=task.instance_id, actor=actor, reason="doppelt")
        database.write(lambda session, command=command: engine.execute(session, command))
    assert told(world, first.id) == {"task.cancelled": ["wu.xiaoyan"]}
    assert told(world, second.id) == {}


def test_the_same_thing_is_said_once(world: Flask) -> None:
    facts = {"task": "x", "business_key": "P-1"}
    database = database_of(world)

    def say(session: object) -> tuple[int, bool]:
        new = notify(session, ["li.na", "li.na", "wu.xiaoyan"], "task.cancelled", facts, dedupe_key="k")  # type: ignore[arg-type]
        sent = send_to_customer(
            session,  # type: ignore[arg-type]
            to=None,
            template="complaint.acknowledgement",
            facts={"number": "{evil.__class__}", "contact": "<b>", "received": "today"},
            business_key="P-1",
            dedupe_key="k",
        )
        return new, sent

    assert database.write(say) == (2, True)
    assert database.write(say) == (0, False)
    letters = [row for (row,) in purchase.rows(world, OutboxMessage) if row.dedupe_key == "k"]
    (letter,) = letters
    assert letter.channel == "in_page" and "{evil.__class__}" in letter.body_en and "{evil.__class__}" in letter.body_zh
    with pytest.raises(KeyError):
        database.write(lambda session: notify(session, "li.na", "nonsense", {}, dedupe_key="x"))


def test_the_bell_counts_and_a_notice_leads_to_its_task(app: Flask, sign_in: SignIn) -> None:
    purchase.deploy(app)
    database = database_of(app)
    task = purchase.task_of(app, purchase.start(app))
    command = engine.AssignTask(task_id=task.id, assignee="li.na", reason="bitte", actor="sun.lihua")
    database.write(lambda session: engine.execute(session, command))
    client = sign_in("li.na", language="zh")
    page = client.get("/notices?show=unread").get_data(as_text=True)
    assert "孙丽华 将“填写申请”指派给您" in page
    before = client.get("/notices/bell").get_data(as_text=True)
    assigned = [row for (row,) in purchase.rows(app, Notice) if row.template == "task.assigned"]
    mine = [row.id for row in assigned if row.recipient == "li.na"]
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    stranger = sign_in("wu.xiaoyan")
    assert stranger.post(f"/notices/{mine[-1]}/read", data={"csrf_token": "x"}).status_code == 400
    answer = client.post(f"/notices/{mine[-1]}/read", data={"csrf_token": token})
    assert answer.status_code == 303 and answer.location.endswith(f"/inbox/tasks/{task.id}")
    assert client.get("/notices/bell").get_data(as_text=True) != before
    client.post("/notices/read", data={"csrf_token": token})
    assert "data-count" not in client.get("/notices/bell").get_data(as_text=True)
