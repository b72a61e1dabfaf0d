"""Programs sign in with a token a person made for them, or with login and password at the engine's dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.demo import PASSWORD
from app.security import current, lockout, passwords, requires, signed_in
from engine import VirtualClock
from tests.support.forms import submit

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def program(app: Flask) -> Iterator[FlaskClient]:
    """A client of routes at both entrances that say who is asking."""
    app.add_url_rule("/api/probe", "probe_api", signed_in(lambda: current().login))
    app.add_url_rule("/engine-rest/probe", "probe_engine", signed_in(lambda: current().login))
    app.add_url_rule("/api/probe/penalties", "probe_penalties", requires("penalty.view")(lambda: "penalties"))
    yield app.test_client()


def new_token(client: FlaskClient, **fields: str) -> str:
    answer = submit(client, "/profile/tokens", {"name": "till", "days": "30", **fields})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'id="new-token">([^<]+)<', answer.text)
    assert found
    return found[1]


def ask(program: FlaskClient, secret: str, path: str = "/api/probe") -> TestResponse:
    return program.get(path, headers={"Authorization": f"Bearer {secret}"})


def test_a_token_acts_for_the_person_who_made_it(program: FlaskClient, sign_in: SignIn) -> None:
    secret = new_token(sign_in("li.na"))
    assert ask(program, secret).text == "li.na"
    assert ask(program, secret, "/engine-rest/probe").text == "li.na"
    assert ask(program, secret, "/api/probe/penalties").status_code == 403
    assert ask(program, new_token(sign_in("ren.fang")), "/api/probe/penalties").text == "penalties"


def test_a_token_is_shown_once_and_stored_as_a_hash(app: Flask, program: FlaskClient, sign_in: SignIn) -> None:
    person = sign_in("li.na")
    secret = new_token(person)
    page = person.get("/profile").text
    assert secret not in page
    assert secret[:10] in page  # enough to tell tokens apart


def test_without_token_a_program_is_told_to_authenticate(program: FlaskClient) -> None:
    for path in ("/api/probe", "/engine-rest/probe"):
        answer = program.get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert ask(program, "keliu_guessed").status_code == 401


def test_the_cookie_of_a_browser_opens_nothing_for_programs(program: FlaskClient, sign_in: SignIn) -> None:
    assert sign_in("li.na").get("/api/probe").status_code == 401


def test_a_token_opens_no_page(program: FlaskClient, sign_in: SignIn) -> None:
    assert ask(program, new_token(sign_in("li.na")), "/profile").status_code == 302


def test_a_token_ends_at_its_date_and_when_revoked(program: FlaskClient, sign_in: SignIn, clock: VirtualClock) -> None:
    short = new_token(sign_in("li.na"), days="30")
    unlimited = new_token(sign_in("li.na"), days="")
    clock.advance(timedelta(days=29))
    assert ask(program, short).status_code == 200
    clock.advance(timedelta(days=1))
    assert ask(program, short).status_code == 401
    assert ask(program, unlimited).status_code == 200
    person = sign_in("li.na")
    assert "expired" in person.get("/profile").text
    number = re.findall(r"/profile/tokens/(\d+)/revocation", person.get("/profile").text)[0]
    assert submit(person, f"/profile/tokens/{number}/revocation").status_code == 303
    assert ask(program, unlimited).status_code == 401


def test_nobody_revokes_the_token_of_another(program: FlaskClient, sign_in: SignIn) -> None:
    secret = new_token(sign_in("li.na"))
    assert submit(sign_in("ma.jun"), "/profile/tokens/1/revocation").status_code == 404
    assert submit(sign_in("ma.jun"), "/profile/tokens/99999999999999999999/revocation").status_code == 404
    assert ask(program, secret).status_code == 200


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "x" * 101}, {"days": "12"}, {"days": "many"}, {"name": "a\x00"}]
)
def test_a_refused_token_keeps_what_was_typed(sign_in: SignIn, fields: dict[str, str]) -> None:
    answer = submit(sign_in("li.na"), "/profile/tokens", {"name": "till", "days": "30", **fields})
    assert answer.status_code == 422
    assert "is-invalid" in answer.text


def basic(program: FlaskClient, password: str, path: str = "/engine-rest/probe") -> TestResponse:
    return program.get(path, auth=("li.na", password))


def test_login_and_password_work_for_programs(program: FlaskClient) -> None:
    assert basic(program, PASSWORD).text == "li.na"
    assert basic(program, PASSWORD, "/api/probe").text == "li.na"
    assert basic(program, "not it").status_code == 401


def test_a_password_found_right_is_not_hashed_again_for_five_minutes(
    program: FlaskClient, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = passwords.verify

    def counting(password_hash: str | None, password: str) -> bool:
        looked.append(password)
        return real(password_hash, password)

    monkeypatch.setattr(passwords, "verify", counting)
    for _ in range(3):
        assert basic(program, PASSWORD).status_code == 200
    assert len(looked) == 1
    clock.advance(timedelta(minutes=5))
    assert basic(program, PASSWORD).status_code == 200
    assert len(looked) == 2


def test_a_changed_password_is_forgotten_at_once(program: FlaskClient, sign_in: SignIn) -> None:
    assert basic(program, PASSWORD).status_code == 200
    fields = {"old_password": PASSWORD, "new_password": "four plain words", "repeated_password": "four plain words"}
    assert submit(sign_in("li.na"), "/profile/password", fields).status_code == 303
    assert basic(program, PASSWORD).status_code == 401
    assert basic(program, "four plain words").status_code == 200


def test_guessing_by_basic_credentials_is_stopped_too(program: FlaskClient) -> None:
    for _ in range(lockout.PER_ACCOUNT):
        assert basic(program, "guess").status_code == 401
    assert basic(program, "guess").status_code == 429


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bGkubmE=", "Bearer", "Bearer \x7f", "Digest x", "é"])
def test_broken_credentials_are_refused_calmly(program: FlaskClient, header: str) -> None:
    for path in ("/api/probe", "/engine-rest/probe"):
        assert program.get(path, headers={"Authorization": header}).status_code == 401
