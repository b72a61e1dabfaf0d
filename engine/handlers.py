"""Code the process calls by name: service task handlers and work functions, registered at start-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from engine.context import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCall:
    """One call of a service task. The same ``job_id`` may come more than once: a handler must be idempotent."""

    job_id: int
    instance_id: str
    business_key: str | None
    process_key: str
    task_id: str
    node_id: str
    topic: str
    variables: Mapping[str, Any]
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCall:
    """One run of a work job added by :class:`engine.AddWork`."""

    job_id: int
    payload: Mapping[str, Any]
    attempt: int
    at: datetime
    instance_id: str | None
    outcome: Any = None
    """What the outside half brought back; None as well when somebody ran the job by hand, without it."""


ServiceHandler = Callable[[Session, ServiceCall], Mapping[str, Any] | None]
"""Returns the variables to set; may raise :class:`engine.BpmnError` to take an error boundary event."""

WorkFunction = Callable[[Session, WorkCall], None]

OutsideFunction = Callable[["UnitOfWork", WorkCall], Any]
"""What takes long or waits for others, outside of any transaction; returns the outcome. It limits its own time, and may
run more than once for the same job."""


@dataclass(frozen=True, slots=True)
class Work:
    """A registered work function. ``prompt`` work runs right after the commit that added it, in the same thread.
    Work with an ``outside`` half is run by threads that run nothing else: no other job ever waits for it."""

    function: WorkFunction
    prompt: bool
    outside: OutsideFunction | None = None


class HandlerRegistry:
    """Topics and the functions that serve them; filled once by the composition root."""

    def __init__(self) -> None:
        self._services: dict[str, ServiceHandler] = {}
        self._works: dict[str, Work] = {}

    def register(self, topic: str, handler: ServiceHandler) -> None:
        """Serve the service tasks of ``topic``. Raises ValueError if the topic is taken."""
        if topic in self._services:
            raise ValueError(f"service topic {topic!r} is registered twice")
        self._services[topic] = handler

    def register_work(
        self, topic: str, function: WorkFunction, *, prompt: bool = False, outside: OutsideFunction | None = None
    ) -> None:
        """Serve the work jobs of ``topic``; ``outside`` runs before, and not within, the transaction of ``function``.

        Raises ValueError if the topic is taken."""
        if topic in self._works:
            raise ValueError(f"work topic {topic!r} is registered twice")
        self._works[topic] = Work(function, prompt, outside)

    def service(self, topic: str) -> ServiceHandler | None:
        """The handler of a service task, or None when nobody in this process serves it."""
        return self._services.get(topic)

    def work(self, topic: str) -> Work | None:
        """The work function, or None."""
        return self._works.get(topic)

    @property
    def service_topics(self) -> frozenset[str]:
        """All topics of service tasks served here."""
        return frozenset(self._services)

    @property
    def any_outside(self) -> bool:
        """Whether some work has an outside half."""
        return any(work.outside for work in self._works.values())

    @property
    def work_topics(self) -> frozenset[str]:
        """All topics of work jobs served here."""
        return frozenset(self._works)
