"""A person who opens a process sees lanes, flows that never cross, and texts that cover nothing."""

from __future__ import annotations

import itertools

import pytest

from tests.support.processes import BPMN, PROCESSES, Line, Point, boxes, labels, lines, tree

FRAMES = {"participant", "lane", "subProcess"}


def _meet(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether two straight pieces, each across or down, have a point in common."""
    (ax, ay), (bx, by) = first
    (cx, cy), (dx, dy) = second
    return max(min(ax, bx), min(cx, dx)) <= min(max(ax, bx), max(cx, dx)) and max(min(ay, by), min(cy, dy)) <= min(
        max(ay, by), max(cy, dy)
    )


def _crossings(all_lines: list[Line]) -> list[tuple[str, str]]:
    return [
        (one.id, other.id)
        for one, other in itertools.combinations(all_lines, 2)
        if any(_meet(a, b) for a in one.segments() for b in other.segments())
    ]


@pytest.mark.parametrize("key", PROCESSES)
def test_flows_run_across_and_down_and_never_meet(key: str) -> None:
    for line in lines(key):
        for (ax, ay), (bx, by) in line.segments():
            assert ax == bx or ay == by, f"{line.id} is drawn askew"
    assert _crossings(lines(key)) == []


@pytest.mark.parametrize("key", PROCESSES)
def test_every_element_and_flow_is_drawn(key: str) -> None:
    nodes = {
        element.get("id")
        for scope in tree(key).iter(f"{BPMN}process", f"{BPMN}subProcess")
        for element in scope
        if element.tag.removeprefix(BPMN)[-4:] in ("Task", "vent", "eway", "cess")
    }
    assert nodes - boxes(key).keys() == set()
    assert {flow.get("id") for flow in tree(key).iter(f"{BPMN}sequenceFlow")} == {line.id for line in lines(key)}


@pytest.mark.parametrize("key", PROCESSES)
def test_flows_pass_through_no_element(key: str) -> None:
    solid = [box for box in boxes(key).values() if box.type not in FRAMES]
    for line in lines(key):
        for box in solid:
            if box.id in (line.source, line.target):
                continue
            corners = ((box.left, box.top), (box.right, box.bottom))
            assert not any(_meet(segment, corners) for segment in line.segments()), f"{line.id} runs through {box.id}"


@pytest.mark.parametrize("key", PROCESSES)
def test_elements_and_texts_cover_nothing(key: str) -> None:
    attached = {event.get("id"): event.get("attachedToRef") for event in tree(key).iter(f"{BPMN}boundaryEvent")}
    solid = [box for box in boxes(key).values() if box.type not in FRAMES]
    for one, other in itertools.combinations(solid, 2):
        assert not one.meets(other) or attached.get(one.id) == other.id or attached.get(other.id) == one.id
    texts = list(labels(key).values())
    for text in texts:
        for box in solid:
            assert not text.meets(box), f"the text of {text.id} covers {box.id}"
    for one, other in itertools.combinations(texts, 2):
        assert not one.meets(other), f"the texts of {one.id} and {other.id} cover each other"


@pytest.mark.parametrize("key", PROCESSES)
def test_every_step_lies_in_its_sub_process_and_lane(key: str) -> None:
    drawn = boxes(key)
    lanes = {lane.get("id", ""): lane for lane in tree(key).iter(f"{BPMN}lane")}
    for scope in tree(key).iter(f"{BPMN}subProcess"):
        for element in scope:
            box = drawn.get(element.get("id", ""))
            if box and box.type != "boundaryEvent":
                assert box.inside(drawn[scope.get("id", "")]), f"{box.id} is drawn outside of {scope.get('id')}"
    for name, lane in lanes.items():
        row = drawn[name]
        for reference in lane.iter(f"{BPMN}flowNodeRef"):
            box = drawn[reference.text or ""]
            if box.type not in FRAMES | {"boundaryEvent"}:
                middle = (box.top + box.bottom) / 2
                assert row.top <= middle <= row.bottom, f"{box.id} is drawn outside of {name}"


@pytest.mark.parametrize("key", PROCESSES)
def test_the_main_way_runs_from_left_to_right(key: str) -> None:
    """Less than a quarter of the flows leads back: those are the loops."""
    drawn = boxes(key)
    back = [line.id for line in lines(key) if drawn[line.target].left < drawn[line.source].left - 1]
    assert len(back) < len(lines(key)) / 4, back
