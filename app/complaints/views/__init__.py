"""Pages about complaints."""

from app.complaints.views import correspondence, pages, registering
from app.complaints.views.blueprint import blueprint

__all__ = ["blueprint", "correspondence", "pages", "registering"]
