"""What earlier releases began, this program finishes: their databases are upgraded and every stored instance ends."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

import engine
from app import create_app, migrations
from app.bootstrap import load_models
from app.db import Base
from app.db.connections import open_engine
from engine.tables import history_event, process_instance
from tests.support.application import database_of, settings_for
from tests.support.postgres import PostgresServer
from tests.upgrade.finish import Finisher
from tests.upgrade.rows import load

HERE = Path(__file__).parent
RELEASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "sqlite.gz").exists())


@pytest.fixture(
    params=[(release, backend) for release in RELEASES for backend in ("sqlite", "postgresql")], ids="-".join
)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database as that release left it."""
    release, backend = request.param
    if backend == "sqlite":
        file = tmp_path / "keliu.sqlite3"
        file.write_bytes(gzip.decompress((HERE / release / "sqlite.gz").read_bytes()))
        yield f"sqlite:///{file}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"upgraded_{release.replace('.', '_')}_{request.node.originalname}"
    url = server.create(name)
    opened = open_engine(url)
    load(opened, gzip.decompress((HERE / release / "postgresql.rows.gz").read_bytes()))
    opened.dispose()
    yield url
    server.drop(name)


def test_every_stored_instance_is_finished_by_this_program(old: str, tmp_path: Path) -> None:
    migrations.upgrade(old)
    clock = engine.VirtualClock(_last_change(old))
    app = create_app(settings_for(old, tmp_path), clock=clock)
    finisher = Finisher(app, clock)
    before = len(finisher.left())
    assert before >= 60, "the fixture holds cases in every kind of waiting state"

    finisher.finish()

    with database_of(app).read() as session:
        states = set(session.scalars(select(process_instance.c.state).distinct()))
        ended = session.scalar(select(func.count()).where(history_event.c.kind == "instance_ended"))
        broken = [row for row in engine.queries.incidents(session) if row.state == "open"]
    assert states == {"completed", "cancelled"}
    assert ended is not None
    assert ended >= before
    assert broken == []
    database_of(app).dispose()


def _last_change(url: str) -> datetime:
    opened = open_engine(url)
    with opened.connect() as connection:
        found: datetime = connection.execute(select(func.max(process_instance.c.updated_at))).scalar_one()
    opened.dispose()
    return found


# SQLite has no expression index (it has the full-text table instead); Alembic says that it does not compare it.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_an_upgraded_database_is_like_a_new_one_and_can_go_one_step_back(old: str) -> None:
    load_models()
    migrations.upgrade(old)
    migrations.downgrade(old, "-1")
    migrations.upgrade(old)
    opened = open_engine(old)
    with opened.connect() as connection:
        options = {"include_object": lambda _thing, name, kind, *_rest: not str(name).startswith("search_index")}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **options})
        differences = compare_metadata(context, [engine.metadata, Base.metadata])  # type: ignore[arg-type]  # several
        left = connection.execute(select(func.count()).where(process_instance.c.state == "active")).scalar_one()
    opened.dispose()
    assert differences == []
    assert left >= 60
