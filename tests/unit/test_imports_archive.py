"""Everything about customers and complaints in an open format, and back into an empty database."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask

from app.imports import archive
from app.imports.archive import ArchiveRefused
from tests.support.application import Databases, database_of, running_app

HIDDEN = ("password", "token_hash", "secret")


def exported(app: Flask) -> tuple[bytes, list[archive.TableSummary]]:
    file = io.BytesIO()
    with database_of(app).read() as session:
        return file.getvalue(), archive.export(session, file)


def archive_of(app: Flask) -> bytes:
    file = io.BytesIO()
    with database_of(app).read() as session:
        archive.export(session, file)
    return file.getvalue()


def summary(app: Flask) -> dict[str, tuple[int, str]]:
    return {one.name: (one.rows, one.sha256) for one in exported(app)[1]}


def restored_into(app: Flask, data: bytes) -> None:
    database_of(app).write(lambda session: archive.restore(session, io.BytesIO(data)))


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_export_and_restore_give_the_same_counts_and_hashes(
    each_app: Flask, databases: Databases, clock: Any, backend: str
) -> None:
    data = archive_of(each_app)
    before = summary(each_app)
    assert before["customer"][0] > 0
    with running_app(databases, backend, clock, company=False) as empty:
        restored_into(empty, data)
        assert summary(empty) == before
        with pytest.raises(ArchiveRefused, match="not_empty"):
            restored_into(empty, data)


def test_a_restored_database_gives_out_new_numbers_and_finds_old_words(
    each_app: Flask, databases: Databases, clock: Any
) -> None:
    from app.customers import service as customers

    data = archive_of(each_app)
    rows = {one.name: one.rows for one in exported(each_app)[1]}
    with running_app(databases, "postgresql", clock, company=False) as empty:
        restored_into(empty, data)
        database_of(empty).write(lambda session: customers.create(session, "li.na", {"name": "新客户有限公司"}))
        assert summary(empty)["customer"][0] == rows["customer"] + 1


def test_the_schema_says_what_is_inside_and_no_secret_is(app: Flask) -> None:
    with zipfile.ZipFile(io.BytesIO(archive_of(app))) as file:
        schema = json.loads(file.read("schema.json"))
        names = {one["name"] for one in schema["tables"]}
        assert {"customer", "contact", "contract", "customer_order", "complaint", "complaint_step"} <= names
        assert not names & archive.SECRET
        for one in schema["tables"]:
            assert not [column for column in one["columns"] if any(word in column for word in HIDDEN)]
            lines = file.read(f"{one['name']}.jsonl").splitlines()
            sheet = list(csv.reader(io.StringIO(file.read(f"{one['name']}.csv").decode("utf-8-sig"))))
            assert len(lines) == one["rows"] == len(sheet) - 1


def changed(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for part in source.namelist():
            target.writestr(part, content if part == name else source.read(part))
    return out.getvalue()


@pytest.mark.empty_database
def test_a_damaged_archive_is_refused_and_nothing_of_it_stays(
    app: Flask, databases: Databases, clock: Any, tmp_path: Any
) -> None:
    with running_app(databases, "sqlite", clock) as company:
        good = archive_of(company)
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        schema = json.loads(file.read("schema.json"))
        customers = file.read("customer.jsonl")
    bad = {
        "a word changed": changed(good, "customer.jsonl", customers.replace(b'"region":"', b'"region":"x', 1)),
        "a row missing": changed(good, "customer.jsonl", customers.split(b"\n", 1)[1]),
        "no json": changed(good, "customer.jsonl", b"{"),
        "only half of it": good[: len(good) // 2],
        "of the future": changed(good, "schema.json", json.dumps(schema | {"version": 99}).encode()),
        "of somebody else": changed(good, "schema.json", b'{"format": "zip of cats"}'),
        "with other tables": changed(
            good,
            "schema.json",
            json.dumps(
                schema | {"tables": [{"name": "user_account", "rows": 0, "sha256": "", "columns": {}}]}
            ).encode(),
        ),
    }
    for name, data in bad.items():
        with pytest.raises(ArchiveRefused):
            restored_into(app, data)
        assert all(rows == 0 for rows, _hash in summary(app).values()), name
