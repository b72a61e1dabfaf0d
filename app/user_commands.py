"""``keliu user``: people, for whoever may run commands on the server (the first administrator is made here)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import app.db as db
from app.accounts import queries, schemas, service
from app.command_line import data_option, fail, open_app
from app.errors import FieldErrors, NotVisible
from app.security import passwords

ACTOR = "system"


@click.group()
def user() -> None:
    """People who sign in."""


def password_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Asked for twice; scripts give it in KELIU_USER_PASSWORD, where no process list shows it."""
    return click.option(
        "--password",
        prompt=True,
        hide_input=True,
        confirmation_prompt=True,
        envvar="KELIU_USER_PASSWORD",
        help="Asked for when not given; KELIU_USER_PASSWORD in the environment.",
    )(command)


def change(app: Flask, work: Callable[[Session], Any]) -> None:
    """Run ``work`` in one transaction; refusals are told field by field."""
    with app.test_request_context(), force_locale("en"):
        try:
            db.database().write(work)
        except FieldErrors as refused:
            for field, messages in refused.errors.items():
                for message in messages:
                    click.echo(f"{field}: {message}" if field else str(message), err=True)
            fail("nothing was changed")
        except NotVisible:
            fail("nobody has that login")


@user.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Name as the company writes it.")
@click.option("--name-en", default="", help="Name in Latin letters.")
@click.option("--department", help="Key of the department.")
@click.option("--group", "groups", multiple=True, help="Candidate group; give it again for more.")
@click.option("--role", "roles", multiple=True, help="Role; give it again for more.")
@password_option
@data_option
def add(
    login: str,
    name: str,
    name_en: str,
    department: str | None,
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    password: str,
    data: Path | None,
) -> None:
    """Add a person."""

    def work(session: Session) -> None:
        given = MultiDict([("login", login), ("name", name), ("name_en", name_en)])
        given.setlist("groups", list(groups))
        given.setlist("roles", list(roles))
        if department:
            found = queries.department(session, department)
            if found is None:
                raise FieldErrors({"department": [f"there is no department {department!r}"]})
            given["department_id"] = str(found.id)
        values = schemas.read(schemas.NewUserForm, given)
        service.create_user(session, ACTOR, values, _hashed(login, password))

    change(open_app(data), work)
    click.echo(f"{login} can sign in")


def _hashed(login: str, password: str) -> str:
    return passwords.hash_password(schemas.new_password(login, password, password))


@user.command("password")
@click.argument("login")
@password_option
@data_option
def set_password(login: str, password: str, data: Path | None) -> None:
    """Give a person a new password; all sessions of that person end."""
    change(
        open_app(data),
        lambda session: service.set_password(session, ACTOR, login, _hashed(login, password)),
    )
    click.echo(f"{login} has a new password")


@user.command("disable")
@click.argument("login")
@data_option
def disable(login: str, data: Path | None) -> None:
    """No sign-in any more; sessions and tokens end at once."""
    change(open_app(data), lambda session: service.deactivate(session, ACTOR, login))
    click.echo(f"{login} cannot sign in any more")


@user.command("list")
@data_option
def list_people(data: Path | None) -> None:
    """Who there is: login, name, department."""
    app = open_app(data)
    with app.app_context():
        for row in queries.users(db.session(), active_only=False):
            state = "" if row.active else "\tdisabled"
            click.echo(f"{row.login}\t{row.name}\t{row.department_key or ''}{state}")
