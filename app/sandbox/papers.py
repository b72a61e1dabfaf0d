"""Files in forms of a test run: nothing is uploaded, one of two samples is chosen."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app import formkit
from app.files import service as file_service
from app.formkit import FieldType, FormDocument, Option, Text
from app.security import Principal

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SAMPLES = {
    "pdf": ("sample.pdf", b"%PDF-1.4\n% sample of a test run\n%%EOF\n", Text("样例文件.pdf", "Sample document.pdf")),
    "png": ("sample.png", base64.b64decode(_PIXEL), Text("样例图片.png", "Sample picture.png")),
}
OPTIONS = tuple(Option(key, label) for key, (_name, _content, label) in SAMPLES.items())


def with_samples(document: FormDocument) -> FormDocument:
    """The form, with a choice of samples where files would be uploaded."""
    return replace(document, fields=tuple(_offering(field) for field in document.fields))


def _offering(field: formkit.Field) -> formkit.Field:
    if field.type is not FieldType.FILE:
        return field
    return replace(field, type=FieldType.MULTICHOICE, options=OPTIONS, minimum=None, maximum=None)


def stored(
    session: Session, principal: Principal, document: FormDocument | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The values with the chosen samples stored as if ``principal`` had uploaded them."""
    found = dict(values)
    for field in document.fields if document else ():
        chosen = found.get(field.name)
        if field.type is FieldType.FILE and isinstance(chosen, list):
            kept = [SAMPLES[key] for key in chosen if key in SAMPLES]
            found[field.name] = [
                file_service.keep(session, principal, name, content).id for name, content, _label in kept
            ]
    return found
