"""The environment is read once; what is wrong in it is said at once, all of it."""

from __future__ import annotations

import stat
from dataclasses import fields
from pathlib import Path

import pytest

from config import DATABASE_FILE, SECRET_FILE, Settings, SettingsError

SECRET = "s" * 48


def test_sqlite_in_the_data_directory_is_the_default(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, data=tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / DATABASE_FILE}"
    assert settings.zone == "Asia/Shanghai"
    assert settings.base_url == "http://127.0.0.1:8000"


def test_the_secret_is_generated_once_and_only_the_owner_can_read_it(tmp_path: Path) -> None:
    first = Settings.from_environment({}, data=tmp_path).secret_key
    again = Settings.from_environment({}, data=tmp_path).secret_key
    assert len(first) >= 32 and first == again
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600


def test_postgresql_needs_a_secret_from_the_environment(tmp_path: Path) -> None:
    env = {"KELIU_DATABASE_URL": "postgresql://localhost/keliu"}
    with pytest.raises(SettingsError, match="KELIU_SECRET_KEY"):
        Settings.from_environment(env, data=tmp_path)
    assert not (tmp_path / SECRET_FILE).exists()
    settings = Settings.from_environment(env | {"KELIU_SECRET_KEY": SECRET}, data=tmp_path)
    assert settings.database_url == "postgresql+psycopg://localhost/keliu"


def test_commands_that_sign_nothing_need_no_secret(tmp_path: Path) -> None:
    env = {"KELIU_DATABASE_URL": "postgres://localhost/keliu"}
    assert Settings.from_environment(env, data=tmp_path, need_secret=False).secret_key == ""


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    env = {
        "KELIU_PORT": "eighty",
        "KELIU_ZONE": "Mars/Olympus",
        "KELIU_SQLITE_SYNCHRONOUS": "OFF",
        "KELIU_DATABASE_URL": "mysql://x",
        "KELIU_BASE_URL": "crm.example",
    }
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(env | {"KELIU_SECRET_KEY": SECRET}, data=tmp_path)
    assert len(refused.value.problems) == len(env)
    for name in env:
        assert any(name in problem for problem in refused.value.problems)


def test_a_misspelt_setting_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean KELIU_DATABASE_URL"):
        Settings.from_environment({"KELIU_DATABSE_URL": "postgresql://x/y"}, data=tmp_path)


@pytest.mark.parametrize("port", ["-1", "65536", "1e3", ""])
def test_ports_are_bounded(tmp_path: Path, port: str) -> None:
    if port == "":
        assert Settings.from_environment({"KELIU_PORT": port}, data=tmp_path).port == 8000
        return
    with pytest.raises(SettingsError, match="KELIU_PORT"):
        Settings.from_environment({"KELIU_PORT": port}, data=tmp_path)


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    settings = Settings.from_environment({"KELIU_PORT": "9000"}, data=tmp_path, port=9001, host=None)
    assert (settings.port, settings.host) == (9001, "127.0.0.1")


def test_the_operators_guide_has_a_line_for_every_setting() -> None:
    guide = (Path(__file__).parents[2] / "docs/howto/operate.md").read_text("utf-8")
    for item in fields(Settings):
        assert f"| `KELIU_{item.name.upper()}` |" in guide, item.name
