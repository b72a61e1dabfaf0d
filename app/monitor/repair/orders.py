"""What an operator can order. Each order is a command of the engine, for one subject or for a batch of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

import engine

INSTANCE, INCIDENT, TIMER = "instance", "incident", "timer"
VARIABLES, PLACES, MOMENT = "variables", "places", "moment"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that can be ordered. ``asks``: what has to be said besides the reason. ``look_first``: it is carried
    out only after its preview was looked at, for one subject too (many always need it)."""

    name: str
    about: str
    permission: str
    title: Any  # a lazy string, as all that follow
    explanation: Any
    icon: str
    asks: str = ""
    look_first: bool = False
    danger: bool = False
    optional: bool = False
    """Whether what it asks may be left out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was said about an order. Exactly one of ``due_at`` (a moment), ``shift`` and neither (now) for timers."""

    reason: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    removals: frozenset[str] = frozenset()
    source: str = ""
    target: str = ""
    due_at: datetime | None = None
    shift: timedelta | None = None


ORDERS: Mapping[str, Order] = {
    order.name: order
    for order in (
        Order(
            "suspend",
            INSTANCE,
            "instance.repair",
            _l("Suspend"),
            _l("Nobody can work on its tasks and no timer fires until it is resumed. Messages are kept."),
            "player-pause",
        ),
        Order(
            "resume",
            INSTANCE,
            "instance.repair",
            _l("Resume"),
            _l("It goes on. What fell due meanwhile happens now, once."),
            "player-play",
        ),
        Order(
            "variables",
            INSTANCE,
            "instance.repair",
            _l("Edit variables"),
            _l("Values are replaced as you type them here; conditions that wait for them are looked at again."),
            "edit",
            VARIABLES,
            look_first=True,
        ),
        Order(
            "move",
            INSTANCE,
            "instance.repair",
            _l("Move to another step"),
            _l("What waits at the one step ends with its timers and messages; the other step begins."),
            "transfer",
            PLACES,
            look_first=True,
        ),
        Order(
            "cancel",
            INSTANCE,
            "instance.cancel",
            _l("Cancel"),
            _l("It ends for good with everything that waits in it and all it called."),
            "ban",
            look_first=True,
            danger=True,
        ),
        Order(
            "retry",
            INCIDENT,
            "job.execute",
            _l("Retry"),
            _l("What failed is tried once more, at once. If it fails again, it is an incident again."),
            "refresh",
        ),
        Order(
            "edit",
            INCIDENT,
            "instance.repair",
            _l("Edit variables and retry"),
            _l("Values are corrected and what failed is tried once more, in one step."),
            "edit",
            VARIABLES,
            look_first=True,
        ),
        Order(
            "skip",
            INCIDENT,
            "instance.repair",
            _l("Skip this step"),
            _l("The step counts as done although it was not done, and the instance goes on behind it."),
            "arrow-forward-up",
            VARIABLES,
            look_first=True,
            optional=True,
        ),
        Order(
            "resolve",
            INCIDENT,
            "instance.repair",
            _l("Close with a note"),
            _l("The incident is closed and nothing is tried. The note stays with it."),
            "circle-check",
        ),
        Order(
            "reschedule",
            TIMER,
            "job.execute",
            _l("Move"),
            _l("It fires at another moment. From then on no change of a calendar moves it."),
            "calendar-time",
            MOMENT,
        ),
        Order(
            "drop",
            TIMER,
            "instance.repair",
            _l("Cancel the timer"),
            _l("It will not fire. What else the instance waits for stays."),
            "ban",
            danger=True,
        ),
    )
}
"""By name, in the order in which they are offered."""


def offered(about: str, has: Any) -> list[Order]:
    """The orders about one kind of thing that somebody may give; ``has`` tells of a permission."""
    return [order for order in ORDERS.values() if order.about == about and has(order.permission)]


def command(order: Order, wanted: Wanted, actor: str, subject: Any = None) -> engine.Command:
    """What carries the order out, for one subject, or (None) as the template of a batch."""
    common: dict[str, Any] = {"actor": actor}
    if order.name == "resolve":
        return engine.ResolveIncident(incident_id=subject or 0, note=wanted.reason, **common)
    common["reason"] = wanted.reason
    if order.about == INSTANCE:
        return _of_instance(order.name, wanted, {"instance_id": subject or "", **common})
    if order.about == INCIDENT:
        changes: dict[str, Any] = {"variables": wanted.variables, "removals": wanted.removals}
        mend = engine.SkipStep if order.name == "skip" else engine.RetryIncident
        return mend(incident_id=subject or 0, **changes, **common)
    if order.name == "drop":
        return engine.CancelTimer(job_id=subject or 0, **common)
    return engine.SetJobDue(job_id=subject or 0, due_at=wanted.due_at, shift=wanted.shift, **common)


def _of_instance(name: str, wanted: Wanted, given: dict[str, Any]) -> engine.Command:
    match name:
        case "suspend":
            return engine.SuspendInstance(**given)
        case "resume":
            return engine.ResumeInstance(**given)
        case "cancel":
            return engine.CancelInstance(**given)
        case "variables":
            return engine.SetVariables(variables=wanted.variables, removals=wanted.removals, **given)
    return engine.ModifyInstance(instructions=instructions(wanted), **given)


def instructions(wanted: Wanted) -> tuple[engine.Instruction, ...]:
    """From one step to another; without the one only a start, without the other only an end."""
    end = engine.Instruction(kind="cancel", node_id=wanted.source)
    start = engine.Instruction(kind="start_before", node_id=wanted.target)
    return tuple(one for one in (end, start) if one.node_id)
