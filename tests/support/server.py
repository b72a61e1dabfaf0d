"""The application behind a real socket, for browsers and other processes: served as ``keliu serve`` does."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app.serving import Server


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve ``app`` in a thread; gives its address."""
    server = Server(app, dataclasses.replace(app.extensions["keliu.settings"], host="127.0.0.1", port=0))
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(timeout=30)
