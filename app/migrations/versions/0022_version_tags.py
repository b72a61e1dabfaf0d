"""What people call a version of a process is a column of its own: calls and clients look for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.hardened_xml import parse_xml

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
LONGEST = 100

DEFINITION = sa.table(
    "process_definition",
    sa.column("id", sa.String),
    sa.column("key", sa.String),
    sa.column("xml", sa.LargeBinary),
    sa.column("version_tag", sa.String),
)


def upgrade() -> None:
    """Versions deployed before have the tag that their file says; a longer one than the column holds is left out."""
    op.add_column("process_definition", sa.Column("version_tag", sa.String(length=100), nullable=True))
    connection = op.get_bind()
    version = DEFINITION.c
    for definition_id in connection.scalars(sa.select(version.id)).all():
        row = connection.execute(sa.select(version.key, version.xml).where(version.id == definition_id)).one()
        tag = _tag(row.key, bytes(row.xml))
        if tag and len(tag) <= LONGEST:
            connection.execute(sa.update(DEFINITION).where(version.id == definition_id).values(version_tag=tag))


def _tag(key: str, xml: bytes) -> str:
    if b"versionTag" not in xml:
        return ""
    for process in parse_xml(xml).iterfind(f"{BPMN}process"):
        if process.get("id") == key:
            found = process.find(f"{BPMN}extensionElements/{ZEEBE}versionTag")
            of_zeebe = "" if found is None else found.get("value", "")
            return (process.get(f"{CAMUNDA}versionTag") or of_zeebe).strip()
    return ""


def downgrade() -> None:
    """As before."""
    op.drop_column("process_definition", "version_tag")
