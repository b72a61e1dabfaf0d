"""Who holds what, the lists behind it, service levels: worked out by hand for two days of work."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, text

import engine
from tests.support.application import database_of, signed_in
from tests.support.review import KEY, Reviews, two_days
from tests.web.test_monitor_processes import CCO, HEAD, OTHER_HEAD, listed, rows

HOURS = "working hours"


@pytest.fixture
def reviews(each_app: Flask, clock: engine.VirtualClock) -> Reviews:
    """None yet."""
    return Reviews(each_app, clock)


def test_who_holds_what_and_every_number_opens_its_rows(reviews: Reviews) -> None:
    two_days(reviews)
    head = signed_in(reviews.app, HEAD)
    page = head.get("/monitor/tasks/people").text
    people, groups = rows(page, "people"), rows(page, "groups")
    assert people["Yaqin Song"][:4] == ["1", "0", "1", "1"]  # E
    assert people["Wenbo Xie"][:4] == ["1", "0", "0", "0"]  # decide C
    with database_of(reviews.app).read() as session:
        ours = session.scalar(
            text(
                "SELECT COUNT(*) FROM user_task t JOIN user_task_candidate c ON c.task_id = t.id AND c.kind = 'group'"
                " WHERE c.name = 'customer_department' AND t.assignee IS NULL AND t.state = 'created'"
            )
        )
    assert groups["Customer department"][0] == str(ours)
    card = page.split('id="people"')[1].split("</table>")[0]
    checked = 0
    for row in re.findall(r"<tr>.*?</tr>", card.split("<tbody>")[1], re.DOTALL):
        for address, number in re.findall(r'href="([^"]+)"[^>]*>(\d+)</a>', row):
            assert listed(head, unescape(address)) == int(number), address
            checked += 1
    assert checked >= 4
    other = signed_in(reviews.app, OTHER_HEAD).get("/monitor/tasks/people").text
    assert "Yaqin Song" not in other


def test_the_list_filters_sorts_pages_and_exports(reviews: Reviews) -> None:
    two_days(reviews)
    cco = signed_in(reviews.app, CCO)
    process = f"/monitor/tasks?process={KEY}"
    assert listed(cco, process) == 6
    assert listed(cco, f"{process}&due=overdue") == 1
    assert listed(cco, f"{process}&due=risk") == 1
    assert listed(cco, f"{process}&due=none") == 3
    assert listed(cco, f"{process}&person=-") == 4
    assert listed(cco, f"{process}&person=xie.wenbo") == 1
    assert listed(cco, f"{process}&group=customer_department") == 4
    assert listed(cco, f"{process}&step={KEY}/decide") == 3
    assert "This value is not one of the choices." in cco.get(f"{process}&due=%00x&step=nothing").text
    first = cco.get(process).text
    assert first.index(">D</a>") < first.index(">E</a>") < first.index(">G</a>")  # by deadline
    lines = cco.get(f"{process}&export=csv").text.splitlines()
    assert len(lines) == 7
    assert lines[0].lstrip("\ufeff").startswith("Step,Instance,Who has it,Waiting since,Deadline")
    assert listed(cco, f"/monitor/tasks/completed?process={KEY}&step=inspect&late=1") == 1
    assert listed(cco, "/monitor/tasks/completed") == 0  # of one step only
    assert signed_in(reviews.app, "song.yaqin").get("/monitor/tasks").status_code == 403


def test_service_levels_of_a_period(reviews: Reviews) -> None:
    two_days(reviews)
    cco = signed_in(reviews.app, CCO)
    card = rows(cco.get("/monitor/tasks/levels").text, f"level-{KEY}")
    inspect = next(row for name, row in card.items() if name.endswith("检查"))
    assert inspect == ["5", f"2 {HOURS}", f"10 {HOURS}", "5", "1", "80 %"]
    assert card["决定"] == ["2", f"9 {HOURS}", f"10 {HOURS}", "0", "0", "–"]
    assert card["All steps"] == ["7", "", "", "5", "1", "80 %"]
    monday = rows(cco.get("/monitor/tasks/levels?from=2026-11-23&to=2026-11-23").text, f"level-{KEY}")
    assert next(iter(monday.values())) == ["2", f"4 {HOURS}", f"6 {HOURS}", "2", "0", "100 %"]
    wrong = cco.get("/monitor/tasks/levels?from=yesterday")
    assert wrong.status_code == 422 and "Give days like 2026-11-30." in wrong.text


def test_a_task_is_at_risk_when_four_fifths_of_its_time_are_used(reviews: Reviews, clock: engine.VirtualClock) -> None:
    """Eight hours from Monday 09:00: due at 17:00, at risk from 15:24. Two hours of pause move both; a calendar that
    closes earlier and a date set by hand move them too."""
    reviews.deploy()
    reviews.start("A")
    task_id = reviews.open_task("A")

    def moments() -> tuple[datetime, datetime]:
        with database_of(reviews.app).read() as session:
            row = engine.queries.task(session, task_id)
        assert row.due_at is not None and row.risk_at is not None
        return row.due_at, row.risk_at

    start = clock.now()
    assert moments() == (start + timedelta(hours=8), start + timedelta(hours=6, minutes=24))
    reviews.at(23, 10)
    reviews.pause("A")
    with database_of(reviews.app).read() as session:
        assert engine.queries.task(session, task_id).risk_at is None  # nobody knows while the clock stands still
    reviews.at(23, 11)
    reviews.go_on("A")
    assert moments() == (start + timedelta(hours=9), start + timedelta(hours=7, minutes=24))
    due = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Tuesday, 10:00
    change = engine.UpdateTask(task_id=task_id, changes={"due_at": due}, actor="he.jing")
    database_of(reviews.app).write(lambda session: engine.execute(session, change))
    # A fifth of eight hours before Tuesday 10:00: one on Tuesday, 36 minutes on Monday before 18:00
    assert moments() == (due, datetime(2026, 11, 23, 9, 24, tzinfo=UTC))
    for hour, expected in ((17, 0), (18, 1)):
        reviews.at(23, hour)
        cco = signed_in(reviews.app, CCO)
        page = cco.get(f"/monitor/tasks?process={KEY}&due=risk").text
        assert page.count("data-list-row") == expected
        assert ('data-due="risk"' in cco.get(f"/monitor/tasks?process={KEY}").text) is bool(expected)


def test_the_working_time_of_a_task_is_kept_when_it_ends(reviews: Reviews) -> None:
    two_days(reviews)
    task = engine.tables.user_task.c
    with database_of(reviews.app).read() as session:
        rows_of = session.execute(
            select(task.business_key, task.node_id, task.worked_minutes)
            .where(task.definition_key == KEY, task.state == "completed")
            .order_by(task.ended_at, task.business_key)
        ).all()
    assert [tuple(row) for row in rows_of] == [
        ("A", "inspect", 2 * 60),
        ("B", "inspect", 6 * 60),
        ("C", "inspect", 10 * 60),
        ("A", "decide", 10 * 60),
        ("A", "inspect", 60),
        ("B", "decide", 8 * 60),
        ("F", "inspect", 2 * 60),
    ]
