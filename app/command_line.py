"""What every command shares: where the data is, an application on it, and refusals in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from flask import Flask

from app import bootstrap, migrations
from app.web.requests import configure_logging
from config import Settings

F = TypeVar("F", bound=Callable[..., Any])


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what is wrong and end."""
    click.echo(f"keliu: {message}", err=True)
    sys.exit(status)


def data_option(command: F) -> F:
    """``--data``, on every command: the same default for all of them."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        help="Data directory (default: KELIU_DATA or ~/.local/share/keliu).",
    )(command)


def settings_for(data: Path | None, *, need_secret: bool = True, **given: Any) -> Settings:
    """Settings of this command: the environment, and what the command line says."""
    return Settings.from_environment(os.environ, data=data, need_secret=need_secret, **given)


def quiet_logging(settings: Settings) -> None:
    """For commands that talk to people: warnings only, as text, unless the environment says otherwise."""
    level, form = os.environ.get("KELIU_LOG_LEVEL"), os.environ.get("KELIU_LOG_FORMAT")
    configure_logging(replace(settings, log_level=level or "WARNING", log_format=form or "text"))


def open_app(data: Path | None) -> Flask:
    """The application for a command that runs once; its database must be up to date."""
    settings = settings_for(data)
    quiet_logging(settings)
    require_current(settings)
    return bootstrap.build(settings)


def require_current(settings: Settings) -> None:
    """End with what to do when the database is missing or of another version."""
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.is_sqlite and not file.exists():
        fail(f"there is no database at {file}; run 'keliu db upgrade' (or 'keliu demo') first")
    if migrations.current(settings.database_url) != migrations.head():
        fail("the database is not up to date; run 'keliu db upgrade' first")
    if not migrations.hears(settings.database_url, settings.doorbell):
        fail("the tables of the doorbell are not up to date; run 'keliu db upgrade' with this KELIU_DOORBELL first")
