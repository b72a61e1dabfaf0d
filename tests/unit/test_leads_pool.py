"""The pool of a centre: claimed within a quota by one person only, given back, reassigned and handed over."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import update

import engine
from app.bootstrap import registries
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.leads import queries
from app.leads.models import Lead
from app.leads.service import ownership
from tests.support.application import database_of, drain, principal_of
from tests.support.leads import CALLED, SELLER, Leads

COLLEAGUE = "you.junjie"
"""Yantai office of the same centre."""


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock)


def test_two_people_claim_the_same_lead_and_one_of_them_has_it(each_app: Flask, clock: engine.VirtualClock) -> None:
    leads = Leads(each_app, clock)
    number = leads.qualified(10, owner=None)
    people = [principal_of(each_app, login) for login in (SELLER, COLLEAGUE, "zhu.hongmei")]
    start, refused = threading.Barrier(len(people)), []

    def claim(person: object) -> None:
        start.wait()
        try:
            database_of(each_app).write(lambda session: ownership.claim(session, person, number))  # type: ignore[arg-type]  # a principal
        except ownership.AlreadyTaken as taken:
            refused.append(taken.owner)

    threads = [threading.Thread(target=claim, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(database_of(each_app))
    owner = leads.row(number).owner
    assert owner in {person.login for person in people} and refused == [owner, owner]
    assert leads.had_by(number) == [(None, "qualified"), (owner, "claimed")]
    assert leads.task(number, "contact_now").assignee == owner


def test_nobody_claims_more_than_the_quota_of_the_table(leads: Leads) -> None:
    database, person = database_of(leads.app), principal_of(leads.app, SELLER)
    numbers = [leads.qualified(10, owner=None, company=f"黄岛第{index}机械厂", phone="") for index in range(2)]
    with database.read() as session:
        assert ownership.quota(session, person) == 30
        assert ownership.quota(session, principal_of(leads.app, "yang.zhigang")) == 10
        assert ownership.quota(session, principal_of(leads.app, "han.lei")) == 20
        room = 30 - queries.owned(session, SELLER)
        others = session.query(Lead.number).where(Lead.owner.is_not(None), Lead.owner != SELLER, Lead.state == "open")
        taken = [row.number for row in others.limit(room - 1)]
    give = update(Lead).where(Lead.number.in_(taken)).values(owner=SELLER)
    database.write(lambda session: session.execute(give))
    missing = room - 1 - len(taken)
    for index in range(missing):
        leads.qualified(400, company=f"莱西第{index}机械厂", phone="")
    leads.claim(numbers[0], SELLER)
    with pytest.raises(ownership.QuotaReached):
        leads.claim(numbers[1], SELLER)
    with pytest.raises(ownership.QuotaReached):
        leads.do(numbers[1], "contact_now", SELLER, **CALLED, outcome="later", purchase_date=str(leads.today()))
    leads.give_back(numbers[0], SELLER)
    leads.claim(numbers[1], SELLER)
    assert leads.row(numbers[0]).state == "pool"


def test_only_the_centre_sees_and_claims_what_is_in_its_pool(leads: Leads) -> None:
    number = leads.qualified(10, owner=None)
    assert leads.row(number).department_key == "centre_3"
    with pytest.raises(NotVisible):
        leads.claim(number, "ge.junfeng")
    with pytest.raises(NotAllowedHere):
        leads.claim(number, "fang.chen")
    with database_of(leads.app).read() as session:
        seen = {
            login: queries.visible_lead(session, principal_of(leads.app, login), number) is not None
            for login in (COLLEAGUE, "yang.zhigang", "lin.wanqing", "li.na", "ge.junfeng", "su.ting")
        }
    assert seen == {
        COLLEAGUE: True,
        "yang.zhigang": True,
        "lin.wanqing": True,
        "li.na": True,
        "ge.junfeng": False,
        "su.ting": False,
    }


def test_who_does_the_task_of_a_lead_in_the_pool_owns_it(leads: Leads) -> None:
    number = leads.qualified(10, owner=None)
    later = str(leads.today())
    leads.do(number, "contact_now", COLLEAGUE, **CALLED, outcome="later", purchase_date=later)
    assert (leads.row(number).owner, leads.row(number).state) == (COLLEAGUE, "open")
    assert leads.had_by(number) == [(None, "qualified"), (COLLEAGUE, "worked")]


def test_given_back_reassigned_and_handed_over_with_its_whole_history(leads: Leads) -> None:
    number = leads.qualified(60)
    with pytest.raises(NotVisible):
        leads.give_back(number, COLLEAGUE)
    with pytest.raises(FieldErrors):
        leads.give_back(number, SELLER, reason=" ")
    leads.give_back(number, SELLER)
    assert leads.waiting(number) == []
    leads.claim(number, COLLEAGUE)
    assert leads.task(number, "advance_purchase").assignee == COLLEAGUE
    with pytest.raises(FieldErrors):
        leads.reassign(number, "yang.zhigang", "nobody")
    leads.reassign(number, "yang.zhigang", SELLER)
    assert leads.task(number, "advance_purchase").assignee == SELLER
    (handover,) = [row for row in registries(leads.app).handovers if row.key == "leads"]
    database = database_of(leads.app)
    with database.read() as session:
        held = handover.count(session, SELLER)
    assert database.write(lambda session: handover.move(session, SELLER, COLLEAGUE, "ren.fang")) == held > 0
    drain(database)
    with database.read() as session:
        assert handover.count(session, SELLER) == 0
    assert leads.task(number, "advance_purchase").assignee == COLLEAGUE
    assert leads.had_by(number) == [
        (SELLER, "qualified"),
        (None, "returned"),
        (COLLEAGUE, "claimed"),
        (SELLER, "reassigned"),
        (COLLEAGUE, "handed_over"),
    ]
