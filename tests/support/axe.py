"""The accessibility rules of axe-core, asked of a page as it stands. The script comes from npm by a lock file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support import npm

HERE = Path(__file__).parent / "axe"
SCRIPT = HERE / "node_modules" / "axe-core" / "axe.min.js"
SEVERE = {"serious", "critical"}


@cache
def _rules() -> str:
    npm.installed(HERE, SCRIPT)
    return SCRIPT.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """What keeps people from using ``page``: rule, element and reason, of serious and critical findings."""
    page.evaluate(_rules())  # not a script element: the page's content policy forbids those
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{rule['id']}: {node['html'][:160]} | {node['failureSummary'][:240]}"
        for rule in found
        if rule["impact"] in SEVERE
        for node in rule["nodes"]
    ]
