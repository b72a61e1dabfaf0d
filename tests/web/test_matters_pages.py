"""The front desk, the pages of matters and what different people see of them."""

from __future__ import annotations

from flask import Flask

from tests.conftest import SignIn
from tests.support.application import database_of
from tests.support.forms import submit

WORDS = "你们的报价单上没有写运费，\n能不能今天给我一个总价？"


def test_initials_telephone_and_company_find_who_is_calling(sign_in: SignIn) -> None:
    agent = sign_in("li.na")
    for words in ("cjn", "13822633920", "+86 138-2263 3920", "京重", "chenjia"):
        found = agent.get("/matters/desk/callers", query_string={"q": words}).text
        assert "陈佳宁" in found or words == "京重", (words, found)
        assert "北京京重机床有限公司" in found, words
    assert "Nobody found" in agent.get("/matters/desk/callers?q=qqqq").text
    print(agent.get("/matters/desk?customer=1").text)
    assert agent.get("/matters/desk?customer=1").status_code == 200
    assert agent.get("/matters").status_code == 200
