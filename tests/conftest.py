"""Fixtures for every test.

``app`` is the demo company on SQLite; ``each_app`` the same on SQLite and on PostgreSQL. ``database`` is the database
of ``each_app``. Time stands still at 09:00 on a Monday until a test moves ``clock``. Mark a test with
``empty_database`` to get tables without rows.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Each fixture imports what it stands on: a test of the engine alone must not wait for the application or a browser.
if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser, BrowserContext

    from app.db import Database
    from engine import VirtualClock
    from tests.support.application import Databases
    from tests.support.postgres import PostgresServer

BACKENDS = ("sqlite", "postgresql")
SignIn = Callable[..., "FlaskClient"]
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""When every test begins: Monday, 09:00 in Shanghai."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server without fsync. Fails, with what to do, when none can be started."""
    from tests.support.postgres import PostgresServer

    server = PostgresServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Fresh databases by template; PostgreSQL starts when the first test asks for it."""
    from tests.support import memory
    from tests.support.application import Databases

    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared  # one folder for all processes of a run
    home = tempfile.mkdtemp(prefix="keliu-databases-", dir=memory.folder() or tmp_path_factory.mktemp("databases"))
    yield Databases(Path(home), lambda: request.getfixturevalue("postgres_server"), shared)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def clock() -> VirtualClock:
    """Stands still until it is moved."""
    from engine.clock import VirtualClock

    return VirtualClock(START)


def pytest_configure() -> None:
    """Processes that tests start read compiled modules."""
    from tests.support import thrift

    thrift.keep_compiled_modules()


def pytest_collection_finish() -> None:
    """Nothing that was imported is garbage."""
    from tests.support import thrift

    thrift.look_for_garbage_less()


def _company(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("empty_database") is None


@pytest.fixture
def app(databases: Databases, clock: VirtualClock, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The demo company on SQLite."""
    from tests.support import application

    with application.running_app(databases, "sqlite", clock, company=_company(request)) as running:
        yield running


@pytest.fixture(params=BACKENDS)
def each_app(databases: Databases, clock: VirtualClock, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The demo company, on SQLite and on PostgreSQL."""
    from tests.support import application

    with application.running_app(databases, request.param, clock, company=_company(request)) as running:
        yield running


@pytest.fixture
def database(each_app: Flask) -> Database:
    """A database with the demo company, SQLite and PostgreSQL in turn."""
    from tests.support import application

    return application.database_of(each_app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Nobody, signed in nowhere."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """``sign_in("wang.fang")`` is a client of that person; ``language="zh"`` for a Chinese browser."""
    from tests.support import application

    def signed_in(login: str, *, language: str = "en") -> FlaskClient:
        return application.signed_in(app, login, language=language)

    return signed_in


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The address of ``app`` behind a real socket."""
    from tests.support.server import serving

    with serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium. Fails, with what to do, when none can be started."""
    from tests.support.browser import running_browser

    with running_browser() as started:
        yield started


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile of an English browser."""
    context = browser.new_context(locale="en-GB", timezone_id="Asia/Shanghai", viewport={"width": 1280, "height": 860})
    yield context
    context.close()
