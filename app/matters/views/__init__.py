"""Pages about matters."""

from app.matters.views import adding, desk, pages
from app.matters.views.blueprint import blueprint

__all__ = ["adding", "blueprint", "desk", "pages"]
