"""The figures about matters, worked out by hand for seven of them, and the rows that each of them opens."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

import engine
from app.matters.models import Matter, MatterFact, MatterVerification
from tests.conftest import SignIn
from tests.support.application import database_of, signed_in
from tests.support.matters import Matters

NEW = "from=2026-11-23"
"""The matters of the demo company came in before."""
OURS = "number > 'CUS-2026-000020'"


@pytest.fixture
def matters(app: Flask, clock: engine.VirtualClock) -> Matters:
    """The matters of the demo company."""
    return Matters(app, clock)


def seven(matters: Matters) -> list[str]:
    """Two inquiries at centre 1, one of them declined twice; an order, a technical question, a complaint, a lead; one
    not classified yet."""
    customer = matters.customer()
    first = matters.classified("inquiry", customer_id=customer)
    second = matters.classified("inquiry", customer_id=customer)
    for holder, following in (("centre_1", "logistics"), ("logistics", "development")):
        declined = {"outcome": "declined", "reason": "不归我们", "next_department": following}
        matters.do(second, "handle_matter", matters.member(holder), **declined)
    others = [matters.classified(kind) for kind in ("order", "technical")]
    others += [matters.classified(kind, customer_id=customer) for kind in ("complaint", "purchase_interest")]
    return [first, second, *others, matters.register()]


def cells(page: str, part: str) -> dict[str, list[str]]:
    """First column → the other columns of the tables in one card."""
    card = page.split(f'id="{part}"')[1].split("</section>")[0]
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", card, re.DOTALL):
        texts = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        rows[texts[0]] = texts[1:]
    return rows


def test_the_figures_equal_what_was_worked_out_by_hand(each_app: Flask, clock: engine.VirtualClock) -> None:
    numbers = seven(Matters(each_app, clock))
    cco = signed_in(each_app, "lin.wanqing")
    page = cco.get(f"/matters/figures?{NEW}").text
    kinds = cells(page, "kinds")
    head = kinds["Sent to"]
    of = {name: dict(zip(head, row, strict=False)) for name, row in kinds.items()}
    assert of["Beijing marketing centre"]["Inquiry"] == "2"
    assert of["Beijing marketing centre"]["All"] == "2"
    assert of["Beijing marketing centre"]["Hops, mean"] == "2"  # 1 and 3
    assert of["Beijing marketing centre"]["Transfers, mean"] == "1"  # 0 and 2
    assert of["Beijing marketing centre"]["Transfers, most"] == "2"
    assert of["Logistics"]["Order question"] == "1"
    assert of["Technical support"]["Technical question"] == "1"
    assert of["Complaint handling"]["Complaint"] == "1"
    assert of["Sales lead"]["Purchase interest"] == "1"
    assert of["Not sent anywhere yet"]["not classified"] == "1"
    hops = cells(page, "hops")
    assert [hops[step][1] for step in "01235"] == ["7", "1", "1", "0", "0"]  # declined
    with database_of(each_app).read() as session:
        moved = [
            session.scalar(text(f"SELECT COUNT(*) FROM matter WHERE hops >= :n AND {OURS}"), {"n": step})
            for step in (0, 1, 2, 3, 5)
        ]
        mean = session.scalar(text(f"SELECT ROUND(AVG(hops), 2) FROM matter WHERE {OURS}"))
        regions = session.scalar(text(f"SELECT COUNT(*) FROM matter WHERE region = 'centre_1' AND {OURS}"))
    assert [int(hops[step][0]) for step in "01235"] == moved
    assert float(kinds["All"][-3]) == float(mean or 0)
    assert int(cells(page, "silent")["Beijing marketing centre"][0]) == regions
    assert len(numbers) == 7
    for query in (
        "route=complaint",
        "route=logistics",
        "kind=-",
        "transfers=2",
        "overdue=1",
        "checked=li.na",
        "q=升级",
    ):
        assert cco.get(f"/matters?{query}").status_code == 200  # the list asks the same of both databases
    for words in ("cjn", "13822633920"):
        assert "陈佳宁" in signed_in(each_app, "li.na").get(f"/matters/desk/callers?q={words}").text


def test_every_number_opens_exactly_its_rows(sign_in: SignIn, matters: Matters) -> None:
    seven(matters)
    matters.pass_time(timedelta(days=2))  # everything is late by now
    cco = sign_in("lin.wanqing")
    page = cco.get("/matters/figures?from=2026-11-22").text
    opened = 0
    for address, count in dict(re.findall(r'<a href="(/matters\?[^"]+)">(\d+)</a>', page)).items():
        rows = cco.get(unescape(address)).text.count("data-list-row")
        assert rows == int(count), address
        opened += 1
    assert opened > 15
    late = cells(page, "overdue")
    assert all(int(row[1]) <= int(row[0]) for name, row in late.items() if name != "Department")
    assert any(row[1] != "0" for name, row in late.items() if name != "Department")


def test_of_ten_facts_asked_about_eight_were_right(sign_in: SignIn, matters: Matters, app: Flask) -> None:
    of_the_desk, of_a_centre = matters.register(), matters.register()
    at = matters.clock.now()

    def ask(session: Session, number: str, owner: str, asked: int, right: int) -> None:
        call = MatterVerification(
            number=number, task_id=owner, outcome="verified", verified_at=at, verified_by="sun.lihua"
        )
        session.add(call)
        session.flush()
        for place in range(asked):
            fact = {"fact": f"{place}", "correct": place < right, "owner": owner, "at": at}
            session.add(MatterFact(verification_id=call.id, **fact))

    database_of(app).write(lambda session: ask(session, of_the_desk, "li.na", 10, 8))
    database_of(app).write(lambda session: ask(session, of_a_centre, "shi.jiaqi", 3, 1))
    cco = sign_in("lin.wanqing")
    truth = cells(cco.get("/matters/figures").text, "truth")
    assert truth["Na Li"] == ["10", "8", "80 %"]
    assert truth["Customer support"] == ["10", "8", "80 %"]
    assert truth["Jiaqi Shi"] == truth["Shanghai marketing centre"] == ["3", "1", "33.3 %"]
    rows = cco.get("/matters?checked=shi.jiaqi").text
    assert of_a_centre in rows
    assert of_the_desk not in rows
    assert "80 %" not in cco.get("/matters/figures?to=2026-11-22").text  # received before


def test_a_centre_nobody_hears_of_is_marked_when_the_others_are_heard(
    sign_in: SignIn, matters: Matters, app: Flask
) -> None:
    assert "silent</span>" not in sign_in("lin.wanqing").get(f"/matters/figures?{NEW}").text
    at = matters.clock.now()

    def hear(session: Session, count: int) -> None:
        for place in range(count):
            row = {"received_at": at, "registered_at": at, "registered_by": "li.na"}
            session.add(Matter(number=f"CUS-2026-9{place:05}", region="centre_1", **row))

    database_of(app).write(lambda session: hear(session, 35))  # five for each of the seven others
    heard = cells(sign_in("lin.wanqing").get(f"/matters/figures?{NEW}").text, "silent")
    assert heard["Beijing marketing centre"] == ["35", ""]
    assert heard["Chengdu marketing centre"] == ["0", "silent"]


def test_a_wrong_period_is_named_and_figures_are_for_supervisors(sign_in: SignIn) -> None:
    cco = sign_in("lin.wanqing")
    for query in ("from=yesterday", "from=2026-11-30&to=2026-11-01", "from=1000-01-01", "from=9999-12-31"):
        answer = cco.get(f"/matters/figures?{query}")
        assert answer.status_code == 422, query
        assert "period-error" in answer.text
    assert sign_in("li.na").get("/matters/figures").status_code == 403
