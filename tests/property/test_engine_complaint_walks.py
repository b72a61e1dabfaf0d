"""The complaint process on random paths and a virtual clock: saving after every step changes nothing, all end."""

from __future__ import annotations

import random
from collections import Counter
from importlib.resources import files
from typing import Any

from engine.spiff import compile_files
from tests.support.workflows import Play

FOLDER = files("processes")
BPMN = FOLDER.joinpath("complaint.bpmn").read_bytes()
TABLES = ("approval_level.dmn", "responsible_department.dmn", "service_level.dmn")
PARTS = {("dmn", name): FOLDER.joinpath(name).read_bytes() for name in TABLES}
OUTCOMES = {
    "judge": ("valid", "valid", "valid", "not_valid", "more_information"),
    "analyse_cause": ("analysed", "analysed", "refused"),
    "approve_solution": ("approved", "approved", "approved", "return_solution", "return_cause", "raise_level"),
    "decide_penalty": ("penalty", "no_penalty", "process_cause"),
    "return_visit": ("satisfied", "satisfied", "dissatisfied", "unreachable"),
    "hear_appeal": ("upheld", "changed"),
}
WALKS = 30
MAX_MOVES = 300
RARE = {"complaint_withdrawn": 0.02, "complaint_supplement": 0.2, "complaint_containment": 0.2}


def answer(rng: random.Random, node: str) -> dict[str, Any]:
    """What the person at the task fills in, as process variables."""
    values: dict[str, Any] = {"outcome": rng.choice(OUTCOMES.get(node, ("done",)))}
    if node == "record":
        values["severity"] = rng.choice(["minor", "normal", "serious", "critical"])
        values["value_class"] = rng.choice("ABC")
        values["amount"] = rng.choice([0, 500, 50_000, 900_000])
        values["complaint_class"] = rng.choice(["quality", "contract", "transport", "service"])
    elif node == "assign_department":
        values["departments"] = rng.choice([["development"], ["logistics", "finance"], ["centre_1", "finance", "cco"]])
    elif node == "propose_solution":
        number = rng.randint(1, 3)
        values["actions"] = [{"action_id": n, "owner": "bai.lu", "due": "2026-05-01"} for n in range(number)]
        values["compensation"] = rng.choice([0, 300])
        values["proposer"] = "bai.lu"
    return values


def moves(rng: random.Random, play: Play) -> list[tuple[str, str, int]]:
    """What may happen next, in an order that does not depend on identifiers. Handlers are prompt, most timers sleep."""
    waiting = play.waiting
    services = sorted(row.node_id for row in waiting.services)
    if services:
        return [("serve", services[0], 0)]
    found = [("do", node, rng.randrange(play.tasks.count(node))) for node in sorted(set(play.tasks))] * 3
    names = sorted({row.name for row in waiting.subscriptions})
    found += [("send", name, 0) for name in names if rng.random() < RARE.get(name, 0.7)]
    nodes = sorted({row.node_id for row in waiting.timers})
    found += [("ring", node, 0) for node in nodes if not waiting.tasks or rng.random() < 0.4]
    return found


def look(play: Play) -> dict[str, Any]:
    """What people see."""
    waiting = play.waiting
    return {
        "tasks": sorted((task.node_id, task.candidate_groups, task.due_at) for task in waiting.tasks),
        "timers": sorted((row.node_id, row.due_at) for row in waiting.timers),
        "messages": sorted((row.node_id, row.name) for row in waiting.subscriptions),
        "services": sorted(row.topic for row in waiting.services),
        "variables": play.variables,
        "done": play.done,
    }


def walk(seed: int, mode: str) -> tuple[list[dict[str, Any]], Play]:
    """One complaint from start to end."""
    rng = random.Random(seed)
    start = {"complaint_id": str(seed), "amount": 0, "complaint_class": "quality", "sub_code": "x"}
    message = rng.choice([None, "complaint_received"])
    play = Play(BPMN, start, mode=mode, message=message, parts=PARTS, key="complaint")
    seen = [look(play)]
    for _ in range(MAX_MOVES):
        if play.done:
            break
        possible: list[tuple[str, str, int]] = []
        while not possible:
            possible = moves(rng, play)
        kind, node, item = rng.choice(possible)
        if kind == "do":
            play.do(node, item, **answer(rng, node))
        elif kind == "send":
            play.send(node, reason="because")
        else:
            getattr(play, kind)(node)
        seen.append(look(play))
    return seen, play


def test_complaints_walk_the_same_saved_or_not_and_all_end() -> None:
    passed: Counter[str] = Counter()
    for seed in range(WALKS):
        seen, play = walk(seed, "saved")
        plain, other = walk(seed, "memory")
        assert seen == plain, seed
        assert play.trace == other.trace
        assert play.done, (seed, seen[-1])
        assert not play.waiting.tasks
        passed.update(line.removeprefix("completed ") for line in play.trace if line.startswith("completed "))
    nodes = compile_files({"complaint.bpmn": BPMN, **{name: PARTS["dmn", name] for name in TABLES}}).processes[0].nodes
    rare = {"thank_customer", "thanked", "rejected_finally", "hear_appeal", "review_withdrawal"}
    assert set(nodes) - set(passed) <= rare | {node for node in nodes if nodes[node].scope in rare}


def test_a_fresh_process_restores_what_another_saved() -> None:
    for seed in (3, 14):
        assert walk(seed, "cold")[0] == walk(seed, "memory")[0]
