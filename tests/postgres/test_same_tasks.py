"""Eight programs on the same tasks, over two servers: each is completed once, the slower read who was faster."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import engine
from engine.testing import check_instance
from tests.crash.servers import SERVE, Client, Serving
from tests.crash.test_server_kill import company, start_all
from tests.support.application import Databases, database_of
from tests.support.racing import together
from tests.support.rest import token_of

SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
PEOPLE = {"li.na": "Na Li", "wu.xiaoyan": "Xiaoyan Wu"}
PROGRAMS = tuple(PEOPLE) * 4
TASKS = 50 * SCALE
"""Everybody tries all of them. Eight clients of the engine try five hundred: test_engine_concurrency.py."""


def completing(client: Client, login: str, tasks: list[str]) -> Callable[[], Counter[int]]:
    """What a program was answered, by status; every refusal names who was faster."""

    def work() -> Counter[int]:
        seen: Counter[int] = Counter()
        for task_id in tasks:
            wanted = {"variables": {"first": {"value": login, "type": "String"}}}
            status, answer = client.ask("POST", f"/task/{task_id}/complete", wanted)
            seen[status] += 1
            if status != 204:
                assert any(name in answer["message"] for name in PEOPLE.values()), answer
        return seen

    return work


@pytest.mark.slow
@pytest.mark.timeout(900)  # of a busy machine
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_eight_programs_complete_the_same_tasks(backend: str, databases: Databases, tmp_path: Path) -> None:
    with company(databases, backend) as (app, url):
        database = database_of(app)
        count = TASKS
        ids = start_all(database, count)
        with database.read() as session:
            tasks = [engine.queries.open_tasks(session, instance_id)[0].id for instance_id in ids]
        with ThreadPoolExecutor() as pool:
            servers = list(pool.map(lambda _: Serving(url, tmp_path, (*SERVE, "--no-worker")), range(2)))
        try:
            clients = [(Client(servers, f"Bearer {token_of(app, login)}"), login) for login in PROGRAMS]
            results = together(*[completing(client, login, tasks) for client, login in clients])
        finally:
            ends = [server.stop() for server in servers]

        total: Counter[int] = Counter()
        for result in results:
            assert isinstance(result, Counter), result
            total += result
        assert total == {204: count, 409: count * (len(PROGRAMS) - 1)}
        assert ends == [0, 0]
        with database.read() as session:
            for instance_id, task_id in zip(ids, tasks, strict=True):
                winner = engine.queries.task(session, task_id).ended_by
                instance = engine.queries.instance(session, instance_id)
                assert (instance.version, dict(instance.variables)) == (2, {"first": winner})
                check_instance(session, instance_id)
