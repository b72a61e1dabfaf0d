"""Days that are no days are named beside what was typed, on every page that asks for a period."""

from __future__ import annotations

import pytest

from tests.conftest import SignIn

PAGES = (
    "/complaints/figures",
    "/leads/figures",
    "/leads/sources",
    "/matters/figures",
    "/monitor/tasks/levels",
    "/monitor/event-log",
    "/monitor/event-log/download",
)


@pytest.mark.parametrize("path", PAGES)
def test_wrong_days_stay_where_they_were_typed(sign_in: SignIn, path: str) -> None:
    answer = sign_in("lin.wanqing").get(f"{path}?from=2026-02-30&to=2026-11-22")
    assert answer.status_code == 422 and "period-error" in answer.text
    assert 'value="2026-02-30"' in answer.text and 'value="2026-11-22"' in answer.text
    assert "Give days like 2026-11-30. Shown is " in answer.text


@pytest.mark.parametrize("path", PAGES[:-1])
def test_right_days_are_shown(sign_in: SignIn, path: str) -> None:
    answer = sign_in("lin.wanqing").get(f"{path}?from=2026-11-01&to=2026-11-22")
    assert answer.status_code == 200 and "period-error" not in answer.text
    assert 'value="2026-11-01"' in answer.text and 'value="2026-11-22"' in answer.text
