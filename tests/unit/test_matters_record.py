"""The record of a matter is as it was, on both databases; calls back to customers show how true it was."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import engine
from app.matters import queries
from app.matters.immutability import REFUSED
from app.matters.models import Matter
from tests.support.application import database_of
from tests.support.matters import Matters

ANSWERED: dict[str, Any] = {"outcome": "answered", "answer": "好的"}
REPLIED: dict[str, Any] = {"outcome": "replied", "channel": "phone", "reply": "好的"}
FORBIDDEN = [
    "DELETE FROM matter WHERE number = :number",
    "UPDATE matter SET verbatim = 'x' WHERE number = :number",
    "UPDATE matter SET verbatim = NULL WHERE number = :number",
    "UPDATE matter SET verbatim_sha256 = 'x' WHERE number = :number",
    "UPDATE matter_step SET actor = 'x' WHERE number = :number",
    "DELETE FROM matter_step WHERE number = :number",
    "UPDATE matter_transfer SET reason = 'x' WHERE number = :number",
    "DELETE FROM matter_transfer WHERE number = :number",
    "UPDATE matter_supplement SET text = 'x' WHERE number = :number",
    "UPDATE matter_holding SET person = 'x' WHERE number = :number",
    "UPDATE matter_holding SET to_at = NULL WHERE number = :number",
    "DELETE FROM matter_holding WHERE number = :number",
    "UPDATE matter_copy SET login = 'x' WHERE number = :number",
    "DELETE FROM matter_copy WHERE number = :number",
]
WRONG, UNREACHABLE = (2, 7), 10


def _done(matters: Matters, **first: Any) -> str:
    """A matter that was answered and told."""
    number = matters.classified("rival_news", copies=["finance"], **first)
    matters.send(number, "wu.xiaoyan", "还有一句")
    matters.do(number, "handle_matter", "xie.wenbo", **ANSWERED)
    matters.do(number, "reply_customer", "wu.xiaoyan", **REPLIED)
    return number


def test_nothing_of_what_was_recorded_changes(each_app: Flask, clock: engine.VirtualClock) -> None:
    matters = Matters(each_app, clock)
    number, database = _done(matters), database_of(each_app)
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError) as refused:
            database.write(lambda session, sql=statement: session.execute(text(sql), {"number": number}))  # type: ignore[misc]  # bound per turn
        assert REFUSED in str(refused.value.orig)
    better = text("UPDATE matter SET summary = 'better' WHERE number = :number")
    database.write(lambda session: session.execute(better, {"number": number}))
    assert matters.row(number).summary == "better"


def test_ten_records_checked_and_eight_true_are_eighty_percent(app: Flask, clock: engine.VirtualClock) -> None:
    matters, asked = Matters(app, clock), 0
    while asked <= UNREACHABLE:  # the same numbers are drawn in every run
        number = matters.classified("rival_news", login="zheng.kai", customer_id=matters.customer())
        matters.do(number, "handle_matter", "xie.wenbo", **ANSWERED)
        matters.do(number, "reply_customer", "zheng.kai", **REPLIED)
        if matters.waiting(number) != ["verify_with_customer"]:
            assert matters.row(number).state == "closed"
            continue
        assert set(matters.task(number).excluded_users) == {"zheng.kai", "xie.wenbo"}
        with pytest.raises(engine.NotAllowed):
            matters.do(number, "verify_with_customer", "zheng.kai", outcome="unreachable")
        if asked == UNREACHABLE:
            matters.do(number, "verify_with_customer", "wu.xiaoyan", outcome="unreachable")
        else:
            facts = matters.form(number, "wu.xiaoyan").values["facts"]
            assert facts[0] == {"fact": "Caller", "recorded": "陈佳宁"}
            facts = [{**facts[0], "correct": asked not in WRONG, "actual": "陈嘉宁" if asked in WRONG else ""}]
            matters.do(number, "verify_with_customer", "wu.xiaoyan", outcome="verified", facts=facts, satisfied=True)
        asked += 1
    with database_of(app).read() as session:
        (quality,) = queries.quality(session, Matter.source == "form")
        assert (quality.asked, quality.right, quality.share) == (10, 8, 0.8)
        assert quality.owner == "zheng.kai" and queries.quality(session, Matter.received_at > clock.now()) == []
        (last,) = queries.verifications(session, number)
        assert last.outcome == "unreachable" and queries.facts(session, [last.id]) == []
