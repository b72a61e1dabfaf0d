"""The smallest process somebody can begin with: start, one step of one group, end."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from flask_babel import lazy_gettext as _l

from app.errors import FieldErrors

KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the designer said. ``group`` works on the first step."""

    key: str
    name_zh: str
    name_en: str
    group: str
    group_zh: str
    group_en: str


def check(key: str, name_zh: str, name_en: str, group: str, titles: Mapping[str, tuple[str, str]]) -> Wanted:
    """Raises FieldErrors. ``titles``: the groups there are, with their Chinese and English titles."""
    errors: dict[str, list[object]] = {}
    if not KEY.fullmatch(key):
        errors["key"] = [_l("A key is made of small letters, digits and underscores and begins with a letter.")]
    for field, text in (("name_zh", name_zh), ("name_en", name_en)):
        if not text.strip():
            errors[field] = [_l("This field is required.")]
        elif len(text) > 200 or not text.isprintable():
            errors[field] = [_l("At most 200 characters in one line.")]
    if group not in titles:
        errors["group"] = [_l("There is no such group.")]
    if errors:
        raise FieldErrors(errors)
    return Wanted(key, name_zh.strip(), name_en.strip(), group, *titles[group])


def files(wanted: Wanted) -> dict[str, bytes]:
    """The process and its English names. The step has no form yet: that is the first thing to draw."""
    key = wanted.key
    text = _BPMN.format(
        key=key,
        name=quoteattr(wanted.name_zh),
        group=quoteattr(wanted.group),
        lane=quoteattr(wanted.group_zh),
        documentation=escape(wanted.name_zh),
    )
    elements = {
        key: wanted.name_en,
        f"{key}_pool": wanted.name_en,
        "lane_first": wanted.group_en,
        "started": "Start",
        "first_step": "First step",
        "done": "Done",
    }
    names = json.dumps({"elements": elements, "messages": {}, "groups": {}}, ensure_ascii=False, indent=2)
    return {f"{key}.bpmn": text.encode(), f"{key}.en.json": f"{names}\n".encode()}


_BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" \
xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" \
xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="{key}_definitions" \
targetNamespace="https://keliu.example/processes">
  <bpmn:collaboration id="{key}_collaboration">
    <bpmn:participant id="{key}_pool" name={name} processRef="{key}" />
  </bpmn:collaboration>
  <bpmn:process id="{key}" name={name} isExecutable="true">
    <bpmn:documentation>{documentation}</bpmn:documentation>
    <bpmn:laneSet id="lanes">
      <bpmn:lane id="lane_first" name={lane}>
        <bpmn:flowNodeRef>started</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>first_step</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>done</bpmn:flowNodeRef>
      </bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="started" name="开始">
      <bpmn:outgoing>f_first</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:userTask id="first_step" name="第一步" camunda:candidateGroups={group}>
      <bpmn:incoming>f_first</bpmn:incoming>
      <bpmn:outgoing>f_done</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:endEvent id="done" name="完成">
      <bpmn:incoming>f_done</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="f_first" sourceRef="started" targetRef="first_step" />
    <bpmn:sequenceFlow id="f_done" sourceRef="first_step" targetRef="done" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="{key}_diagram">
    <bpmndi:BPMNPlane id="{key}_plane" bpmnElement="{key}_collaboration">
      <bpmndi:BPMNShape id="{key}_pool_di" bpmnElement="{key}_pool" isHorizontal="true">
        <dc:Bounds x="130" y="80" width="640" height="200" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="lane_first_di" bpmnElement="lane_first" isHorizontal="true">
        <dc:Bounds x="160" y="80" width="610" height="200" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="started_di" bpmnElement="started">
        <dc:Bounds x="232" y="162" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="238" y="205" width="24" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="first_step_di" bpmnElement="first_step">
        <dc:Bounds x="370" y="140" width="100" height="80" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="done_di" bpmnElement="done">
        <dc:Bounds x="582" y="162" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="588" y="205" width="24" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="f_first_di" bpmnElement="f_first">
        <di:waypoint x="268" y="180" />
        <di:waypoint x="370" y="180" />
      </bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="f_done_di" bpmnElement="f_done">
        <di:waypoint x="470" y="180" />
        <di:waypoint x="582" y="180" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
