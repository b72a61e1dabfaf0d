"""A matter from the call to the reply: what each step writes, and what the next one starts with."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

import engine
from app.customers.models import Customer
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.matters import queries
from app.matters.business import MatterObject
from app.matters.models import Matter
from app.matters.service import copying, prefill
from app.notifications.models import Notice, OutboxMessage
from tests.support.application import database_of, principal_of
from tests.support.matters import WORDS, Matters

ANSWERED: dict[str, Any] = {"outcome": "answered", "answer": "下周三发布，届时自动更新。"}
REPLIED: dict[str, Any] = {"outcome": "replied", "channel": "phone", "reply": "下周三发布。"}
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def matters(app: Flask, clock: engine.VirtualClock) -> Matters:
    return Matters(app, clock)


def rows(matters: Matters, statement: Any) -> list[Any]:
    with database_of(matters.app).read() as session:
        return list(session.scalars(statement))


def test_an_inquiry_is_answered_and_its_words_travel_unchanged(matters: Matters) -> None:
    number = matters.classified("inquiry", customer_id=matters.customer(), contact_id=matters.contact())
    assert number.startswith("CUS-2026-") and matters.at(number) == ("handle_matter", ("centre_1",))
    shown = [matters.form(number, "sun.zhipeng").values["verbatim_shown"]]
    matters.do(number, "handle_matter", "sun.zhipeng", next_step="周四回访", **ANSWERED)
    form = matters.form(number, "wu.xiaoyan").values
    assert form["answer_shown"] == form["reply"] == ANSWERED["answer"] and form["next_step"] == "周四回访"
    matters.do(number, "reply_customer", "wu.xiaoyan", **REPLIED)
    row = matters.row(number)
    hashes = {hashlib.sha256(words.encode()).hexdigest() for words in [*shown, form["verbatim_shown"], WORDS]}
    assert hashes == {row.verbatim_sha256}
    assert (row.state, row.answered_by, row.replied_by) == ("closed", "sun.zhipeng", "wu.xiaoyan")
    assert row.next_step == "周四回访"  # offered with the form and sent back
    assert rows(matters, select(OutboxMessage).where(OutboxMessage.business_key == number)) == []  # said by telephone


@pytest.mark.parametrize(("known", "state"), [(True, "customer"), (False, "in_page")])
def test_a_written_reply_goes_to_the_customer_or_waits_for_somebody_to_pass_it_on(
    matters: Matters, known: bool, state: str
) -> None:
    whose = {"customer_id": matters.customer(), "contact_id": matters.contact()} if known else {}
    number = matters.classified("rival_news", channel="email", **whose)
    matters.do(number, "handle_matter", "xie.wenbo", **ANSWERED)
    matters.do(number, "reply_customer", "li.na", **{**REPLIED, "channel": "email"})
    (letter,) = rows(matters, select(OutboxMessage).where(OutboxMessage.business_key == number))
    assert letter.channel == state and "下周三发布。" in letter.body_zh and number in letter.subject_en


def test_who_calls_again_goes_on_where_the_last_contact_stopped(matters: Matters) -> None:
    whose = {"customer_id": matters.customer(), "contact_id": matters.contact(), "caller_phone": "13822633920"}
    first = matters.classified("inquiry", **whose)
    matters.do(first, "handle_matter", "sun.zhipeng", **ANSWERED)
    matters.do(first, "reply_customer", "wu.xiaoyan", next_step="报价发出后第三天致电", **REPLIED)
    matters.pass_time(timedelta(days=2))
    english = matters.app.test_request_context(headers={"Accept-Language": "en"})
    with english, database_of(matters.app).read() as session:
        offered = prefill.next_contact(session, customer_id=int(whose["customer_id"]))
        by_phone = prefill.next_contact(session, phone="13822633920")
        assert prefill.next_contact(session, phone="13800000000") == {}
    assert offered == by_phone
    assert offered["caller_name"] == "陈佳宁" and offered["contact_id"] == whose["contact_id"]
    for part in ("2026-11-23", "Phone", "Xiaoyan Wu", first, "Closed", "报价发出后第三天致电"):
        assert part in offered["last_contact"]
    second = matters.register(**whose)
    form = matters.form(second, "li.na").values
    assert "报价发出后第三天致电" in form["last_contact"] and form["region"] == "centre_1"


def test_data_that_nobody_confirmed_for_long_is_to_be_confirmed(matters: Matters, clock: engine.VirtualClock) -> None:
    customer = matters.customer()
    long_ago = update(Customer).values(updated_at=clock.now() - timedelta(days=201))
    database_of(matters.app).write(lambda session: session.execute(long_ago))
    stale = matters.register(customer_id=customer)
    said = matters.form(stale, "li.na").values["data_age"]
    assert "201 days ago" in said and "more than 90 days" in said
    matters.do(stale, "classify", "li.na", outcome="classified", kind="rival_news", summary="x", data_confirmed=True)
    fresh = matters.register(customer_id=customer)
    assert matters.form(fresh, "li.na").values["data_age"].startswith("Last confirmed 0 days ago.")
    assert matters.form(matters.register(), "li.na").values["data_age"] == "We don't know this customer."


def test_departments_concerned_are_told_once_and_it_is_seen_who_has_read_it(matters: Matters) -> None:
    number = matters.classified("order", copies=["finance", "centre_1"])
    matters.do(number, "handle_matter", matters.member("logistics"), copies=["finance"], **ANSWERED)
    with database_of(matters.app).read() as session:
        copies = queries.copies(session, number)
    assert {row.department_key for row in copies} == {"finance", "centre_1"}
    assert len({(row.department_key, row.login) for row in copies}) == len(copies)
    reader = next(row.login for row in copies if row.department_key == "finance")
    person = principal_of(matters.app, reader)
    assert rows(matters, select(Notice).where(Notice.recipient == reader, Notice.template == "matter.copied"))
    with database_of(matters.app).read() as session:
        assert queries.visible_matter(session, person, number) is not None
    read = [database_of(matters.app).write(lambda s: copying.mark_read(s, person, number)) for _ in range(2)]
    assert read == [1, 0]


def test_who_sees_a_matter(matters: Matters) -> None:
    number = matters.classified("suggestion", login="peng.cheng")
    seen = {}
    for login in ("wu.xiaoyan", "lin.wanqing", "bai.lu", "zhao.jianguo", "su.ting"):
        with database_of(matters.app).read() as session:
            seen[login] = queries.visible_matter(session, principal_of(matters.app, login), number) is not None
    assert seen == {"wu.xiaoyan": True, "lin.wanqing": True, "bai.lu": True, "zhao.jianguo": False, "su.ting": False}


def test_a_department_declines_to_another_one_only_and_says_why(matters: Matters) -> None:
    number = matters.classified("order")
    who = matters.member("logistics")
    with pytest.raises(FieldErrors) as refused:
        matters.do(number, "handle_matter", who, outcome="declined", next_department="finance")
    assert set(refused.value.errors) == {"reason"}
    offered = [item["value"] for item in matters.form(number, who).overrides["next_department"]["options"]]
    assert "logistics" not in offered and "finance" in offered
    with pytest.raises(FieldErrors) as refused:
        matters.do(number, "handle_matter", who, outcome="declined", reason="不归我们", next_department="logistics")
    assert set(refused.value.errors) == {"next_department"}


def test_what_the_customer_adds_reaches_who_has_it_until_it_is_closed(matters: Matters) -> None:
    number = matters.classified("inquiry")
    matters.claim(number, "sun.zhipeng")
    matters.send(number, "wu.xiaoyan", "还有，价格呢？", channel="chat")
    told = rows(matters, select(Notice.recipient).where(Notice.link == f"/matters/{number}"))
    assert told == ["sun.zhipeng"]
    assert "还有，价格呢？" in matters.form(number, "sun.zhipeng").values["history"]
    with pytest.raises(NotVisible):
        matters.send(number, "su.ting", "?")
    with pytest.raises(NotAllowedHere):
        matters.send(number, "sun.zhipeng", "?")
    with pytest.raises(FieldErrors):
        matters.send(number, "li.na", "  ")
    matters.do(number, "handle_matter", "sun.zhipeng", **ANSWERED)
    matters.do(number, "reply_customer", "wu.xiaoyan", **REPLIED)
    with pytest.raises(FieldErrors):
        matters.send(number, "li.na", "又来了")


def test_a_contact_without_words_waits_with_what_is_known_and_a_wrong_one_is_refused(matters: Matters) -> None:
    with pytest.raises(FieldErrors) as refused:
        matters.register(verbatim=None)
    assert set(refused.value.errors) == {"verbatim"}
    number = matters.register(may_wait=True, concern=None, caller_phone="010-1234")
    assert matters.waiting(number) == ["register"] and matters.row(number).verbatim == WORDS
    form = matters.form(number, "li.na")
    assert form.values["caller_phone"] == "010-1234" and form.overrides["verbatim"]["readonly"]
    with pytest.raises(FieldErrors):  # what was kept is not said otherwise afterwards
        matters.do(number, "register", "li.na", concern="asks", verbatim="别的话")
    matters.do(number, "register", "li.na", concern="asks")
    assert matters.waiting(number) == ["classify"] and matters.row(number).caller_name == "陈佳宁"
    for wrong in ({"customer_id": "999999"}, {"contact_id": matters.contact()}, {"received_at": "2027-01-01T09:00"}):
        with pytest.raises(FieldErrors) as refused:
            matters.register(may_wait=True, **wrong)
        assert set(refused.value.errors) == set(wrong)
    again = {"source_reference": "T-1"}
    matters.register(**again)
    with pytest.raises(FieldErrors) as refused:
        matters.register(may_wait=True, **again)
    assert set(refused.value.errors) == {"source_reference"}
    before = rows(matters, select(Matter.number))
    with pytest.raises(NotAllowedHere):
        matters.register(login="su.ting")
    assert rows(matters, select(Matter.number)) == before


def test_a_message_from_outside_takes_a_matter_in(matters: Matters) -> None:
    person, given = principal_of(matters.app, "li.na"), {"caller_name": "门户", "verbatim": "网站留言"}
    started = database_of(matters.app).write(
        lambda session: MatterObject().start(session, person, given, source="message", may_wait=True)
    )
    assert matters.waiting(started.business_key) == ["register"] and not started.completed_first


def test_a_matter_whose_process_is_cancelled_is_nobodys_any_more(matters: Matters) -> None:
    number = matters.classified("inquiry")
    matters.pass_time(HALF_AN_HOUR)
    instance = matters.row(number).instance_id
    command = engine.CancelInstance(instance_id=str(instance), reason="重复", actor="lin.wanqing")
    database_of(matters.app).write(lambda session: engine.execute(session, command))
    row = matters.row(number)
    assert row.state == "cancelled" and row.handler is None
    matters.check_partition(number)
