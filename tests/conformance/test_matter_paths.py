"""Every path of a customer matter, on a virtual clock: from the call centre to whoever answers for it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

import engine
from engine.testing import Scenario
from tests.support.processes import files_of

NUMBER = "CUS-2026-000001"


@cache
def _files() -> Mapping[str, bytes]:
    """A complaint and a lead are processes of their own, so all three are deployed together."""
    found: dict[str, bytes] = {}
    for key in ("complaint", "lead_followup", "cco_routing"):
        found |= files_of(key)
    return found


class Matter:
    """One matter, told in the words of the people who carry it. Handlers do what the slice's do to the variables."""

    def __init__(self, *, by_message: bool = False, sampled: bool = False) -> None:
        self.handled: list[str] = []
        handlers = engine.HandlerRegistry()
        left = {
            "open_complaint": {"complaint_number": "CMP-2026-000007"},
            "open_lead": {"lead_number": "LEAD-2026-000007", "lead_owner": ""},
            "close": {"sampled_for_check": sampled, "handlers": ["li.na"]},
            "supplement": None,
        }
        for topic, variables in left.items():
            handlers.register(f"matter.{topic}", self._handler(topic, variables))
        handlers.register("complaint.acknowledge", self._handler("acknowledge", None))
        self.scenario = Scenario(_files(), handlers=handlers)
        if by_message:
            self.scenario.message("matter_received", NUMBER, {"matter_id": NUMBER})
        else:
            self.scenario.start("cco_routing", business_key=NUMBER, variables={"matter_id": NUMBER})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scenario, name)

    def _handler(self, topic: str, variables: Mapping[str, Any] | None) -> Any:
        def handle(_session: Any, _call: engine.ServiceCall) -> Mapping[str, Any] | None:
            self.handled.append(topic)
            return variables

        return handle

    def classify(self, kind: str, **facts: Any) -> Matter:
        self.scenario.complete("register", {"concern": "asks"})
        known = {"region": "centre_3", "amount": 0, "value_class": "C", "product_code": "CAD"}
        self.scenario.complete("classify", {"outcome": "classified", "kind": kind, **known, **facts})
        return self

    def work(self, outcome: str, **more: Any) -> Matter:
        (node,) = self.scenario.open()
        self.scenario.complete(node, {"outcome": outcome, **more})
        return self

    def decline(self, department: str) -> Matter:
        return self.work("declined", next_department=department)

    def at(self) -> tuple[str, tuple[str, ...]]:
        """The one open task and whom it is offered to."""
        (task,) = self.scenario.tasks()
        return task.node_id, task.candidate_groups

    def called(self, key: str) -> engine.InstanceRow:
        with self.scenario.database.read() as session:
            found = engine.queries.instance_by_key(session, *key.split("/"))
        assert found is not None
        return found


@pytest.mark.parametrize(
    ("concern", "kind"),
    [
        *(("asks", "inquiry"), ("dissatisfied", "complaint"), ("wants_to_buy", "purchase_interest")),
        *(("needs_help", "technical"), ("order", "order"), ("idea", "suggestion"), ("leaving", "churn_signal")),
        ("rival", "rival_news"),
    ],
)
def test_the_table_proposes_a_kind(concern: str, kind: str) -> None:
    matter = Matter()
    matter.complete("register", {"concern": concern})
    assert matter.open() == ["classify"] and matter.variables["proposed_kind"] == kind


@pytest.mark.parametrize(
    ("kind", "facts", "task", "group"),
    [
        ("inquiry", {}, "handle_matter", "centre_3"),
        ("inquiry", {"region": ""}, "handle_matter", "customer_department"),
        ("inquiry", {"amount": 100_000}, "handle_matter", "key_accounts"),
        ("technical", {}, "answer_technical", "technical_support"),
        ("order", {}, "handle_matter", "logistics"),
        ("suggestion", {}, "handle_matter", "development"),
        ("suggestion", {"product_code": "OA"}, "handle_matter", "implementation"),
        ("churn_signal", {"value_class": "A"}, "handle_matter", "key_accounts"),
        ("churn_signal", {"value_class": "B"}, "handle_matter", "centre_3"),
        ("rival_news", {}, "handle_matter", "customer_department"),
    ],
)
def test_each_kind_reaches_its_department_and_the_customer_is_answered(
    kind: str, facts: dict[str, Any], task: str, group: str
) -> None:
    matter = Matter().classify(kind, **facts)
    assert matter.at() == (task, (group,))
    matter.work("answered")
    assert matter.at() == ("reply_customer", ("customer_support",))
    matter.work("replied")
    assert matter.state == "completed" and matter.handled == ["close"]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("order", {"amount": 100_000}),  # logistics and key accounts disagree
        ("purchase_interest", {"region": "", "amount": 99_999.99}),  # nobody knows the centre
        ("churn_signal", {"region": "", "value_class": "C"}),
        ("unheard_of", {}),  # no rule
    ],
)
def test_no_rule_or_rules_that_disagree_go_to_the_cco(kind: str, facts: dict[str, Any]) -> None:
    matter = Matter().classify(kind, **facts)
    assert matter.at() == ("cco_decide", ("cco",))
    matter.work("route", target="department", department="finance", hours=4)
    assert matter.at() == ("handle_matter", ("finance",))


def test_a_complaint_is_a_process_of_its_own_and_is_waited_for() -> None:
    matter = Matter().classify("complaint")
    assert matter.open() == [] and matter.state == "active"
    complaint = matter.called("complaint/CMP-2026-000007")
    assert (complaint.state, complaint.parent_instance_id) == ("active", matter.scenario.instance_id)
    assert complaint.variables["complaint_id"] == "CMP-2026-000007"


@pytest.mark.parametrize(("amount", "group"), [(99_999.99, "centre_3"), (100_000, "key_accounts")])
def test_a_purchase_interest_becomes_a_lead_that_nobody_waits_for(amount: float, group: str) -> None:
    matter = Matter().classify("purchase_interest", amount=amount)
    assert matter.at()[0] == "reply_customer"
    lead = matter.called("lead_followup/LEAD-2026-000007")
    assert lead.state == "active" and lead.variables["sales_group"] == group and lead.variables["in_pool"] is True
    matter.work("replied")
    assert matter.state == "completed" and matter.called("lead_followup/LEAD-2026-000007").state == "active"


def test_technical_support_that_cannot_answer_hands_it_to_development_which_asks_the_cco() -> None:
    matter = Matter().classify("technical").work("escalate")
    assert matter.at() == ("handle_matter", ("development",)) and matter.variables["transfers"] == 0
    matter.work("escalate")
    assert matter.at() == ("cco_decide", ("cco",))


def test_the_third_transfer_goes_to_the_cco() -> None:
    matter = Matter().classify("inquiry").decline("logistics").decline("finance")
    assert matter.at() == ("handle_matter", ("finance",))
    matter.decline("development")
    assert matter.at() == ("cco_decide", ("cco",)) and matter.variables["transfers"] == 3


@pytest.mark.parametrize("kind", ["inquiry", "technical"])
def test_a_missed_deadline_goes_to_the_cco_and_is_no_transfer(kind: str) -> None:
    matter = Matter().classify(kind)
    matter.advance(days=4)
    assert matter.at() == ("cco_decide", ("cco",)) and matter.variables["transfers"] == 0


def test_a_sampled_matter_is_verified_by_somebody_who_did_not_handle_it() -> None:
    matter = Matter(sampled=True).classify("inquiry").work("answered").work("replied")
    assert matter.at()[0] == "verify_with_customer"
    assert matter.task("verify_with_customer").excluded_users == ("li.na",)
    matter.work("verified")
    assert matter.state == "completed"


def test_what_the_customer_adds_reaches_who_has_the_matter() -> None:
    matter = Matter(by_message=True).classify("inquiry")
    matter.message("matter_supplement", NUMBER, {})
    assert matter.handled == ["supplement"] and matter.open() == ["handle_matter"]
