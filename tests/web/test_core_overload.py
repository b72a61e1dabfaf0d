"""More requests than can be answered: some are sent away with 503 and Retry-After, nobody sees another failure."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask

from app.serving import Server
from tests.support.application import settings_for

CLIENTS, REQUESTS = 120, 3


def ask(port: int) -> tuple[str, bool, float]:
    """Status, whether it says when to come again, and seconds until it was said."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    head = said.partition(b"\r\n\r\n")[0].decode()
    return head.split()[1], "\r\nRetry-After: " in head, time.monotonic() - began


def slow() -> str:
    """A page that takes a while."""
    time.sleep(0.03)
    return "done"


def test_a_crowd_is_served_as_far_as_possible_and_told_when_to_come_again(tmp_path: Path) -> None:
    app = Flask("slow")
    app.add_url_rule("/", view_func=slow)
    server = Server(app, settings_for("sqlite://", tmp_path, threads=2, port=0))
    running = threading.Thread(target=server.run)
    running.start()
    try:
        with ThreadPoolExecutor(CLIENTS) as crowd:
            answers = list(crowd.map(lambda _: ask(server.port), range(CLIENTS * REQUESTS)))
        afterwards = ask(server.port)
    finally:
        server.stop()
        running.join(20)
    seen = Counter(status for status, _, _ in answers)
    assert set(seen) == {"200", "503"}, seen
    assert seen["200"] >= 30
    assert all(told for status, told, _ in answers if status == "503")
    assert max(seconds for _, _, seconds in answers) < 10
    assert afterwards[0] == "200"
