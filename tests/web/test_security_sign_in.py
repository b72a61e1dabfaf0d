"""Signing in: who gets in, who does not, and what ends a session."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.demo import PASSWORD
from app.errors import Busy
from app.security import lockout, passwords, public
from app.security.identity import EXTENSION
from app.security.models import LoginAttempt, UserSession
from engine import VirtualClock
from tests.support import application
from tests.support.forms import csrf_token, submit

SignIn = Callable[..., FlaskClient]
RIGHT = {"login": "li.na", "password": PASSWORD}
WRONG = {"login": "li.na", "password": "not it at all"}


def log_in(client: FlaskClient, **fields: str) -> int:
    return submit(client, "/login", RIGHT | fields, page="/login").status_code


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("keliu_session")
    assert cookie is not None
    return cookie.value


def signed_in(client: FlaskClient) -> bool:
    return client.get("/profile").status_code == 200


def sessions_of(app: Flask, login: str) -> list[UserSession]:
    with application.database_of(app).read() as session:
        return list(session.scalars(select(UserSession).where(UserSession.login == login)))


def test_login_and_password_open_the_page_that_was_asked_for(client: FlaskClient) -> None:
    asked = client.get("/profile?lang=en")
    assert asked.status_code == 302
    answer = submit(client, "/login", {**RIGHT, "next": "/profile?lang=en"}, page=asked.location)
    assert (answer.status_code, answer.location) == (303, "/profile?lang=en")
    assert "Customer support" in client.get("/profile", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, target: str) -> None:
    answer = submit(client, "/login", {**RIGHT, "next": target}, page="/login")
    assert (answer.status_code, answer.location) == (303, "/")


def test_wrong_password_and_unknown_login_get_the_same_answer(client: FlaskClient) -> None:
    known = submit(client, "/login", WRONG, page="/login")
    unknown = submit(client, "/login", {**WRONG, "login": "no.body"}, page="/login")
    assert known.status_code == unknown.status_code == 401
    assert "Login or password is not right." in known.text
    hide = {csrf_token(client, "/login"): "", "li.na": "", "no.body": ""}
    assert [line for line in known.text.splitlines() if "csrf" not in line and "li.na" not in line] == [
        line for line in unknown.text.splitlines() if "csrf" not in line and "no.body" not in line
    ], hide
    assert 'value="li.na"' in known.text  # what was typed is kept


def test_the_refusal_is_in_chinese_for_a_chinese_browser(client: FlaskClient) -> None:
    answer = submit(client, "/login", WRONG, page="/login", headers={"Accept-Language": "zh-CN"})
    assert "登录名或密码不正确。" in answer.text


@pytest.mark.parametrize("login", ["li.na", "no.body"])
def test_ten_wrong_tries_close_the_account_for_a_quarter_of_an_hour(
    client: FlaskClient, clock: VirtualClock, login: str
) -> None:
    page = csrf_token(client, "/login")
    for _ in range(lockout.PER_ACCOUNT):
        answer = client.post("/login", data={**WRONG, "login": login, "csrf_token": page})
        assert answer.status_code == 401
    refused = client.post("/login", data={"login": login, "password": PASSWORD, "csrf_token": page})
    assert refused.status_code == 429
    assert "Too many tries" in refused.text
    clock.advance(lockout.WINDOW)
    again = client.post("/login", data={"login": login, "password": PASSWORD, "csrf_token": page})
    assert again.status_code == (303 if login == "li.na" else 401)


def test_an_address_that_guesses_at_many_accounts_is_stopped(
    app: Flask, client: FlaskClient, clock: VirtualClock
) -> None:
    def guess(session: object) -> None:
        session.add_all(  # type: ignore[attr-defined]
            LoginAttempt(login=f"person.{n}", address="127.0.0.1", at=clock.now(), succeeded=False)
            for n in range(lockout.PER_ADDRESS)
        )

    application.database_of(app).write(guess)
    assert log_in(client) == 429
    assert log_in(client.application.test_client()) == 429


def test_tries_that_were_right_do_not_count(client: FlaskClient, app: Flask) -> None:
    for _ in range(lockout.PER_ACCOUNT + 1):
        assert log_in(app.test_client()) == 303


def test_the_session_id_is_new_after_signing_in_and_only_its_hash_is_stored(app: Flask, client: FlaskClient) -> None:
    client.set_cookie("keliu_session", "chosen-by-somebody-else")
    assert log_in(client) == 303
    first = cookie_of(client)
    assert first != "chosen-by-somebody-else"
    assert len(first) >= 43  # 256 bits
    assert first not in {row.id for row in sessions_of(app, "li.na")}
    assert submit(client, "/logout").status_code == 303
    assert log_in(client) == 303
    assert cookie_of(client) != first


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient) -> None:
    log_in(client)
    stolen = cookie_of(client)
    submit(client, "/logout")
    assert not signed_in(client)
    client.set_cookie("keliu_session", stolen)
    assert not signed_in(client)


def test_cookies_are_kept_from_scripts_and_other_sites(client: FlaskClient) -> None:
    answer = submit(client, "/login", RIGHT, page="/login")
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("keliu_session")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_under_tls_cookies_are_secure_and_bound_to_the_host(app: Flask, tmp_path: Path, clock: VirtualClock) -> None:
    from app import create_app
    from config import Settings

    url = application.database_of(app).engine.url.render_as_string(hide_password=False)
    settings = Settings(data=tmp_path, database_url=url, secret_key="s" * 48, base_url="https://crm.example.com")
    client = create_app(settings, clock=clock).test_client()
    page = client.get("/login", base_url="https://crm.example.com").text
    token = page.split('csrf-token" content="')[1].split('"')[0]
    answer = client.post(
        "/login",
        data={**RIGHT, "csrf_token": token},
        base_url="https://crm.example.com",
        headers={"Referer": "https://crm.example.com/login"},
    )
    assert answer.status_code == 303
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-keliu-session=")]
    assert "Secure" in cookie
    assert "Path=/" in cookie
    application.database_of(client.application).dispose()


def test_half_an_hour_of_silence_ends_a_session(sign_in: SignIn, clock: VirtualClock) -> None:
    client = sign_in("li.na")
    clock.advance(timedelta(minutes=29))
    assert signed_in(client)
    clock.advance(timedelta(minutes=29))
    assert signed_in(client)
    clock.advance(timedelta(minutes=31))
    assert not signed_in(client)


def test_twelve_hours_end_a_session_in_any_case(sign_in: SignIn, clock: VirtualClock) -> None:
    client = sign_in("li.na")
    for _ in range(35):
        clock.advance(timedelta(minutes=20))
        assert signed_in(client)
    clock.advance(timedelta(minutes=20))
    assert not signed_in(client)


def test_a_page_that_asks_by_itself_does_not_keep_the_person_signed_in(sign_in: SignIn, clock: VirtualClock) -> None:
    client = sign_in("li.na")
    for _ in range(3):
        clock.advance(timedelta(minutes=11))
        client.get("/profile", headers={"X-Keliu-Poll": "1"})
    assert not signed_in(client)


def test_presence_is_written_down_at_most_once_a_minute(app: Flask, sign_in: SignIn, clock: VirtualClock) -> None:
    client, began = sign_in("li.na"), clock.now()
    clock.advance(timedelta(seconds=59))
    client.get("/profile")
    assert [row.last_seen_at for row in sessions_of(app, "li.na")] == [began]
    clock.advance(timedelta(seconds=1))
    client.get("/profile")
    assert [row.last_seen_at for row in sessions_of(app, "li.na")] == [clock.now()]


def test_forms_without_the_token_of_their_page_are_refused(client: FlaskClient, sign_in: SignIn) -> None:
    assert client.post("/login", data=RIGHT).status_code == 400
    person, other = sign_in("li.na"), sign_in("ma.jun")
    assert person.post("/profile/tokens", data={"name": "mine"}).status_code == 400
    foreign = csrf_token(other)
    assert person.post("/profile/tokens", data={"name": "mine", "csrf_token": foreign}).status_code == 400


def test_a_fragment_asked_for_without_session_sends_the_whole_page_to_sign_in(client: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/profile?a=1"}
    answer = client.get("/profile", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/profile?a%3D1"


def test_a_route_without_declared_access_answers_nobody(app: Flask, sign_in: SignIn) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/remembered", "remembered", public(lambda: "open"))
    client = sign_in("lin.wanqing")
    answer = client.get("/forgotten")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert client.get("/remembered").text == "open"


@pytest.mark.parametrize("path", ["/admin/users/a%00b", "/profile/%0aX"])
def test_addresses_with_control_characters_lead_nowhere(sign_in: SignIn, path: str) -> None:
    assert sign_in("fang.chen").get(path).status_code == 404


def test_a_login_with_blanks_and_capitals_is_the_same_login(client: FlaskClient) -> None:
    assert log_in(client, login="  Li.Na \x00") == 303


def test_a_person_who_left_can_not_sign_in(app: Flask, client: FlaskClient, sign_in: SignIn) -> None:
    inside, admin = sign_in("li.na"), sign_in("fang.chen")
    assert submit(admin, "/admin/users/li.na/activation").status_code == 303
    assert not signed_in(inside)
    assert log_in(client) == 401
    submit(admin, "/admin/users/li.na/activation", {"active": "1"})
    assert log_in(client) == 303


def test_the_cookie_of_the_session_is_the_one_the_application_names(app: Flask) -> None:
    assert app.extensions[EXTENSION].cookie == "keliu_session"


def test_guesses_at_the_same_moment_are_all_counted(each_app: Flask, clock: VirtualClock) -> None:
    database = application.database_of(each_app)

    def guess(number: int) -> bool:
        address = f"10.0.0.{number}"  # many machines guess at one account
        return database.write(lambda s: lockout.begin_attempt(s, "li.na", address, clock.now())) is not None

    with ThreadPoolExecutor(8) as machines:
        let_in = list(machines.map(guess, range(24)))
    assert let_in.count(True) == lockout.PER_ACCOUNT


def test_people_sign_in_on_both_databases(each_app: Flask) -> None:
    client = each_app.test_client()
    assert log_in(client, password="wrong, wrong") == 401
    assert log_in(client) == 303
    assert signed_in(client)


def test_an_unknown_login_costs_as_much_work_as_a_known_one() -> None:
    known = passwords.hash_password(PASSWORD)

    def work(password_hash: str | None) -> float:
        spent = []
        for _ in range(3):
            before = time.process_time()
            passwords.verify(password_hash, "a guess at it")
            spent.append(time.process_time() - before)
        return min(spent)

    work(None)
    assert 0.5 < work(None) / work(known) < 2


def test_no_more_than_two_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 0.05)
    with passwords._turn(), passwords._turn(), pytest.raises(Busy):
        passwords.hash_password("a third one")
