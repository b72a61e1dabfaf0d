"""What slices hand to the composition root: handlers, listeners, business objects, import targets, demo data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from app.business_objects import BusinessObjects
    from app.imports import ImportTargets
    from engine import HandlerRegistry, WorkingCalendar
    from engine.context import StandIn

Calendars = Callable[[Session, str | None], "WorkingCalendar"]


@dataclass(frozen=True, slots=True)
class DemoPart:
    """One step of loading the demo company. ``label`` is printed while ``load`` runs; loading twice adds nothing."""

    label: str
    load: Callable[[Session], Any]


@dataclass(frozen=True, slots=True)
class Handover:
    """One kind of thing a person holds and leaves to a successor. Logins; nothing commits."""

    key: str
    """Lower case, e.g. "leads": the name of its field on the page."""
    label: Any
    """What is handed over, a lazy text: "Leads"."""
    count: Callable[[Session, str], int]
    """``count(session, leaver)``: how many there are."""
    move: Callable[[Session, str, str, str], int]
    """``move(session, leaver, successor, actor)``: all are the successor's now, with their own history; how many."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A table of what the company works with rather than on: a test run has a copy of it. ``blank``: columns whose
    text nobody may copy."""

    model: type[Any]
    blank: tuple[str, ...] = ()


@dataclass(slots=True)
class Registries:
    """Filled by each slice's ``register(app, registries)``, in the order of :data:`app.bootstrap.SLICES`."""

    handlers: HandlerRegistry
    business_objects: BusinessObjects
    imports: ImportTargets
    listeners: list[Callable[[Session, Any], None]] = field(default_factory=list)
    demo: list[DemoPart] = field(default_factory=list)
    commands: list[click.Command] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    samples: list[Callable[[Session], Any]] = field(default_factory=list)
    """What fills a test run with invented business partners; nothing of the company's own data is read."""
    beginnings: list[Callable[[Session], Any]] = field(default_factory=list)
    """What a worker makes sure of when it starts: that work which comes again and again is in the ledger. Doing so
    again changes nothing."""
    stand_in: StandIn | None = None
    """Set by the absences slice: who gets the tasks of somebody who is away."""
    calendars: Calendars | None = None
    """Set by the calendars slice: the working calendar of a candidate group (None: the office)."""
