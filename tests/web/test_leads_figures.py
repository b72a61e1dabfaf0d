"""Figures about leads equal what was worked out by hand and what plain SQL counts, and open the leads they count."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.leads import figures
from app.leads.models import Lead, LeadHorizon
from tests.support.application import database_of, principal_of, signed_in

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2020, 11, 23)
PERIOD = figures.Period(date(2020, 9, 1), TODAY, ZONE)
CCO = "lin.wanqing"

# 80 qualified leads, worked out by hand. Each line: how many, horizon at first, source, owner, month of qualification,
# how many of them were won (each so many months early), how many lost (reason).
GROUPS: tuple[tuple[int, str, str, str, int, int, int, int, str], ...] = (
    (30, "now", "form", "qin.haiyan", 9, 12, 0, 6, "price"),
    (20, "three_months", "form", "qin.haiyan", 10, 6, 2, 4, "rival"),
    (10, "three_months", "import", "you.junjie", 10, 2, -1, 0, ""),
    (20, "one_year", "import", "shi.jiaqi", 11, 0, 0, 2, "price"),
)
"""Together 80 leads, 20 won, 12 lost."""


def fill(session: Session) -> None:
    number = 0
    for count, horizon, source, owner, month, won, months, lost, reason in GROUPS:
        for index in range(count):
            number += 1
            at = datetime(2020, month, 1 + index % 20, 3, tzinfo=UTC)
            ended = datetime(2020, 11, 20, 3, tzinfo=UTC)
            state = "won" if index < won else "lost" if index < won + lost else "open"
            facts: dict[str, Any] = {"won_at": ended, "months_advanced": months} if state == "won" else {}
            facts |= {"lost_at": ended, "lost_reason": reason} if state == "lost" else {}
            lead = Lead(number=f"LEAD-2020-{number:06}", source=source, owner=owner, state=state, horizon=horizon)
            lead.company, lead.captured_at, lead.captured_by, lead.qualified_at = f"公司{number}", at, "li.na", at
            for name, value in facts.items():
                setattr(lead, name, value)
            session.add(lead)
            session.flush()
            first = LeadHorizon(number=lead.number, horizon=horizon, entered_at=at, reason="qualified")
            first.days_to_purchase, first.purchase_date = 10, TODAY
            session.add(first)
    closed = Lead(number="LEAD-2020-900001", source="form", state="closed", company="重复", captured_by="li.na")
    closed.captured_at = closed.qualified_at = datetime(2020, 10, 5, 3, tzinfo=UTC)
    before = Lead(number="LEAD-2020-900002", source="form", state="won", company="更早", captured_by="li.na")
    before.captured_at = before.qualified_at = datetime(2020, 8, 31, 15, 59, tzinfo=UTC)  # a minute before September
    before.won_at, before.months_advanced = datetime(2020, 8, 31, 15, 59, tzinfo=UTC), 9
    session.add_all([closed, before])


def rows_of(found: list[figures.Conversion]) -> dict[str, tuple[int, int, int, float]]:
    return {row.key: (row.leads, row.won, row.lost, row.percent) for row in found}


@pytest.mark.empty_database
def test_figures_equal_what_was_worked_out_by_hand(each_app: Flask) -> None:
    database = database_of(each_app)
    database.write(fill)
    person = _everything()
    with database.read() as session:
        by = {
            name: rows_of(figures.conversion(session, person, PERIOD, name))
            for name in ("product", "horizon", "source", "owner", "cohort")
        }
        advanced = figures.months_advanced(session, person, PERIOD, "owner")
        lost = figures.lost_reasons(session, person, PERIOD)
        funnel = {row.key: row.leads for row in figures.funnel(session, person, PERIOD)}
        weeks = figures.inflow(session, person, TODAY, ZONE)
        plain = session.execute(
            text(
                "SELECT count(*), sum(CASE WHEN state = 'won' THEN 1 ELSE 0 END) FROM lead "
                "WHERE number < 'LEAD-2020-9' AND state <> 'closed'"
            )
        ).one()
    assert by["product"] == {"": (80, 20, 12, 25.0)}
    assert tuple(plain) == (80, 20)
    assert by["horizon"] == {
        "now": (30, 12, 6, 40.0),
        "three_months": (30, 8, 4, 26.7),
        "one_year": (20, 0, 2, 0.0),
    }
    assert by["source"] == {"form": (50, 18, 10, 36.0), "import": (30, 2, 2, 6.7)}
    assert by["owner"] == {
        "qin.haiyan": (50, 18, 10, 36.0),
        "you.junjie": (10, 2, 0, 20.0),
        "shi.jiaqi": (20, 0, 2, 0.0),
    }
    assert by["cohort"] == {"2020-09": (30, 12, 6, 40.0), "2020-10": (30, 8, 4, 26.7), "2020-11": (20, 0, 2, 0.0)}
    for rows in by.values():
        assert (sum(row[0] for row in rows.values()), sum(row[1] for row in rows.values())) == (80, 20)
    assert [(row.key, row.won, row.months, row.earlier, row.later) for row in advanced] == [
        ("qin.haiyan", 18, 12, 6, 0),
        ("you.junjie", 2, -2, 0, 2),
    ]
    assert [(row.key, row.leads) for row in lost] == [("price", 8), ("rival", 4)]
    assert funnel == {"captured": 81, "qualified": 80, "now": 30, "won": 20}
    assert sum(week.total for week in weeks) == 81 - 12  # the twelve weeks begin on 7 September; twelve came before
    assert weeks[-1].week.first == date(2020, 11, 23)


def _everything() -> Any:
    from app.security import Principal

    return Principal(login=CCO, name="林婉清", permissions=frozenset({"lead.view_all", "task.work"}))


def test_every_number_opens_as_many_leads_as_it_says(app: Flask) -> None:
    database_of(app).write(fill)
    cco = signed_in(app, CCO)
    page = cco.get("/leads/figures?from=2020-09-01&to=2020-11-23").text
    assert "won ÷ qualified" in page
    links = {
        link.replace("&amp;", "&"): count
        for link, count in re.findall(r'href="(/leads/figures/leads\?[^"]+)">([\d,]+)<', page)
    }
    assert len(links) > 40
    some = sorted(links.items())[:: max(1, len(links) // 14)]
    for link, count in some:
        shown = cco.get(link).text
        total = re.search(r'role="status">\s*([\d,]+) entr', shown)
        assert total is not None, link
        assert total[1] == count, link
    assert cco.get("/leads/figures?from=2020-13-01").status_code == 422
    assert "Choose a period of at most three years" in cco.get("/leads/figures?from=0001-01-01&to=9999-12-31").text


def test_a_director_counts_the_own_centre_only(app: Flask) -> None:
    database_of(app).write(fill)
    with database_of(app).read() as session:
        rows = figures.conversion(session, principal_of(app, "yang.zhigang"), PERIOD, "owner")
    assert {row.key for row in rows} == {"qin.haiyan", "you.junjie"}
