"""The own account: password, sessions, language."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.demo import PASSWORD
from engine import VirtualClock
from tests.support.forms import submit

SignIn = Callable[..., FlaskClient]
NEW = "four plain words"
CHANGE = {"old_password": PASSWORD, "new_password": NEW, "repeated_password": NEW}


def log_in(client: FlaskClient, password: str) -> int:
    return submit(client, "/login", {"login": "li.na", "password": password}, page="/login").status_code


def test_the_page_says_who_and_where_i_am_in_both_languages(sign_in: SignIn) -> None:
    english, chinese = sign_in("li.na").get("/profile").text, sign_in("li.na", language="zh").get("/profile").text
    for word in ("Na Li", "li.na", "Customer support agent", "Lihua Sun", "Call centre agent"):
        assert word in english
    for word in ("李娜", "客户支持专员", "孙丽华", "呼叫中心坐席", "客户支持部"):
        assert word in chinese


def test_a_new_password_works_and_ends_every_other_session(app: Flask, sign_in: SignIn) -> None:
    here, elsewhere = sign_in("li.na"), sign_in("li.na")
    before = here.get_cookie("keliu_session")
    assert submit(here, "/profile/password", CHANGE).status_code == 303
    assert "Your password is changed" in here.get("/profile").text
    after = here.get_cookie("keliu_session")
    assert before and after and before.value != after.value
    assert elsewhere.get("/profile").status_code == 302
    assert log_in(app.test_client(), PASSWORD) == 401
    assert log_in(app.test_client(), NEW) == 303


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"old_password": "wrong one"}, "This is not your password."),
        ({"new_password": "short"}, "At least 10 characters."),
        ({"new_password": "x" * 201}, "At most 200 characters."),
        ({"new_password": "my li.na secret"}, "use your login in the password"),
        ({"new_password": "aaaaaaaaaaaa"}, "Use more different characters."),
        ({"repeated_password": "four other words"}, "The two passwords differ."),
    ],
)
def test_a_bad_new_password_is_refused_at_its_field(
    app: Flask, sign_in: SignIn, fields: dict[str, str], message: str
) -> None:
    answer = submit(sign_in("li.na"), "/profile/password", CHANGE | fields)
    assert answer.status_code == 422
    assert message in answer.text.replace("&#39;", "'")
    assert log_in(app.test_client(), PASSWORD) == 303


def test_guessing_the_old_password_in_a_stolen_session_is_stopped(sign_in: SignIn) -> None:
    client = sign_in("li.na")
    for _ in range(10):
        submit(client, "/profile/password", CHANGE | {"old_password": "guess"})
    answer = submit(client, "/profile/password", CHANGE)
    assert answer.status_code == 422
    assert "Too many tries" in answer.text


def test_i_see_where_i_am_signed_in_and_end_it_there(sign_in: SignIn, clock: VirtualClock) -> None:
    here, elsewhere = sign_in("li.na"), sign_in("li.na")
    page = here.get("/profile").text
    (other,) = re.findall(r"/profile/sessions/(\w+)/end", page)
    assert page.count("this browser") == 1
    assert submit(here, f"/profile/sessions/{other}/end").status_code == 303
    assert elsewhere.get("/profile").status_code == 302
    assert here.get("/profile").status_code == 200


def test_nobody_ends_the_session_of_another(sign_in: SignIn) -> None:
    one, two, stranger = sign_in("li.na"), sign_in("li.na"), sign_in("ma.jun")
    (other,) = re.findall(r"/profile/sessions/(\w+)/end", one.get("/profile").text)
    assert submit(stranger, f"/profile/sessions/{other}/end").status_code == 404
    assert two.get("/profile").status_code == 200


def test_the_language_stays_with_the_account(app: Flask, sign_in: SignIn) -> None:
    assert submit(sign_in("li.na"), "/preferences/language", {"lang": "zh", "next": "/profile"}).location == "/profile"
    assert "我的账户" in sign_in("li.na", language="en").get("/profile").text


def test_new_rights_give_the_session_a_new_id_and_the_old_one_ends_soon(
    sign_in: SignIn, clock: VirtualClock, app: Flask
) -> None:
    client, admin = sign_in("li.na"), sign_in("fang.chen")
    old = client.get_cookie("keliu_session")
    assert old
    assert submit(admin, "/admin/groups/logistics/people/li.na", {"joins": "1"}).status_code == 303
    assert client.get("/profile").status_code == 200
    new = client.get_cookie("keliu_session")
    assert new and new.value != old.value
    clock.advance(timedelta(seconds=31))
    assert client.get("/profile").status_code == 200
    late = app.test_client()
    late.set_cookie("keliu_session", old.value)
    assert late.get("/profile").status_code == 302
