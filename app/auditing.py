"""``keliu audit``, and the job that seals the chains of history and audit log every hour."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import click
import structlog
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.registries import Registries

WORK = "audit.seal"
HOUR = timedelta(hours=1)
log = structlog.get_logger("keliu.audit")


def register(registries: Registries) -> None:
    """Serve the hourly job and add the commands."""
    registries.handlers.register_work(WORK, _hourly)
    registries.commands.append(audit)
    registries.beginnings.append(begin)


def begin(session: Session) -> None:
    """Seals will be made from the next full hour on. Saying so again changes nothing."""
    _next(session, engine.now(session))


def _next(session: Session, at: datetime) -> None:
    due = at.replace(minute=0, second=0, microsecond=0) + HOUR
    engine.execute(session, engine.AddWork(topic=WORK, due_at=due, dedupe_key=f"{WORK}:{due:%Y-%m-%dT%H}"))


def _hourly(session: Session, work: engine.WorkCall) -> None:
    _next(session, work.at)
    _log(engine.seal_chains(session))


def _log(seal: engine.Seal) -> None:
    # The log usually leaves this machine, and with it what nobody who owns the database can take back.
    log.info("audit_sealed", seal=seal.number, digest=seal.digest, heads=seal.heads)


@click.group()
def audit() -> None:
    """History and audit log, kept in chains of hashes."""


@audit.command("seal")
def seal_now() -> None:
    """Seal the chains now and print the digest, to be kept where no administrator of the database can change it."""
    seal = db.database().write(engine.seal_chains)
    _log(seal)
    click.echo(f"{seal.number} {seal.digest} {seal.heads} chains")


@audit.command("verify")
@click.option("--seal", "kept", help="A digest that was kept elsewhere: it must be one of the seals.")
def verify(kept: str | None) -> None:
    """Compute every link again; name the first broken row of each broken chain. Status 1 when there is one."""
    with db.database().read() as session:
        found = engine.queries.verify_chains(session)
        unknown = kept is not None and kept not in engine.queries.seals(session)
    for broken in found.breaks:
        click.echo(str(broken))
    if unknown:
        click.echo(f"no seal has the digest {kept}: the seals were written anew")
    click.echo(f"{found.rows} rows in {found.chains} chains, {found.seals} seals, {len(found.breaks)} broken")
    if found.breaks or unknown:
        sys.exit(1)
