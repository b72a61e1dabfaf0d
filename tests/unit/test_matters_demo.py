"""The demo company's matters, in all states, among its complaints and leads."""

from __future__ import annotations

from collections import Counter

from flask import Flask
from sqlalchemy import select

import engine
from app.matters import demo
from app.matters.models import Matter
from tests.support.application import database_of
from tests.support.matters import Matters


def test_twenty_matters_of_the_demo_company_stand_where_their_stories_end(
    app: Flask, clock: engine.VirtualClock
) -> None:
    matters, database = Matters(app, clock), database_of(app)
    database.write(demo.load)  # a second time: nothing is added
    with database.read() as session:
        rows = {row.source_reference: row for row in session.scalars(select(Matter).where(Matter.source == "demo"))}
    assert len(rows) == 20
    states = Counter(row.state for row in rows.values())
    assert states.keys() == {"open", "waiting", "answered", "closed"} and states["waiting"] == 1
    nodes = Counter(node for row in rows.values() for node in matters.waiting(row.number))
    for node in ("classify", "handle_matter", "cco_decide", "reply_customer"):
        assert nodes[node] >= 1, nodes
    third = rows["demo-06"]
    assert third.transfers == 3 and matters.at(third.number) == ("cco_decide", ("cco",))
    assert str(rows["demo-10"].complaint_number).startswith("CMP-")
    assert str(rows["demo-08"].lead_number).startswith("LEAD-")
    assert [kind for _from, kind, _to in matters.way(rows["demo-16"].number)] == ["routed", "overdue"]
    for row in rows.values():
        matters.check_partition(row.number)
