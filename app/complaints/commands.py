"""Commands of the complaints slice."""

from __future__ import annotations

import click
from flask import current_app

from app.complaints.service import catalogue as catalogues
from app.db import Database


@click.command("catalogue")
def catalogue() -> None:
    """Load the shipped catalogue of causes and remedies; entries that are there already stay as they are."""
    database: Database = current_app.extensions["keliu.database"]
    added = database.write(catalogues.load)
    click.echo(f"{added} added")
