"""The demo company for measurements of the whole application: on a fresh database, gone afterwards."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from flask import Flask

import engine
from tests.support.application import Databases, running_app
from tests.support.postgres import PostgresServer


@contextmanager
def company(backend: str, clock: engine.Clock) -> Iterator[Flask]:
    """The application on ``backend`` (sqlite or postgresql), quiet but for errors."""
    server: list[PostgresServer] = []

    def started() -> PostgresServer:
        if not server:
            server.append(PostgresServer().start())
        return server[0]

    try:
        with (
            tempfile.TemporaryDirectory(prefix="keliu-bench-") as folder,
            running_app(Databases(Path(folder), started), backend, clock) as app,
        ):
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
            yield app
    finally:
        for one in server:
            one.stop()
