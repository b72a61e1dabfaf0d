"""Settings of one process: a frozen value read from the environment once, failing loudly.

Only ``app.cli``, ``app.wsgi`` and the migrations read the environment; everybody else is handed a :class:`Settings`.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

PREFIX = "KELIU_"
DATABASE_FILE = "keliu.sqlite3"
SECRET_FILE = "secret.key"
MINIMUM_SECRET = 32


class SettingsError(Exception):
    """The environment does not describe a runnable installation. ``problems`` names every variable at fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _setting(meaning: str, default: Any = None, parse: Callable[[str], Any] = str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "parse": parse})


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}")
        return value

    return parse


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except Exception as error:
        raise ValueError("is not a time zone like Asia/Shanghai") from error
    return text


def _base_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    """Accept what people write: ``postgres://`` and plain ``postgresql://`` mean psycopg 3."""
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and separator:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    raise ValueError("must be postgresql://… or sqlite:///path/to/file")


def _smtp_url(text: str) -> str:
    """``smtp://user:password@host:587?starttls=1`` or ``smtps://…``; user, password and port may be left out."""
    parts = urlsplit(text)
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must be smtp://user:password@host:587?starttls=1 or smtps://user:password@host")
    if set(options) - {"starttls"} or options.get("starttls", ["1"])[-1] not in ("0", "1"):
        raise ValueError("knows one option, starttls=1 or starttls=0")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError("has a port that is no number") from error
    return text


def _mail_address(text: str) -> str:
    """``crm@example.com`` or ``Keliu <crm@example.com>``."""
    address = parseaddr(text)[1]
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or not text.isprintable():
        raise ValueError("must be an address like crm@example.com or Keliu <crm@example.com>")
    return text


def _allowed_hosts(text: str) -> tuple[str, ...]:
    found = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    for part in found:
        if "/" in part:
            try:
                ip_network(part, strict=False)
            except ValueError as error:
                raise ValueError(f"names {part}, which is no network like 10.0.0.0/8") from error
    return found


def default_data() -> Path:
    """Where all commands keep their files unless told otherwise (XDG base directory)."""
    root = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(root) / "keliu"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that differs between installations. Names in the environment: ``KELIU_`` + the upper-case name."""

    data: Path = _setting("Directory of the SQLite file, the generated secret and lock files", None, Path)
    database_url: str = _setting("Database; SQLite in the data directory unless given", "", _database_url)
    secret_key: str = _setting(
        "Signs cookies and CSRF tokens, at least 32 characters; generated into the data directory for SQLite, "
        "required with PostgreSQL",
        "",
    )
    base_url: str = _setting("Address people type; https:// turns on secure cookies and HSTS", "", _base_url)
    host: str = _setting("Address to listen on", "127.0.0.1")
    port: int = _setting("Port to listen on", 8000, _number(0, 65535))
    threads: int = _setting("Request threads of `keliu serve` and `keliu demo`", 8, _number(1, 64))
    trusted_proxies: int = _setting("Reverse proxies whose X-Forwarded-* headers are believed", 0, _number(0, 9))
    zone: str = _setting("Business time zone: working calendars, timers and shown times", "Asia/Shanghai", _zone)
    sqlite_synchronous: str = _setting(
        "FULL survives power loss; NORMAL is faster and may lose the last commits then",
        "FULL",
        _choice("FULL", "NORMAL"),
    )
    pool_size: int = _setting("Database connections kept open per process", 10, _number(1, 200))
    max_upload_mb: int = _setting("Largest request body in MiB", 25, _number(1, 1024))
    session_idle_minutes: int = _setting("A session ends after so many minutes without a request", 30, _number(1, 1440))
    session_hours: int = _setting("A session ends after so many hours in any case", 12, _number(1, 168))
    doorbell: str = _setting(
        "What wakes the workers: aps (each looks at the ledger once a second) or procrastinate (PostgreSQL, extra "
        "`scale`: they are told at once, wherever they run)",
        "aps",
        _choice("aps", "procrastinate"),
    )
    lease_minutes: int = _setting(
        "A job that has not ended after so many minutes hangs and is taken away from its worker", 5, _number(1, 240)
    )
    batch_days: int = _setting(
        "Batches that ended more days ago go, with their items; 0 keeps them for ever", 365, _number(0, 36500)
    )
    smtp_url: str = _setting(
        "Mail server: smtp://user:password@host:587?starttls=1, or smtps://…; without one e-mails wait, visibly",
        "",
        _smtp_url,
    )
    mail_from: str = _setting("Sender of e-mails; needed with a mail server", "", _mail_address)
    mail_domain: str = _setting("People who gave no e-mail address have login@this-domain; empty: they have none", "")
    webhook_allow: tuple[str, ...] = _setting(
        "Hosts, addresses and networks of the own house that channels may reach, with commas between them",
        (),
        _allowed_hosts,
    )
    metrics_token: str = _setting(
        "Who reads /metrics gives this as bearer token; empty: /metrics answers this machine only", ""
    )
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR", "INFO", _choice("DEBUG", "INFO", "WARNING", "ERROR"))
    log_format: str = _setting("json for machines, text for people", "json", _choice("json", "text"))

    def __post_init__(self) -> None:
        data = Path(self.data) if self.data else default_data()
        object.__setattr__(self, "data", data)
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{data.absolute() / DATABASE_FILE}")
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://{self.host}:{self.port}")

    @property
    def is_sqlite(self) -> bool:
        """True when the database is one SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def secure(self) -> bool:
        """True when people reach the application over TLS."""
        return self.base_url.startswith("https://")

    def _mail_problems(self) -> list[str]:
        if self.smtp_url and not self.mail_from:
            return [f"{PREFIX}MAIL_FROM is needed with {PREFIX}SMTP_URL: from whom do e-mails come?"]
        return []

    def _doorbell_problems(self) -> list[str]:
        if self.doorbell != "procrastinate":
            return []
        problems = []
        if self.is_sqlite:
            problems.append(f"{PREFIX}DOORBELL=procrastinate needs PostgreSQL; with SQLite it is aps")
        if importlib.util.find_spec("procrastinate") is None:
            problems.append(f"{PREFIX}DOORBELL=procrastinate needs the extra: pip install 'keliu[scale]'")
        return problems

    @classmethod
    def from_environment(
        cls, env: Mapping[str, str], *, data: Path | None = None, need_secret: bool = True, **given: Any
    ) -> Settings:
        """Settings from ``env``; ``data`` and ``given`` (command line) win.

        Raises :class:`SettingsError` naming every fault."""
        problems: list[str] = _misspelt(env)
        values = _parsed(env, problems)
        values |= {name: value for name, value in given.items() if value is not None}
        if data is not None:
            values["data"] = data
        settings = cls(**values)
        problems += settings._doorbell_problems() + settings._mail_problems()
        if not settings.secret_key and settings.is_sqlite and need_secret and not problems:
            values["secret_key"] = generated_secret(settings.data)
            settings = cls(**values)
        if need_secret and len(settings.secret_key) < MINIMUM_SECRET:
            problems.append(
                f"{PREFIX}SECRET_KEY is required with PostgreSQL and has at least {MINIMUM_SECRET} characters; "
                'make one with python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if problems:
            raise SettingsError(problems)
        return settings


def _misspelt(env: Mapping[str, str]) -> list[str]:
    """A misspelt name would silently use the default (another database!): refuse what looks like one of ours."""
    known = {PREFIX + item.name.upper() for item in fields(Settings)}
    found = []
    for name in sorted(env):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if close:
                found.append(f"{name} is not a setting; did you mean {close[0]}?")
    return found


def _parsed(env: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = PREFIX + item.name.upper()
        text = env.get(name, "").strip()
        if not text:
            continue
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as error:
            problems.append(f"{name} {error}")
    return values


def generated_secret(data: Path) -> str:
    """The secret in ``data``, made on first use and readable by its owner only; two starting processes agree on one."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / SECRET_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret + "\n")
    return secret
