"""What Prometheus reads: requests of this process, and what the database says at the moment of the scrape.

Jobs, incidents and instances are counted in the database, so that every process tells the same. Times of requests are
kept by each process; under gunicorn, with ``PROMETHEUS_MULTIPROC_DIR`` set, those of all its processes are added up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from hmac import compare_digest
from typing import Any

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

import engine
from app.notifications.models import Delivery, DeliveryState, OutboxMessage, OutboxState
from app.web.health import READY, late_jobs
from engine import tables

EXTENSION = "keliu.metrics"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
RUNNING = (engine.InstanceState.ACTIVE, engine.InstanceState.SUSPENDED)
ON_THE_WAY = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.FAILED)
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


class Requests:
    """How long requests took, by route, method and class of status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "keliu_request_seconds",
            "Time to answer a request",
            ("endpoint", "method", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )

    def begin(self) -> None:
        """A request came in."""
        g.metrics_began = time.perf_counter()

    def answered(self, response: Response) -> Response:
        """It was answered. Addresses that are no route are one series, whatever strangers ask for."""
        began = g.pop("metrics_began", None)
        if began is not None and request.endpoint != "static":
            labels = (request.endpoint or "none", request.method, f"{response.status_code // 100}xx")
            self.seconds.labels(*labels).observe(time.perf_counter() - began)
        return response


def install(app: Flask) -> None:
    """Measure every request of ``app``."""
    requests = app.extensions[EXTENSION] = Requests()
    app.before_request(requests.begin)
    app.after_request(requests.answered)


def may_read() -> bool:
    """Whether this request may read figures: it has the token, or none is set and it comes from this machine itself,
    not through a proxy."""
    token: str = current_app.extensions["keliu.settings"].metrics_token
    if token:
        given = request.authorization
        shown = given.token or "" if given is not None and given.type == "bearer" else ""
        return compare_digest(shown.encode(), token.encode())
    forwarded = any(name in request.headers for name in FORWARDED)
    return not forwarded and (request.remote_addr or "") in THIS_MACHINE


def text(session: Session) -> bytes:
    """Everything in the text format of Prometheus."""
    requests: Requests = current_app.extensions[EXTENSION]
    together = CollectorRegistry()
    if values.ValueClass is values.MutexValue:
        ProcessCollector(registry=together)
        together.register(_Kept(requests.registry))
    else:
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # its own types say so
    together.register(Ledger(session))
    return generate_latest(together)


class _Kept(Collector):
    """What another registry holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()


class Ledger(Collector):
    """Counts of the database, by indexes that hold unfinished things only or begin with the state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge."""
        yield from self._jobs()
        yield self._oldest()
        yield self._incidents()
        yield self._instances()
        yield self._sent_out()

    def _jobs(self) -> Iterator[GaugeMetricFamily]:
        job = tables.job.c
        unfinished = (*READY, engine.JobState.RUNNING)
        statement = select(job.state, func.count()).where(job.state.in_(unfinished)).group_by(job.state)
        yield _gauge("keliu_jobs", "Unfinished jobs of the ledger", "state", self._counts(statement, unfinished))
        due = select(func.count()).where(job.state.in_(READY), job.due_at <= engine.now(self._session))
        late = GaugeMetricFamily("keliu_jobs_due", "Jobs that are due and wait for a worker")
        late.add_metric([], self._session.scalar(due) or 0)
        yield late

    def _oldest(self) -> GaugeMetricFamily:
        found = GaugeMetricFamily("keliu_oldest_due_job_seconds", "For how long the oldest due job has waited; 0: none")
        found.add_metric([], late_jobs(self._session))
        return found

    def _incidents(self) -> GaugeMetricFamily:
        incident = tables.incident.c
        statement = select(incident.kind, func.count()).where(incident.state == "open").group_by(incident.kind)
        return _gauge("keliu_open_incidents", "Incidents nobody has resolved", "kind", self._counts(statement))

    def _instances(self) -> GaugeMetricFamily:
        instance = tables.process_instance.c  # ix_process_instance_state_updated_at holds both columns
        keys = (instance.definition_key, instance.state)
        found = GaugeMetricFamily("keliu_instances", "Instances that have not ended", labels=("process", "state"))
        statement = select(*keys, func.count()).where(instance.state.in_(RUNNING)).group_by(*keys)
        for process, state, count in self._session.execute(statement):
            found.add_metric([process, state], count)
        return found

    def _sent_out(self) -> GaugeMetricFamily:
        waiting = select(OutboxMessage.state, func.count()).where(OutboxMessage.state == OutboxState.WAITING.value)
        leaving = select(Delivery.state, func.count()).where(Delivery.state.in_([one.value for one in ON_THE_WAY]))
        found = GaugeMetricFamily("keliu_sendings", "What is to leave the house", labels=("what", "state"))
        for what, statement, states in (
            ("letter", waiting.group_by(OutboxMessage.state), (OutboxState.WAITING,)),
            ("delivery", leaving.group_by(Delivery.state), ON_THE_WAY),
        ):
            for state, count in self._counts(statement, states).items():
                found.add_metric([what, state], count)
        return found

    def _counts(self, statement: Select[*tuple[Any, ...]], states: tuple[str, ...] = ()) -> Mapping[str, int]:
        found = {str(row[0]): int(row[1]) for row in self._session.execute(statement)}
        return {str(state): 0 for state in states} | found


def _gauge(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    found = GaugeMetricFamily(name, meaning, labels=(label,))
    for value, count in counts.items():
        found.add_metric([value], count)
    return found
