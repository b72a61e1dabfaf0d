"""Pages of the control room."""

from app.monitor.views import batches, incidents, instance, instances, repairing, timers, words
from app.monitor.views.blueprint import blueprint

__all__ = ["batches", "blueprint", "incidents", "instance", "instances", "repairing", "timers", "words"]
