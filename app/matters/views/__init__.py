"""Pages about matters."""

from app.matters.views import adding, desk, figures, pages
from app.matters.views.blueprint import blueprint

__all__ = ["adding", "blueprint", "desk", "figures", "pages"]
