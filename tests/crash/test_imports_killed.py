"""An import whose process dies in the middle loses no row and doubles none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.complaints.models import Complaint
from app.imports import files, service
from app.imports.models import ImportRow, ImportRun, RowState
from engine import VirtualClock
from tests.support import bureau
from tests.support.application import database_of, drain, principal_of

ROOT = Path(__file__).parents[2]
ROWS = 100 * int(os.environ.get("KELIU_TEST_SCALE", "1"))
KILLS = 4

WORKER = """
import sys
from pathlib import Path
from app import create_app
from engine import VirtualClock
from tests.support.application import database_of, drain, settings_for
app = create_app(settings_for(sys.argv[1], Path(sys.argv[2])))
print("working", flush=True)
drain(database_of(app))
print("done", flush=True)
"""


def count(app: Flask) -> int:
    with database_of(app).read() as session:
        statement = select(func.count()).select_from(Complaint).where(Complaint.source == "import")
        return session.scalar(statement) or 0


@pytest.mark.slow
def test_a_killed_import_goes_on_where_it_stood(each_app: Flask, clock: VirtualClock, tmp_path: Path) -> None:
    database = database_of(each_app)
    agent = principal_of(each_app, "li.na")
    target = each_app.extensions["keliu.imports"].get("complaints")
    content, good = bureau.beginning(ROWS)
    table = files.read(content, bureau.FILE.name)

    def begin(session: object) -> int:
        run = service.prepare(session, agent, target, table, filename=bureau.FILE.name, language="en")  # type: ignore[arg-type]
        service.start(session, run)  # type: ignore[arg-type]
        return run.id

    run_id = database.write(begin)
    url = each_app.extensions["keliu.settings"].database_url
    killed = 0
    for attempt in range(KILLS):
        killed += work_and_be_killed(url, tmp_path, after=0.2 + 0.15 * attempt)
    assert killed >= 1
    assert count(each_app) < good
    clock.advance(timedelta(hours=1))  # what dead workers held falls due again when its lease has run out
    drain(database)

    assert count(each_app) == good
    with database.read() as session:
        run = session.get_one(ImportRun, run_id)
        assert (run.done, run.created, run.failed) == (len(table.rows), good, len(table.rows) - good)
        references = session.scalars(
            select(ImportRow.reference).where(ImportRow.run_id == run_id, ImportRow.state == RowState.CREATED.value)
        ).all()
        assert len(set(references)) == good


def work_and_be_killed(url: str, home: Path, *, after: float) -> bool:
    """A worker in a process of its own, killed ``after`` seconds of work; False when it was done before."""
    command = [sys.executable, "-c", WORKER, url, str(home)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "working"
        time.sleep(after)
        process.kill()
        return process.wait() == -signal.SIGKILL
