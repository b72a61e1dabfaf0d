"""Every path through the complaint process, on a virtual clock. The engine saves and restores the state with every
step, and the scenario checks after each one that what was saved reads back to itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

import engine
from engine.tables import process_instance
from engine.testing import Scenario
from tests.support.processes import files_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
PROPOSER = "zhao.kai"
ACTIONS = [
    {"action_id": 1, "owner": "sun.lei", "due": "2026-02-13T18:00:00+08:00"},
    {"action_id": 2, "owner": "zhou.min", "due": "2026-02-13T18:00:00+08:00"},
]


class Case:
    """One complaint, told in the words of the people who carry it."""

    def __init__(self, *, cold: bool = False, by_message: bool = False) -> None:
        self.handled: list[str] = []
        handlers = engine.HandlerRegistry()
        for topic in ("acknowledge", "reply_not_valid", "archive", "supplement", "schedule_visit"):
            handlers.register(f"complaint.{topic}", self._handler(topic))
        self.scenario = Scenario(files_of("complaint"), handlers=handlers, cold=cold)
        variables = {"complaint_id": "CMP-2026-000001"}
        if by_message:
            self.scenario.message("complaint_received", "CMP-2026-000001", variables)
        else:
            self.scenario.start("complaint", business_key="CMP-2026-000001", variables=variables)

    def _handler(self, topic: str) -> Any:
        def handle(_session: Any, _call: engine.ServiceCall) -> Mapping[str, Any] | None:
            self.handled.append(topic)
            return {"handlers": [PROPOSER, "sun.lei", "zhou.min"]} if topic == "schedule_visit" else None

        return handle

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scenario, name)

    # --- what people do ----------------------------------------------------------------------------------------

    def record(self, severity: str = "normal", value_class: str = "B", **more: Any) -> Case:
        facts = {"complaint_class": "quality", "sub_code": "quality_defect", "severity": severity}
        slice_adds = {"value_class": value_class, "selling_department": "centre_3"}
        self.scenario.complete("record", {**facts, **slice_adds, **more})
        return self

    def judge(self, outcome: str = "valid", **more: Any) -> Case:
        self.scenario.complete("judge", {"outcome": outcome, **more})
        return self

    def assign(self, *departments: str) -> Case:
        self.scenario.complete("assign_department", {"departments": list(departments or ("development",))})
        return self

    def analyse(self, outcome: str = "analysed") -> Case:
        self.scenario.complete("analyse_cause", {"outcome": outcome})
        return self

    def propose(self, compensation: float = 0, groups: tuple[str, ...] = ("development",)) -> Case:
        adds = {"proposer": PROPOSER, "proposer_groups": list(groups), "actions": ACTIONS}
        self.scenario.complete("propose_solution", {"compensation": compensation, **adds}, actor=PROPOSER)
        return self

    def decide(self, outcome: str = "approved") -> Case:
        self.scenario.complete("approve_solution", {"outcome": outcome})
        return self

    def implement(self) -> Case:
        for node in ("perform_action", "perform_action", "decide_penalty"):
            self.scenario.complete(node)
        return self

    def to_step(self, step: str, **record: Any) -> Case:
        """The shortest way to a step, without compensation."""
        way = {
            "judge": lambda: self.record(**record),
            "assign_department": self.judge,
            "analyse_cause": self.assign,
            "propose_solution": self.analyse,
            "approve_solution": self.propose,
            "implement": self.decide,
            "return_visit": lambda: self.implement() and self.scenario.advance(days=16),
            "evaluate": lambda: self.visit("satisfied"),
        }
        for name, go in way.items():
            go()
            if name == step:
                return self
        raise AssertionError(step)

    def visit(self, outcome: str) -> Case:
        self.scenario.complete("return_visit", {"outcome": outcome})
        return self

    def groups(self, node: str) -> tuple[str, ...]:
        return self.scenario.task(node).candidate_groups

    def state_size(self) -> int:
        query = select(func.length(process_instance.c.blob)).where(process_instance.c.id == self.scenario.instance_id)
        with self.scenario.database.read() as session:
            return int(session.execute(query).scalar_one())

    def hours_allowed(self, node: str) -> float:
        minutes = self.scenario.task(node).service_minutes
        assert minutes is not None
        return minutes / 60


# --- the straight way ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cold", [False, True], ids=["same process", "a new operating system process every step"])
def test_a_satisfied_customer_in_eight_steps(cold: bool) -> None:
    case = Case(cold=cold)
    assert case.open() == ["record"]
    assert case.handled == ["acknowledge"]
    case.record()
    assert case.open() == ["judge"] and case.groups("judge") == ("customer_support_lead",)
    case.judge()
    assert case.groups("assign_department") == ("customer_department",)
    assert case.variables["proposed_department"] == "development"
    case.assign()
    assert case.groups("analyse_cause") == ("development",)
    case.analyse()
    assert case.groups("propose_solution") == ("development",)
    case.propose()
    task = case.task("approve_solution")
    assert task.candidate_groups == ("development_lead",) and task.excluded_users == (PROPOSER,)
    case.decide()
    assert case.open() == ["decide_penalty", "perform_action", "perform_action"]
    case.implement()
    assert case.open() == []
    case.advance(days=16)
    assert set(case.task("return_visit").excluded_users) == {PROPOSER, "sun.lei", "zhou.min"}
    case.visit("satisfied")
    case.complete("evaluate")
    assert case.state is engine.InstanceState.COMPLETED
    assert case.handled == ["acknowledge", "schedule_visit", "archive"]
    assert "thank_customer" not in case.passed()


def test_a_complaint_that_comes_by_message_waits_at_step_one() -> None:
    case = Case(by_message=True)
    assert case.open() == ["record"] and case.handled == ["acknowledge"]
    assert "complaint_received" in case.passed()
    case.record()
    assert case.open() == ["judge"]


def test_the_start_form_records_in_the_same_commit() -> None:
    case = Case()
    started = case.scenario.start(
        "complaint",
        business_key="CMP-2026-000002",
        variables={"complaint_id": "CMP-2026-000002"},
        complete_task="record",
        complete_variables={"complaint_class": "service", "severity": "critical", "value_class": "A"},
        actor="wang.fang",
    )
    assert [task.node_id for task in started.created] == ["judge"]
    assert case.hours_allowed("judge") == 1


def test_a_class_a_customer_is_thanked() -> None:
    case = Case().to_step("evaluate", value_class="A")
    case.complete("evaluate")
    assert case.handled[-1] == "archive"
    assert case.open() == ["thank_customer"]
    case.complete("thank_customer")
    assert case.state is engine.InstanceState.COMPLETED


# --- step 2: judge ---------------------------------------------------------------------------------------------------


def test_not_valid_and_accepted_after_fifteen_days() -> None:
    case = Case().record().judge("not_valid")
    assert case.open() == [] and case.handled[-1] == "reply_not_valid"
    case.advance(days=14, hours=23)
    assert case.state is engine.InstanceState.ACTIVE
    case.advance(hours=2)
    assert case.state is engine.InstanceState.COMPLETED
    assert case.handled[-1] == "archive"
    assert {"rejected", "archive_not_valid", "closed_not_valid"} <= case.passed()
    assert "implement" not in case.passed()


def test_contested_once_the_cco_decides_again_and_for_good() -> None:
    case = Case().record().judge("not_valid")
    case.message("complaint_contested")
    assert case.groups("judge") == ("cco",)
    assert case.hours_allowed("judge") == 8
    case.judge("not_valid")
    assert case.state is engine.InstanceState.COMPLETED
    assert "rejected_finally" in case.passed()
    assert case.handled.count("reply_not_valid") == 2


def test_contested_and_found_valid_after_all() -> None:
    case = Case().record().judge("not_valid")
    case.message("complaint_contested")
    case.judge("valid")
    assert case.open() == ["assign_department"]


def test_after_the_fifteen_days_nobody_waits_for_a_contest() -> None:
    case = Case().record().judge("not_valid")
    case.advance(days=15, hours=1)
    with pytest.raises(engine.MessageNotExpected):
        case.message("complaint_contested")


def test_more_information_stops_the_clock_until_the_customer_answers() -> None:
    case = Case().record()
    assert case.hours_allowed("judge") == 8
    case.judge("more_information", judge_hours=3)
    assert case.open() == [] and all(job.kind is not engine.JobKind.DEADLINE for job in case.jobs())
    case.advance(days=2)
    case.message("complaint_information")
    assert case.open() == ["judge"] and case.hours_allowed("judge") == 3
    assert case.groups("judge") == ("customer_support_lead",)


def test_without_an_answer_the_case_is_judged_after_five_working_days() -> None:
    case = Case().record().judge("more_information", judge_hours=3)
    case.until(datetime(2026, 1, 12, 8, 59, tzinfo=SHANGHAI))
    assert case.open() == []
    case.advance(minutes=2)
    assert case.open() == ["judge"] and case.hours_allowed("judge") == 3


def test_a_contested_case_that_lacks_information_stays_with_the_cco() -> None:
    case = Case().record().judge("not_valid")
    case.message("complaint_contested")
    case.judge("more_information", judge_hours=5)
    case.message("complaint_information")
    assert case.groups("judge") == ("cco",) and case.hours_allowed("judge") == 5


# --- steps 3 and 4: departments --------------------------------------------------------------------------------------


def test_several_departments_contribute_beside_the_one_that_answers() -> None:
    case = Case().record().judge().assign("logistics", "development", "finance")
    assert case.open() == ["analyse_cause", "contribute_analysis", "contribute_analysis"]
    assert case.groups("analyse_cause") == ("logistics",)
    contributing = {task.candidate_groups for task in case.tasks() if task.node_id == "contribute_analysis"}
    assert contributing == {("development",), ("finance",)}
    case.analyse()
    assert case.open() == ["contribute_analysis", "contribute_analysis"]
    case.complete("contribute_analysis")
    case.complete("contribute_analysis")
    assert case.open() == ["propose_solution"] and case.groups("propose_solution") == ("logistics",)


def test_a_refusal_takes_the_work_from_the_contributing_departments_too() -> None:
    case = Case().record().judge().assign("logistics", "development")
    case.analyse("refused")
    assert case.open() == ["assign_department"] and case.variables["refusals"] == 1
    assert case.groups("assign_department") == ("customer_department",)


def test_after_a_contribution_the_department_may_still_refuse() -> None:
    case = Case().record().judge().assign("logistics", "development")
    case.complete("contribute_analysis")
    case.analyse("refused")
    assert case.open() == ["assign_department"]


def test_the_third_refusal_goes_to_the_cco() -> None:
    case = Case().record().judge()
    for department in ("development", "logistics", "finance"):
        case.assign(department).analyse("refused")
    assert case.groups("assign_department") == ("cco",)
    assert case.variables["refusals"] == 3
    case.assign("development").analyse()
    assert case.open() == ["propose_solution"]


# --- step 6: approval ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compensation", "severity", "value_class", "levels"),
    [
        (0, "normal", "B", ["development_lead"]),
        (5_000.01, "normal", "B", ["development_lead", "customer_department_lead"]),
        (60_000, "normal", "B", ["customer_department_lead", "cco"]),
        (100_000, "normal", "B", ["development_lead", "customer_department_lead", "cco"]),
        (0, "critical", "C", ["development_lead", "customer_department_lead", "cco"]),
    ],
)
def test_levels_approve_one_after_the_other(
    compensation: float, severity: str, value_class: str, levels: list[str]
) -> None:
    case = Case().record(severity, value_class).judge().assign().analyse().propose(compensation)
    for level in levels:
        assert case.open() == ["approve_solution"] and case.groups("approve_solution") == (level,)
        case.decide()
    assert "perform_action" in case.open()


def test_the_customer_department_is_not_asked_twice() -> None:
    case = Case().record("critical").judge().assign("customer_department").analyse().propose()
    assert case.variables["approval_levels"] == ["customer_department_lead", "cco"]


def test_returned_to_the_solution_counts_a_round() -> None:
    case = Case().to_step("approve_solution")
    case.decide("return_solution")
    assert case.open() == ["propose_solution"] and case.variables["approval_round"] == 1
    case.propose(100_000)
    assert case.variables["approval_levels"][-1] == "cco", "the levels follow the new proposal"


def test_returned_to_the_cause() -> None:
    case = Case().to_step("approve_solution")
    case.decide("return_cause")
    assert case.open() == ["analyse_cause"] and case.variables["approval_round"] == 1
    case.analyse().propose().decide()
    assert "perform_action" in case.open()


def test_returned_to_the_cause_and_then_refused_by_the_department() -> None:
    case = Case().to_step("approve_solution")
    case.decide("return_cause").analyse("refused")
    assert case.open() == ["assign_department"]


def test_raised_to_the_cco() -> None:
    case = Case().to_step("approve_solution")
    case.decide("raise_level")
    assert case.groups("approve_solution") == ("cco",)
    case.decide()
    assert "perform_action" in case.open()


def test_raised_where_there_is_a_level_above_goes_there_first() -> None:
    case = Case().record().judge().assign().analyse().propose(6_000)
    case.decide("raise_level")
    assert case.groups("approve_solution") == ("customer_department_lead",)


@pytest.mark.parametrize(
    ("groups", "compensation", "level", "stand_in"),
    [
        (("development", "development_lead"), 0, "development_lead", "cco"),
        (("cco",), 60_000, "cco", "customer_department_lead"),
    ],
)
def test_a_proposer_who_would_approve_has_a_stand_in(
    groups: tuple[str, ...], compensation: float, level: str, stand_in: str
) -> None:
    case = Case().record().judge().assign().analyse().propose(compensation, groups)
    while level not in case.groups("approve_solution"):
        case.decide()
    assert set(case.groups("approve_solution")) == {level, stand_in}
    assert case.task("approve_solution").excluded_users == (PROPOSER,)


def test_the_proposer_cannot_approve() -> None:
    case = Case().to_step("approve_solution")
    with pytest.raises(engine.NotAllowed):
        case.complete("approve_solution", {"outcome": "approved"}, actor=PROPOSER)
    assert case.open() == ["approve_solution"]


# --- step 7: implementation ------------------------------------------------------------------------------------------


def test_everybody_does_their_part_in_any_order() -> None:
    case = Case().record().judge().assign().analyse().propose(4_000).decide()
    assert case.open() == ["decide_penalty", "pay_compensation", "perform_action", "perform_action"]
    assert case.groups("pay_compensation") == ("finance",) and case.groups("decide_penalty") == ("human_resources",)
    owners = {task.assignee for task in case.tasks() if task.node_id == "perform_action"}
    assert owners == {"sun.lei", "zhou.min"}
    for node in ("perform_action", "decide_penalty", "pay_compensation"):
        case.complete(node)
        assert case.open() != []
    case.complete("perform_action")
    assert case.open() == [] and case.handled[-1] == "schedule_visit"


def test_an_action_is_due_when_its_plan_says() -> None:
    case = Case().to_step("implement")
    assert case.task("perform_action").due_at == datetime(2026, 2, 13, 18, tzinfo=SHANGHAI)


# --- return visit ----------------------------------------------------------------------------------------------------


def test_the_visit_comes_when_the_table_says() -> None:
    """Normal severity: the seventh working day after everything was done on Monday, 09:00."""
    case = Case().to_step("implement").implement()
    case.until(datetime(2026, 1, 14, 8, 59, tzinfo=SHANGHAI))
    assert case.open() == []
    case.advance(minutes=2)
    assert case.open() == ["return_visit"]


def test_unreachable_three_times_goes_on_to_the_evaluation() -> None:
    case = Case().to_step("return_visit")
    for attempt in (1, 2):
        case.visit("unreachable")
        assert case.open() == [] and case.variables["visit_attempts"] == attempt
        case.advance(days=4)
        assert case.open() == ["return_visit"]
    case.visit("unreachable")
    assert case.open() == ["evaluate"] and case.variables["visit_attempts"] == 3
    case.complete("evaluate")
    assert case.state is engine.InstanceState.COMPLETED


def test_reached_at_the_second_attempt() -> None:
    case = Case().to_step("return_visit", value_class="A").visit("unreachable")
    case.advance(days=4)
    case.visit("satisfied").complete("evaluate")
    assert case.open() == ["thank_customer"]


def test_dissatisfied_opens_a_new_round_and_the_third_is_the_ccos() -> None:
    case = Case().to_step("return_visit")
    case.visit("dissatisfied")
    assert case.open() == ["analyse_cause"] and case.variables["round"] == 2
    assert case.groups("analyse_cause") == ("development",)
    case.analyse().propose().decide().implement()
    case.advance(days=16)
    case.visit("unreachable")
    case.advance(days=4)
    case.visit("dissatisfied")
    assert case.variables["round"] == 3 and case.variables["visit_attempts"] == 0
    assert case.groups("analyse_cause") == ("cco",)
    case.analyse()
    assert case.groups("propose_solution") == ("cco",)
    case.propose(groups=("cco",)).decide().implement()
    case.advance(days=16)
    case.visit("satisfied").complete("evaluate")
    assert case.state is engine.InstanceState.COMPLETED
    assert case.handled.count("schedule_visit") == 3


def test_a_new_round_asks_the_contributing_departments_again_and_may_be_refused() -> None:
    case = Case().record().judge().assign("development", "logistics").analyse()
    case.complete("contribute_analysis")
    case.propose().decide().implement()
    case.advance(days=16)
    case.visit("dissatisfied")
    assert case.open() == ["analyse_cause", "contribute_analysis"]
    case.analyse("refused")
    assert case.open() == ["assign_department"]


# --- what may happen at any time -------------------------------------------------------------------------------------

STEPS = ["judge", "assign_department", "analyse_cause", "propose_solution", "approve_solution", "implement"]


@pytest.mark.parametrize("step", [*STEPS, "return_visit", "evaluate"])
def test_withdrawn_at_any_step_the_cco_sees_it(step: str) -> None:
    case = Case().to_step(step)
    case.message("complaint_withdrawn")
    assert case.open() == ["review_withdrawal"] and case.groups("review_withdrawal") == ("cco",)
    assert [job.node_id for job in case.jobs() if job.kind is engine.JobKind.TIMER] == []
    case.complete("review_withdrawal")
    assert case.state is engine.InstanceState.COMPLETED and case.handled[-1] == "archive"


def test_withdrawn_while_we_wait_for_the_customer() -> None:
    case = Case().record().judge("more_information", judge_hours=2)
    case.message("complaint_withdrawn")
    assert case.open() == ["review_withdrawal"]
    with pytest.raises(engine.MessageNotExpected):
        case.message("complaint_information")


@pytest.mark.parametrize("step", STEPS)
def test_the_customer_may_add_something_at_any_step(step: str) -> None:
    case = Case().to_step(step)
    before = case.open()
    case.message("complaint_supplement")
    case.message("complaint_supplement")
    assert case.open() == before and case.handled.count("supplement") == 2


@pytest.mark.parametrize("step", STEPS[:-1])
def test_an_emergency_measure_beside_steps_one_to_six(step: str) -> None:
    case = Case().to_step(step)
    before = case.open()
    case.message("complaint_containment")
    assert sorted([*before, "take_containment"]) == case.open()
    known = step not in ("judge", "assign_department")
    assert case.groups("take_containment") == (("development",) if known else ("customer_support",))
    case.complete("take_containment")
    assert case.open() == before


def test_no_emergency_measure_after_the_approval() -> None:
    case = Case().to_step("implement")
    with pytest.raises(engine.MessageNotExpected):
        case.message("complaint_containment")


def test_the_solution_is_carried_out_after_the_emergency_measure_too() -> None:
    """Steps 1 to 6 are over when the approval and what was started beside it are done."""
    case = Case().to_step("approve_solution")
    case.message("complaint_containment")
    case.decide()
    assert case.open() == ["take_containment"]
    case.complete("take_containment")
    assert "perform_action" in case.open()


def test_the_case_does_not_wait_for_an_appeal() -> None:
    case = Case().to_step("implement").implement()
    case.message("penalty_appealed")
    assert case.groups("hear_appeal") == ("human_resources_lead",)
    case.advance(days=16)
    assert case.open() == ["hear_appeal", "return_visit"]
    case.visit("satisfied").complete("evaluate")
    assert case.handled[-1] == "archive" and case.open() == ["hear_appeal"]
    case.complete("hear_appeal")
    assert case.state is engine.InstanceState.COMPLETED


# --- deadlines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [*STEPS, "return_visit", "evaluate"])
def test_every_step_has_a_deadline_and_each_reminder_comes_once(step: str) -> None:
    case = Case().to_step(step)
    tasks = {task.id for task in case.tasks()}
    assert all(task.due_at is not None for task in case.tasks())
    case.advance(days=60)
    reached = [(event.task.id, event.stage) for event in case.events(engine.DeadlineReached) if event.task.id in tasks]
    expected = [(task, stage) for task in tasks for stage in ("reminder", "overdue", "escalation")]
    assert sorted(reached) == sorted(expected)


def test_a_serious_complaint_of_a_large_customer_is_faster() -> None:
    case = Case().record("serious", "A")
    assert case.hours_allowed("judge") == 2
    assert case.task("judge").due_at == datetime(2026, 1, 5, 11, tzinfo=SHANGHAI)


def test_a_task_done_in_time_reminds_nobody() -> None:
    case = Case().record()
    case.judge("more_information", judge_hours=2)
    case.scenario.advance(days=3)
    assert case.events(engine.DeadlineReached) == []


def test_after_thirty_rounds_the_state_is_as_small_as_after_one() -> None:
    case = Case().to_step("approve_solution")
    sizes = []
    for _turn in range(30):
        case.decide("return_cause").analyse().propose()
        sizes.append(case.state_size())
    assert case.variables["approval_round"] == 30
    assert max(sizes) - min(sizes) < 20  # the counter has one digit more
