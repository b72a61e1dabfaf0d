"""Pages of the workshop."""

from app.designer.views.blueprint import blueprint

__all__ = ["blueprint"]
