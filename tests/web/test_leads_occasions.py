"""The pages about occasions and costs, as a supervisor uses them."""

from __future__ import annotations

import re

from flask import Flask

from tests.support.application import signed_in
from tests.support.forms import submit

BOSS = "lin.wanqing"
COSTS = "/leads/sources"


def test_a_supervisor_reads_the_rules_and_captures_what_waits(app: Flask) -> None:
    client = signed_in(app, BOSS)
    page = client.get("/leads/occasions").text
    assert "without the next one" in page and "lost 3 to 24 months ago" in page
    assert "less than 30 % of it" in page and "assumed" in page
    answer = submit(client, "/leads/occasions", {}, page="/leads/occasions", follow_redirects=True)
    assert answer.status_code == 200 and re.search(r"\d+ leads? (was|were) captured", answer.text)
    assert "购买下一产品的可能性" in signed_in(app, BOSS, language="zh").get("/leads/occasions").text
    assert signed_in(app, "qin.haiyan").get("/leads/occasions").status_code == 403


def test_costs_are_written_down_and_a_wrong_one_keeps_what_was_typed(app: Flask) -> None:
    client = signed_in(app, BOSS)
    wrong = submit(client, COSTS, {"heard_from": "", "month": "soon", "amount": "lots"}, page=COSTS)
    assert wrong.status_code == 422
    for said in ("Choose one of the values.", "Give a month like", "Give an amount from", 'value="lots"'):
        assert said in wrong.text
    way = re.findall(r'<option value="([a-z_]+)"', wrong.text)[0]
    submit(client, COSTS, {"heard_from": way, "month": "2026-11", "amount": "12,000"}, page=COSTS)
    assert "¥12,000.00" in client.get("/leads/sources").text


def test_what_a_customer_spends_is_an_amount(app: Flask) -> None:
    client = signed_in(app, "li.na")
    given = {"name": "新客户", "value_class": "B", "software_spend": "viel"}
    wrong = submit(client, "/customers", given, page="/customers/new")
    assert wrong.status_code == 422 and "This is not an amount." in wrong.text and 'value="viel"' in wrong.text
    right = submit(client, "/customers", given | {"software_spend": "1,200,000"}, page="/customers/new")
    assert "¥1,200,000.00" in client.get(right.headers["Location"]).text
