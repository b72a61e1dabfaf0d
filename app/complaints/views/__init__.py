"""Pages about complaints."""

from app.complaints.views import correspondence, figures, pages, registering
from app.complaints.views.blueprint import blueprint

__all__ = ["blueprint", "correspondence", "figures", "pages", "registering"]
