"""What the engine's events make known: deadlines to the ladder of C15, and hand-overs to those concerned."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.notifications import addressing, courier, house, service
from app.notifications.wording import N_, NoticeWording, add_notice

HIGHEST = "cco"
"""The group that hears of everything that stays overdue."""


def add_wordings() -> None:
    """Make the templates of this module known."""
    add_notice(
        NoticeWording(
            "deadline.reminder", N_("%(task)s is due soon: %(business_key)s"), "warning", "clock", "reminder"
        ),
        NoticeWording(
            "deadline.overdue", N_("%(task)s is overdue: %(business_key)s"), "danger", "alert-triangle", "overdue"
        ),
        NoticeWording(
            "deadline.escalation",
            N_("%(task)s has been overdue for a working day: %(business_key)s"),
            "danger",
            "alert-triangle",
            "overdue",
        ),
        NoticeWording("task.assigned", N_("%(actor)s gave you %(task)s: %(business_key)s"), "info", "inbox", "task"),
        NoticeWording(
            "task.taken_away", N_("%(actor)s gave %(task)s to someone else: %(business_key)s"), "info", "inbox", "task"
        ),
        NoticeWording("task.cancelled", N_("%(task)s is no longer needed: %(business_key)s"), "info", "x", "task"),
    )


def install(app: Flask, handlers: engine.HandlerRegistry) -> None:
    """Serve the jobs that send."""
    house.move_in(handlers, app.extensions["keliu.settings"])
    handlers.register_work(addressing.WORK, courier.write_down, outside=courier.carry)
    handlers.register_work(courier.RELEASE, courier.release)


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: leave the notices this event calls for, in the event's own transaction."""
    match event:
        case engine.DeadlineReached():
            deadline_reached(session, event.task, event.stage)
        case engine.TaskAssigned():
            task_assigned(session, event.task, event.assignee, event.previous, event.actor)
        case engine.events.TaskCancelled():
            task_cancelled(session, event.task, event.actor)
        case _:
            pass


def deadline_reached(session: Session, task: engine.TaskRow, stage: str) -> None:
    """Tell those on the ladder: reminder → who has to act, overdue → supervisors, escalation → the CCO's group.

    Each person hears of each stage of a task exactly once.
    """
    ladder = {"reminder": _holders, "overdue": _supervisors, "escalation": _highest}
    _tell(session, ladder[stage](session, task), f"deadline.{stage}", task, f"deadline:{task.id}:{stage}", "system")


def task_assigned(
    session: Session, task: engine.TaskRow, assignee: str | None, previous: str | None, actor: str
) -> None:
    """Tell the new assignee, and the one it was taken from, unless they did it themselves."""
    moment = engine.now(session).isoformat()
    if assignee and assignee != actor:
        _tell(session, [assignee], "task.assigned", task, f"assigned:{task.id}:{moment}", actor)
    if previous and previous not in (actor, assignee):
        _tell(session, [previous], "task.taken_away", task, f"taken:{task.id}:{moment}", actor)


def task_cancelled(session: Session, task: engine.TaskRow, actor: str) -> None:
    """Tell who had the task, unless they caused it."""
    if task.assignee and task.assignee != actor:
        _tell(session, [task.assignee], "task.cancelled", task, f"cancelled:{task.id}", actor)


def _holders(session: Session, task: engine.TaskRow) -> list[str]:
    """The assignee, or everybody who may claim the task."""
    if task.assignee:
        return [task.assignee]
    logins = set(task.candidate_users)
    for group in task.candidate_groups:
        logins.update(_members(session, group))
    return sorted(logins - set(task.excluded_users))


def _supervisors(session: Session, task: engine.TaskRow) -> list[str]:
    """The leads of the task's groups, else the supervisors of those who have to act, else the CCO's group."""
    leads = {login for group in task.candidate_groups for login in _members(session, f"{group}_lead")}
    if not leads:
        found = (accounts.supervisor_of(session, login) for login in _holders(session, task))
        leads = {login for login in found if login}
    return sorted(leads) or _highest(session, task)


def _highest(session: Session, task: engine.TaskRow) -> list[str]:
    return _members(session, HIGHEST)


def _members(session: Session, group: str) -> list[str]:
    return [user.login for user in accounts.users_in_group(session, group)]


def _tell(session: Session, logins: list[str], template: str, task: engine.TaskRow, key: str, actor: str) -> None:
    facts: dict[str, Any] = {
        "task": task.name,
        "node_id": task.node_id,
        "definition_id": task.definition_id,
        "business_key": task.business_key or "",
        "actor": actor,
    }
    service.notify(session, logins, template, facts, link=f"/inbox/tasks/{task.id}", dedupe_key=key)
