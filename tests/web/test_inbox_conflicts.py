"""Several people work on the same task at the same moment: one wins, the others read who it was."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask

from app.complaints.models import Complaint
from tests.support import purchase
from tests.support.application import database_of
from tests.support.rest import program, variables

PEOPLE = ("li.na", "wu.xiaoyan", "zheng.kai", "huang.shiyu")
ROUNDS = 5


def test_one_of_four_completes_and_the_others_read_who_was_faster(each_app: Flask) -> None:
    purchase.deploy(each_app)
    clients = {login: program(each_app, login) for login in PEOPLE}
    for _ in range(ROUNDS):
        task = purchase.task_of(each_app, purchase.start(each_app))
        barrier, answers = threading.Barrier(len(PEOPLE)), dict[str, Any]()

        def complete(
            login: str,
            task_id: str = task.id,
            barrier: threading.Barrier = barrier,
            answers: dict[str, Any] = answers,
        ) -> None:
            barrier.wait()
            filled = variables(requester=login, subject=login)
            answers[login] = clients[login].post(f"/engine-rest/task/{task_id}/complete", {"variables": filled})

        threads = [threading.Thread(target=complete, args=(login,)) for login in PEOPLE]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes = sorted(answer.status_code for answer in answers.values())
        assert codes == [204, 409, 409, 409]
        winner = purchase.task(each_app, task.id).ended_by
        assert answers[winner].status_code == 204
        following = purchase.task_of(each_app, task.instance_id)
        assert following.node_id == "approve", "the process moved on once"


def test_a_refused_completion_leaves_no_row_of_the_business_behind(app: Flask) -> None:
    """The number of a registration that fails is not spent, and nothing half done stays."""
    client = program(app, "li.na")
    with database_of(app).read() as session:
        before = session.query(Complaint).count()
    refused = client.post("/api/v1/complaints", {"values": {"channel": "phone", "verbatim": "nur halb"}})
    assert refused.status_code == 422
    with database_of(app).read() as session:
        assert session.query(Complaint).count() == before
