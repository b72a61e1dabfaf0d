"""``keliu backup`` and ``keliu restore``."""

from __future__ import annotations

from pathlib import Path

import click

import engine
from app import backup as backups
from app import migrations
from app.command_line import data_option, fail, quiet_logging, require_current, settings_for
from app.db import Database

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@data_option
def backup(file: Path, data: Path | None) -> None:
    """Copy the whole database into FILE while Keliu runs. The secret is not in it."""
    settings = settings_for(data, need_secret=False)
    quiet_logging(settings)
    require_current(settings)
    if file.exists():
        fail(f"{file} is there already")
    made = backups.back_up(settings.database_url, file, engine.SystemClock().now())
    click.echo(f"{file}: {made.backend}, revision {made.revision}, {file.stat().st_size} bytes")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def restore(file: Path, data: Path | None) -> None:
    """Fill an empty database from FILE and check it."""
    settings = settings_for(data, need_secret=False)
    quiet_logging(settings)
    try:
        made = backups.restore(settings.database_url, file)
    except backups.Unusable as error:
        fail(f"{file} cannot be restored: {error}")
    click.echo(f"restored what was backed up at {made.made_at}")
    if made.revision != migrations.head():
        click.echo("it is of an earlier version: run 'keliu db upgrade', then 'keliu audit verify'")
        return
    database = Database(settings.database_url)
    with database.read() as session:
        found = engine.queries.verify_chains(session)
    database.dispose()
    for broken in found.breaks:
        click.echo(str(broken), err=True)
    if found.breaks:
        fail("history or audit log was tampered with before the backup was made")
    click.echo(f"{found.rows} rows of history and audit log are whole")
