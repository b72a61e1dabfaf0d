"""The arrivals and waiting times of a real help desk, as matters on a virtual clock. ``KELIU_TEST_SCALE=10`` replays
the whole log of 3 804 cases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

import engine
from tests.support import helpdesk
from tests.support.application import database_of

LOG = Path(__file__).parents[3] / "shared" / "data" / "helpdesk_log.csv"
SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
CASES = int(os.environ.get("KELIU_REPLAY_CASES", "0")) or (40 if SCALE < 10 else None)


@pytest.mark.timeout(60 * 60 * SCALE)
@pytest.mark.skipif(not LOG.exists(), reason="the log is not beside the clone")
def test_every_case_ends_answered_and_who_had_it_is_known_for_every_minute(
    app: Flask, clock: engine.VirtualClock
) -> None:
    cases = helpdesk.read(LOG, CASES)
    desk = helpdesk.HelpDesk(app, clock)
    desk.replay(cases)
    with database_of(app).read() as session:
        figures = helpdesk.check(session)
    assert figures.matters == len(cases) == len(desk.numbers)
    assert figures.hops > len(cases) and figures.overdue > 0
    print(f"{desk.actions} events, {figures}")
