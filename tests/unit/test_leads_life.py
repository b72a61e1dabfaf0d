"""The life of a lead through the application: it comes nearer by itself, and nothing is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

import engine
from app import create_app, packaged
from app.leads import queries
from app.notifications import addressing
from app.notifications.models import Notice, OutboxMessage
from tests.support.application import database_of, settings_for
from tests.support.leads import AGENT, CALLED, SELLER, Leads


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock).alone()


def test_a_lead_of_a_year_comes_nearer_through_a_restart_and_a_new_version(
    each_app: Flask, clock: engine.VirtualClock
) -> None:
    leads = Leads(each_app, clock).alone()
    number = leads.qualified(365)
    begun = leads.today()
    assert leads.waiting(number) == ["follow_up_general"]
    leads.pass_time(days=184)
    assert leads.horizons(number) == ["one_year"]

    database = database_of(each_app)
    url = database.engine.url.render_as_string(hide_password=False)
    database.dispose()
    restarted = create_app(settings_for(url, each_app.extensions["keliu.settings"].data), clock=clock)
    leads = Leads(restarted, clock)
    files = packaged.packaged_files()
    files["lead_followup.bpmn"] = files["lead_followup.bpmn"].replace("判别线索".encode(), "判别新线索".encode())
    deployed = database_of(restarted).write(
        lambda session: engine.execute(session, engine.Deploy(name="next", files=files, actor="shi.lei")).deployment
    )
    assert deployed is not None

    for at, task in ((185, "follow_up_detailed"), (275, "advance_purchase"), (335, "contact_now")):
        leads.pass_time(days=(begun + timedelta(days=at) - leads.today()).days)
        assert leads.waiting(number) == [task]
    leads.pass_time(days=1)
    with database_of(restarted).read() as session:
        entered = [(row.horizon, (row.entered_at.date() - begun).days) for row in queries.horizons(session, number)]
        sent = [(row.kind, (row.at.date() - begun).days) for row in queries.materials(session, number)]
        letters = session.scalars(select(OutboxMessage.template).where(OutboxMessage.business_key == number)).all()
    assert [horizon for horizon, _ in entered] == ["one_year", "six_months", "three_months", "now"]
    assert [abs(day - at) <= 1 for (_, day), at in zip(entered, (0, 185, 275, 335), strict=True)] == [True] * 4
    assert [kind for kind, _ in sent] == ["general", "detailed"]
    assert len(letters) == 2
    database_of(restarted).dispose()


def test_who_wants_no_advertising_gets_no_material_and_is_followed_up_all_the_same(leads: Leads) -> None:
    database = database_of(leads.app)
    database.write(lambda session: addressing.refuse(session, "qian@example.com", SELLER))
    number = leads.qualified(150, email="Qian@example.com")
    assert leads.waiting(number) == ["follow_up_detailed"]
    with database.read() as session:
        assert not queries.materials(session, number)


def test_a_deal_makes_a_customer_and_a_lead_for_the_next_product(leads: Leads) -> None:
    number = leads.qualified(80, product_id=leads.product("CAD"), contacts=[{"name": "钱工"}])
    assert leads.waiting(number) == ["advance_purchase"]
    sooner = str(leads.today() + timedelta(days=12))
    leads.do(number, "advance_purchase", SELLER, **CALLED, outcome="advance", purchase_date=sooner)
    leads.do(number, "contact_now", SELLER, **CALLED, outcome="won", amount="88000", product_id=leads.product("CAD"))
    lead = leads.row(number)
    assert (lead.state, lead.months_advanced, lead.deal_product_code) == ("won", 2, "CAD")
    with database_of(leads.app).read() as session:
        (following,) = queries.next_of(session, number)
        assert following.product_code == "CAPP" and following.customer_id == lead.customer_id
        assert session.get_one(type(lead), number).customer_id is not None
    assert leads.waiting(following.number) == ["qualify"]
    task = leads.task(following.number, "qualify")
    assert task.form_key == "lead_followup/qualify"


def test_nobody_in_touch_and_it_goes_to_the_pool_with_its_history(leads: Leads) -> None:
    number = leads.qualified(10)
    leads.pass_time(days=16)
    assert leads.row(number).state == "pool"
    assert leads.had_by(number) == [(SELLER, "qualified"), (None, "untouched")]
    leads.claim(number, "you.junjie")
    assert leads.task(number, "contact_now").assignee == "you.junjie"
    assert leads.had_by(number)[-1] == ("you.junjie", "claimed")


def test_a_record_between_tasks_keeps_a_lead_out_of_the_pool(leads: Leads) -> None:
    number = leads.qualified(25)
    for _ in range(2):
        leads.pass_time(days=10)
        leads.note(number)
        assert leads.waiting(number) == ["contact_now"]
    assert leads.row(number).state == "open"
    leads.note(number, purchase_date=leads.today() + timedelta(days=120))
    assert leads.horizons(number) == ["now", "six_months"]


def test_the_manager_hears_of_an_unread_lead_once(leads: Leads) -> None:
    number = leads.qualified(5)
    leads.pass_time(days=3)
    with database_of(leads.app).read() as session:
        told = session.scalars(select(Notice.recipient).where(Notice.template == "lead.unread")).all()
    assert told == ["yang.zhigang"]
    assert number


def test_the_prospect_calls_and_customer_support_passes_it_on(leads: Leads) -> None:
    number = leads.qualified(300)
    leads.do(number, "follow_up_general", SELLER, **CALLED, outcome="no_change")
    assert leads.waiting(number) == []
    leads.send(number, AGENT, text="客户来电，想尽快看演示。", channel="phone")
    assert leads.waiting(number) == ["follow_up_general"]
