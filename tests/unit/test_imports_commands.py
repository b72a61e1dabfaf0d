"""``keliu import`` and ``keliu export`` as somebody at the server uses them."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

import engine
from app.bootstrap import registries
from app.complaints.models import Complaint
from app.imports import files
from tests.support.application import Databases, database_of, running_app

BUREAU = Path(__file__).parents[3] / "shared" / "data" / "cfpb_complaints.csv"
SMALL = """Complaint ID,Company,Consumer complaint narrative,Issue,Submitted via,Date received
1,Acme,"Late, again.",Fees or interest,Web,2024-01-05
2,Acme,,Fees or interest,Web,2024-01-05
"""


def keliu(app: Flask, *arguments: str) -> Result:
    """Run a command of this slice in the application, as the command line does."""
    group = click.Group("keliu", commands={str(one.name): one for one in registries(app).commands})
    with app.app_context():
        return CliRunner().invoke(group, list(arguments))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_bureaus_complaints_all_stand_at_judge_and_a_second_import_adds_none(each_app: Flask, here: Path) -> None:
    first = keliu(each_app, "import", "complaints", str(BUREAU))
    assert first.exit_code == 0, first.output
    assert first.stdout == "181 started, 0 already there, 20 handed back → cfpb_complaints.handed-back.csv\n"
    assert "201 of 201 rows" in first.stderr
    bad = files.read((here / "cfpb_complaints.handed-back.csv").read_bytes(), "bad.csv")
    assert len(bad.rows) == 20
    assert all(row.cells[-1] for row in bad.rows)
    with database_of(each_app).read() as session:
        imported = session.scalars(select(Complaint).where(Complaint.source == "import")).all()
        where = [engine.queries.open_tasks(session, str(one.instance_id)) for one in imported]
        incidents = engine.queries.incidents(session)
    assert [[task.node_id for task in tasks] for tasks in where] == [["judge"]] * 181
    assert not list(incidents)
    second = keliu(each_app, "import", "complaints", str(BUREAU))
    assert second.stdout.startswith("0 started, 181 already there, 20 handed back")


def test_deadlines_count_from_the_import_and_the_date_received_is_kept(app: Flask, here: Path) -> None:
    (here / "small.csv").write_text(SMALL)
    done = keliu(app, "import", "complaints", "small.csv", "--as", "li.na", "--language", "zh", "--bad-rows", "bad.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout == "1 started, 0 already there, 1 handed back → bad.csv\n"
    assert "客户原话：此项必填。" in (here / "bad.csv").read_text(encoding="utf-8-sig")
    with database_of(app).read() as session:
        one = session.scalars(select(Complaint).where(Complaint.source == "import")).one()
        (task,) = engine.queries.open_tasks(session, str(one.instance_id))
        now = engine.now(session)
    assert one.received_at.date().isoformat() == "2024-01-04"  # midnight in Shanghai
    assert one.registered_by == "li.na"
    assert task.due_at is not None
    assert task.due_at > now


def test_a_mapping_of_ones_own_is_used(app: Flask, here: Path) -> None:
    fields = {
        "customer_reference": {"from": [{"column": "Nr"}]},
        "customer": {"constant": "Shenyuan"},
        "verbatim": {"from": [{"column": "Words"}]},
        "complaint_class": {"constant": "service"},
        "sub_code": {"constant": "service_attitude"},
        "channel": {"constant": "phone"},
    }
    (here / "own.json").write_text(json.dumps({"target": "complaints", "fields": fields}))
    (here / "own.csv").write_text("Nr;Words\n7;Rude.\n")
    done = keliu(app, "import", "complaints", "own.csv", "--mapping", "own.json")
    assert done.stdout == "1 started, 0 already there, 0 handed back\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["complaints", "missing.csv"], "does not exist"),
        (["complaints", "empty.csv"], "The file is empty."),
        (["complaints", "odd.csv"], "The mapping names no field."),
        (["complaints", "small.csv", "--as", "nobody"], "there is no active user 'nobody'"),
        (["complaints", "small.csv", "--as", "han.lei"], "lacks the permission complaint.import"),
        (["complaints", "small.csv", "--mapping", "odd.csv"], "The mapping is not JSON."),
        (["archive", "small.csv"], "The archive is damaged"),
        (["cats", "small.csv"], "No such command"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(app: Flask, here: Path, arguments: list[str], words: str) -> None:
    (here / "small.csv").write_text(SMALL)
    (here / "empty.csv").write_text("")
    (here / "odd.csv").write_text("a,b\n1,2\n")
    done = keliu(app, "import", *arguments)
    assert done.exit_code != 0
    assert words in done.output
    assert "Traceback" not in done.output


def test_export_and_import_of_an_archive(each_app: Flask, here: Path, databases: Databases) -> None:
    (here / "small.csv").write_text(SMALL)
    keliu(each_app, "import", "complaints", "small.csv")
    written = keliu(each_app, "export", "all.zip")
    assert written.exit_code == 0, written.output
    with running_app(databases, "sqlite", engine.SystemClock(), company=False) as empty:
        read = keliu(empty, "import", "archive", "all.zip")
        assert read.stdout == written.stdout
        assert "1  complaint\n" in read.stdout or "  complaint\n" in read.stdout
        assert keliu(empty, "import", "archive", "all.zip").exit_code == 1
