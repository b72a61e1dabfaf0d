"""The demo company: created once, loaded with progress, served with its people and passwords printed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import sqlalchemy
from flask import Flask

import app.db as db
import engine
from app import bootstrap, migrations
from app.db.connections import open_engine

if TYPE_CHECKING:
    from config import Settings

Say = Callable[[str], None]


class AlreadyRunning(Exception):
    """Another ``keliu demo`` has this data directory."""


def hold(data: Path) -> engine.jobs.FileLock:
    """Reserve the data directory for this process, until it ends."""
    data.mkdir(parents=True, exist_ok=True)
    lock = engine.jobs.FileLock(data / "demo.lock")
    if not lock.acquire():
        raise AlreadyRunning(str(data))
    return lock


def reset(settings: Settings) -> None:
    """Forget everything in the database. Irrevocable."""
    if settings.is_sqlite:
        file = settings.database_url.removeprefix("sqlite:///")
        for name in (file, f"{file}-wal", f"{file}-shm"):
            Path(name).unlink(missing_ok=True)
        return
    opened = open_engine(settings.database_url, pool_size=1)
    with opened.begin() as connection:
        found = sqlalchemy.MetaData()
        found.reflect(connection)
        found.drop_all(connection)
    opened.dispose()


def prepare(settings: Settings, bell: engine.Doorbell, say: Say) -> Flask:
    """An application on an up-to-date database with the demo company in it; loading it again adds nothing."""
    _timed(say, "Database", lambda: migrations.upgrade(settings.database_url, doorbell=settings.doorbell))
    app = bootstrap.build(settings, bell=bell)
    database: db.Database = app.extensions["keliu.database"]
    with app.app_context():
        for part in bootstrap.registries(app).demo:
            _timed(say, part.label, lambda part=part: database.write(part.load))  # type: ignore[misc]  # bound now
    return app


def _timed(say: Say, label: str, work: Callable[[], Any]) -> None:
    began = time.perf_counter()
    work()
    say(f"  ✓ {label} ({time.perf_counter() - began:.1f} s)")


def people(app: Flask) -> list[dict[str, Any]]:
    """Who can sign in, with the demo password."""
    from app.accounts import demo

    database: db.Database = app.extensions["keliu.database"]
    with database.read() as session:
        return demo.people(session)


def write_people(file: Path, found: list[dict[str, Any]]) -> None:
    """The same for programs. Readable by the owner only: there are passwords in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        json.dump(found, opened, ensure_ascii=False, indent=2)
        opened.write("\n")


def table(found: list[dict[str, Any]]) -> list[str]:
    """People as lines of a table: login, name, what they do."""
    rows = [(row["login"], row["name"], "administrator" if row["admin"] else ", ".join(row["groups"])) for row in found]
    head = ("login", "name", "groups")
    widths = [max(_width(row[column]) for row in [head, *rows]) for column in range(3)]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
