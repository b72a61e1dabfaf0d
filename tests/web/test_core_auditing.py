"""The chains of history and audit log from the command line, and the job that seals them every hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

import engine
from app import auditing
from tests.support.application import advance, database_of
from tests.support.tampering import lift_guards


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    """``keliu audit …`` within the application."""
    with app.app_context():
        found = app.test_cli_runner().invoke(auditing.audit, list(arguments))
    return found.exit_code, found.output


def test_the_demo_company_is_whole_until_somebody_rewrites_its_past(app: Flask) -> None:
    status, said = run(app, "verify")
    assert (status, said.split(", ")[-1]) == (0, "0 broken\n")

    digest = run(app, "seal")[1].splitlines()[-1].split()[1]
    assert run(app, "verify", "--seal", digest)[0] == 0
    assert run(app, "verify", "--seal", "0" * 64)[0] == 1

    forge = text("UPDATE history_event SET actor = 'somebody.else' WHERE id = 5")
    database_of(app).write(lift_guards)
    database_of(app).write(lambda session: session.execute(forge) and None)
    status, said = run(app, "verify")
    assert status == 1
    assert said.startswith("history_event ")
    assert "1 broken" in said


@pytest.mark.empty_database
def test_the_chains_are_sealed_every_hour(app: Flask, clock: engine.VirtualClock) -> None:
    database = database_of(app)
    for _ in range(2):
        database.write(auditing.begin)
    advance(database, clock, timedelta(hours=3))
    with database.read() as session:
        assert len(engine.queries.seals(session)) == 3
