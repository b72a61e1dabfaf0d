"""The ``keliu`` command."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError

import app.db as db
import engine
from app import bootstrap, doorbells, formkit, migrations, packaged, serving
from app import demo as demo_company
from app.backup_commands import backup, restore
from app.command_line import data_option, fail, open_app, quiet_logging, require_current, settings_for
from app.user_commands import user
from app.web.requests import configure_logging
from config import Settings, SettingsError

PORT = click.IntRange(0, 65535)


def main() -> None:
    """Run the command line."""
    cli(prog_name="keliu")


class CommandLine(click.Group):
    """Besides its own commands those that slices register (``import``, ``export``), each run in an application.

    What people can mend is told in a line, not in a traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            for problem in error.problems:
                click.echo(f"keliu: {problem}", err=True)
            sys.exit(2)
        except OperationalError as error:
            fail(f"the database cannot be used: {str(error.orig).strip()}")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        return sorted({*super().list_commands(ctx), *slices_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """An own command, or a slice's."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in slices_commands():
            return own
        return in_application(slices_commands()[cmd_name])


@functools.cache
def slices_commands() -> dict[str, click.Command]:
    """What slices register. The application that is asked for it never touches a database."""
    asked = bootstrap.build(Settings(secret_key="only asked for its commands"))
    return {str(command.name): command for command in bootstrap.registries(asked).commands}


class _InApplication(click.Group):
    """A group whose commands run in an application each."""

    def __init__(self, group: click.Group) -> None:
        super().__init__(group.name, help=group.help)
        self._group = group

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._group.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = self._group.get_command(ctx, cmd_name)
        return in_application(found) if found else None


def in_application(command: click.Command) -> click.Command:
    """``command`` with ``--data``, run inside an application context of that data."""
    if isinstance(command, click.Group):
        return _InApplication(command)
    work = command.callback

    @data_option
    def run(data: Path | None, **given: Any) -> Any:
        app = open_app(data)
        with app.app_context():
            return work(**given) if work else None

    wrapped = click.command(command.name, help=command.help)(run)
    wrapped.params = [*command.params, *wrapped.params]
    return wrapped


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keliu")
def cli() -> None:
    """Keliu: customer relationship management carried by a workflow engine.

    Configuration comes from the environment (KELIU_…), see docs/howto/operate.md.
    """


cli.add_command(user)
cli.add_command(backup)
cli.add_command(restore)


@cli.command()
@data_option
@click.option("--host", help="Address to listen on (default KELIU_HOST or 127.0.0.1).")
@click.option("--port", type=PORT, help="Port to listen on (default KELIU_PORT or 8000).")
@click.option("--reset", is_flag=True, help="Forget everything in the database first.")
@click.option("--users-json", type=click.Path(dir_okay=False, path_type=Path), help="Write the people to this file.")
def demo(data: Path | None, host: str | None, port: int | None, reset: bool, users_json: Path | None) -> None:
    """Serve the demo company, worker included. Safe to run again: what is there stays."""
    settings = settings_for(data, host=host, port=port)
    quiet_logging(settings)
    try:
        lock = demo_company.hold(settings.data)
    except demo_company.AlreadyRunning:
        fail(f"another 'keliu demo' is running on {settings.data}; stop it or give another --data")
    try:
        serving.require_free_port(settings)
        if reset:
            demo_company.reset(settings)
        click.echo(f"Keliu demo, data in {settings.data}")
        app = demo_company.prepare(settings, doorbells.listening(settings), click.echo)
        found = demo_company.people(app)
        if users_json:
            demo_company.write_people(users_json, found)
        _serve(app, settings, worker=True, ready=lambda url: _welcome(url, found))
    except serving.PortInUse as taken:
        _port_in_use(taken)
    finally:
        lock.release()


def _welcome(url: str, found: list[dict[str, Any]]) -> None:
    click.echo()
    for line in demo_company.table(found):
        click.echo(line)
    click.echo()
    for password in sorted({person["password"] for person in found}):
        click.echo(f"Password of everybody: {password}")
    click.echo(f"Keliu is ready at {url} (stop with Ctrl-C)")
    sys.stdout.flush()


def _port_in_use(taken: serving.PortInUse) -> None:
    fail(f"port {taken.port} on {taken.host} is in use; stop what listens there or choose another with --port")


def _serve(app: Flask, settings: Settings, *, worker: bool, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, with a worker beside it if wanted."""
    server = serving.Server(app, settings)
    database: db.Database = app.extensions["keliu.database"]
    shown = settings.host if settings.host not in ("0.0.0.0", "::") else "127.0.0.1"
    serving.keep_loaded()
    with serving.until_signalled(server.stop), serving.working(app, serving.WORKER_THREADS if worker else 0):
        ready(f"http://{shown}:{server.port}")
        server.run()
    database.dispose()


@cli.command()
@data_option
@click.option("--host", help="Address to listen on (default KELIU_HOST or 127.0.0.1).")
@click.option("--port", type=PORT, help="Port to listen on (default KELIU_PORT or 8000).")
@click.option("--worker/--no-worker", default=True, help="Run jobs in this process too (default), or leave them.")
def serve(data: Path | None, host: str | None, port: int | None, worker: bool) -> None:
    """Serve the application. The database must be up to date (keliu db upgrade)."""
    settings = settings_for(data, host=host, port=port)
    configure_logging(settings)
    require_current(settings)
    app = bootstrap.build(settings, bell=doorbells.listening(settings) if worker else None)
    log = structlog.get_logger("keliu")
    try:
        _serve(app, settings, worker=worker, ready=lambda url: log.info("serving", url=url, worker=worker))
    except serving.PortInUse as taken:
        _port_in_use(taken)


@cli.command("worker")
@data_option
@click.option("--threads", type=click.IntRange(1, 64), default=serving.WORKER_THREADS, show_default=True)
def run_worker(data: Path | None, threads: int) -> None:
    """Run due jobs: timers, service tasks, imports, notices. As many of these as you like, beside keliu serve."""
    settings = settings_for(data)
    configure_logging(settings)
    require_current(settings)
    app = bootstrap.build(settings, bell=doorbells.listening_anywhere(settings))
    database: db.Database = app.extensions["keliu.database"]
    stopping = threading.Event()
    serving.keep_loaded()
    with serving.until_signalled(stopping.set), serving.working(app, threads):
        structlog.get_logger("keliu").info("working", threads=threads)
        stopping.wait()
    database.dispose()


@cli.group("db")
def database_commands() -> None:
    """The database."""


@database_commands.command("upgrade")
@data_option
def upgrade(data: Path | None) -> None:
    """Create the database or bring it up to date. Safe to run from several machines at once."""
    settings = settings_for(data, need_secret=False)
    before, after = migrations.upgrade(settings.database_url, doorbell=settings.doorbell)
    click.echo(f"up to date ({after})" if before == after else f"upgraded from {before or 'nothing'} to {after}")


@database_commands.command("current")
@data_option
def show_current(data: Path | None) -> None:
    """Print the database's revision and the newest one."""
    settings = settings_for(data, need_secret=False)
    click.echo(f"database {migrations.current(settings.database_url) or 'empty'}, program {migrations.head()}")


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--name", default="command line", show_default=True, help="Name of the deployment.")
@click.option("--actor", default="system", show_default=True, help="Login in whose name to deploy.")
@data_option
def deploy(files: tuple[Path, ...], name: str, actor: str, data: Path | None) -> None:
    """Deploy processes, decisions, forms and translations together: FILES or folders. All or nothing."""
    given = packaged.given_files(files)
    if not given:
        fail("there is no .bpmn, .dmn or .json file among these")
    app = open_app(data)
    with app.app_context():  # the messages of forms are worded there
        _refuse_broken_forms(given)
    command = engine.Deploy(name=name, files=given, actor=actor)
    database: db.Database = app.extensions["keliu.database"]
    try:
        deployment = database.write(lambda session: engine.execute(session, command)).deployment
    except engine.DeploymentRefused as refused:
        _show_findings(refused.findings)
        fail("nothing was deployed")
    assert deployment is not None
    _show_findings(deployment.findings)
    for definition in deployment.definitions:
        click.echo(f"{definition.key} version {definition.version}")
    if not deployment.changed:
        click.echo("nothing has changed: no new version")


def _refuse_broken_forms(files: dict[str, bytes]) -> None:
    broken = list(formkit.problems_in(files))
    for file, problem in broken:
        click.echo(f"{file}:{problem.path}: error: {problem.message}", err=True)
    if broken:
        fail("nothing was deployed")


def _show_findings(findings: tuple[engine.Finding, ...]) -> None:
    for finding in findings:
        place = ":".join(str(part) for part in (finding.file, finding.line, finding.element) if part)
        facts = ", ".join(f"{name}={value}" for name, value in finding.facts.items())
        click.echo(f"{place}: {finding.severity}: {finding.code} {facts}".rstrip(), err=True)
