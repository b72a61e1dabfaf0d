"""Pages about leads."""

from app.leads.views import acting, capturing, figures, materials, occasions, pages
from app.leads.views.blueprint import blueprint
from app.leads.views.materials import for_customers

__all__ = ["acting", "blueprint", "capturing", "figures", "for_customers", "materials", "occasions", "pages"]
