"""Pages of the control room."""

from app.monitor.views import instance, instances
from app.monitor.views.blueprint import blueprint

__all__ = ["blueprint", "instance", "instances"]
