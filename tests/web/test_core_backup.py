"""A backup made while people work is a database of one moment: whole, restorable, and refused when it was damaged."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

import engine
from app import backup, migrations
from app.cli import cli
from app.db import Database
from engine.tables import user_task
from engine.testing import check_instance
from tests.conftest import START
from tests.support.application import database_of
from tests.support.engine_world import TWO_TASKS

CASES = 40


@pytest.fixture
def target(each_app: Flask, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the same kind as that of ``each_app``."""
    if database_of(each_app).dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'keliu.sqlite3'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"restored_{abs(hash(request.node.name))}"
    yield server.create(name)
    server.drop(name)


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def start_cases(database: Database) -> list[str]:
    def work(session: object) -> list[str]:
        engine.execute(session, engine.Deploy(name="two", files={"two.bpmn": TWO_TASKS}))  # type: ignore[arg-type]
        command = engine.StartProcess(process_key="two_tasks")
        return [str(engine.execute(session, command).instance_id) for _ in range(CASES)]  # type: ignore[arg-type]

    return database.write(work)


def complete_all(database: Database, ids: list[str], begun: threading.Event) -> None:
    for instance_id in ids:
        for person in ("lin.mei", "wang.fang"):
            with database.read() as session:
                (task,) = engine.queries.open_tasks(session, instance_id)
            done = engine.CompleteTask(task_id=task.id, actor=person, groups=frozenset({"sales"}))
            database.write(lambda session, done=done: engine.execute(session, done))  # type: ignore[misc]  # bound now
        begun.set()


def completed(database: Database) -> int:
    with database.read() as session:
        return session.execute(select(func.count()).where(user_task.c.state == "completed")).scalar_one()


def test_a_backup_under_load_is_restored_as_it_was_at_one_moment(each_app: Flask, target: str, tmp_path: Path) -> None:
    database, file = database_of(each_app), tmp_path / "keliu.backup"
    ids = start_cases(database)
    before, begun = completed(database), threading.Event()
    people = [threading.Thread(target=complete_all, args=(database, ids[n::2], begun)) for n in range(2)]
    for person in people:
        person.start()
    assert begun.wait(60)
    backup.back_up(url_of(database), file, START)
    for person in people:
        person.join(60)

    backup.restore(target, file)

    restored = Database(target, database.runtime)
    assert before + 2 <= completed(restored) <= completed(database) == before + 2 * CASES
    with restored.read() as session:
        assert engine.queries.verify_chains(session).breaks == ()
        for instance_id in ids:
            check_instance(session, instance_id)
    still_open = [id_ for id_ in ids if _open(restored, id_)]
    for instance_id in still_open:  # numbers go on, people go on
        with restored.read() as session:
            (task, *_) = engine.queries.open_tasks(session, instance_id)
        done = engine.CompleteTask(task_id=task.id, actor="li.na", groups=frozenset({"sales"}))
        restored.write(lambda session, done=done: engine.execute(session, done))  # type: ignore[misc]  # bound now
    restored.dispose()
    with pytest.raises(backup.Unusable, match="not empty"):
        backup.restore(target, file)


def _open(database: Database, instance_id: str) -> bool:
    with database.read() as session:
        return bool(engine.queries.open_tasks(session, instance_id))


@pytest.mark.empty_database
def test_a_damaged_backup_or_one_of_a_later_version_changes_nothing(
    each_app: Flask, target: str, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    backup.back_up(url_of(database_of(each_app)), good, START)
    with zipfile.ZipFile(good) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    first = next(name for name in parts if name != backup.MANIFEST)
    manifest = parts[backup.MANIFEST]
    revision = f'"revision": "{migrations.head()}"'.encode()
    for change, reason in (
        ({first: parts[first] + b"1"}, "checksum"),
        ({backup.MANIFEST: manifest.replace(revision, b'"revision": "9999"')}, "newer"),
        ({backup.MANIFEST: b"{"}, "no backup"),
    ):
        with zipfile.ZipFile(bad, "w") as archive:
            for name, content in (parts | change).items():
                archive.writestr(name, content)
        with pytest.raises(backup.Unusable, match=reason):
            backup.restore(target, bad)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(backup.Unusable, match="no backup"):
        backup.restore(target, tmp_path / "text")
    backup.restore(target, good)


def test_from_the_command_line(tmp_path: Path) -> None:
    run = CliRunner(env={"KELIU_DATABASE_URL": None}).invoke
    old, new, file = str(tmp_path / "old"), str(tmp_path / "new"), str(tmp_path / "file")
    assert run(cli, ["db", "upgrade", "--data", old]).exit_code == 0
    assert run(cli, ["backup", file, "--data", old]).exit_code == 0
    assert "is there already" in run(cli, ["backup", file, "--data", old]).output
    assert "are whole" in run(cli, ["restore", file, "--data", new]).output
    assert "not empty" in run(cli, ["restore", file, "--data", new]).output
