"""The record of a complaint is as it was, on both databases, whoever writes."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import engine
from app.complaints.immutability import REFUSED
from app.db import Database
from tests.support.application import database_of
from tests.support.complaints import Cases

LATE = "'2026-11-23 01:00:00'"
FORBIDDEN = [
    "DELETE FROM complaint WHERE number = :number",
    "UPDATE complaint SET summary = 'x' WHERE number = :number",
    "UPDATE complaint SET archived_at = NULL WHERE number = :number",
    "UPDATE complaint SET verbatim = 'x' WHERE number = :number",
    "UPDATE complaint_step SET actor = 'x' WHERE number = :number",
    "DELETE FROM complaint_step WHERE number = :number",
    "UPDATE complaint_penalty SET amount = 0 WHERE number = :number",
    "DELETE FROM complaint_penalty WHERE number = :number",
    "UPDATE complaint_visit SET satisfaction = 5 WHERE number = :number",
    "DELETE FROM complaint_action WHERE number = :number",
    "UPDATE complaint_action SET cost = 0 WHERE number = :number",
    "UPDATE complaint_department SET department_key = 'x' WHERE number = :number",
    "INSERT INTO complaint_department (number, department_key, role, reason, from_at)"
    f" VALUES (:number, 'x', 'intake', '', {LATE})",
    "INSERT INTO complaint_supplement (number, kind, text, files, added_at, added_by)"
    f" VALUES (:number, 'supplement', 'x', '[]', {LATE}, 'x')",
]


def _refused(database: Database, statement: str, number: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        database.write(lambda session: session.execute(text(statement), {"number": number}))
    assert REFUSED in str(refused.value.orig)


def test_nothing_of_a_closed_complaint_changes(each_app: Flask, clock: engine.VirtualClock) -> None:
    number = Cases(each_app, clock).to_archive()
    for statement in FORBIDDEN:
        _refused(database_of(each_app), statement, number)


def test_the_customers_words_never_change_while_the_summary_may(each_app: Flask, clock: engine.VirtualClock) -> None:
    cases = Cases(each_app, clock)
    number = cases.register()
    before = cases.row(number)
    for change in ("verbatim = 'x'", "verbatim = NULL", "verbatim_sha256 = 'x'"):
        _refused(database_of(each_app), f"UPDATE complaint SET {change} WHERE number = :number", number)
    _refused(database_of(each_app), "DELETE FROM complaint WHERE number = :number", number)
    statement = text("UPDATE complaint SET summary = 'better' WHERE number = :number")
    database_of(each_app).write(lambda session: session.execute(statement, {"number": number}))
    after = cases.row(number)
    assert (after.verbatim, after.verbatim_sha256) == (before.verbatim, before.verbatim_sha256)
    assert after.summary == "better"
