"""Each night the batches go that ended long ago; whoever has kept their page finds it gone."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

import engine
from app import purging
from tests.support import purchase
from tests.support.application import advance, database_of, drain, signed_in
from tests.support.rest import program

OPERATOR = "lin.wanqing"


def test_old_batches_are_gone_after_a_night(app: Flask, clock: engine.VirtualClock) -> None:
    purchase.deploy(app)
    database = database_of(app)

    def batch() -> int:
        template = engine.SetVariables(instance_id="", variables={"city": "上海"})
        subjects = (purchase.start(app),)
        order = engine.StartBatch(template=template, subjects=subjects, reason="tidy up", actor=OPERATOR)
        found = database.write(lambda session: engine.execute(session, order)).batch_id
        drain(database)
        return int(found or 0)

    old = batch()
    clock.advance(timedelta(days=364))
    newer, newest = batch(), batch()
    for _ in range(2):
        database.write(purging.begin)
    advance(database, clock, timedelta(days=3))
    browser, client = signed_in(app, OPERATOR), program(app, OPERATOR)
    pages = {number: browser.get(f"/monitor/repairs/{number}").status_code for number in (old, newer, newest)}
    assert pages == {old: 404, newer: 200, newest: 200}
    assert client.get(f"/engine-rest/history/batch/{old}").status_code == 404
    assert browser.get("/monitor/repairs").status_code == 200
