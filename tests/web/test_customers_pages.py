"""Customers: found by whatever people remember, kept by those who serve them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.customers import demo, service
from app.customers.models import Contact, Customer
from app.errors import FieldErrors
from tests.conftest import SignIn
from tests.support.application import database_of
from tests.support.forms import submit

NEW = {"name": "苏州张三机械有限公司", "value_class": "B", "region": "苏州", "department_key": "office_suzhou"}


def _id(app: Flask, name: str) -> int:
    with database_of(app).read() as session:
        return session.scalars(select(Customer.id).where(Customer.name == name)).one()


@pytest.mark.parametrize("words", ["京重", "bjjz", "beijingjingzhong", "Jingzhong", "机床有限"])
def test_a_customer_is_found_by_name_initials_pinyin_and_english(sign_in: SignIn, words: str) -> None:
    assert "北京京重机床有限公司" in sign_in("li.na").get(f"/customers?q={words}").text
    assert sign_in("li.na").get(f"/customers/options?q={words}").json[0]["label"].startswith("北京")


def test_a_customer_is_found_by_telephone_and_by_contact(sign_in: SignIn, app: Flask) -> None:
    with database_of(app).read() as session:
        customer = session.scalars(select(Customer).where(Customer.name == "北京京重机床有限公司")).one()
        contact = session.scalars(select(Contact).where(Contact.customer_id == customer.id)).first()
    assert contact is not None
    for words in (customer.phone.replace("-", ""), contact.phone, contact.name):
        assert customer.name in sign_in("li.na").get(f"/customers?q={words}").text


def test_the_call_centre_adds_a_customer_with_its_contact(sign_in: SignIn, app: Flask) -> None:
    agent = sign_in("li.na")
    given = {**NEW, "contact_name": "张三", "contact_phone": "13900000000", "contact_email": "zs@example.com"}
    answer = submit(agent, "/customers", given, page="/customers/new", follow_redirects=True)
    assert answer.status_code == 200
    assert "张三" in answer.text
    assert "Suzhou office" in answer.text
    assert NEW["name"] in agent.get("/customers?q=zs").text


def test_what_was_typed_comes_back_with_the_errors(sign_in: SignIn) -> None:
    agent = sign_in("li.na", language="zh")
    given = {**NEW, "name": " ", "address": "我打了很多字", "contact_name": "李四", "contact_email": "不是邮箱"}
    answer = submit(agent, "/customers", given, page="/customers/new")
    assert answer.status_code == 422
    assert "我打了很多字" in answer.text
    assert "此项必填" in answer.text
    again = submit(agent, "/customers", {**given, "name": NEW["name"]}, page="/customers/new")
    assert again.status_code == 422
    assert "邮箱格式不正确" in again.text


def test_brackets_width_and_spaces_do_not_make_a_second_customer(sign_in: SignIn) -> None:
    answer = submit(sign_in("li.na"), "/customers", {**NEW, "name": "北京京重机床（有限）公司 "}, page="/customers/new")
    assert answer.status_code == 422
    assert "There is a customer with this name already." in answer.text


def test_a_centre_sees_its_own_customers_only(sign_in: SignIn, app: Flask) -> None:
    own, other = _id(app, "天津津力液压件有限公司"), _id(app, "沈阳辉隆透平机械有限公司")
    director = sign_in("zhao.jianguo")
    assert director.get(f"/customers/{own}").status_code == 200
    assert director.get(f"/customers/{other}").status_code == 404
    assert director.get(f"/customers/{other}/edit").status_code == 404
    assert submit(director, f"/customers/{other}", {**NEW}).status_code == 404
    assert director.get(f"/complaints/of-customer/{other}").status_code == 404
    assert "沈阳辉隆" not in director.get("/customers").text
    assert "沈阳辉隆" not in str(director.get("/references/customer?q=沈阳").text)


def test_a_new_main_contact_takes_the_place_of_the_old_one(sign_in: SignIn, app: Flask) -> None:
    customer = _id(app, "北京京重机床有限公司")
    agent = sign_in("li.na")
    given = {"name": "新主管", "phone": "1", "language": "zh", "is_main": "1"}
    page = f"/customers/{customer}/contacts/new"
    assert submit(agent, f"/customers/{customer}/contacts", given, page=page).status_code == 303
    with database_of(app).read() as session:
        found = session.scalars(select(Contact.name).where(Contact.customer_id == customer, Contact.is_main)).all()
    assert found == ["新主管"]


def test_a_contact_of_another_customer_is_unknown(sign_in: SignIn, app: Flask) -> None:
    customer, other = _id(app, "北京京重机床有限公司"), _id(app, "沈阳辉隆透平机械有限公司")
    with database_of(app).read() as session:
        contact = session.scalars(select(Contact.id).where(Contact.customer_id == other)).first()
    assert sign_in("li.na").get(f"/customers/{customer}/contacts/{contact}").status_code == 404


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**30])
def test_strange_numbers_are_unknown(sign_in: SignIn, number: int) -> None:
    agent = sign_in("li.na")
    for path in (f"/customers/{number}", f"/customers/1/contacts/{number}", f"/complaints/of-customer/{number}"):
        assert agent.get(path).status_code == 404
    assert agent.get(f"/complaints/new?customer={number}").status_code == 200


def test_markup_in_names_stays_text(sign_in: SignIn) -> None:
    agent = sign_in("li.na")
    given = {**NEW, "name": "<script>alert(1)</script>公司"}
    answer = submit(agent, "/customers", given, page="/customers/new", follow_redirects=True)
    assert "<script>alert(1)" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_loading_the_demo_customers_again_adds_nothing(app: Flask) -> None:
    def count() -> tuple[int, int]:
        with database_of(app).read() as session:
            return len(session.scalars(select(Customer.id)).all()), len(session.scalars(select(Contact.id)).all())

    before = count()
    database_of(app).write(demo.load)
    assert count() == before


def test_the_same_name_is_refused_by_the_service_too(app: Flask) -> None:
    with pytest.raises(FieldErrors):
        database_of(app).write(lambda session: service.create(session, "li.na", {"name": "北京京重机床有限公司"}))
