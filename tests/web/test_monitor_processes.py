"""All instances of a process: overview, diagram with its table, working times; worked out by hand and in plain SQL."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

import engine
from tests.support.application import database_of, signed_in
from tests.support.review import Reviews, two_days

CCO, HEAD, OTHER_HEAD = "lin.wanqing", "he.jing", "jiang.haibo"
OPEN = "definition_key = 'review' AND state IN ('created', 'claimed')"


@pytest.fixture
def reviews(each_app: Flask, clock: engine.VirtualClock) -> Reviews:
    """None yet."""
    return Reviews(each_app, clock)


def rows(page: str, part: str) -> dict[str, list[str]]:
    """First column → the other columns of the table in the part with this id, without its head."""
    card = page.split(f'id="{part}"')[1].split("</table>")[0]
    found = {}
    for row in re.findall(r"<tr.*?</tr>", card.split("</thead>")[1], re.DOTALL):
        cells = [unescape(" ".join(re.sub(r"<[^>]+>", " ", cell).split())) for cell in re.findall(CELL, row, re.DOTALL)]
        found[cells[0]] = cells[1:]
    return found


CELL = r"<t[hd].*?</t[hd]>"


def tiles(page: str, key: str) -> dict[str, str]:
    """The numbers of a process of the overview."""
    card = page.split(f'id="process-{key}"')[1].split("</dl>")[0]
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", card, re.DOTALL)
    return {term: re.sub(r"<[^>]+>", "", value).strip() for term, value in pairs}


def link(page: str, part: str, text_of: str, row: str = "") -> str:
    """The address behind a number of a part of the page, of the row that has this word."""
    card = page.split(f'id="{part}"')[1].split("</table>" if row else "</dl>")[0]
    if row:
        card = next(one for one in re.findall(r"<tr.*?</tr>", card, re.DOTALL) if row in one)
    found = re.findall(r'href="([^"]+)"[^>]*>([^<]+)</a>', card)
    return unescape(next(address for address, shown in found if shown.strip() == text_of))


def listed(client: FlaskClient, address: str) -> int:
    """How many rows the list at an address shows."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.text.count("data-list-row")


def test_the_figures_of_two_days_are_those_worked_out_by_hand(reviews: Reviews) -> None:
    first, second = two_days(reviews)
    cco = signed_in(reviews.app, CCO)
    overview = tiles(cco.get("/monitor").text, "review")
    assert overview["Running"] == "7"
    assert overview["Suspended"] == "0"
    assert overview["Open tasks"] == "6"
    assert overview["Overdue"] == "1"
    assert overview["At risk"] == "1"
    assert overview["Due today"] == "1"
    assert overview["Ended in 7 days"] == "0"
    table = rows(cco.get("/monitor/processes/key/review").text, "activities")
    inspect = next(value for key, value in table.items() if key.endswith("检查"))
    #                                     median, 90th percentile of 1, 2, 2, 6, 10 hours
    assert inspect == ["3", "1", "0", "5", "2 working hours", "10 working hours", "80 %", "20 %"]
    assert table["决定"] == ["3", "0", "0", "2", "9 working hours", "10 working hours", "–", "0 %"]
    assert table["wait"][0] == "1"
    of_first = rows(cco.get(f"/monitor/processes/{first}").text, "activities")
    assert [value[0] for value in of_first.values()] == ["2", "3", "1"]
    of_second = rows(cco.get(f"/monitor/processes/{second}").text, "activities")
    assert [value[0] for value in of_second.values()] == ["1", "0"]
    assert cco.get("/monitor/processes/nothing:1:x").status_code == 404
    assert cco.get("/monitor/processes/key/nothing").status_code == 404


def test_a_number_opens_what_it_counts_and_equals_plain_sql(reviews: Reviews) -> None:
    two_days(reviews)
    cco = signed_in(reviews.app, CCO)
    overview, page = cco.get("/monitor").text, cco.get("/monitor/processes/key/review").text
    numbers = tiles(overview, "review")
    for name in ("Open tasks", "Overdue", "At risk", "Due today", "Running"):
        card = overview.split('id="process-review"')[1].split(f"<dt>{name}</dt>")[1]
        address = unescape(re.findall(r'href="([^"]+)"', card)[0])
        assert listed(cco, address) == int(numbers[name]), name
    assert listed(cco, link(page, "activities", "3", 'data-node="inspect"')) == 3
    assert listed(cco, link(page, "activities", "1", 'data-node="inspect"')) == 1  # overdue
    assert listed(cco, link(page, "activities", "5", 'data-node="inspect"')) == 5  # completed
    assert listed(cco, link(page, "activities", "1", 'data-node="wait"')) == 1
    with database_of(reviews.app).read() as session:
        open_tasks = session.scalar(text(f"SELECT COUNT(*) FROM user_task WHERE {OPEN}"))
        worked = session.scalars(
            text("SELECT worked_minutes FROM user_task WHERE definition_key = 'review' AND state = 'completed'")
        ).all()
        running = session.scalar(
            text("SELECT COUNT(*) FROM process_instance WHERE definition_key = 'review' AND ended_at IS NULL")
        )
    assert (str(open_tasks), str(running)) == (numbers["Open tasks"], numbers["Running"])
    assert sorted(worked) == [60, 120, 120, 360, 480, 600, 600]


def test_an_incident_is_counted_where_it_happened(reviews: Reviews) -> None:
    reviews.deploy()
    reviews.start("A")
    reviews.do("A", "song.yaqin")
    with pytest.raises(engine.EngineError):
        reviews.do("A", "song.yaqin", rounds="many")  # is no number
    cco = signed_in(reviews.app, CCO)
    assert tiles(cco.get("/monitor").text, "review")["Incidents"] == "1"
    table = rows(cco.get("/monitor/processes/key/review").text, "activities")
    assert sum(int(row[2]) for row in table.values()) == 1
    head = signed_in(reviews.app, HEAD)
    assert tiles(head.get("/monitor").text, "review")["Incidents"] == "1"


def test_a_supervisor_counts_the_own_departments(reviews: Reviews) -> None:
    two_days(reviews)
    head = signed_in(reviews.app, HEAD)
    overview = tiles(head.get("/monitor").text, "review")
    assert overview["Running"] == "6"  # B waits, and nobody has a task in it
    assert overview["Open tasks"] == "6"
    assert "Suspended" not in overview
    table = rows(head.get("/monitor/processes/key/review").text, "activities")
    assert table["决定"][3:5] == ["2", "9 working hours"]
    assert "wait" not in table
    other = signed_in(reviews.app, OTHER_HEAD)
    assert tiles(other.get("/monitor").text, "review")["Open tasks"] == "0"
    assert rows(other.get("/monitor/processes/key/review").text, "activities")["决定"][:4] == ["0", "0", "0", "0"]
    assert signed_in(reviews.app, "song.yaqin").get("/monitor").status_code == 403


def test_names_with_scripts_stay_text(reviews: Reviews) -> None:
    first = reviews.deploy()
    reviews.start("A")
    cco = signed_in(reviews.app, CCO)
    for address in (
        "/monitor",
        "/monitor/processes/key/review",
        f"/monitor/processes/{first}",
        "/monitor/tasks?process=review",
        "/monitor/tasks/completed?process=review&step=inspect",
        "/monitor/tasks/levels",
    ):
        answer = cco.get(address)
        assert answer.status_code == 200, address
        assert "<script>alert(1)" not in answer.text, address
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"], address
    page = cco.get("/monitor/processes/key/review").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;检查" in page
    assert "<keliu-diagram" in page
    assert cco.get(f"/monitor/processes/{first}/diagram.bpmn").mimetype == "application/xml"
    assert cco.get(f"/monitor/processes/{first}/names.json").json == {}


def test_the_control_room_leads_only_to_figures_one_may_open(app: Flask) -> None:
    for login, kinds in (("kang.ning", {"complaints", "leads"}), ("lin.wanqing", {"complaints", "leads", "matters"})):
        client = signed_in(app, login)
        for page in ("/monitor", "/monitor/figures"):
            found = set(re.findall(r'href="/(\w+)/figures"', client.get(page).text)) - {"monitor"}
            assert found == kinds
        assert {client.get(f"/{kind}/figures").status_code for kind in kinds} == {200}
