"""Pages of the control room."""

from app.monitor.views import (
    batches,
    event_log,
    figures,
    incidents,
    instance,
    instances,
    processes,
    repairing,
    tasks,
    timers,
    words,
)
from app.monitor.views.blueprint import blueprint
from app.monitor.views.for_programs import for_programs

__all__ = [
    "batches",
    "blueprint",
    "event_log",
    "figures",
    "for_programs",
    "incidents",
    "instance",
    "instances",
    "processes",
    "repairing",
    "tasks",
    "timers",
    "words",
]
