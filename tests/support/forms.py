"""Forms as a browser sends them: with the CSRF token of the page they stand on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')


def csrf_token(client: FlaskClient, page: str = "/profile") -> str:
    """The token that forms of ``page`` carry."""
    found = _TOKEN.search(client.get(page).text)
    assert found, f"{page} has no CSRF token"
    return found[1]


def submit(
    client: FlaskClient, action: str, fields: Mapping[str, Any] | None = None, *, page: str = "/profile", **given: Any
) -> TestResponse:
    """Send ``fields`` to ``action`` as the form on ``page`` does. Lists are several ticked boxes."""
    return client.post(action, data={"csrf_token": csrf_token(client, page), **(fields or {})}, **given)
