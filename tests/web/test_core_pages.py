"""Pages of the core: languages, errors in words, safe headers, addresses that stay here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, flash, redirect, render_template_string, request
from flask_babel import force_locale

import engine
from app import db
from app.db import Database
from app.db.numbers import next_number
from app.errors import Busy, FieldErrors, NotAllowedHere, NotVisible
from app.security import public
from app.web import errors, filters, links, people
from tests.support.core import core_app, opened

AT = datetime(2026, 11, 23, 1, 5, tzinfo=UTC)
REFUSALS: list[tuple[Exception, int, str]] = [
    (
        engine.TaskAlreadyCompleted(task_id="t", completed_by="wang.fang", completed_at=AT),
        409,
        "Wang Fang completed this",
    ),
    (engine.TaskAlreadyClaimed(task_id="t", assignee="wang.fang"), 409, "Wang Fang has claimed"),
    (engine.TaskCancelled(task_id="t"), 409, "no longer needed"),
    (engine.InstanceChanged(instance_id="i"), 409, "Someone was faster"),
    (engine.InstanceNotActive(instance_id="i", state="completed"), 409, "This case is completed"),
    (engine.BusinessKeyTaken(business_key="CMP-1"), 409, "CMP-1 is being worked on"),
    (engine.JobNotRunnable(job_id=1, state="running"), 409, "cannot be run now"),
    (engine.LeaseLost(job_id=1), 409, "cannot be run now"),
    (engine.TaskNotFound(task_id="t"), 404, "There is nothing here"),
    (engine.MessageNotExpected(name="m", correlation_key="k"), 404, "Nobody waits for this"),
    (engine.NotAllowed(task_id="t", actor="a"), 403, "not yours to do"),
    (engine.BadVariables(path="amount", type="Decimal"), 400, "amount cannot be stored"),
    (engine.ExpressionRefused(expression="x", reason="import"), 422, "import"),
    (engine.ExpressionFailed(expression="x", reason="y"), 422, "could not continue"),
    (engine.ExecutionFailed(instance_id="i", node_id="n", reason="r"), 422, "Your task stays open"),
    (engine.LimitExceeded(limit="steps", value=1, allowed=0), 422, "Your task stays open"),
    (engine.StateUnreadable(instance_id="i"), 422, "could not continue"),
    (engine.DeploymentRefused(()), 422, "Nothing was deployed"),
    (FieldErrors({"amount": ["Too much."]}), 422, "Too much."),
    (NotVisible(), 404, "There is nothing here"),
    (NotAllowedHere("job.execute"), 403, "You may not do this"),
    (Busy(), 503, "Just a moment"),
    (ValueError("secret detail"), 500, "Something went wrong on our side"),
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(f"sqlite:///{tmp_path / 'core.sqlite3'}") as found:
        yield found


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    app = core_app(database, tmp_path)
    people.install(app, lambda _session, logins: dict.fromkeys(logins, "Wang Fang"))

    @app.get("/page")
    @public
    def page() -> str:
        return render_template_string(
            "{% extends 'layouts/base.html' %}{% block title %}T{% endblock %}"
            "{% block page_title %}<{{ name }}>{% endblock %}{% block content %}{{ name }}{% endblock %}",
            name=request.args.get("name", ""),
        )

    @app.post("/change")
    @public
    def change() -> Any:
        flash("<b>saved</b>", "success")
        next_number(db.session(), "CMP", 2026)
        return redirect(links.back("/page"))

    return app


def _raising(app: Flask, error: Exception) -> None:
    @app.get("/raise")
    @public
    def raising() -> str:
        raise error


@pytest.mark.parametrize(("error", "status", "words"), REFUSALS, ids=lambda value: type(value).__name__)
def test_every_refusal_is_a_page_in_words(app: Flask, error: Exception, status: int, words: str) -> None:
    _raising(app, error)
    response = app.test_client().get("/raise", headers={"Accept-Language": "en"})
    assert response.status_code == status
    assert words in response.text
    assert "secret detail" not in response.text


@pytest.mark.parametrize(("error", "status", "words"), REFUSALS, ids=lambda value: type(value).__name__)
def test_every_refusal_is_said_in_chinese_too(app: Flask, error: Exception, status: int, words: str) -> None:
    with app.test_request_context("/"):
        with force_locale("en"):
            english = errors.problem_of(error)
        with force_locale("zh"):
            chinese = errors.problem_of(error)
    assert english.status == chinese.status == status
    assert english.title != chinese.title
    if not isinstance(error, FieldErrors):
        assert english.message != chinese.message


def test_a_conflict_says_who_was_faster_and_when(app: Flask) -> None:
    _raising(app, REFUSALS[0][0])
    chinese = app.test_client().get("/raise", headers={"Accept-Language": "zh-CN"}).text
    assert "Wang Fang 已于 2026-11-23 09:05 办理了该任务。" in chinese
    assert "23 Nov 2026, 09:05" in app.test_client().get("/raise", headers={"Accept-Language": "en-GB"}).text


def test_htmx_gets_a_fragment_not_a_page(app: Flask) -> None:
    _raising(app, engine.TaskCancelled(task_id="t"))
    text = app.test_client().get("/raise", headers={"HX-Request": "true"}).text
    assert 'role="alert"' in text and "<html" not in text


def test_a_program_path_answers_in_its_own_way(app: Flask) -> None:
    from flask import jsonify

    errors.speak(app, "/api/", lambda problem: jsonify(code=problem.code, message=problem.message))

    @app.get("/api/raise")
    @public
    def raising() -> str:
        raise engine.TaskAlreadyClaimed(task_id="t", assignee="wang.fang")

    response = app.test_client().get("/api/raise")
    assert (response.status_code, response.json) == (
        409,
        {"code": "TaskAlreadyClaimed", "message": "Wang Fang has claimed this task."},
    )
    assert app.test_client().get("/api/nothing").json["code"] == "NotFound"  # type: ignore[index]  # it is JSON


@pytest.mark.parametrize(("method", "path", "status"), [("get", "/nothing", 404), ("post", "/page", 405)])
def test_the_router_refuses_with_pages(app: Flask, method: str, path: str, status: int) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    response = getattr(app.test_client(), method)(path)
    assert response.status_code == status
    assert "<h1" in response.text
    if status == 405:
        assert "GET" in response.headers["Allow"]


def test_a_database_that_is_gone_is_a_503_that_says_when_to_come_back(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    app.add_url_rule("/look", "look", public(lambda: str(db.session().connection())))
    database.dispose()
    for file in tmp_path.glob("core.sqlite3*"):
        file.unlink()
    (tmp_path / "core.sqlite3").mkdir()
    for path in ("/readyz", "/look"):
        response = app.test_client().get(path)
        assert response.status_code == 503
        assert response.headers["Retry-After"]
    assert app.test_client().get("/healthz").json == {"status": "ok"}


def test_too_large_a_request_is_refused(app: Flask) -> None:
    app.config.update(WTF_CSRF_ENABLED=False, MAX_CONTENT_LENGTH=1000)

    @app.post("/upload")
    @public
    def upload() -> str:
        return str(len(request.form))

    response = app.test_client().post("/upload", data={"text": "x" * 2000})
    assert response.status_code == 413
    assert "too large" in response.text


def test_a_post_without_token_is_refused_and_says_what_to_do(app: Flask, database: Database) -> None:
    response = app.test_client().post("/change")
    assert response.status_code == 400
    assert "out of date" in response.text


def _token(page: str) -> str:
    return page.split('name="csrf-token" content="')[1].split('"')[0]


@pytest.mark.parametrize("where", ["form", "header"])
def test_a_post_with_the_token_of_the_page_is_accepted(app: Flask, where: str) -> None:
    client = app.test_client()
    token = _token(client.get("/page").text)
    given: dict[str, Any] = {"data": {"csrf_token": token}} if where == "form" else {"headers": {"X-CSRFToken": token}}
    assert client.post("/change", **given).status_code == 302
    page = client.get("/page").text
    assert "&lt;b&gt;saved&lt;/b&gt;" in page
    foreign = app.test_client()
    foreign.get("/page")
    assert foreign.post("/change", **given).status_code == 400


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-US,en;q=0.9,zh;q=0.1", "en"),
        ("fr,zh;q=0.5,en;q=0.3", "zh-CN"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
    ],
)
def test_the_browser_decides_the_language(app: Flask, accepted: str, language: str) -> None:
    page = app.test_client().get("/page", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page


def test_the_switch_is_remembered_by_the_browser(app: Flask) -> None:
    client = app.test_client()
    token = _token(client.get("/page").text)
    response = client.post("/preferences/language", data={"lang": "zh", "next": "/page?name=x", "csrf_token": token})
    assert response.headers["Location"] == "/page?name=x"
    assert '<html lang="zh-CN">' in client.get("/page", headers={"Accept-Language": "en"}).text
    assert '<html lang="en">' in client.get("/page?lang=en").text
    assert '<html lang="en">' in client.get("/page", headers={"Accept-Language": "zh"}).text


@pytest.mark.parametrize("lang", ["", "de", "../zh", "zh'"])
def test_an_unknown_language_is_refused(app: Flask, lang: str) -> None:
    client = app.test_client()
    token = _token(client.get("/page").text)
    assert client.post("/preferences/language", data={"lang": lang, "csrf_token": token}).status_code == 400
    assert client.get("/page?lang=" + lang).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/a\\..\\b",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "evil.example",
        "",
        None,
    ],
)
def test_next_never_leaves_this_site(app: Flask, target: str | None) -> None:
    with app.test_request_context("/"):
        assert links.safe_next(target, "/page") == "/page"


@pytest.mark.parametrize("target", ["/", "/inbox?box=todo", "/a/b#c", "/customers/1?next=https://x"])
def test_next_inside_this_site_is_kept(app: Flask, target: str) -> None:
    with app.test_request_context("/"):
        assert links.safe_next(target, "/page") == target


def test_every_response_carries_the_headers_that_protect(app: Flask) -> None:
    for path in ("/page", "/nothing", "/healthz", "/static/icons.svg"):
        with app.test_client().get(path) as response:
            headers = response.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers
        assert headers["X-Request-ID"]


def test_pages_are_not_kept_in_caches_but_fingerprinted_files_are(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/page").headers["Cache-Control"] == "no-store"
    with client.get("/static/icons.svg?v=1") as response:
        assert "immutable" in response.headers["Cache-Control"]


def test_under_tls_cookies_are_secure_and_the_browser_stays_there(database: Database, tmp_path: Path) -> None:
    app = core_app(database, tmp_path, base_url="https://crm.example")
    app.add_url_rule("/page", "page", public(lambda: render_template_string("{{ csrf_token() }}")))
    response = app.test_client().get("/page", base_url="https://crm.example")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-") and "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_request_id_is_taken_over_only_if_it_is_one(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz", headers={"X-Request-ID": "abc-12345"}).headers["X-Request-ID"] == "abc-12345"
    assert client.get("/healthz", headers={"X-Request-ID": "<script>alert"}).headers["X-Request-ID"].isalnum()


def test_names_with_script_tags_stay_text(app: Flask) -> None:
    page = app.test_client().get("/page?name=<script>alert(1)</script>").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_no_page_has_inline_script_or_style(app: Flask) -> None:
    page = app.test_client().get("/page").text
    assert "<style" not in page and "onclick" not in page and "javascript:" not in page
    assert page.count("<script") == page.count("<script src=")


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (
            "zh",
            [
                "2026-11-23 09:05",
                "2026-11-23",
                "¥1,234.50",
                "2 个工作小时",
                "30 个工作分钟",
                "2天3小时",
                "5分钟",
                "1.5 MB",
            ],
        ),
        (
            "en",
            [
                "23 Nov 2026, 09:05",
                "23 Nov 2026",
                "CN¥1,234.50",
                "2 working hours",
                "30 working minutes",
                "2 d 3 h",
                "5 min",
                "1.5 MB",
            ],
        ),
    ],
)
def test_values_look_as_the_reader_is_used_to(app: Flask, language: str, shown: list[str]) -> None:
    with app.test_request_context("/"), force_locale(language):
        assert [
            filters.localtime(AT),
            filters.localdate(AT),
            filters.money(Decimal("1234.5")),
            filters.working_hours(2),
            filters.working_hours(0.5),
            filters.duration(timedelta(days=2, hours=3, minutes=9)),
            filters.duration(-300),
            filters.filesize(1_572_864),
        ] == shown
        assert filters.localtime(None) == filters.money(None) == filters.duration(None) == filters.filesize(None) == ""


def test_days_are_those_of_the_business_zone(app: Flask) -> None:
    with app.test_request_context("/"), force_locale("zh"):
        assert filters.localdate(datetime(2026, 11, 23, 16, 30, tzinfo=UTC)) == "2026-11-24"


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    import re

    root = Path(errors.__file__).parents[1]
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (root / "static/icons.svg").read_text("utf-8")))
    used = {
        (name, path.name)
        for path in root.rglob("*.html")
        for name in re.findall(r"""\bicon(?:_name)?\s*(?:=|\()\s*["']([a-z0-9-]+)["']""", path.read_text("utf-8"))
    }
    assert {pair for pair in used if pair[0] not in sprite} == set()
