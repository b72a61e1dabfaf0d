"""The front desk, the pages of matters, what different people see of them, and the programs' way to the same."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from openpyxl import load_workbook

import engine
from tests.conftest import SignIn
from tests.support.forms import submit
from tests.support.matters import Matters
from tests.support.rest import program

WORDS = "你们的报价单上没有写运费，\n能不能今天给我一个总价？ <script>"
TAKEN: dict[str, str] = {"channel": "phone", "caller_name": "陈佳宁", "concern": "asks", "verbatim": WORDS}


@pytest.fixture
def matters(app: Flask, clock: engine.VirtualClock) -> Matters:
    """The matters of the demo company."""
    return Matters(app, clock)


def test_initials_telephone_and_company_find_who_is_calling(sign_in: SignIn) -> None:
    agent = sign_in("li.na")
    for words in ("cjn", "CJN 京重", "13822633920", "+86 138-2263 3920", "（138）2263-3920", "chenjia", "佳宁"):
        found = agent.get("/matters/desk/callers", query_string={"q": words}).text
        assert "陈佳宁" in found, words
        assert "北京京重机床有限公司" in found, words
    assert "谢思远" not in agent.get("/matters/desk/callers?q=cjn").text  # a colleague who was not meant
    company = agent.get("/matters/desk/callers?q=京重").text
    assert company.count("data-found") == 1
    assert "Nobody found" in agent.get("/matters/desk/callers?q=qqqq").text
    assert "Nobody found" in agent.get("/matters/desk?q=qqqq").text  # the same without scripts
    assert "data-found" not in agent.get("/matters/desk/callers?q=").text
    for hostile in ("%00", "'\"", "*", "(" * 300):
        assert agent.get("/matters/desk/callers", query_string={"q": hostile}).status_code == 200


def test_zs_finds_zhang_san_as_soon_as_he_is_added(sign_in: SignIn, matters: Matters) -> None:
    agent = sign_in("li.na")
    new = TAKEN | {"caller_name": "张三", "caller_phone": "13900001111", "caller_company": "武汉三星机械厂", "add": "1"}
    taken = submit(agent, "/matters/desk", new, page="/matters/desk")
    assert taken.status_code == 303
    found = agent.get("/matters/desk/callers?q=zs").text
    assert "张三" in found
    assert "武汉三星机械厂" in found


def test_a_duplicate_is_warned_of_and_added_only_when_the_agent_insists(sign_in: SignIn, app: Flask) -> None:
    agent = sign_in("li.na")
    near = TAKEN | {"caller_name": "新人", "caller_company": "京重机床股份有限公司", "add": "1"}
    hint = agent.get("/matters/desk/similar", query_string={"caller_company": "京重机床股份有限公司"}).text
    assert "北京京重机床有限公司" in hint
    refused = submit(agent, "/matters/desk", near, page="/matters/desk")
    assert refused.status_code == 422
    assert "Perhaps we know this customer" in refused.text
    assert "北京京重机床有限公司" in refused.text
    assert "新人" in refused.text  # nothing typed is lost
    assert "你们的报价单上没有写运费" in refused.text
    assert "Nobody found" in agent.get("/matters/desk/callers?q=新人").text
    same_number = TAKEN | {
        "caller_name": "甲",
        "caller_phone": "+86 13822633920",
        "caller_company": "别的厂",
        "add": "1",
    }
    assert submit(agent, "/matters/desk", same_number, page="/matters/desk").status_code == 422
    assert submit(agent, "/matters/desk", near | {"anyway": "1"}, page="/matters/desk").status_code == 303
    twice = near | {"caller_company": "北京京重机床有限公司", "anyway": "1"}
    assert "There is a customer with this name already" in submit(agent, "/matters/desk", twice).text


def test_a_call_is_registered_and_goes_on_to_its_classification(sign_in: SignIn, matters: Matters) -> None:
    agent = sign_in("li.na")
    given = TAKEN | {"customer_id": matters.customer(), "contact_id": matters.contact()}
    taken = submit(agent, "/matters/desk", given, page="/matters/desk")
    assert re.search(r"/inbox/tasks/", taken.location)
    page = agent.get(taken.location).text
    assert "Now say what kind it is" in page
    assert "Beijing marketing centre" in page and "Marketing centre 1" not in page  # as the company names it
    panel = re.search(r'hx-get="(/matters/CUS-[0-9-]+/panel)"', page)
    assert panel
    assert "&lt;script&gt;" in agent.get(panel[1]).text
    number = panel[1].split("/")[2]
    row = matters.row(number)
    assert (row.verbatim, row.customer_id, row.registered_by) == (WORDS, int(matters.customer()), "li.na")


def test_a_refused_call_keeps_everything_and_names_each_field(sign_in: SignIn) -> None:
    agent = sign_in("li.na", language="zh")
    answer = submit(agent, "/matters/desk", {"channel": "fax", "caller_phone": "0108888", "caller_name": "某人"})
    for named in ("客户原话：此项必填", "客户来意：此项必填"):  # above the form, with a link to each
        assert named in answer.text
    assert answer.status_code == 422
    for kept in ('value="0108888"', 'value="某人"', 'value="fax" selected'):
        assert kept in answer.text
    assert answer.text.count("此项必填") >= 2
    for wrong in ({"customer_id": "x"}, {"customer_id": "9" * 30}, {"about": "CUS-2026-999999"}):
        assert submit(agent, "/matters/desk", TAKEN | wrong).status_code in (404, 422)


def test_the_second_call_begins_where_the_first_one_stopped(sign_in: SignIn, matters: Matters) -> None:
    first = matters.classified("inquiry", customer_id=matters.customer(), contact_id=matters.contact())
    agent = sign_in("li.na")
    assert "Where the last contact stopped" not in agent.get("/matters/desk").text
    page = agent.get(f"/matters/desk?customer={matters.customer()}").text
    for shown in ("Where the last contact stopped", first, "inquiry?", "nothing was agreed", 'value="陈佳宁"'):
        assert shown in page
    assert re.search(r"Beijing marketing centre", page)  # who holds it
    matters.pass_time(timedelta(minutes=20))  # a session ends after half an hour of rest
    more = {"channel": "email", "about": first, "verbatim": "还有一件事", "customer_id": matters.customer()}
    added = submit(agent, "/matters/desk", more, page="/matters/desk")
    assert added.location.endswith(f"/matters/{first}")
    shown_now = agent.get(added.location).text
    assert "还有一件事" in shown_now
    lead = matters.member("centre_1")
    assert "还有一件事" in sign_in(lead).get("/notices").text
    again = agent.get(f"/matters/desk?customer={matters.customer()}").text
    assert "E-mail" in again.split('id="last-contact"')[1].split("</div></div>")[0]  # this time they wrote


def test_an_unknown_caller_is_known_again_by_the_number(sign_in: SignIn, matters: Matters) -> None:
    number = matters.register(caller_name="路人", caller_phone="02788889999")
    agent = sign_in("li.na")
    assert number in agent.get("/matters/desk/similar?caller_phone=02788889999").text
    page = agent.get("/matters/desk/caller?phone=02788889999").text
    assert number in page
    assert 'value="02788889999"' in page


def test_the_list_filters_and_exports_what_it_shows(sign_in: SignIn, matters: Matters) -> None:
    asked = matters.classified("inquiry", customer_id=matters.customer(), verbatim="运费怎么计算")
    order = matters.classified("order", channel="email", verbatim="货到哪里了")
    matters.do(
        asked,
        "handle_matter",
        matters.member("centre_1"),
        outcome="declined",
        reason="不归我们",
        next_department="logistics",
    )
    cco = sign_in("lin.wanqing")
    only: dict[str, tuple[str, str]] = {
        "kind=inquiry": (asked, order),
        "kind=order": (order, asked),
        "transfers=1": (asked, order),
        "hops=2": (asked, order),
        "channel=email": (order, asked),
        "customer=京重": (asked, order),
        "q=费怎": (asked, order),
        "route=centre_1": (asked, order),
        "route=logistics": (order, asked),
        "region=centre_1": (asked, order),
    }
    for query, (shown, hidden) in only.items():
        page = cco.get(f"/matters?{query}").text
        assert shown in page, query
        assert hidden not in page, query
    assert asked in cco.get("/matters?department=logistics&state=open").text
    assert asked not in cco.get("/matters?overdue=1").text
    assert asked not in cco.get("/matters?received_from=2026-11-24").text
    rows = list(csv.reader(io.StringIO(cco.get("/matters?export=csv&kind=inquiry").data.decode("utf-8-sig"))))
    line = dict(zip(rows[0], rows[1], strict=True))
    assert (line["Matter"], line["Kind of matter"], line["Transfers"]) == (asked, "Inquiry", "1")
    assert line["In the customer's words"] == "运费怎么计算"
    book = load_workbook(io.BytesIO(cco.get("/matters?export=xlsx&kind=inquiry").data))
    assert [cell.value for cell in next(book.active.iter_rows())] == rows[0]
    assert sign_in("li.na").get("/matters?export=csv").status_code == 403


def test_the_page_tells_who_had_it_how_long_and_why_it_went_there(sign_in: SignIn, matters: Matters) -> None:
    number = matters.classified("inquiry", customer_id=matters.customer(), copies=["logistics"])
    matters.pass_time(timedelta(hours=2))
    holder = matters.member("centre_1")
    matters.do(number, "handle_matter", holder, outcome="declined", reason="运费归物流", next_department="logistics")
    page = sign_in("li.na").get(f"/matters/{number}").text
    bars = [tuple(map(float, found)) for found in re.findall(r'x="([\d.]+)%" y="0" width="([\d.]+)%"', page)]
    end = 0.0
    for start, width in bars:
        assert start == pytest.approx(end, abs=0.01)  # no gap, no overlap
        end = start + width
    assert end == pytest.approx(100, abs=0.01)
    for text in ("2 h", "运费归物流", "declined", "Beijing marketing centre → Logistics", "Row 7", "not read yet"):
        assert text in page, text
    assert "An inquiry: the marketing centre of the region" in page
    row = matters.row(number)
    assert str(row.verbatim_sha256)[:12] in page

    told = sign_in(matters.member("logistics_lead"))
    assert f'hx-post="/matters/{number}/read"' in told.get(f"/matters/{number}").text
    assert submit(told, f"/matters/{number}/read").status_code == 204
    assert 'hx-post="/matters/' not in told.get(f"/matters/{number}").text
    assert re.search(r"read 23 Nov 2026", sign_in("li.na").get(f"/matters/{number}").text)


def test_who_has_nothing_to_do_with_a_matter_does_not_know_of_it(sign_in: SignIn, matters: Matters, app: Flask) -> None:
    number = matters.classified("inquiry", customer_id=matters.customer())
    own, other = sign_in(matters.member("centre_1")), sign_in(matters.member("centre_2"))
    for path in ("", "/panel", "/current"):
        assert own.get(f"/matters/{number}{path}").status_code == 200
        assert other.get(f"/matters/{number}{path}").status_code == 404
    assert submit(other, f"/matters/{number}/read").status_code == 404
    assert number not in other.get("/matters").text
    assert program(app, matters.member("centre_2")).get(f"/api/v1/matters/{number}").status_code == 404
    assert own.get("/matters/desk").status_code == 403
    assert submit(own, f"/matters/{number}/supplements", {"text": "x"}).status_code == 403
    assert sign_in("fang.chen").get(f"/matters/{number}").status_code in (403, 404)


def test_what_the_customer_adds_needs_words_and_a_channel(sign_in: SignIn, matters: Matters) -> None:
    number = matters.classified("inquiry")
    agent = sign_in("li.na")
    for wrong in ({"text": "  "}, {"text": "好", "channel": "pigeon"}):
        answer = submit(agent, f"/matters/{number}/supplements", wrong)
        assert answer.status_code == 422
        assert wrong["text"] in answer.text
    assert submit(agent, f"/matters/{number}/supplements", {"text": "请快一点"}).status_code == 303
    assert "请快一点" in agent.get(f"/matters/{number}").text


def test_a_program_takes_a_contact_in_reads_it_and_adds_to_it(matters: Matters, app: Flask) -> None:
    desk = program(app, "li.na")
    started = desk.post("/api/v1/matters", {"values": TAKEN | {"customer_id": matters.customer()}})
    assert started.status_code == 201, started.get_json()
    number = started.get_json()["number"]
    assert started.get_json()["registered"] is True
    missing = desk.post("/api/v1/matters", {"values": {"channel": "phone"}})
    assert missing.status_code == 422
    assert {"caller_name", "verbatim", "concern"} <= set(missing.get_json()["errors"])
    waits = desk.post("/api/v1/matters", {"values": {"channel": "fax", "verbatim": "看不清"}, "may_wait": True})
    assert waits.get_json()["registered"] is False
    assert desk.post(f"/api/v1/matters/{number}/supplements", {"text": "补充"}).status_code == 204
    assert desk.post(f"/api/v1/matters/{number}/supplements", {"text": " "}).status_code == 422
    one = desk.get(f"/api/v1/matters/{number}").get_json()
    assert one["verbatim"] == WORDS
    assert [held["department"] for held in one["holdings"]] == ["customer_support"]
    assert [said["text"] for said in one["supplements"]] == ["补充"]
    assert one["open_tasks"][0]["node_id"] == "classify"
    listed = desk.get("/api/v1/matters", q="运费", limit=1).get_json()
    assert (listed["count"], listed["matters"][0]["number"], listed["next"]) == (1, number, None)
    first = desk.get("/api/v1/matters", limit=1).get_json()
    assert desk.get("/api/v1/matters", limit=1, after=first["next"]).get_json()["matters"][0]["number"] == number
    clerk = program(app, matters.member("finance"))
    assert number not in [row["number"] for row in clerk.get("/api/v1/matters").get_json()["matters"]]
    assert clerk.post("/api/v1/matters", {"values": TAKEN}).status_code == 403
