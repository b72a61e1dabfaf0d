"""What the inbox, the REST dialects and the notices know of the business rows behind a process.

A slice that owns a process registers one :class:`BusinessObject` under the process key. The screens over the engine
ask it for the text of a row, for what a form shows, and hand it what a person filled in; they never import the slice.
Every function takes the caller's session and never commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from flask import current_app
from sqlalchemy import Select
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from app.security import Principal
    from engine import TaskRow


@dataclass(frozen=True, slots=True)
class Started:
    """A process instance was started. ``completed_first`` says whether the first task was completed in the same
    commit; otherwise the instance waits at it."""

    business_key: str
    instance_id: str
    completed_first: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """One line about a business object: what a row shows and where it leads."""

    title: str
    subtitle: str
    url: str
    customer: str


@dataclass(frozen=True, slots=True)
class FormContext:
    """What a task's form starts with. ``values``: prefill by field name. ``overrides``: by field name, any of
    ``options`` (list of ``{"value", "label": {zh, en}}``), ``min``, ``max``, ``required``, ``readonly``, ``hidden``,
    ``help`` and ``label`` (``{zh, en}``), ``options_url``. What an override limits, the binding refuses."""

    values: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Names that conditions of the form (``visible_if``) may use besides its own fields."""


class FilledForm(Protocol):
    """A form after binding: ``values`` of all fields kept, ``variables`` those that become process variables."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Every field that was visible, as Python values."""
        ...

    @property
    def variables(self) -> Mapping[str, Any]:
        """The fields marked ``variable``, as JSON values."""
        ...


class BusinessObject(Protocol):
    """The business side of one process definition key."""

    process_key: str

    def start(
        self,
        session: Session,
        principal: Principal,
        values: Mapping[str, Any],
        *,
        source: str = "form",
        may_wait: bool = False,
    ) -> Started:
        """Create the business row and start the process. ``values`` is a payload of the first task's form (JSON as
        the form document describes). Complete payload: the first task is completed by ``principal`` in the same
        commit. Incomplete: raises ``FieldErrors`` and starts nothing, unless ``may_wait``, then the instance waits
        at its first task with what was given as prefill. A value that is wrong, not merely missing, is always refused.
        ``source``: form, rest, message, import."""
        ...

    def prepare(self, session: Session, principal: Principal, values: Mapping[str, Any]) -> str:
        """Create the business row without a process instance, for a call activity that starts it under the business
        key returned. ``values``: what is known, by the names of the first task's form; nothing is required, what is
        given is its prefill. The customer's words (``verbatim``) are kept as they are from this moment on. Asks no
        permission: a process decided."""
        ...

    def start_url(self, principal: Principal) -> str | None:
        """The page where this person starts one by its form; None for who may not."""
        ...

    def visible_keys(self, principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
        """The business keys this principal may see, as a subquery for ``IN``. ``by_tasks`` False: without those seen
        only because of a task of one's own, for callers that ask for tasks themselves. ``one_by_one``: of keys that the
        caller knows, rather than for a list of all of them; the same keys."""
        ...

    def context(self, session: Session, task: TaskRow, principal: Principal) -> FormContext:
        """Prefill and dynamic limits of the task's form."""
        ...

    def complete(self, session: Session, task: TaskRow, principal: Principal, bound: FilledForm) -> dict[str, Any]:
        """Write the business rows of this step. Returns process variables to set besides ``bound.variables``.
        Raises ``FieldErrors`` when a rule of the business refuses a value."""
        ...

    def summary(self, session: Session, business_key: str, principal: Principal) -> Summary:
        """Row text and link. Raises ``NotVisible`` for an unknown key."""
        ...

    def summaries(self, session: Session, business_keys: list[str], principal: Principal) -> dict[str, Summary]:
        """Row texts of a whole page of keys in one query; unknown keys are left out."""
        ...

    def side_panel(self, session: Session, business_key: str, principal: Principal) -> str | None:
        """URL of an htmx fragment to show beside a task: customer card and timeline."""
        ...

    def message(
        self,
        session: Session,
        principal: Principal,
        name: str,
        business_key: str,
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Check that ``principal`` may send message ``name`` now and write its business rows. Returns the process
        variables to correlate with. Raises ``NotVisible``, ``NotAllowedHere`` or ``FieldErrors``. The caller
        correlates the message in the same transaction."""
        ...


class BusinessObjects:
    """The registry: process key → business object. One per application."""

    def __init__(self) -> None:
        self._by_key: dict[str, BusinessObject] = {}

    def add(self, business_object: BusinessObject) -> None:
        """Register under its ``process_key``; a second one for the same key is a programming error."""
        key = business_object.process_key
        if key in self._by_key:
            raise ValueError(f"process {key!r} has a business object already")
        self._by_key[key] = business_object

    def get(self, process_key: str) -> BusinessObject | None:
        """The business object of a process, or None for a process without one."""
        return self._by_key.get(process_key)

    def __iter__(self) -> Iterator[BusinessObject]:
        return iter(self._by_key.values())


def objects() -> BusinessObjects:
    """Those of the current application."""
    found: BusinessObjects = current_app.extensions["keliu.registries"].business_objects
    return found
