"""Figures about complaints equal what was worked out by hand and what plain SQL counts, and open what they count."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

import engine
from app import migrations
from app.accounts.models import Department
from app.complaints import courses, figures
from app.complaints.models import (
    Complaint,
    ComplaintMeasure,
    ComplaintPause,
    ComplaintStep,
    ComplaintSupplement,
    ComplaintVisit,
)
from app.complaints.service import closing, measuring
from app.complaints.spreads import Spread
from app.customers.models import Customer, CustomerOrder
from app.security import Principal
from app.web.periods import Period
from tests.conftest import SignIn
from tests.support.application import database_of, principal_of, signed_in

ZONE = ZoneInfo("Asia/Shanghai")
PERIOD = Period(date(2020, 9, 1), date(2020, 11, 23), ZONE)
AUGUST = Period(date(2020, 8, 1), date(2020, 8, 31), ZONE)
CCO = Principal(login="lin.wanqing", name="林婉清", permissions=frozenset({"complaint.view_all", "monitor.view"}))

# 100 complaints by cause: how many, cause, class, department. Cumulative: 40, 65, 80, 90, 96, 100.
GROUPS = (
    (40, "material", "quality", "production"),
    (25, "assembly", "quality", "production"),
    (15, "loading", "transport", "logistics"),
    (10, "terms", "contract", "centre_1"),
    (6, "manner", "service", None),
    (4, "delay", "service", None),
)
# The first ten are closed: received and closed in Shanghai (all November 2020), working minutes by hand (9 to 18).
FRIDAY = ((6, 17), (9, 10), 120)  # Friday 17:00 to Monday 10:00: one hour on Friday, one on Monday
AN_HOUR = ((10, 10), (10, 11), 60)
A_DAY = ((10, 9), (10, 18), 540)
COURSES = (*[FRIDAY] * 5, *[AN_HOUR] * 3, *[A_DAY] * 2)
GRADES = (5, 5, 5, 4, 4, 4, 4, 3, 4, None)
"""What each customer said: the eighth in the second round, the ninth had written to us again, the tenth was never
reached."""


def at(day: int, hour: int) -> datetime:
    return datetime(2020, 11, day, hour, tzinfo=ZONE).astimezone(UTC)


def fill(session: Session) -> None:
    places(session)
    rows = [group for group in GROUPS for _one in range(group[0])]
    for index, (_count, cause, kind, department) in enumerate(rows):
        one = complaint(session, index, at(1 + index % 20, 12), cause, kind, department)
        one.customer_id = 1 if index < 60 else 2 if index < 90 else 3
        if index < len(COURSES):
            ended(session, one, index)
    for index in range(3):
        complaint(session, 500 + index, datetime(2020, 8, 31, 15, 59, tzinfo=UTC), None, None, None)  # before September
    withdrawn = complaint(session, 600, at(3, 9), None, "quality", None)
    withdrawn.state, withdrawn.closed_at = "withdrawn", at(4, 9)
    session.flush()
    closing.archive(session, withdrawn, at(4, 9))


def places(session: Session) -> None:
    """Four centres, the second with an office. 150 customers; 20 of them ordered, the fourth most, then the second."""
    for key, path in (("centre_1", "/1/"), ("centre_2", "/2/"), ("centre_3", "/3/"), ("centre_4", "/4/")):
        session.add(Department(key=key, name_zh=key, name_en=key, kind="centre", path=path))
    session.add(Department(key="office_2", name_zh="办", name_en="office", kind="office", path="/2/5/"))
    of = {1: "centre_1", 2: "office_2", 3: "centre_4"}
    for number in range(1, 151):
        row = {"name": f"客户{number}", "name_key": f"客户{number}", "department_key": of.get(number)}
        made = {"created_at": at(1, 9), "created_by": "li.na", "updated_at": at(1, 9), "updated_by": "li.na"}
        session.add(Customer(id=number, **row, **made))
    session.flush()
    for number in range(1, 21):
        amount = {2: 900, 4: 1000}.get(number, number)
        order = {"number": f"O{number}", "customer_id": number, "amount": amount}
        session.add(CustomerOrder(**order, ordered_on=date(2020, 5, 1)))
    session.add(CustomerOrder(number="O-old", customer_id=1, amount=99_999, ordered_on=date(2019, 11, 20)))


def complaint(
    session: Session, index: int, received: datetime, cause: str | None, kind: str | None, department: str | None
) -> Complaint:
    one = Complaint(number=f"CMP-2020-{index:06}", state="open", registered_by="li.na")
    one.received_at = one.registered_at = received
    one.cause_code, one.complaint_class, one.responsible_department = cause, kind, department
    session.add(one)
    session.flush()
    return one


def ended(session: Session, one: Complaint, index: int) -> None:
    (began, finished, _minutes), grade = COURSES[index], GRADES[index]
    one.received_at = at(*began)
    moment = at(*finished)
    outcome = "unreachable" if grade is None else "satisfied"
    for attempt in range(3 if grade is None else 1):
        call = {"round": 1, "attempt": attempt + 1, "visited_at": moment, "visited_by": "li.na"}
        session.add(ComplaintVisit(number=one.number, outcome=outcome, satisfaction=grade, **call))
    one.round = 2 if index == 7 else 1
    if index == 8:
        session.add(
            ComplaintSupplement(number=one.number, kind="supplement", text="还有", added_at=moment, added_by="li.na")
        )
    session.flush()
    closing.archive(session, one, moment)


@pytest.mark.empty_database
def test_figures_equal_what_was_worked_out_by_hand(each_app: Flask) -> None:
    database = database_of(each_app)
    database.write(fill)
    with database.read() as session:
        found = figures.load(session, CCO, PERIOD, "class")
        august = figures.load(session, CCO, AUGUST, "cause")
        closed = courses.load(session, CCO, PERIOD, 25)
        by_day = session.execute(
            text("SELECT count(*) FROM complaint WHERE received_at >= :a AND received_at < :b"),
            {"a": "2020-11-02 16:00:00+00:00", "b": "2020-11-03 16:00:00+00:00"}
            if database.dialect == "postgresql"
            else {"a": "2020-11-02 16:00:00", "b": "2020-11-03 16:00:00"},
        ).scalar_one()

    assert [(bar.key, bar.cell.count, bar.cumulative, bar.vital) for bar in found.causes] == [
        ("material", 40, 40.0, True),
        ("assembly", 25, 65.0, True),
        ("loading", 15, 80.0, True),
        ("terms", 10, 90.0, False),
        ("manner", 6, 96.0, False),
        ("delay", 4, 100.0, False),
    ]
    assert (found.total.count, found.unanalysed.count) == (101, 1)
    assert counts(found, "class") == {"quality": 66, "transport": 15, "contract": 10, "service": 10}
    assert counts(found, "department") == {"production": 65, "logistics": 15, "-": 11, "centre_1": 10}
    assert (august.total.count, august.per_hundred) == (3, 2.0)  # of 150 customers

    days = {piece.first: total.count for piece, _cells, _others, total in found.daily.rows}
    assert len(days) == 84
    assert sum(days.values()) == 101
    assert days[date(2020, 11, 3)] == by_day == 5  # the 13th, 33rd, … of a hundred, but not the third: 22, 42, 62, 82
    assert august.daily.rows[-1][0].first == date(2020, 8, 31)
    assert august.daily.rows[-1][3].count == 3

    assert {row.centre: (row.complaints.count, row.silent) for row in found.heard} == {
        "centre_1": (60, False),
        "centre_2": (30, False),
        "centre_3": (0, True),
        "centre_4": (10, False),
    }
    assert [(row.customer_id, row.complaints.count, row.rank) for row in found.big] == [(2, 30, 2)]

    assert (closed.first_time.closed.count, closed.first_time.right.count, closed.first_time.percent) == (10, 7, 70.0)
    assert [(grade, cell.count, share) for grade, cell, share in closed.satisfaction.grades] == [
        (5, 3, 33.3),
        (4, 5, 55.6),
        (3, 1, 11.1),
        (2, 0, 0.0),
        (1, 0, 0.0),
    ]
    assert closed.satisfaction.mean == 4.22  # (15 + 20 + 3) ÷ 9
    assert (closed.satisfaction.unreachable.count, closed.satisfaction.not_asked.count) == (1, 0)
    together, quality = closed.times
    assert (together.key, quality.key, quality.cell.count) == ("", "quality", 10)
    assert together.working == Spread(10, 186.0, 120.0, 540.0)  # 3 × 60, 5 × 120, 2 × 540 minutes
    assert together.elapsed == Spread(
        10, 2076.0, 2220.0, 3900.0
    )  # 5 × 65 h, 3 × 1 h, 2 × 9 h; the median between 9 h and 65 h


def counts(found: figures.Received, by: str) -> dict[str, int]:
    return {cell.query[by]: cell.count for cell in found.totals[by]}


def walk(
    session: Session, number: str, path: list[tuple[str, str]], *, minutes: int = 10, definition: str = "complaint:1"
) -> None:
    """One step after another: who, in which department."""
    started = at(10, 10)
    for index, (actor, department) in enumerate(path):
        step = {"node_id": "judge", "name": "judge", "definition_id": definition, "form_key": "", "round": 1}
        times = {"created_at": started, "at": started + timedelta(minutes=minutes)}
        session.add(
            ComplaintStep(
                number=number, task_id=f"{number}-{index}", actor=actor, department_key=department, **step, **times
            )
        )
    session.flush()


@pytest.mark.empty_database
def test_steps_hand_offs_people_and_waits_are_counted(each_app: Flask) -> None:
    database = database_of(each_app)

    def tell(session: Session) -> None:
        eight = complaint(session, 1, at(9, 9), None, "quality", None)
        path = [("li.na", "support")] * 2 + [("wang.fang", "quality")] * 3 + [("he.jing", "finance")] * 3
        walk(session, eight.number, path)
        long = complaint(session, 2, at(9, 9), None, "quality", None)
        walk(session, long.number, [("li.na", "support")] * 250, minutes=1)
        slow = complaint(session, 3, at(9, 9), None, "quality", None)
        walk(session, slow.number, [("li.na", "support")], minutes=3 * 24 * 60)
        session.add(ComplaintPause(number=slow.number, reason="资料不全", from_at=at(10, 9), to_at=at(11, 9)))
        for one in (eight, long, slow):
            measuring.measure(session, one)
        closing.archive(session, eight, at(12, 9))

    database.write(tell)
    with database.read() as session:
        eight, long, slow = (session.get_one(ComplaintMeasure, f"CMP-2020-00000{place}") for place in (1, 2, 3))
        lengths = courses.load(session, CCO, PERIOD, 25).lengths
    assert (eight.steps, eight.hand_offs, eight.people, eight.waits) == (8, 2, 3, 0)
    assert (long.steps, long.hand_offs, long.people) == (250, 0, 1)
    assert (slow.steps, slow.waits) == (1, 2)  # three days for one step, and a stop of the clock
    assert lengths.means == {"steps": 8.0, "hand_offs": 2.0, "people": 3.0, "waits": 0.0}  # of the closed one
    assert lengths.over.count == 1
    assert [row.number for row in lengths.longest] == [long.number]


def test_every_number_opens_exactly_what_it_counts(app: Flask) -> None:
    database_of(app).write(lambda session: company(session))
    cco = signed_in(app, "lin.wanqing")
    opened = {}
    for by in ("class", "department", "cause"):
        page = cco.get(f"/complaints/figures?from=2020-11-01&to=2020-11-30&by={by}&limit=5").text
        links = re.findall(r'href="(/complaints/figures/complaints\?[^"]+)">([\d,]+)<', page)
        opened.update({unescape(link): int(count) for link, count in links})
    assert "the fewest causes that together make 80 %" in page
    assert len(opened) > 30
    some = sorted(opened.items())[:: max(1, len(opened) // 16)]
    kinds = [link for link in opened if re.search("centre=|answer=|steps=6|first_time|cause=|customer_id", link)]
    for link, count in {**dict(some), **{link: opened[link] for link in kinds}}.items():
        shown = cco.get(link).text
        total = re.search(r'role="status">\s*([\d,]+) entr', shown)
        assert total is not None, link
        assert int(total[1]) == count, link
    assert cco.get("/complaints/figures/complaints?steps=x&customer_id=99999999999").status_code == 200


def company(session: Session) -> None:
    """The same hundred complaints in the demo company, whose centres and customers are there."""
    customers = session.query(Customer.id).order_by(Customer.id).limit(3).all()
    process = engine.queries.latest_definition(session, "complaint").id
    rows = [group for group in GROUPS for _one in range(group[0])]
    for index, (_count, _cause, kind, department) in enumerate(rows):
        cause = ("material", "design", "inspection")[index % 3]
        held_by = "development" if department == "production" else department
        one = complaint(session, index, at(1 + index % 20, 12), cause, kind, held_by)
        one.customer_id = customers[index % 3][0]
        walk(session, one.number, [("li.na", "customer_support")] * (index % 8), definition=process)
        measuring.measure(session, one)
        if index < len(COURSES):
            ended(session, one, index)


def test_a_department_counts_its_own_complaints_and_penalties_are_not_told(app: Flask) -> None:
    database_of(app).write(lambda session: company(session))
    head = principal_of(app, "yang.zhigang")
    with database_of(app).read() as session:
        mine = figures.load(session, head, PERIOD, "class")
        everything = figures.load(session, CCO, PERIOD, "class")
        closed = courses.load(session, head, PERIOD, 25)
    assert everything.total.count == 100
    assert mine.total.count == 0  # the centre had a hand in none of them
    assert closed.first_time.closed.count == 0
    assert mine.heard == ()
    page = signed_in(app, "lin.wanqing").get("/complaints/figures?from=2020-11-01").text
    assert "penalt" not in page.lower()


def test_wrong_days_are_named_and_figures_are_for_managers(sign_in: SignIn) -> None:
    cco = sign_in("lin.wanqing")
    for query in ("from=yesterday", "from=2026-11-30&to=2026-11-01", "from=1000-01-01", "from=9999-12-31"):
        answer = cco.get(f"/complaints/figures?{query}")
        assert answer.status_code == 422, query
        assert "period-error" in answer.text
    assert cco.get("/complaints/figures?by=evil&limit=7").status_code == 200
    assert "/complaints/figures" in cco.get("/complaints").text
    assert sign_in("li.na").get("/complaints/figures").status_code == 403
    assert "/complaints/figures" not in sign_in("li.na").get("/complaints").text


def test_an_upgrade_works_out_what_complaints_of_before_took(each_app: Flask) -> None:
    database, url = database_of(each_app), each_app.extensions["keliu.settings"].database_url

    def kept() -> list[tuple[object, ...]]:
        with database.read() as session:
            rows = session.execute(select(ComplaintMeasure.__table__).order_by(ComplaintMeasure.number)).all()
        return [tuple(row) for row in rows]

    before = kept()
    assert len(before) > 8
    assert any(row[1] for row in before)
    database.dispose()
    migrations.downgrade(url, "0014")
    migrations.upgrade(url)
    assert kept() == before
