"""Whoever opens a task has read it; the manager of an unread lead is told, of a read one not."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

import engine
from app.inbox.models import TaskSeen
from app.notifications.models import Notice
from tests.conftest import SignIn
from tests.support.application import database_of
from tests.support.leads import SELLER, Leads
from tests.web.test_inbox_pages import csrf


@pytest.mark.parametrize("how", ["page", "claim", "draft"])
def test_a_lead_that_was_read_warns_nobody(app: Flask, clock: engine.VirtualClock, sign_in: SignIn, how: str) -> None:
    leads = Leads(app, clock).alone()
    task = leads.task(leads.qualified(5), "contact_now")
    client, path = sign_in(SELLER), f"/inbox/tasks/{task.id}"
    if how == "page":
        assert f'hx-post="{path}/seen"' in client.get(path).text
        assert client.post(f"{path}/seen", data={"csrf_token": csrf(client)}).status_code == 204
        assert f'hx-post="{path}/seen"' not in client.get(path).text
    elif how == "claim":
        client.post(f"{path}/claim", data={"csrf_token": csrf(client)})
    else:
        typed = {"text": "打过电话", "csrf_token": csrf(client)}
        assert client.put(f"{path}/draft", data=typed).status_code == 204
    leads.pass_time(days=2)
    with database_of(app).read() as session:
        assert session.scalars(select(Notice.recipient).where(Notice.template == "lead.unread")).all() == []
        assert session.scalars(select(TaskSeen.login)).all() == [SELLER]


def test_who_looks_at_a_colleagues_task_has_not_read_it_for_the_owner(
    app: Flask, clock: engine.VirtualClock, sign_in: SignIn
) -> None:
    leads = Leads(app, clock).alone()
    task = leads.task(leads.qualified(5), "contact_now")
    for login, answer in (("yang.zhigang", 204), ("su.ting", 404)):
        client = sign_in(login)
        seen = client.post(f"/inbox/tasks/{task.id}/seen", data={"csrf_token": csrf(client)})
        assert seen.status_code == answer
    leads.pass_time(days=2)
    with database_of(app).read() as session:
        told = session.scalars(select(Notice.recipient).where(Notice.template == "lead.unread")).all()
    assert told == ["yang.zhigang"]
