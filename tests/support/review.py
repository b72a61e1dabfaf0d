"""A process for figures of the control room, and two days of work on it that can be followed by hand.

inspect (eight working hours) → decide → again to inspect, or a wait of ten days. Both tasks belong to the customer
department, which works from 09:00 to 18:00. Every test begins on a Monday at 09:00.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

import engine
from tests.support.application import database_of, principal_of
from tests.support.engine_world import bpmn, chain, flow, timer, user_task

KEY = "review"
SCRIPT = "&lt;script&gt;alert(1)&lt;/script&gt;"
"""As a BPMN file writes it."""
GROUP = 'camunda:candidateGroups="customer_department"'
BODY = (
    '<bpmn:startEvent id="begin" />'
    + user_task("inspect", GROUP, serviceLevel="=8").replace('name="inspect"', f'name="{SCRIPT}检查"')
    + user_task("decide", GROUP).replace('name="decide"', 'name="决定"')
    + '<bpmn:exclusiveGateway id="more" name="还要检查？" default="more_wait" />'
    + timer("wait", "P10D")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "inspect", "decide", "more")
    + flow("more", "inspect", "=rounds &gt; 0")
    + chain("more", "wait", "done")
)
ZONE = ZoneInfo("Asia/Shanghai")


def files(name: str = SCRIPT) -> dict[str, bytes]:
    """The process under a name."""
    return {f"{KEY}.bpmn": bpmn(KEY, BODY).replace(b'name="review"', f'name="{name}"'.encode())}


@dataclass
class Reviews:
    """The reviews of one application. Moments are hours of November 2026 in Shanghai."""

    app: Flask
    clock: engine.VirtualClock
    ids: dict[str, str] = field(default_factory=dict)

    def deploy(self, name: str = SCRIPT) -> str:
        """The definition id of a version."""
        order = engine.Deploy(name="review", files=files(name), actor="shi.lei")
        found = self._execute(order).deployment
        return str(found.definitions[0].id)

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """It is that hour."""
        self.clock.set(datetime(2026, 11, day, hour, minute, tzinfo=ZONE))

    def start(self, *names: str) -> None:
        """Reviews begin."""
        for name in names:
            order = engine.StartProcess(process_key=KEY, business_key=name, actor="li.na")
            self.ids[name] = self._execute(order).instance_id

    def open_task(self, name: str) -> str:
        """The id of the only open task of a review."""
        task = engine.tables.user_task.c
        mine = (task.instance_id == self.ids[name], task.state.in_(engine.OPEN_TASKS))
        with database_of(self.app).read() as session:
            return str(session.scalars(select(task.id).where(*mine)).one())

    def claim(self, name: str, login: str) -> None:
        """The person has the task."""
        groups = principal_of(self.app, login).groups
        self._execute(engine.ClaimTask(task_id=self.open_task(name), actor=login, groups=groups))

    def do(self, name: str, login: str, **variables: Any) -> None:
        """The person completes the open task."""
        task, groups = self.open_task(name), principal_of(self.app, login).groups
        self._execute(engine.CompleteTask(task_id=task, variables=variables, actor=login, groups=groups))

    def pause(self, name: str) -> None:
        """The clock of the open task stands still."""
        self._execute(engine.PauseTask(task_id=self.open_task(name), reason="停电", actor="he.jing"))

    def go_on(self, name: str) -> None:
        """And goes on."""
        self._execute(engine.ContinueTask(task_id=self.open_task(name), actor="he.jing"))

    def _execute(self, order: Any) -> Any:
        return database_of(self.app).write(lambda session: engine.execute(session, order))


def two_days(reviews: Reviews) -> tuple[str, str]:
    """What happened until Tuesday, 16:00; the ids of both versions.

    Inspected: A 2 h, B 6 h, C 10 h (2 h late), A again 1 h, F 2 h (five more were paused). Decided: A 10 h, B 8 h.
    Open: inspect D (overdue since Monday, nobody's), inspect E (song.yaqin's, at risk since 15:24, due at 17:00),
    inspect G (of version 2, nobody's, due on Wednesday); decide C (xie.wenbo's), decide A (nobody's), decide F
    (nobody's). B waits.
    """
    first = reviews.deploy()
    reviews.start("A", "B", "C", "D")
    reviews.at(23, 11)
    reviews.do("A", "song.yaqin")
    reviews.at(23, 15)
    reviews.do("B", "song.yaqin")
    reviews.at(24, 9)
    reviews.start("E", "F")
    reviews.claim("E", "song.yaqin")
    reviews.at(24, 10)
    reviews.do("C", "xie.wenbo")
    reviews.claim("C", "xie.wenbo")
    reviews.pause("F")
    reviews.at(24, 12)
    reviews.do("A", "song.yaqin", rounds=1)
    reviews.at(24, 13)
    reviews.do("A", "song.yaqin")
    reviews.at(24, 14)
    reviews.do("B", "xie.wenbo", rounds=0)
    reviews.at(24, 15)
    reviews.go_on("F")
    reviews.at(24, 16)
    reviews.do("F", "xie.wenbo")
    second = reviews.deploy("复查")
    reviews.start("G")
    return first, second
