"""Applications that tests have done with and left as they were: building one takes longer than most tests' requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask

import engine
from app import create_app
from app.bootstrap import open_database, registries
from app.monitor.metrics import EXTENSION as MEASURED
from app.security.credentials import RememberedCredentials
from app.security.identity import EXTENSION as SECURITY
from config import Settings
from tests.support import thrift

DATABASE, SETTINGS = "keliu.database", "keliu.settings"


@dataclass(frozen=True)
class _Shelved:
    """An application, and what of it a test can change."""

    app: Flask
    settings: Settings
    config: Mapping[str, Any]
    extensions: Mapping[str, Any]
    fixed: tuple[Any, ...]


_shelf: list[_Shelved] = []
_lent: dict[int, _Shelved] = {}


def application(settings: Settings, clock: engine.Clock) -> Flask:
    """An application that is as good as new. Give it back with :func:`done_with`."""
    fitting = [one for one in _shelf if replace(one.settings, database_url="") == replace(settings, database_url="")]
    if fitting:
        found = fitting[0]
        _shelf.remove(found)
        _renew(found, settings, clock)
    else:
        app = create_app(settings, clock=clock)
        app.testing = True
        app.jinja_env.bytecode_cache = thrift.templates
        found = _Shelved(app, settings, dict(app.config), dict(app.extensions), _fixed(app))
    _lent[id(found.app)] = found
    return found.app


def done_with(app: Flask) -> None:
    """The next test may have it, unless this one gave it other addresses, hooks or templates."""
    found = _lent.pop(id(app))
    if found.fixed == _fixed(app):
        _shelf.append(found)


def _renew(found: _Shelved, settings: Settings, clock: engine.Clock) -> None:
    app = found.app
    app._got_first_request = False
    app.config.clear()
    app.config.update(found.config)
    app.extensions.clear()
    app.extensions.update(found.extensions)
    app.extensions[SETTINGS] = settings
    app.extensions[DATABASE] = open_database(settings, registries(app), clock=clock)
    app.extensions[SECURITY] = replace(app.extensions[SECURITY], remembered=RememberedCredentials())
    app.extensions[MEASURED].seconds.clear()


def _fixed(app: Flask) -> tuple[Any, ...]:
    """What no test can take back."""
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs, app.error_handler_spec)
    sizes = tuple(sum(map(len, one.values())) for one in hooks)
    environment = app.jinja_env
    jinja = (id(environment.loader), id(environment.cache))
    return len(app.view_functions), sizes, jinja, registries(app).handlers.service_topics, vars(app).get("wsgi_app")
