"""What only the doorbell of many machines does: rings inside transactions, short tables, a schema that moves along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

import engine
from app import migrations
from app.migrations import doorbell
from config import Settings, SettingsError
from engine.jobs.procrastinate_bell import SWEEP_SECONDS
from tests.support.doorbells import bell_for, prepared_url
from tests.support.engine_world import World, fresh_url, world
from tests.support.postgres import PostgresServer

KIND = "postgresql-procrastinate"
CLOCK = engine.SystemClock()


@pytest.fixture
def url(postgres_server: PostgresServer, tmp_path: Path) -> str:
    return prepared_url(KIND, tmp_path, lambda: postgres_server)


@pytest.fixture
def keliu(url: str) -> Iterator[World]:
    with world(url, clock=CLOCK, bell=bell_for(KIND, url)) as opened:
        opened.handlers.register_work("note", lambda _session, _work: None)
        yield opened


def rows(keliu: World, table: str) -> list[Any]:
    with keliu.database.engine.connect() as connection:
        return list(connection.exec_driver_sql(f"SELECT * FROM procrastinate_{table} ORDER BY 1").all())


def until(wanted: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_rings_are_part_of_the_transaction_and_few(keliu: World) -> None:
    def ordered(session: Any, fails: bool = False) -> None:
        for number in range(40):
            engine.execute(session, engine.AddWork(topic="note", payload={"number": number}))
        far = CLOCK.now() + timedelta(hours=1)
        engine.execute(session, engine.AddWork(topic="note", due_at=far))
        if fails:
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        keliu.database.write(lambda session: ordered(session, fails=True))
    assert rows(keliu, "jobs") == []

    keliu.database.write(ordered)

    rings = rows(keliu, "jobs")
    assert len(rings) == 16
    assert {(ring.queue_name, ring.lock, ring.queueing_lock, ring.scheduled_at) for ring in rings} == {
        ("keliu", None, None, None)
    }


def test_a_sweep_finds_what_nobody_rang_for_and_leaves_the_tables_empty(keliu: World, url: str) -> None:
    with world(url, clock=CLOCK, create=False) as silent:
        silent.handlers.register_work("note", lambda _session, _work: None)
        worker = engine.jobs.Worker(keliu.database, engine.jobs.worker_name("worker"))
        worker.start()
        try:
            time.sleep(0.5)
            silent.do(engine.AddWork(topic="note"))
            with silent.database.engine.begin() as connection:  # what a killed worker leaves behind, and an old ring
                left = "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at) VALUES ('keliu', "
                connection.exec_driver_sql(
                    left + "'keliu.ring', 'doing', NULL), ('keliu', 'keliu.ring', 'failed', NULL)"
                )
                connection.exec_driver_sql(left + "'gone', 'todo', now() - interval '2 minutes' + interval '0')")
            until(lambda: keliu.ask(engine.queries.jobs) == (), SWEEP_SECONDS + 10)
            until(lambda: rows(keliu, "jobs") == [], SWEEP_SECONDS + 10)
        finally:
            worker.stop()
    assert rows(keliu, "events") == []
    assert rows(keliu, "workers") == []


def test_the_tables_follow_the_installed_package(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """An older package had fewer files; the newer one runs those that are new, once."""
    url = fresh_url("postgresql", tmp_path, lambda: postgres_server)
    database = create_engine(url)
    with database.connect() as connection:
        assert not doorbell.is_current(connection)
        first, *newer = doorbell._files()
        connection.exec_driver_sql(
            f"CREATE TABLE {doorbell.TABLE} (file text PRIMARY KEY, applied_at timestamptz NOT NULL)"
        )
        connection.commit()
        doorbell._run(connection, first.read_text(encoding="utf-8"), [first])
        assert not doorbell.is_current(connection)

        assert doorbell.upgrade(connection) == len(newer)

        assert doorbell.is_current(connection)
        assert doorbell.upgrade(connection) == 0
        assert connection.exec_driver_sql("SELECT procrastinate_register_worker_v1()").scalar() == 1
    database.dispose()


def test_the_upgrade_makes_the_tables_of_the_chosen_doorbell_only(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = fresh_url("postgresql", tmp_path, lambda: postgres_server)
    migrations.upgrade(url)
    assert migrations.hears(url, "aps") and not migrations.hears(url, "procrastinate")

    migrations.upgrade(url, doorbell="procrastinate")

    assert migrations.hears(url, "procrastinate")


def test_sqlite_has_no_doorbell_of_many_machines(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="needs PostgreSQL"):
        Settings.from_environment({"KELIU_DOORBELL": "procrastinate"}, data=tmp_path)
