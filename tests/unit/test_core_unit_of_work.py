"""One request, one commit: what is kept, what is thrown away, what is run again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask, abort, flash, get_flashed_messages, request
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

import engine
from app import db
from app.db import Database
from app.db.numbers import NumberSequence, next_number
from app.security import public
from tests.support.core import core_app, opened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.support.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"core_{abs(hash(request.node.name))}"
        with opened(server.create(name)) as found:
            yield found
        server.drop(name)
        return
    with opened(f"sqlite:///{tmp_path / 'core.sqlite3'}") as found:
        yield found


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    app = core_app(database, tmp_path)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _last(database: Database) -> int | None:
    with database.read() as session:
        return session.scalars(select(NumberSequence.last)).one_or_none()


def _write() -> str:
    return next_number(db.session(), "CMP", 2026)


def test_a_post_commits_once(app: Flask, database: Database) -> None:
    app.add_url_rule("/do", view_func=public(lambda: _write() and _write()), methods=["POST"])
    assert app.test_client().post("/do").text == "CMP-2026-000002"
    assert _last(database) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_a_refusal_keeps_nothing(app: Flask, database: Database, status: int) -> None:
    app.add_url_rule("/do", "returned", public(lambda: (_write(), status)), methods=["POST"])
    app.add_url_rule("/abort", "raised", public(lambda: _write() and abort(status)), methods=["POST"])
    for path in ("/do", "/abort"):
        assert app.test_client().post(path).status_code == status
    assert _last(database) is None


def test_an_error_of_ours_keeps_nothing_and_shows_a_page_with_the_request_id(app: Flask, database: Database) -> None:
    app.add_url_rule("/do", view_func=public(lambda: _write() and 1 / 0), methods=["POST"])
    response = app.test_client().post("/do")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.text
    assert "ZeroDivision" not in response.text
    assert _last(database) is None


def test_a_get_cannot_write(app: Flask, database: Database) -> None:
    app.add_url_rule("/look", view_func=public(lambda: _write()))
    assert app.test_client().get("/look").status_code == 500
    assert _last(database) is None


def test_the_database_itself_refuses_writes_of_readers(database: Database) -> None:
    with database.read() as session, pytest.raises(DBAPIError):
        next_number(session, "CMP", 2026)
    assert database.write(lambda session: next_number(session, "CMP", 2026)) == "CMP-2026-000001"


def test_a_lost_race_is_run_again_from_the_beginning(app: Flask, database: Database) -> None:
    uploads: list[bytes] = []

    @public
    def view() -> str:
        uploads.append(request.files["file"].read())
        flash("saved")
        number = _write()
        if len(uploads) < 3:
            raise engine.InstanceChanged(instance_id="x")
        return number

    app.add_url_rule("/do", view_func=view, methods=["POST"])
    app.add_url_rule("/look", "look", public(lambda: str(get_flashed_messages())))
    client = app.test_client()
    response = client.post("/do", data={"file": (_file(b"content"), "a.txt")})
    assert response.text == "CMP-2026-000001"
    assert uploads == [b"content"] * 3
    assert client.get("/look").text == "['saved']"


def _file(content: bytes) -> object:
    import io

    return io.BytesIO(content)


def test_after_three_lost_races_the_person_reads_that_someone_was_faster(app: Flask, database: Database) -> None:
    tries = []

    @public
    def view() -> str:
        tries.append(_write())
        raise engine.InstanceChanged(instance_id="x")

    app.add_url_rule("/do", view_func=view, methods=["POST"])
    response = app.test_client().post("/do")
    assert (response.status_code, len(tries)) == (409, 3)
    assert "Someone was faster" in response.text
    assert _last(database) is None


def test_work_of_its_own_survives_a_refusal(app: Flask, database: Database) -> None:
    def keep(session: Session) -> None:
        next_number(session, "LOG", 2026)

    @public
    def view() -> tuple[str, int]:
        _write()
        db.own_transaction(keep)
        return "no", 403

    app.add_url_rule("/do", view_func=view, methods=["POST"])
    app.test_client().post("/do")
    with database.read() as session:
        assert session.scalars(select(NumberSequence.prefix)).all() == ["LOG"]


def test_work_of_its_own_is_done_at_once_where_nothing_else_writes(app: Flask, database: Database) -> None:
    def keep(session: Session) -> None:
        next_number(session, "LOG", 2026)

    @public
    @db.without_unit_of_work
    def view() -> str:
        db.own_transaction(keep)
        return str(_last(database))

    app.add_url_rule("/do", view_func=view, methods=["POST"])
    assert app.test_client().post("/do").text == "1"


def test_what_the_engine_could_not_execute_becomes_an_incident(app: Flask, database: Database) -> None:
    command = engine.CompleteTask(task_id="t1", actor="wang.fang")

    @public
    def view() -> str:
        _write()
        failure = engine.ExecutionFailed(instance_id="i1", node_id="judge", reason="x")
        failure.command = command
        raise failure

    app.add_url_rule("/do", view_func=view, methods=["POST"])
    response = app.test_client().post("/do")
    assert response.status_code == 422
    assert "Your task stays open" in response.text
    assert _last(database) is None
    with database.read() as session:
        (row,) = session.execute(select(engine.tables.incident)).mappings()
    assert (row["instance_id"], row["node_id"], row["state"]) == ("i1", "judge", "open")
    assert "wang.fang" in str(row["command"])


def test_writers_queue_instead_of_failing(database: Database) -> None:
    given: list[str] = []

    def many() -> None:
        for _ in range(25):
            given.append(database.write(lambda session: next_number(session, "CMP", 2026)))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == [f"CMP-2026-{number:06d}" for number in range(1, 101)]
