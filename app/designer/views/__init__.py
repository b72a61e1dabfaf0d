"""Pages of the workshop."""

from app.designer.views import checking, drafts, files
from app.designer.views.blueprint import SEES, blueprint

__all__ = ["SEES", "blueprint", "checking", "drafts", "files"]
