"""Nobody changes, removes, adds or moves a line of history or of the audit log without its being found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import engine
from engine.store import chain
from engine.store.guards import APPEND_ONLY
from engine.store.tables import history_event, process_instance
from tests.support.engine_world import BACKENDS, TWO_TASKS, World, fresh_url, world
from tests.support.tampering import lift_guards

WHOLE: tuple[Any, ...] = ()


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """One case that is done, one that waits; somebody suspended and resumed the second."""
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(TWO_TASKS)
        values = {
            "first_by": "a",
            "size": 1.5,
            "huge": 1e20,
            "tiny": 1e-7,
            "whole": 5.0,
            "text": "单 é",
            "list": [1, {}],
        }
        for number in (1, 2):
            opened.start("two_tasks", variables=values, business_key=f"K-{number}")
        first, second = ids(opened)
        complete(opened, first, "first")
        complete(opened, first, "second")
        for command in (engine.SuspendInstance, engine.ResumeInstance):
            opened.do(command(instance_id=second, actor="root", reason="why"))
        yield opened


def ids(keliu: World) -> list[str]:
    with keliu.database.read() as session:
        return [str(row[0]) for row in session.execute(text("SELECT id FROM process_instance ORDER BY business_key"))]


def complete(keliu: World, instance_id: str, node: str) -> None:
    task = keliu.task(instance_id, node)
    keliu.do(engine.CompleteTask(task_id=task.id, actor=f"{node}-lin", groups=frozenset({"sales"})))


def tamper(keliu: World, *statements: str) -> None:
    def work(session: Any) -> None:
        for statement in statements:
            session.execute(text(statement))

    keliu.database.write(work)


REFUSED = (
    "UPDATE history_event SET actor = 'nobody' WHERE id = 1",
    "UPDATE history_event SET actor = actor",
    "DELETE FROM history_event WHERE id = 1",
    "UPDATE audit_log SET facts = '{}'",
    "DELETE FROM audit_log",
    "UPDATE audit_seal SET digest = '0'",
    "DELETE FROM audit_seal",
    "UPDATE audit_seal_head SET head = '0'",
    "DELETE FROM audit_seal_head",
)


def test_the_database_refuses_to_change_or_delete_what_happened(keliu: World) -> None:
    keliu.database.write(engine.seal_chains)
    before = keliu.ask(engine.queries.verify_chains)
    emptying = [f"TRUNCATE {table} CASCADE" for table in APPEND_ONLY] * (keliu.database.dialect == "postgresql")
    for statement in (*REFUSED, *emptying):
        with pytest.raises(IntegrityError, match="nothing of the past is changed"):
            tamper(keliu, statement)
    assert keliu.ask(engine.queries.verify_chains) == before


def test_what_was_written_by_the_engine_is_whole_and_goes_on(keliu: World) -> None:
    before = keliu.ask(engine.queries.verify_chains)
    keliu.database.write(engine.seal_chains)
    complete(keliu, ids(keliu)[1], "first")
    keliu.database.write(engine.seal_chains)
    after = keliu.ask(engine.queries.verify_chains)
    assert before.breaks == after.breaks == WHOLE
    assert after.rows > before.rows > 10
    assert after.seals == 2


LAST = "SELECT max(id) FROM history_event"
TAMPERING: dict[str, tuple[str, ...]] = {
    "a line altered": ("UPDATE history_event SET actor = 'nobody' WHERE id = 2",),
    "a value altered": ("UPDATE history_event SET changes = '{}' WHERE kind = 'instance_started' AND id = 1",),
    "a line removed": ("DELETE FROM history_event WHERE id = 2",),
    "the last line removed": (f"DELETE FROM history_event WHERE id = ({LAST})",),
    "all lines of a case removed": (
        "DELETE FROM history_event WHERE instance_id = (SELECT min(id) FROM process_instance)",
    ),
    "a line added": (
        "INSERT INTO history_event (id, instance_id, at, kind, actor, changes) SELECT id + 1000, instance_id, at, kind,"
        " actor, changes FROM history_event WHERE id = 3",
    ),
    "two lines exchanged": (
        "UPDATE history_event SET id = -1 WHERE id = 2",
        "UPDATE history_event SET id = 2 WHERE id = 1",
        "UPDATE history_event SET id = 1 WHERE id = -1",
    ),
    "an audit line altered": ("UPDATE audit_log SET facts = '{}' WHERE action = 'SuspendInstance'",),
    "an audit line removed": ("DELETE FROM audit_log WHERE action = 'ResumeInstance'",),
    "an audit line without a case removed": ("DELETE FROM audit_log WHERE action = 'Deploy'",),
}


def test_tampering_is_found(keliu: World) -> None:
    missed = []
    for name, statements in TAMPERING.items():
        with Session(keliu.database.engine) as session:  # never committed: each begins with what was whole
            lift_guards(session)
            for statement in statements:
                session.execute(text(statement))
            found = engine.queries.verify_chains(session).breaks
        if not found or not {row.table for row in found} <= {"history_event", "audit_log"}:
            missed.append(name)
    assert missed == []
    assert keliu.ask(engine.queries.verify_chains).breaks == WHOLE


def test_a_chain_that_is_written_anew_no_longer_holds_what_was_sealed(keliu: World) -> None:
    seal = keliu.database.write(engine.seal_chains)
    keliu.database.write(lift_guards)
    tamper(keliu, "UPDATE history_event SET actor = 'nobody' WHERE id = 1")
    _write_anew(keliu)
    (broken,) = keliu.ask(engine.queries.verify_chains).breaks
    assert broken.reason == "the chain was written anew after it had been sealed"
    tamper(keliu, "DELETE FROM audit_seal_head", "DELETE FROM audit_seal")  # whoever owns the database may do this too,
    assert keliu.ask(engine.queries.verify_chains).breaks == WHOLE
    assert seal.digest not in keliu.ask(engine.queries.seals), "but not to the digest that was kept elsewhere"


def _write_anew(keliu: World) -> None:
    def work(session: Any) -> None:
        (found,) = session.execute(history_event.select().where(history_event.c.id == 1)).mappings()
        rows = session.execute(
            history_event.select().where(history_event.c.instance_id == found["instance_id"]).order_by("id")
        ).mappings()
        head, waiting = None, []
        for row in rows.all():
            waiting.append(row)
            if row["hash"]:
                head, waiting = chain.link(head, waiting, chain.HISTORY), []
                session.execute(history_event.update().where(history_event.c.id == row["id"]).values(hash=head))
        of_it = process_instance.c.id == found["instance_id"]
        session.execute(process_instance.update().where(of_it).values(history_head=head))

    keliu.database.write(work)
