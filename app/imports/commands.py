"""``keliu import`` and ``keliu export``: in the foreground, for whoever may run commands on the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask_babel import force_locale

from app.db import database
from app.imports import archive, files, queries, schemas, service, wording
from app.imports.mapping import ColumnMapping, MappingRefused
from app.imports.models import RunState
from app.imports.targets import ImportTarget, ImportTargets
from app.security import PERMISSIONS, Principal, impersonate
from app.security.identity import security

SYSTEM = Principal(login="system", name="Keliu", permissions=frozenset(PERMISSIONS))
"""Who imports when nobody is named."""


EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITTEN = click.Path(dir_okay=False, path_type=Path)


class ImportGroup(click.Group):
    """``archive``, and a command for every import target."""

    def __init__(self, targets: ImportTargets) -> None:
        super().__init__("import", help="Import complaints from CSV or XLSX, or an archive into an empty database.")
        self.targets = targets
        self.add_command(restore_archive)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The fixed command and the targets, which register after this group is made."""
        return [*super().list_commands(ctx), *(target.key for target in self.targets)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The fixed command or that of a target."""
        target = self.targets.get(cmd_name)
        return rows_command(target) if target else super().get_command(ctx, cmd_name)


def rows_command(target: ImportTarget) -> click.Command:
    """``keliu import <key> FILE``."""

    @click.command(
        target.key, help=f"Import {target.key} from a CSV or XLSX file; what is there already stays as it is."
    )
    @click.argument("file", type=EXISTING)
    @click.option("--mapping", type=EXISTING, help="Mapping document (JSON). Without: found by the file's header.")
    @click.option("--as", "login", metavar="USER", help="Import as this person. Without: as the system.")
    @click.option("--bad-rows", type=WRITTEN, help="Where rows handed back go (default: FILE.handed-back.csv here).")
    @click.option("--language", type=click.Choice(["zh", "en"]), default="en", help="Of the reasons.")
    def run(language: str, file: Path, **given: Any) -> None:
        with force_locale(language):
            import_rows(target, file, language=language, **given)

    return run


def import_rows(
    target: ImportTarget, file: Path, *, mapping: Path | None, login: str | None, bad_rows: Path | None, language: str
) -> None:
    """Import a whole file in the foreground, chunk by chunk, with a progress line and a summary."""
    principal = importer(target, login)
    impersonate(principal)
    try:
        table = files.read(file.read_bytes(), file.name)
        run_id = _begin(target, table, file.name, principal, mapping, language)
    except files.FileRefused as refused:
        raise click.ClickException(wording.file_refused(refused)) from refused
    except MappingRefused as refused:
        raise click.ClickException(wording.mapping_refused(refused)) from refused
    running = True
    while running:
        running = _advance(run_id, target, principal)
    click.echo(err=True)
    _summarise(run_id, bad_rows or Path(f"{file.stem}.handed-back.csv"))


def importer(target: ImportTarget, login: str | None) -> Principal:
    """The person called ``login``; without a name, the system itself. Raises click's errors."""
    if login is None:
        return SYSTEM
    with database().read() as session:
        found = security().load(session, login)
    if found is None:
        raise click.BadParameter(f"there is no active user {login!r}", param_hint="--as")
    if not found.has(target.permission):
        raise click.BadParameter(f"{login} lacks the permission {target.permission}", param_hint="--as")
    return found


def _begin(
    target: ImportTarget, table: files.Table, filename: str, principal: Principal, mapping: Path | None, language: str
) -> int:
    def begin(session: Any) -> int:
        run = service.prepare(session, principal, target, table, filename=filename, language=language)
        if mapping is not None:
            service.choose_mapping(session, run, _read_mapping(session, mapping, target))
        if not run.document["fields"]:
            raise MappingRefused("no_fields")
        service.start(session, run, by_worker=False)
        return run.id

    return database().write(begin)


def _read_mapping(session: Any, path: Path, target: ImportTarget) -> ColumnMapping:
    return schemas.mapping_from_json(path.read_bytes(), target.key, target.fields(session))


def _advance(run_id: int, target: ImportTarget, principal: Principal) -> bool:
    """One chunk; after its commit the service tasks that it started run at once, in this thread."""
    run = database().write(lambda session: service.advance(session, run_id, target, principal))
    click.echo(f"\r{run.done} of {run.total} rows", nl=False, err=True)
    return run.state == RunState.RUNNING.value


def _summarise(run_id: int, bad_rows: Path) -> None:
    with database().read() as session:
        run = queries.run(session, run_id)
        if run is None:
            raise click.ClickException("the import is gone")
        summary = f"{run.created} started, {run.existing} already there, {run.failed} handed back"
        if run.failed:
            bad_rows.write_bytes(service.bad_rows_file(session, run))
            summary += f" → {bad_rows}"
    click.echo(summary)


@click.command("archive")
@click.argument("file", type=EXISTING)
def restore_archive(file: Path) -> None:
    """Put an archive made by `keliu export` into an empty database."""
    with file.open("rb") as stream:
        try:
            restored = database().write(lambda session: archive.restore(session, stream))
        except archive.ArchiveRefused as refused:
            raise click.ClickException(wording.archive_refused(refused)) from refused
    _print_tables(restored)


@click.command("export")
@click.argument("file", type=WRITTEN)
def export_archive(file: Path) -> None:
    """Write customers, contacts, orders and complaints with all that belongs to them into FILE.

    A ZIP of JSON Lines and CSV with a schema, counts and SHA-256. It holds confidential records (penalties), but no
    password and no token."""
    partial = file.with_name(file.name + ".part")
    with database().read() as session, partial.open("wb") as stream:
        written = archive.export(session, stream)
    partial.replace(file)
    _print_tables(written)


def _print_tables(found: list[archive.TableSummary]) -> None:
    for one in found:
        click.echo(f"{one.rows:>8}  {one.name}")
    click.echo(f"sha256 {archive.fingerprint(found)}")


def commands(targets: ImportTargets) -> list[click.Command]:
    """What this slice adds to the command line; each runs in the context of an application."""
    return [ImportGroup(targets), export_archive]
