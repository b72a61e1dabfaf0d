"""Every path of a lead, on a virtual clock: it wakes by itself when the purchase comes nearer, and answers changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import engine
from engine.testing import Scenario
from tests.support.processes import files_of

NUMBER = "LEAD-2026-000001"
OWNER = "zhao.min"
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""
TASKS = {
    "now": "contact_now",
    "three_months": "advance_purchase",
    "six_months": "follow_up_detailed",
    "one_year": "follow_up_general",
}


class Lead:
    """One lead, told in the words of those who follow it up. Handlers do what the slice's do to the variables."""

    def __init__(self, *, cold: bool = False, by_message: bool = False) -> None:
        self.handled: list[str] = []
        self.horizons: list[tuple[str, date]] = []
        handlers = engine.HandlerRegistry()
        for topic in ("close", "win", "lose", "warn_manager", "send_detailed_material", "send_general_material"):
            handlers.register(f"lead.{topic}", self._note(topic))
        handlers.register("lead.note_horizon", self._enter)
        handlers.register("lead.return_to_pool", self._pool)
        self.scenario = Scenario(files_of("lead_followup"), handlers=handlers, cold=cold, start=MONDAY)
        variables = {"lead_id": NUMBER, "owner": "", "sales_group": "centre_3", "in_pool": False}
        if by_message:
            self.scenario.message("lead_captured", NUMBER, variables)
        else:
            self.scenario.start("lead_followup", business_key=NUMBER, variables=variables)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scenario, name)

    def _note(self, topic: str) -> Any:
        def handle(_session: Any, _call: engine.ServiceCall) -> None:
            self.handled.append(topic)

        return handle

    def _enter(self, _session: Any, call: engine.ServiceCall) -> None:
        if call.variables["fresh"]:
            self.horizons.append((call.variables["horizon"], self.today()))

    def _pool(self, _session: Any, _call: engine.ServiceCall) -> Mapping[str, Any]:
        self.handled.append("return_to_pool")
        return {"owner": "", "in_pool": True}

    # --- what happens ------------------------------------------------------------------------------------------

    def today(self) -> date:
        return (self.scenario.clock.now() + timedelta(hours=8)).date()

    def qualify(self, days: int, owner: str = OWNER) -> Lead:
        facts = {"outcome": "qualified", "purchase_date": str(self.today() + timedelta(days=days))}
        slice_adds = {"owner": owner, "sales_group": "centre_3", "in_pool": not owner}
        self.scenario.complete("qualify", {**facts, **slice_adds})
        return self

    def answer(self, outcome: str, days: int | None = None) -> Lead:
        (node,) = self.scenario.open()
        more = {} if days is None else {"purchase_date": str(self.today() + timedelta(days=days))}
        self.scenario.complete(node, {"outcome": outcome, **more})
        return self

    def change(self, **variables: Any) -> Lead:
        self.scenario.message("lead_changed", NUMBER, {"outcome": "changed", **variables})
        return self

    def entered(self) -> list[tuple[str, int]]:
        """Horizons in the order they were entered, with the day counted from the first one."""
        first = self.horizons[0][1]
        return [(horizon, (day - first).days) for horizon, day in self.horizons]


YEAR = [("one_year", 0), ("six_months", 185), ("three_months", 275), ("now", 335)]


@pytest.mark.parametrize("cold", [False, True], ids=["same process", "a new operating system process every step"])
def test_a_lead_of_a_year_comes_nearer_step_by_step_though_nobody_does_a_task(cold: bool) -> None:
    lead = Lead(cold=cold).qualify(365)
    for horizon, at in YEAR:
        lead.until(MONDAY + timedelta(days=at))
        assert lead.open() == [TASKS[horizon]]
    lead.until(MONDAY + timedelta(days=336))
    assert lead.entered() == YEAR
    assert lead.handled.count("send_general_material") == 1
    assert lead.handled.count("send_detailed_material") == 1


def test_a_lead_of_a_year_that_is_looked_after_enters_each_horizon_once_through_a_restart_and_a_new_version() -> None:
    lead = Lead().qualify(365).answer("no_change")
    assert lead.open() == []
    lead.until(MONDAY + timedelta(days=100))
    files = dict(files_of("lead_followup"))
    files["lead_followup.bpmn"] = files["lead_followup.bpmn"].replace("判别线索".encode(), "判别新线索".encode())
    lead.database.execute(engine.Deploy(name="next version", files=files))
    for at, waiting in ((185, "follow_up_detailed"), (275, "advance_purchase"), (335, "contact_now")):
        lead.until(MONDAY + timedelta(days=at - 2))
        lead.sleep(days=2)
        while lead.open():
            assert lead.open() == [waiting]
            if waiting == "contact_now":
                break
            lead.answer("no_change")
    assert [horizon for horizon, _ in lead.horizons] == [horizon for horizon, _ in YEAR]
    lead.answer("won")
    assert lead.state == "completed" and lead.handled[-1] == "win"


@pytest.mark.parametrize(
    ("days", "horizon"),
    [
        *((-3, "now"), (0, "now"), (30, "now"), (31, "three_months"), (90, "three_months"), (91, "six_months")),
        *((180, "six_months"), (181, "one_year"), (365, "one_year"), (366, "later"), (1500, "later")),
    ],
)
def test_the_days_to_the_purchase_decide_the_horizon(days: int, horizon: str) -> None:
    lead = Lead().qualify(days)
    assert lead.variables["horizon"] == horizon
    assert lead.open() == ([TASKS[horizon]] if horizon in TASKS else [])


def test_beyond_a_year_it_waits_for_day_365_first() -> None:
    lead = Lead().qualify(800)
    lead.until(MONDAY + timedelta(days=434, hours=12))
    assert [horizon for horizon, _ in lead.horizons] == ["later"] and lead.open() == []
    lead.until(MONDAY + timedelta(days=435))
    assert lead.entered()[-1] == ("one_year", 435)


def test_the_salesperson_has_a_lead_for_now_at_once_and_the_manager_hears_of_it_unread() -> None:
    lead = Lead().qualify(10)
    task = lead.task("contact_now")
    assert task.assignee == OWNER and task.candidate_groups == ("centre_3",)
    lead.advance(hours=3)
    assert "warn_manager" not in lead.handled
    lead.advance(days=3)
    assert lead.handled.count("warn_manager") == 1
    assert lead.open() == ["contact_now"]


@pytest.mark.parametrize(("outcome", "handled"), [("won", "win"), ("lost", "lose")])
def test_won_or_lost_is_the_end(outcome: str, handled: str) -> None:
    lead = Lead().qualify(10).answer(outcome)
    assert lead.state == "completed" and lead.handled[-1] == handled


def test_later_moves_it_back_and_it_comes_again() -> None:
    lead = Lead().qualify(10).answer("later", days=200)
    assert lead.open() == ["follow_up_general"] and lead.variables["horizon"] == "one_year"
    lead.answer("no_change")
    lead.until(MONDAY + timedelta(days=21))
    assert lead.open() == ["follow_up_detailed"] and lead.variables["horizon"] == "six_months"


def test_later_within_the_same_horizon_sleeps_until_it_is_time_to_ask_again() -> None:
    lead = Lead().qualify(10).answer("later", days=20)
    assert lead.open() == []
    lead.advance(days=7)
    assert lead.open() == ["contact_now"]
    assert lead.entered() == [("now", 0)]


def test_a_purchase_that_can_be_earlier_goes_to_the_front_line() -> None:
    lead = Lead().qualify(80).answer("advance", days=25)
    assert lead.open() == ["contact_now"]
    assert lead.entered() == [("three_months", 0), ("now", 0)]


def test_within_three_months_it_asks_every_two_weeks() -> None:
    lead = Lead().qualify(89)
    asked = 0
    for _ in range(4):
        assert lead.open() == ["advance_purchase"]
        lead.answer("no_change")
        assert lead.open() == []
        asked += 1
        lead.advance(days=14)
    assert asked == 4 and lead.variables["horizon"] == "three_months"


def test_a_change_wakes_a_sleeping_lead() -> None:
    lead = Lead().qualify(300).answer("no_change")
    assert lead.open() == []
    lead.change(purchase_date=str(lead.today() + timedelta(days=20)))
    assert lead.open() == ["contact_now"] and lead.variables["horizon"] == "now"


def test_a_change_reaches_a_lead_whose_task_nobody_did() -> None:
    lead = Lead().qualify(300)
    lead.change(purchase_date=str(lead.today() + timedelta(days=60)))
    assert lead.open() == ["advance_purchase"]


def test_a_reply_within_the_horizon_is_a_reason_to_call() -> None:
    lead = Lead().qualify(300).answer("no_change")
    lead.change()
    assert lead.open() == ["follow_up_general"]


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_sleeping_lead_can_be_won_or_lost(outcome: str) -> None:
    lead = Lead().qualify(300).answer("no_change")
    lead.change(outcome=outcome)
    assert lead.state == "completed"


def test_a_lead_nobody_touches_goes_to_the_pool_and_whoever_claims_it_has_the_task() -> None:
    lead = Lead().qualify(10)
    lead.advance(days=16)
    assert lead.handled.count("return_to_pool") == 1
    task = lead.task("contact_now")
    assert task.assignee is None and task.candidate_groups == ("centre_3",)
    lead.change(owner="li.lei", in_pool=False)
    assert lead.task("contact_now").assignee == "li.lei"


def test_the_task_of_a_lead_in_the_pool_waits_for_whoever_takes_it_and_is_not_offered_anew() -> None:
    lead = Lead().qualify(10, owner="")
    task = lead.task("contact_now")
    lead.advance(days=200)
    assert lead.task("contact_now").id == task.id and lead.handled.count("warn_manager") == 1
    lead.change(owner="li.lei", in_pool=False)
    assert lead.task("contact_now").assignee == "li.lei"
    lead.advance(days=16)  # whoever took it forgets it in turn
    assert lead.handled.count("return_to_pool") == 1 and lead.task("contact_now").assignee is None


def test_a_lead_in_the_pool_still_comes_nearer_without_tasks_until_it_is_due() -> None:
    lead = Lead().qualify(100, owner="")
    assert lead.open() == []
    lead.advance(days=100)
    assert [horizon for horizon, _ in lead.horizons] == ["six_months", "three_months", "now"]
    assert lead.open() == ["contact_now"]
    assert not {"send_detailed_material", "return_to_pool"} & set(lead.handled)


@pytest.mark.parametrize("outcome", ["duplicate", "unsuitable"])
def test_what_is_no_prospect_is_closed(outcome: str) -> None:
    lead = Lead()
    lead.complete("qualify", {"outcome": outcome})
    assert lead.state == "completed" and lead.handled == ["close"]


def test_a_message_starts_one_too() -> None:
    assert Lead(by_message=True).qualify(10).open() == ["contact_now"]
