"""People at browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.support.application import session_cookie
from tests.support.person import Person


@pytest.fixture
def person(browser: Browser, app: Flask, live_server: str) -> Iterator[Callable[..., Person]]:
    """``person("li.na")`` is that employee at a browser of their own, signed in once."""
    there: dict[tuple[str, str, int], Person] = {}

    def at_a_browser(login: str, *, language: str = "en", width: int = 1280) -> Person:
        key = (login, language, width)
        if key not in there:
            there[key] = Person(
                browser, live_server, login, lambda: session_cookie(app, login), language=language, width=width
            )
        return there[key]

    yield at_a_browser
    for one in there.values():
        one.close()
