"""The migrations and the tables of the program are the same, on both databases."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import engine
from app import migrations
from app.bootstrap import load_models
from app.db import Base, Database, search
from app.db.connections import open_engine
from tests.support.engine_world import MONDAY, OFFICE

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

TAGGED = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="{0}" isExecutable="true" {1}>{2}
    <startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/></process></definitions>"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"migrated_{abs(hash(request.node.name))}"
        yield server.create(name)
        server.drop(name)
        return
    yield f"sqlite:///{tmp_path / 'folder' / 'keliu.sqlite3'}"


def test_an_empty_database_gets_every_table_once(url: str) -> None:
    assert migrations.upgrade(url) == (None, migrations.head())
    assert migrations.upgrade(url) == (migrations.head(), migrations.head())
    assert migrations.current(url) == migrations.head() is not None


# SQLite has no expression index (it has the full-text table instead); Alembic says that it does not compare it.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_migrations_describe_the_tables_of_the_program(url: str) -> None:
    load_models()
    migrations.upgrade(url)
    opened = open_engine(url)
    with opened.connect() as connection:
        options = {"include_object": lambda _thing, name, kind, *_rest: not str(name).startswith("search_index")}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **options})
        differences = compare_metadata(context, [engine.metadata, Base.metadata])  # type: ignore[arg-type]  # several
    opened.dispose()
    assert differences == []


def test_a_migrated_database_can_be_searched(url: str) -> None:
    migrations.upgrade(url)
    database = Database(url)
    database.write(lambda session: search.index(session, "customer", "1", "上海申远"))
    with database.read() as session:
        assert session.scalars(search.matching("customer", "申远", database.dialect)).all() == ["1"]
    database.dispose()


def test_the_way_back_leaves_nothing(url: str) -> None:
    migrations.upgrade(url)
    migrations.downgrade(url, "base")
    opened = open_engine(url)
    left = set(inspect(opened).get_table_names()) - {"alembic_version"}
    opened.dispose()
    assert left == set()


def test_versions_deployed_before_have_the_tag_their_file_says(url: str) -> None:
    migrations.upgrade(url)
    zeebe = '<extensionElements><z:versionTag xmlns:z="http://camunda.org/schema/zeebe/1.0" value="8.1"/>'
    files = {
        name: tagged.encode()
        for name, tagged in {
            "a.bpmn": TAGGED.format("a", 'camunda:versionTag="1.2"', ""),
            "b.bpmn": TAGGED.format("b", "", f"{zeebe}</extensionElements>"),
            "c.bpmn": TAGGED.format("c", "", ""),
        }.items()
    }
    database = Database(
        url, engine.Runtime(clock=engine.VirtualClock(MONDAY), calendars=lambda _session, _group: OFFICE)
    )
    database.write(lambda session: engine.execute(session, engine.Deploy(name="tests", files=files, actor="tests")))
    database.dispose()
    migrations.downgrade(url, "0021")
    migrations.upgrade(url)
    database = Database(url)
    with database.read() as session:
        assert [row.version_tag for row in engine.queries.definitions(session)] == ["1.2", "8.1", None]
    database.dispose()


def test_processes_that_start_together_migrate_once(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=migrations.upgrade, args=(url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert migrations.current(url) == migrations.head()
