"""A mailbox's contacts become matters; the same reference again makes nothing."""

from __future__ import annotations

import pytest
from flask import Flask

import engine
from app.errors import FieldErrors
from app.imports import OutcomeState
from app.matters.importing import MatterTarget
from tests.support.application import database_of, principal_of
from tests.support.matters import Matters

ROW = {
    "source_reference": "M-1",
    "caller_name": "陈佳宁",
    "verbatim": "请寄资料",
    "channel": "email",
    "concern": "asks",
}


@pytest.mark.parametrize(("customer", "known"), [("北京京重机床有限公司", True), ("没听说过的公司", False)])
def test_a_row_is_a_matter_once(app: Flask, clock: engine.VirtualClock, customer: str, known: bool) -> None:
    matters, person, target = Matters(app, clock), principal_of(app, "li.na"), MatterTarget()
    row = {**ROW, "customer": customer, "received_at": clock.now()}

    def work() -> tuple[OutcomeState, str]:
        outcome = database_of(app).write(lambda session: target.import_row(session, row, person))
        return outcome.state, outcome.reference

    with app.app_context():
        first, second = work(), work()
    assert (first[0], second) == (OutcomeState.CREATED, (OutcomeState.EXISTING, first[1]))
    matter = matters.row(first[1])
    assert (matter.customer_id is not None) == known and (matter.caller_company == customer) != known
    assert matter.verbatim == "请寄资料" and matters.waiting(matter.number) == ["classify"]
    future = {**row, "source_reference": "M-2", "received_at": clock.now().replace(year=2030)}
    with pytest.raises(FieldErrors), app.app_context():
        database_of(app).write(lambda session: target.check_row(session, future, person))
