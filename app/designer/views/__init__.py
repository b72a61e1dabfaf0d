"""Pages of the workshop."""

from app.designer.views import checking, comparing, drafts, editing, files, forms, migrating, trial, versions
from app.designer.views.blueprint import SEES, blueprint

__all__ = [
    "SEES",
    "blueprint",
    "checking",
    "comparing",
    "drafts",
    "editing",
    "files",
    "forms",
    "migrating",
    "trial",
    "versions",
]
