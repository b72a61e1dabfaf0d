"""For WSGI servers: ``gunicorn -k gthread app.wsgi:application``. Run ``keliu worker`` beside it."""

from __future__ import annotations

import os

from app import create_app, serving
from app.web.requests import configure_logging
from config import Settings

settings = Settings.from_environment(os.environ)
configure_logging(settings)
application = create_app(settings)
serving.tell_on_sigterm(application)
serving.keep_loaded()
